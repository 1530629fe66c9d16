//! Discounts, taxes and totals.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::catalogue::Industry;
use crate::chance::Chance;
use crate::invoice::{Adjustment, DocumentKind, Line, Settlement, Tax};
use crate::layouts::LayoutKind;
use crate::supplier::Supplier;

/// The totals of lines and adjustments.
pub(super) struct Totals {
    pub(super) taxes: Vec<Tax>,
    pub(super) net: Decimal,
    pub(super) tax: Decimal,
    pub(super) gross: Decimal,
}

impl Totals {
    /// Adds up: tax is rounded once per rate.
    pub(super) fn of(lines: &[Line], adjustments: &[Adjustment]) -> Self {
        let lines = lines.iter().map(|line| (line.rate, line.total));
        let parts: Vec<(i64, Decimal)> = lines
            .chain(
                adjustments
                    .iter()
                    .map(|adjustment| (adjustment.rate, adjustment.amount)),
            )
            .collect();
        let mut rates: Vec<i64> = parts.iter().map(|(rate, _)| *rate).collect();
        rates.sort_unstable_by(|left, right| right.cmp(left));
        rates.dedup();
        let taxes: Vec<Tax> = rates
            .into_iter()
            .map(|rate| {
                let basis = parts
                    .iter()
                    .filter(|(other, _)| *other == rate)
                    .map(|(_, part)| *part)
                    .sum();
                Tax {
                    rate,
                    basis,
                    amount: share(basis, rate),
                }
            })
            .collect();
        let net: Decimal = taxes.iter().map(|tax| tax.basis).sum();
        let tax: Decimal = taxes.iter().map(|tax| tax.amount).sum();
        Self {
            taxes,
            net,
            tax,
            gross: net + tax,
        }
    }
}

/// `tenths` tenths of a percent of an amount, in whole cents.
pub(super) fn share(amount: Decimal, tenths: i64) -> Decimal {
    cents(amount * Decimal::new(tenths, 3))
}

/// `percent` percent of an amount, in whole cents.
pub(super) fn scaled(amount: Decimal, percent: i64) -> Decimal {
    cents(amount * Decimal::new(percent, 2))
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// What is left to pay.
pub(super) fn payable(gross: Decimal, settlement: Settlement) -> Decimal {
    let or_zero = Option::unwrap_or_default;
    gross + or_zero(settlement.previous_balance) - or_zero(settlement.payments) - or_zero(settlement.deposit)
        + or_zero(settlement.rounding)
}

/// What rounding to a multiple of `step` adds; nothing where the amount is one already.
pub(super) fn rounding(amount: Decimal, step: Decimal) -> Option<Decimal> {
    let steps = (amount / step).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let mut difference = steps * step - amount;
    difference.rescale(2);
    (!difference.is_zero()).then_some(difference)
}

/// Draws a discount on all lines or a charge for bringing them.
pub(super) fn draw_adjustments(
    supplier: &Supplier,
    kind: DocumentKind,
    lines: &[Line],
    reverse_charge: bool,
    chance: &mut Chance,
) -> Vec<Adjustment> {
    let mut adjustments = Vec::new();
    let is_plain = matches!(supplier.layout, LayoutKind::Utility | LayoutKind::Receipt);
    if is_plain || kind == DocumentKind::CreditNote {
        return adjustments;
    }
    let standard_rate = if reverse_charge { 0 } else { supplier.standard_rate };
    let has_one_rate = lines.iter().all(|line| line.rate == standard_rate);
    if has_one_rate && chance.happens(18) {
        let percent = chance.pick(&[30, 50, 75, 100]);
        let total: Decimal = lines.iter().map(|line| line.total).sum();
        let label = supplier
            .word(supplier.words.discount)
            .replace("{percent}", &supplier.notation.rate(percent));
        adjustments.push(Adjustment {
            label,
            amount: -share(total, percent),
            rate: standard_rate,
        });
    }
    let delivers = matches!(
        supplier.industry,
        Industry::Office | Industry::Computing | Industry::Parts | Industry::Food
    );
    if delivers && chance.happens(35) {
        let cents = chance.pick(&[490, 790, 995, 1_250, 1_900, 2_900]);
        adjustments.push(Adjustment {
            label: supplier.word(supplier.words.freight).to_owned(),
            amount: scaled(Decimal::new(cents, 2), supplier.notation.currency.price_level),
            rate: standard_rate,
        });
    }
    adjustments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_reaches_the_next_step() {
        assert_eq!(
            rounding(Decimal::new(12_349, 2), Decimal::ONE),
            Some(Decimal::new(-49, 2))
        );
        assert_eq!(
            rounding(Decimal::new(12_350, 2), Decimal::ONE),
            Some(Decimal::new(50, 2))
        );
        assert_eq!(
            rounding(Decimal::new(1_007, 2), Decimal::new(5, 2)),
            Some(Decimal::new(-2, 2))
        );
        assert_eq!(rounding(Decimal::new(1_005, 2), Decimal::new(5, 2)), None);
    }

    #[test]
    fn tax_is_rounded_per_rate() {
        let adjustment = |amount, rate| Adjustment {
            label: String::new(),
            amount: Decimal::new(amount, 2),
            rate,
        };
        let totals = Totals::of(
            &[],
            &[adjustment(1_003, 70), adjustment(1_003, 70), adjustment(999, 190)],
        );
        assert_eq!(totals.net, Decimal::new(3_005, 2));
        assert_eq!(totals.tax, Decimal::new(140 + 190, 2));
        assert_eq!(totals.gross, Decimal::new(3_335, 2));
        assert_eq!(totals.taxes.len(), 2);
    }
}
