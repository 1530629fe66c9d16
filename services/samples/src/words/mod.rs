//! What stands on an invoice besides its data, per language.

mod dutch;
mod english;
mod french;
mod german;
mod italian;
mod norwegian;
mod spanish;
mod swedish;

use crate::country::Language;

/// One label in the wordings that suppliers use for it; never empty.
pub(crate) type Variants = &'static [&'static str];

/// The words of one language. `{...}` marks what is filled in.
pub(crate) struct Words {
    pub(crate) months: [&'static str; 12],
    pub(crate) invoice: Variants,
    pub(crate) credit_note: Variants,
    pub(crate) invoice_number: Variants,
    pub(crate) credit_note_number: Variants,
    pub(crate) issue_date: Variants,
    pub(crate) due_date: Variants,
    pub(crate) delivery_date: Variants,
    pub(crate) order_number: Variants,
    pub(crate) order_date: Variants,
    pub(crate) customer_number: Variants,
    pub(crate) contact: Variants,
    pub(crate) original_invoice: Variants,
    pub(crate) bill_to: Variants,
    pub(crate) ship_to: Variants,
    pub(crate) from: Variants,
    pub(crate) vat_id: Variants,
    pub(crate) buyer_vat_id: Variants,
    pub(crate) position: Variants,
    pub(crate) article: Variants,
    pub(crate) description: Variants,
    pub(crate) quantity: Variants,
    pub(crate) unit: Variants,
    pub(crate) unit_price: Variants,
    pub(crate) tax_rate: Variants,
    pub(crate) line_total: Variants,
    pub(crate) subtotal: Variants,
    pub(crate) net_total: Variants,
    /// Tax of one rate: `{rate}`.
    pub(crate) tax: Variants,
    /// Tax of one rate and its basis: `{rate}`, `{basis}`.
    pub(crate) tax_on: Variants,
    pub(crate) tax_total: Variants,
    pub(crate) gross_total: Variants,
    pub(crate) amount_due: Variants,
    pub(crate) discount: Variants,
    pub(crate) freight: Variants,
    pub(crate) rounding: Variants,
    pub(crate) previous_balance: Variants,
    pub(crate) payments: Variants,
    pub(crate) deposit: Variants,
    pub(crate) carried_over: Variants,
    pub(crate) brought_forward: Variants,
    /// `{days}`.
    pub(crate) terms_days: Variants,
    /// `{date}`.
    pub(crate) terms_date: Variants,
    /// `{date}`, `{percent}`, `{amount}`.
    pub(crate) terms_discount: Variants,
    pub(crate) terms_immediate: Variants,
    pub(crate) credit_terms: Variants,
    pub(crate) reverse_charge: Variants,
    pub(crate) introduction: Variants,
    pub(crate) credit_introduction: Variants,
    pub(crate) thanks: Variants,
    /// `{amount}`, `{account}`, `{reference}`.
    pub(crate) transfer: Variants,
    pub(crate) payment_details: Variants,
    pub(crate) bank: Variants,
    pub(crate) reference: Variants,
    pub(crate) phone: Variants,
    pub(crate) registered: Variants,
    /// `{page}`, `{pages}`.
    pub(crate) page: Variants,
    /// `{number}`, `{date}`: a delivery note named under a line.
    pub(crate) delivery_note: Variants,
    pub(crate) delivery_address: Variants,
    pub(crate) meter: Variants,
    pub(crate) period: Variants,
    /// Additions that make a description long.
    pub(crate) additions: Variants,
    /// Units in the order of [`crate::catalogue::Unit`].
    pub(crate) units: [&'static str; 11],
}

/// The words of American English, where tax and dates go by other names.
pub(crate) fn american() -> &'static Words {
    &english::AMERICAN
}

/// The words of a language.
pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &english::WORDS,
        Language::German => &german::WORDS,
        Language::French => &french::WORDS,
        Language::Swedish => &swedish::WORDS,
        Language::Italian => &italian::WORDS,
        Language::Spanish => &spanish::WORDS,
        Language::Dutch => &dutch::WORDS,
        Language::Norwegian => &norwegian::WORDS,
    }
}
