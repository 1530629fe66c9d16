//! Reads the values that stand beside or below their labels, in the order of the text.

mod dates_and_codes;
mod names;
pub(super) mod sums;

pub(super) use dates_and_codes::{date_of_title, number_at, owner, says_payment, section};
pub(super) use names::{heading_names, join_address, joined_name};

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::reading::Reading;
use super::roles::{Role, is_receipt};
use super::{Reader, ReaderInput, answers, line_items};

/// The name of the reader.
pub(super) const NAME: &str = "labelled_anchors";

/// Rows that a document must have before the lack of a label says that a field is absent.
const ROWS_FOR_ABSENCE: usize = 8;

/// Labels first: a value is taken only because of the words beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabelledAnchors;

impl Reader for LabelledAnchors {
    fn name(&self) -> &str {
        NAME
    }

    fn version(&self) -> &str {
        "1"
    }

    fn read(&self, input: &ReaderInput<'_>) -> Answers {
        let reading = Reading::new(input.document);
        let receipt = is_receipt(input.fields);
        answers::by_role(input.fields, |field, role| answer(&reading, receipt, field, role))
    }
}

fn answer(reading: &Reading, receipt: bool, field: &Field, role: Role) -> Option<Answer> {
    let name = |found: Option<String>| found.map(|name| answers::text(field, &name));
    let amount = |role: Role| sums::total(reading, role).map(|found| answers::amount(field, found));
    match role {
        Role::InvoiceNumber => dates_and_codes::invoice_number(reading).map(|code| answers::text(field, &code.printed)),
        Role::IssueDate => dates_and_codes::issue_date(reading).map(|date| answers::date(field, date)),
        Role::DueDate => match dates_and_codes::due_date(reading) {
            Some(date) => Some(answers::date(field, date)),
            None => (is_readable(reading) && dates_and_codes::speaks_of_no_due_date(reading)).then_some(Answer::Absent),
        },
        Role::SellerName if receipt => name(names::company_of_registration(reading)),
        Role::SellerName => name(names::seller(reading)),
        Role::SellerAddress if receipt => name(names::address_of_postal_code(reading)),
        Role::SellerAddress => name(names::seller_address(reading)),
        Role::BuyerName => name(names::buyer(reading)),
        Role::SellerVatId => match dates_and_codes::seller_tax_number(reading) {
            Ok(code) => Some(answers::text(field, &code.printed)),
            Err(dates_and_codes::NoTaxNumber::NotInText) => is_readable(reading).then_some(Answer::Absent),
            Err(dates_and_codes::NoTaxNumber::Undecided) => None,
        },
        Role::Currency => answers::currency(field, reading),
        Role::NetTotal | Role::TaxTotal | Role::GrossTotal | Role::ShopTotal => amount(role),
        Role::LineItems => line_items::text_rows::read(reading, field),
    }
}

fn is_readable(reading: &Reading) -> bool {
    reading.view.rows.len() >= ROWS_FOR_ABSENCE
}
