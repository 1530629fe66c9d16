//! Reads totals from the arithmetic between amounts, not from their names.

mod sums;

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::reading::Reading;
use super::roles::Role;
use super::{Reader, ReaderInput, answers, line_items};

/// The name of the reader.
pub(super) const NAME: &str = "arithmetic_search";

/// Arithmetic first: net and tax make gross, positions make the net, cash less change makes the total.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArithmeticSearch;

impl Reader for ArithmeticSearch {
    fn name(&self) -> &str {
        NAME
    }

    fn version(&self) -> &str {
        "1"
    }

    fn read(&self, input: &ReaderInput<'_>) -> Answers {
        let reading = Reading::new(input.document);
        let invoice = sums::invoice_totals(&reading);
        answers::by_role(input.fields, |field, role| {
            answer(&reading, invoice.as_ref(), field, role)
        })
    }
}

fn answer(reading: &Reading, invoice: Option<&sums::InvoiceTotals>, field: &Field, role: Role) -> Option<Answer> {
    let of_cents = |cents: i64| sums::amount_of(reading, cents).map(|amount| answers::amount(field, amount));
    match role {
        Role::GrossTotal => of_cents(invoice?.gross),
        Role::NetTotal => of_cents(invoice?.net),
        Role::TaxTotal => of_cents(invoice?.tax).or_else(|| Some(answers::text(field, &sums::plain(invoice?.tax)))),
        Role::ShopTotal => of_cents(sums::shop_total(reading)?),
        Role::Currency => invoice.and_then(|_| answers::currency(field, reading)),
        Role::LineItems => line_items::products::read(reading, field),
        _ => None,
    }
}
