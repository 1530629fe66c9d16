//! The content of an invoice: what its pages, its electronic form and its gold all say.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::catalogue::Unit;
use crate::party::Party;
use crate::supplier::Supplier;

/// Whether money is asked for or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    Invoice,
    CreditNote,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) article: String,
    pub(crate) description: String,
    /// Printed below the description and no part of it.
    pub(crate) note: Option<String>,
    pub(crate) quantity: Decimal,
    pub(crate) unit: Unit,
    pub(crate) unit_price: Decimal,
    /// In tenths of a percent.
    pub(crate) rate: i64,
    pub(crate) total: Decimal,
}

/// A discount (below zero) or charge on the whole document.
#[derive(Debug, Clone)]
pub(crate) struct Adjustment {
    pub(crate) label: String,
    pub(crate) amount: Decimal,
    pub(crate) rate: i64,
}

/// The tax of one rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tax {
    pub(crate) rate: i64,
    pub(crate) basis: Decimal,
    pub(crate) amount: Decimal,
}

/// A discount for paying early.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EarlyPayment {
    /// In tenths of a percent.
    pub(crate) rate: i64,
    pub(crate) until: Date,
    pub(crate) amount: Decimal,
}

/// What stands between the gross total and the amount to pay.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settlement {
    pub(crate) previous_balance: Option<Decimal>,
    /// What was paid since, above zero.
    pub(crate) payments: Option<Decimal>,
    /// What was paid beforehand, above zero.
    pub(crate) deposit: Option<Decimal>,
    pub(crate) rounding: Option<Decimal>,
}

/// One invoice or credit note.
pub(crate) struct Invoice<'a> {
    pub(crate) supplier: &'a Supplier,
    pub(crate) buyer: Party,
    pub(crate) kind: DocumentKind,
    pub(crate) number: String,
    pub(crate) issue_date: Date,
    pub(crate) due_date: Option<Date>,
    pub(crate) delivery_date: Date,
    pub(crate) order_date: Date,
    pub(crate) order_number: String,
    /// The invoice that a credit note takes back.
    pub(crate) original_number: Option<String>,
    pub(crate) payment_reference: String,
    pub(crate) meter_number: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) adjustments: Vec<Adjustment>,
    pub(crate) taxes: Vec<Tax>,
    pub(crate) net_total: Decimal,
    pub(crate) tax_total: Decimal,
    /// As printed: a misprint shows here.
    pub(crate) gross_total: Decimal,
    pub(crate) settlement: Settlement,
    pub(crate) payable: Decimal,
    pub(crate) early_payment: Option<EarlyPayment>,
    pub(crate) reverse_charge: bool,
    pub(crate) paid_by_card: bool,
}

impl Invoice<'_> {
    /// The sum of the lines.
    pub(crate) fn lines_total(&self) -> Decimal {
        self.lines.iter().map(|line| line.total).sum()
    }

    /// The sum of the charges on the document and that of its discounts, both above zero.
    pub(crate) fn charges_and_allowances(&self) -> (Decimal, Decimal) {
        let (charges, allowances): (Vec<Decimal>, Vec<Decimal>) = self
            .adjustments
            .iter()
            .map(|adjustment| adjustment.amount)
            .partition(Decimal::is_sign_positive);
        (charges.iter().sum(), -allowances.iter().sum::<Decimal>())
    }

    /// Whether the amount to pay differs from the gross total.
    pub(crate) fn has_settlement(&self) -> bool {
        let Settlement {
            previous_balance,
            payments,
            deposit,
            rounding,
        } = self.settlement;
        [previous_balance, payments, deposit, rounding]
            .iter()
            .any(Option::is_some)
    }
}
