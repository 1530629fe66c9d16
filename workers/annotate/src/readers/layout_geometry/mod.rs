//! Reads values from where words stand on the page: beside and below labels by distance, in blocks, in columns.

mod nearest;
mod parties;
mod sums;

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::labelled_anchors::date_of_title;
use super::labels::Label;
use super::reading::Reading;
use super::roles::{Role, is_receipt};
use super::{Reader, ReaderInput, answers, line_items, totals};

/// The name of the reader.
pub(super) const NAME: &str = "layout_geometry";

/// Places first: rows and columns are found from the boxes of the words. Abstains from documents without boxes.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayoutGeometry;

impl Reader for LayoutGeometry {
    fn name(&self) -> &str {
        NAME
    }

    fn version(&self) -> &str {
        "1"
    }

    fn read(&self, input: &ReaderInput<'_>) -> Answers {
        let reading = Reading::new(input.document);
        let receipt = is_receipt(input.fields);
        answers::by_role(input.fields, |field, role| {
            if reading.view.has_boxes {
                answer(&reading, receipt, field, role)
            } else {
                None
            }
        })
    }
}

fn answer(reading: &Reading, receipt: bool, field: &Field, role: Role) -> Option<Answer> {
    let text = |found: Option<String>| found.map(|text| answers::text(field, &text));
    match role {
        Role::InvoiceNumber => nearest::invoice_number(reading).map(|code| answers::text(field, &code.printed)),
        Role::IssueDate => nearest::date(reading, Label::IssueDate)
            .or_else(|| date_of_title(reading))
            .or_else(|| receipt.then(|| nearest::topmost_date(reading)).flatten())
            .map(|date| answers::date(field, date)),
        Role::DueDate => nearest::date(reading, Label::DueDate).map(|date| answers::date(field, date)),
        Role::SellerVatId => nearest::seller_tax_number(reading).map(|code| answers::text(field, &code.printed)),
        Role::Currency => sums::currency(reading).map(|code| answers::text(field, code)),
        Role::ShopTotal => {
            sums::shop_total(reading).map(|amount| answers::amount(field, totals::after_rounding(reading, amount)))
        }
        Role::GrossTotal => sums::gross(reading).map(|found| answers::amount(field, found.amount)),
        Role::NetTotal => sums::net(reading).map(|amount| answers::amount(field, amount)),
        Role::TaxTotal => sums::tax(reading).map(|tax| match tax {
            sums::Tax::Printed(amount) => answers::amount(field, amount),
            sums::Tax::Sum(value) => answers::text(field, &value.to_string()),
        }),
        Role::SellerName if receipt => text(parties::shop_name(reading)),
        Role::SellerAddress if receipt => text(parties::shop_address(reading)),
        Role::SellerName => text(parties::seller(reading).and_then(|block| block.name)),
        Role::SellerAddress => text(parties::seller_address(reading)),
        Role::BuyerName => text(parties::buyer(reading)),
        Role::LineItems => line_items::columns::read(reading, field),
    }
}
