//! From an invoice and the text of its pages to its gold.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::electronic::cross_industry::PROFILE;
use crate::electronic::type_code;
use crate::gold::{Arithmetic, GoldExtra, GoldFile, GoldInText, InvoiceGold, LineGold, Presence, ScanKind, amount};
use crate::invoice::{Invoice, Line};
use crate::notation::DateStyle;
use crate::pdf::XML_FILE_NAME;
use crate::supplier::DueHabit;

/// What is known of the file besides the invoice.
pub(crate) struct FileAppraisal<'a> {
    pub(crate) id: &'a str,
    pub(crate) pages: usize,
    pub(crate) scan: ScanKind,
    /// The text layer; empty where there is none.
    pub(crate) text: &'a str,
    pub(crate) has_xml: bool,
}

/// The gold of a sample.
pub(crate) fn appraise(invoice: &Invoice<'_>, file: &FileAppraisal<'_>) -> GoldFile {
    GoldFile {
        id: file.id.to_owned(),
        pdf: format!("{}.pdf", file.id),
        pages: file.pages,
        text_layer_chars: file.text.chars().filter(|character| !character.is_whitespace()).count(),
        layout: invoice.supplier.layout.name(),
        language: invoice.supplier.language.code(),
        scan: file.scan,
        embedded_xml: file.has_xml.then_some(XML_FILE_NAME),
        profile: file.has_xml.then_some(PROFILE),
        type_code: type_code(invoice.kind),
        gold: values(invoice),
        extra: extra(invoice),
        gold_in_text: presence(invoice, file.text),
        arithmetic: arithmetic(invoice),
    }
}

/// The true values of an invoice.
pub(crate) fn values(invoice: &Invoice<'_>) -> InvoiceGold {
    let supplier = invoice.supplier;
    InvoiceGold {
        invoice_number: invoice.number.clone(),
        issue_date: invoice.issue_date.to_string(),
        due_date: invoice.due_date.map(|date| date.to_string()),
        seller_name: supplier.party.name.clone(),
        seller_address: supplier.party.address(),
        seller_vat_id: supplier.party.vat_id().filter(|_| supplier.habits.prints_vat_id),
        buyer_name: invoice.buyer.name.clone(),
        currency: supplier.notation.currency.code.to_owned(),
        net_total: amount(invoice.net_total),
        tax_total: amount(invoice.tax_total),
        gross_total: amount(invoice.gross_total),
        line_items: invoice.lines.iter().enumerate().map(line_values).collect(),
    }
}

fn line_values((index, line): (usize, &Line)) -> LineGold {
    LineGold {
        description: line.description.clone(),
        quantity: line.quantity.normalize().to_string(),
        unit_price: line.unit_price.to_string(),
        line_total: amount(line.total),
        unit_code: line.unit.code(),
        line_id: (index + 1).to_string(),
    }
}

fn extra(invoice: &Invoice<'_>) -> GoldExtra {
    let (charges, allowances) = invoice.charges_and_allowances();
    GoldExtra {
        due_date_source: match (invoice.due_date, invoice.supplier.habits.due) {
            (None, _) => "none",
            (Some(_), DueHabit::DaysOnly) => "payment-terms-text",
            (Some(_), _) => "page",
        },
        allowance_total: amount(allowances),
        charge_total: amount(charges),
        prepaid_total: amount(invoice.settlement.deposit.unwrap_or_default()),
        due_payable: amount(invoice.payable),
        buyer_vat_id: invoice.buyer.vat_id().filter(|_| invoice.reverse_charge),
    }
}

fn arithmetic(invoice: &Invoice<'_>) -> Arithmetic {
    let product = |line: &Line| {
        (line.quantity * line.unit_price).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
    };
    Arithmetic {
        net_plus_tax_equals_gross: invoice.net_total + invoice.tax_total == invoice.gross_total,
        lines_sum_to_line_total_amount: invoice.lines.iter().all(|line| product(line) == line.total),
        lines_sum_to_net_total: invoice.lines_total() == invoice.net_total,
    }
}

fn presence(invoice: &Invoice<'_>, text: &str) -> GoldInText {
    let supplier = invoice.supplier;
    let (notation, party) = (&supplier.notation, &supplier.party);
    let text = Text::new(text);
    let date = |date| match (text.has(&notation.date(date)), notation.date_style) {
        (true, DateStyle::MonthFirst) => Presence::MonthFirst,
        (found, _) => present(found),
    };
    // The sign may stand apart from the digits, so only those are looked for.
    let money = |value: Decimal| present(text.has(&notation.amount(value.abs())));
    let has_words = |line: &&Line| line.description.split(' ').all(|word| text.has(word));
    let has_total = |line: &&Line| text.has(&notation.amount(line.total.abs()));
    let count = invoice.lines.len();
    GoldInText {
        invoice_number: present(text.has(&invoice.number)),
        seller_name: present(text.has(&party.name) || text.has(&party.name.to_uppercase())),
        seller_address: present(text.has(&party.street) && text.has(&party.town_line())),
        buyer_name: present(text.has(&invoice.buyer.name)),
        seller_vat_id: values(invoice)
            .seller_vat_id
            .map(|_| present(text.has(&party.tax_number))),
        issue_date: date(invoice.issue_date),
        due_date: invoice.due_date.map(date),
        net_total: money(invoice.net_total),
        tax_total: money(invoice.tax_total),
        gross_total: money(invoice.gross_total),
        currency: present(text.has(notation.currency.code) || text.holds(notation.currency.symbol)),
        line_descriptions: format!("{}/{count}", invoice.lines.iter().filter(has_words).count()),
        line_totals: format!("{}/{count}", invoice.lines.iter().filter(has_total).count()),
    }
}

fn present(found: bool) -> Presence {
    if found { Presence::Present } else { Presence::Missing }
}

/// The text of a document with every run of white space as one blank.
struct Text {
    text: String,
}

impl Text {
    fn new(text: &str) -> Self {
        Self { text: plain(text) }
    }

    fn holds(&self, value: &str) -> bool {
        self.text.contains(value)
    }

    /// Whether a value stands in the text and is not part of a longer word or number.
    fn has(&self, value: &str) -> bool {
        let value = plain(value);
        self.text.match_indices(&value).any(|(place, found)| {
            let before = self.text[..place].chars().next_back();
            let after = self.text[place + found.len()..].chars().next();
            !joins(before, value.chars().next()) && !joins(value.chars().next_back(), after)
        })
    }
}

/// Whether two neighbouring characters belong to the same word or number.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric)
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_as_wholes() {
        let text = Text::new("Total\u{a0}1\u{a0}234,50 kr\nFA-2025-0001");
        assert!(text.has("1 234,50"));
        assert!(!text.has("234,5"));
        assert!(text.has("FA-2025-0001"));
        assert!(!text.has("2025-00"));
    }
}
