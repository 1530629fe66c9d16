//! From a supplier to one of its invoices.

mod amounts;
mod lines;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;

use crate::buyer::{buyer, draw_group};
use crate::catalogue::Industry;
use crate::chance::Chance;
use crate::check_digits::luhn;
use crate::country::Country;
use crate::invoice::{DocumentKind, EarlyPayment, Invoice, Settlement};
use crate::layouts::LayoutKind;
use crate::party::Party;
use crate::supplier::{DueHabit, Supplier};
use amounts::Totals;

/// The first day of the range that issue dates come from.
const FIRST_DAY: Date = date(2024, 1, 2);
/// The length of that range in days.
const RANGE_OF_DAYS: i64 = 880;
/// How many numbers a supplier uses up in a day.
const NUMBERS_PER_DAY: i64 = 11;

/// What an invoice may be apart from the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latitude {
    /// Whether a total may be misprinted: never beside an electronic invoice that says otherwise.
    pub(crate) misprints: bool,
    /// Whether it may carry on an older balance, which electronic invoices cannot say.
    pub(crate) older_balance: bool,
}

/// Writes the `sequence`-th invoice of a supplier.
pub(crate) fn compose<'a>(
    seed: u64,
    supplier: &'a Supplier,
    sequence: i64,
    latitude: Latitude,
    chance: &mut Chance,
) -> Invoice<'a> {
    let kind = draw_kind(supplier, chance);
    let (buyer, reverse_charge) = draw_buyer(seed, supplier, chance);
    let day = chance.between(0, RANGE_OF_DAYS);
    let issue_date = shift(FIRST_DAY, day);
    // Numbers rise with the date, and differ within a day.
    let number = supplier.habits.first_number + day * NUMBERS_PER_DAY + sequence % NUMBERS_PER_DAY;
    let sign = match kind {
        DocumentKind::CreditNote if supplier.habits.negative_credits => -Decimal::ONE,
        _ => Decimal::ONE,
    };
    let lines = lines::draw(supplier, kind, reverse_charge, sign, issue_date, chance);
    let adjustments = amounts::draw_adjustments(supplier, kind, &lines, reverse_charge, chance);
    let mut totals = Totals::of(&lines, &adjustments);
    if latitude.misprints && kind == DocumentKind::Invoice && chance.happens(5) {
        totals.gross += Decimal::new(chance.pick(&[-1, 1]), 2);
    }
    let settlement = draw_settlement(supplier, kind, totals.gross, latitude, chance);
    let payable = amounts::payable(totals.gross, settlement);
    let paid_by_card = kind == DocumentKind::Invoice && supplier.layout == LayoutKind::Receipt && chance.happens(50);
    let is_due = kind == DocumentKind::Invoice && !paid_by_card && supplier.habits.due != DueHabit::Nowhere;
    Invoice {
        supplier,
        buyer,
        kind,
        number: supplier.habits.number_scheme.number(issue_date.year(), number),
        issue_date,
        due_date: is_due.then(|| shift(issue_date, supplier.habits.net_days)),
        delivery_date: shift(issue_date, -chance.between(0, 6)),
        order_date: shift(issue_date, -chance.between(7, 40)),
        order_number: order_number(chance),
        original_number: (kind == DocumentKind::CreditNote).then(|| {
            let earlier = number - chance.between(1, 90);
            supplier.habits.number_scheme.number(issue_date.year(), earlier)
        }),
        payment_reference: payment_reference(supplier, number),
        meter_number: chance.digits(8),
        lines,
        adjustments,
        early_payment: draw_early_payment(supplier, is_due, issue_date, totals.gross),
        taxes: totals.taxes,
        net_total: totals.net,
        tax_total: totals.tax,
        gross_total: totals.gross,
        settlement,
        payable,
        reverse_charge,
        paid_by_card,
    }
}

fn draw_kind(supplier: &Supplier, chance: &mut Chance) -> DocumentKind {
    let gives_credit = !matches!(supplier.layout, LayoutKind::Utility | LayoutKind::Receipt);
    if chance.happens(12) && gives_credit {
        DocumentKind::CreditNote
    } else {
        DocumentKind::Invoice
    }
}

/// The buyer, and whether it owes the tax because it sits in another country of the European Union.
fn draw_buyer(seed: u64, supplier: &Supplier, chance: &mut Chance) -> (Party, bool) {
    const ABROAD: [Country; 5] = [
        Country::Sweden,
        Country::Germany,
        Country::Netherlands,
        Country::Italy,
        Country::Austria,
    ];
    let home = supplier.party.country;
    let group = draw_group(chance);
    let destination = chance.pick(&ABROAD);
    let travels =
        !matches!(supplier.industry, Industry::Utility | Industry::Facility) && supplier.layout != LayoutKind::Receipt;
    let reverse_charge = home.facts().european_union && travels && chance.happens(12) && destination != home;
    let country = if reverse_charge { destination } else { home };
    (buyer(seed, group, country), reverse_charge)
}

fn draw_early_payment(supplier: &Supplier, is_due: bool, issued: Date, gross: Decimal) -> Option<EarlyPayment> {
    let (rate, days) = supplier.habits.early_payment.filter(|_| is_due)?;
    Some(EarlyPayment {
        rate,
        until: shift(issued, days),
        amount: amounts::share(gross, rate),
    })
}

fn draw_settlement(
    supplier: &Supplier,
    kind: DocumentKind,
    gross: Decimal,
    latitude: Latitude,
    chance: &mut Chance,
) -> Settlement {
    let mut settlement = Settlement::default();
    if kind == DocumentKind::CreditNote {
        return settlement;
    }
    if latitude.older_balance && supplier.layout == LayoutKind::Utility && chance.happens(60) {
        let previous = amounts::scaled(gross, chance.between(60, 140));
        let paid = if chance.happens(70) {
            previous
        } else {
            amounts::scaled(previous, 50)
        };
        settlement.previous_balance = Some(previous);
        settlement.payments = Some(paid);
    } else if supplier.layout != LayoutKind::Receipt && chance.happens(8) {
        settlement.deposit = Some(amounts::scaled(gross, chance.pick(&[20, 30, 50])));
    }
    if supplier.habits.rounds_to_pay {
        let step = match supplier.party.country {
            Country::Switzerland => Decimal::new(5, 2),
            _ => Decimal::ONE,
        };
        settlement.rounding = amounts::rounding(amounts::payable(gross, settlement), step);
    }
    settlement
}

fn order_number(chance: &mut Chance) -> String {
    match chance.below(4) {
        0 => format!("PO-{}", chance.between(100_200, 998_000)),
        1 => format!("45{}", chance.digits(8)),
        2 => format!("B{}/{}", chance.between(1_000, 9_999), chance.between(10, 99)),
        _ => chance.between(20_000, 99_999).to_string(),
    }
}

/// What to quote when paying: a long number with a check digit where the country has such.
fn payment_reference(supplier: &Supplier, number: i64) -> String {
    let digits = format!("{}{number:06}", supplier.habits.customer_number);
    format!("{digits}{}", luhn(&digits))
}

/// A date some days later, or earlier for a negative number.
pub(crate) fn shift(from: Date, days: i64) -> Date {
    from.saturating_add(days.days())
}
