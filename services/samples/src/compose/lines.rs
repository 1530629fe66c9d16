//! The lines of an invoice.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use super::shift;
use crate::catalogue::{Amounts, Good, Unit};
use crate::chance::Chance;
use crate::invoice::{DocumentKind, Line};
use crate::layouts::LayoutKind;
use crate::supplier::Supplier;

/// Draws the lines; `sign` is -1 where credits are printed below zero.
pub(super) fn draw(
    supplier: &Supplier,
    kind: DocumentKind,
    reverse_charge: bool,
    sign: Decimal,
    issued: Date,
    chance: &mut Chance,
) -> Vec<Line> {
    let count = draw_count(supplier.layout, kind, chance);
    let mut offers: Vec<(Good, &'static str)> = supplier.industry.offers(supplier.language).collect();
    if supplier.layout == LayoutKind::Utility {
        offers.truncate(count);
    } else {
        chance.shuffle(&mut offers);
    }
    let is_small = kind == DocumentKind::CreditNote || supplier.layout == LayoutKind::Receipt;
    let consumption = chance.between(180, 8_900);
    let note = supplier
        .habits
        .prints_delivery_notes
        .then(|| delivery_note(supplier, issued, chance));
    (0..count)
        .zip(offers.iter().cycle())
        .map(|(index, (good, description))| {
            let quantity = match good.unit {
                Unit::KilowattHour => Decimal::from(consumption),
                _ => draw_quantity(good.amounts, is_small, chance),
            };
            let unit_price = draw_price(supplier, *good, chance);
            let rate = match (reverse_charge, good.reduced_rate) {
                (true, _) => 0,
                (false, true) => supplier.reduced_rate,
                (false, false) => supplier.standard_rate,
            };
            let quantity = quantity * sign;
            Line {
                article: article_number(good.unit, chance),
                description: describe(supplier, description, index >= offers.len(), chance),
                note: note.clone().filter(|_| index % 7 == 0),
                quantity,
                unit: good.unit,
                unit_price,
                rate,
                total: (quantity * unit_price).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
            }
        })
        .collect()
}

fn draw_count(layout: LayoutKind, kind: DocumentKind, chance: &mut Chance) -> usize {
    let (low, high) = match (layout, kind, chance.between(1, 100)) {
        (_, DocumentKind::CreditNote, _) => (1, 3),
        (LayoutKind::Utility, ..) => (3, 8),
        (LayoutKind::Receipt, ..) => (2, 8),
        (LayoutKind::Printout, _, 1..=70) => (12, 25),
        (_, _, 1..=12) => (1, 1),
        (_, _, 13..=62) => (2, 5),
        (_, _, 63..=88) => (6, 12),
        _ => (13, 25),
    };
    usize::try_from(chance.between(low, high)).unwrap_or(1)
}

fn draw_quantity(amounts: Amounts, is_small: bool, chance: &mut Chance) -> Decimal {
    // Small quantities are the usual ones; the square of a fraction favours them.
    let mut favoured = |highest: i64| {
        let fraction = chance.between(1, 1_000);
        1 + (highest - 1) * fraction * fraction / 1_000_000
    };
    let limit = |highest: i64| if is_small { highest.min(6) } else { highest };
    match amounts {
        Amounts::One => Decimal::ONE,
        Amounts::UpTo(highest) => Decimal::from(favoured(limit(highest))),
        Amounts::Quarters(highest) => Decimal::new(favoured(limit(highest) * 4) * 25, 2).normalize(),
        Amounts::Tenths(highest) => Decimal::new(favoured(limit(highest) * 10), 1).normalize(),
    }
}

/// A unit price: whole cents, or four decimals for what costs less than half a unit.
fn draw_price(supplier: &Supplier, good: Good, chance: &mut Chance) -> Decimal {
    let euro = chance.between(good.price.0, good.price.1);
    let local = Decimal::new(euro * supplier.notation.currency.price_level / 100, 4);
    let decimals = if local < Decimal::new(5, 1) { 4 } else { 2 };
    let price = local.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    let is_large = price > Decimal::from(40);
    if is_large && chance.happens(60) {
        price.round()
    } else {
        price
    }
}

fn describe(supplier: &Supplier, description: &str, is_repeated: bool, chance: &mut Chance) -> String {
    let mut text = description.to_owned();
    if is_repeated {
        let letter = chance.pick(&['B', 'C', 'K', 'L', 'R', 'T']);
        text.push_str(&format!(", {letter}-{}", chance.between(101, 989)));
    }
    let can_be_long = !matches!(supplier.layout, LayoutKind::Utility | LayoutKind::Receipt);
    if can_be_long && chance.happens(14) {
        text.push_str(", ");
        text.push_str(chance.pick(supplier.words.additions));
    }
    text
}

fn article_number(unit: Unit, chance: &mut Chance) -> String {
    let letters = match unit {
        Unit::Hour | Unit::Day | Unit::Month | Unit::Flat => "S",
        Unit::KilowattHour => "E",
        _ => chance.pick(&["A", "HK", "TX", "M"]),
    };
    format!("{letters}{}", chance.between(1_002, 98_999))
}

fn delivery_note(supplier: &Supplier, issued: Date, chance: &mut Chance) -> String {
    let day = shift(issued, -chance.between(1, 12));
    supplier
        .word(supplier.words.delivery_note)
        .replace("{number}", &chance.between(80_100, 89_900).to_string())
        .replace("{date}", &supplier.notation.date(day))
}
