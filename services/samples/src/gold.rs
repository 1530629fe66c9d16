//! The gold of an invoice: its true values, and which of them its text holds.

use rust_decimal::Decimal;
use serde::Serialize;

/// The gold file of one sample invoice, as it is written to `<id>.gold.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoldFile {
    /// The id of the sample.
    pub id: String,
    /// The name of the PDF beside the gold file.
    pub pdf: String,
    /// How many pages the PDF has.
    pub pages: usize,
    /// How many characters other than blanks its text layer holds; 0 for a scan without recognised text.
    pub text_layer_chars: usize,
    /// The look of the document, such as `letter` or `receipt`.
    pub layout: &'static str,
    /// ISO 639-1 code.
    pub language: &'static str,
    /// Whether the pages are images, and with what text.
    pub scan: ScanKind,
    /// The name of the electronic invoice inside the PDF, if there is one.
    pub embedded_xml: Option<&'static str>,
    /// The profile of the electronic invoice.
    pub profile: Option<&'static str>,
    /// UNTDID 1001: `380` for an invoice, `381` for a credit note.
    pub type_code: &'static str,
    /// The true values.
    pub gold: InvoiceGold,
    /// What is known beside the fields.
    pub extra: GoldExtra,
    /// Whether each value is in the text of the PDF.
    pub gold_in_text: GoldInText,
    /// Whether the values agree with each other.
    pub arithmetic: Arithmetic,
}

/// How a document came to be pages of a PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanKind {
    /// Drawn: the text layer is what is seen.
    Drawn,
    /// Page images over invisible recognised text, which has errors.
    RecognisedText,
    /// Page images without any text.
    ImageOnly,
}

/// The true values of an invoice. Dates are ISO 8601, amounts have two decimals, both as strings; null means that the
/// document does not have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InvoiceGold {
    /// The number of the document.
    pub invoice_number: String,
    /// When it was issued.
    pub issue_date: String,
    /// The last day for paying the full amount.
    pub due_date: Option<String>,
    /// The seller with its legal form.
    pub seller_name: String,
    /// Street and town in one line.
    pub seller_address: String,
    /// Without blanks, dots and hyphens.
    pub seller_vat_id: Option<String>,
    /// The buyer with its legal form.
    pub buyer_name: String,
    /// ISO 4217.
    pub currency: String,
    /// The total without tax.
    pub net_total: String,
    /// The tax.
    pub tax_total: String,
    /// The total with tax, before any rounding, deposit or older balance.
    pub gross_total: String,
    /// The lines in their order.
    pub line_items: Vec<LineGold>,
}

/// The true values of one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LineGold {
    /// What was sold.
    pub description: String,
    /// How much of it.
    pub quantity: String,
    /// The price of one without tax.
    pub unit_price: String,
    /// The price of all without tax.
    pub line_total: String,
    /// UN/ECE Recommendation 20.
    pub unit_code: &'static str,
    /// Counted from 1.
    pub line_id: String,
}

/// What is known beside the fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoldExtra {
    /// Where the due date comes from: `page`, `payment-terms-text` (only as a number of days) or `none`.
    pub due_date_source: &'static str,
    /// The sum of the discounts on the document.
    pub allowance_total: String,
    /// The sum of the charges on the document.
    pub charge_total: String,
    /// What was paid beforehand.
    pub prepaid_total: String,
    /// What is to be paid in the end.
    pub due_payable: String,
    /// The buyer's VAT id, where the document shows it.
    pub buyer_vat_id: Option<String>,
}

/// Whether a value is in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is, in a usual notation.
    Present,
    /// It is a date with the month before the day.
    MonthFirst,
    /// It is not.
    Missing,
}

impl Serialize for Presence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Present => serializer.serialize_bool(true),
            Self::MonthFirst => serializer.serialize_str("month-first"),
            Self::Missing => serializer.serialize_bool(false),
        }
    }
}

/// Whether each value is in the text of the PDF; a value that the gold does not have is left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoldInText {
    /// The number of the document.
    pub invoice_number: Presence,
    /// The seller's name.
    pub seller_name: Presence,
    /// Street and town of the seller, perhaps apart.
    pub seller_address: Presence,
    /// The buyer's name.
    pub buyer_name: Presence,
    /// The seller's VAT id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_vat_id: Option<Presence>,
    /// When it was issued.
    pub issue_date: Presence,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Presence>,
    /// The total without tax.
    pub net_total: Presence,
    /// The tax.
    pub tax_total: Presence,
    /// The total with tax.
    pub gross_total: Presence,
    /// The currency as a code or a symbol.
    pub currency: Presence,
    /// How many descriptions have all their words in the text, of how many.
    pub line_descriptions: String,
    /// How many line totals are in the text, of how many.
    pub line_totals: String,
}

/// Whether the values agree with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Arithmetic {
    /// False where a total is misprinted.
    pub net_plus_tax_equals_gross: bool,
    /// Whether every line total is its quantity times its price.
    pub lines_sum_to_line_total_amount: bool,
    /// False where the document has discounts or charges.
    pub lines_sum_to_net_total: bool,
}

/// An amount as the gold has it.
pub(crate) fn amount(value: Decimal) -> String {
    let mut value = value;
    value.rescale(2);
    value.to_string()
}
