//! Features of amounts that could be totals.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, Feature, Proposal, flag, number, share};
use crate::readers::candidates::amounts::Amount;
use crate::readers::line_items::headings::is_heading_row;
use crate::readers::reading::Reading;
use crate::readers::totals::{self, TotalKind, TotalRow};

/// Distinct amounts up to which sums of two are looked for.
const MAXIMUM_VALUES_FOR_SUMS: usize = 150;

/// Amounts that are candidates; in longer documents the last ones are kept, where the totals stand.
const MAXIMUM_CANDIDATES: usize = 600;

const KINDS: [(TotalKind, &str); 13] = [
    (TotalKind::Plain, "row_plain_total"),
    (TotalKind::Gross, "row_gross"),
    (TotalKind::Payable, "row_payable"),
    (TotalKind::Rounded, "row_rounded"),
    (TotalKind::Net, "row_net"),
    (TotalKind::Subtotal, "row_subtotal"),
    (TotalKind::Tax, "row_tax"),
    (TotalKind::Rounding, "row_rounding"),
    (TotalKind::Discount, "row_discount"),
    (TotalKind::Paid, "row_paid"),
    (TotalKind::Change, "row_change"),
    (TotalKind::Count, "row_count"),
    (TotalKind::Charge, "row_charge"),
];

/// Kinds of rows that sum the goods up.
const SUMS: [TotalKind; 6] = [
    TotalKind::Plain,
    TotalKind::Gross,
    TotalKind::Payable,
    TotalKind::Rounded,
    TotalKind::Net,
    TotalKind::Subtotal,
];

/// What the features of one amount are held against.
struct Context<'a> {
    reading: &'a Reading,
    owners: Vec<Option<&'a TotalRow>>,
    first_payment_row: usize,
    first_change_row: usize,
    rounding_row: Option<usize>,
    first_sum_row: usize,
    greatest: i64,
    repetitions: BTreeMap<i64, usize>,
    sums: BTreeSet<i64>,
    summands: BTreeSet<i64>,
    spent: BTreeSet<i64>,
    rounded: BTreeSet<i64>,
    tax_sums: BTreeSet<i64>,
}

/// The amounts of money with what speaks for their being a total.
pub(super) fn candidates(reading: &Reading) -> Vec<Candidate> {
    let context = Context::new(reading);
    let places: Vec<usize> = (0..reading.amounts.len())
        .filter(|place| reading.amounts.get(*place).is_some_and(Amount::is_money))
        .collect();
    let skipped = places.len().saturating_sub(MAXIMUM_CANDIDATES);
    places
        .into_iter()
        .skip(skipped)
        .filter_map(|place| {
            Some(Candidate {
                proposal: Proposal::Amount(place),
                features: context.features(place)?,
            })
        })
        .collect()
}

impl<'a> Context<'a> {
    fn new(reading: &'a Reading) -> Self {
        let owners: Vec<Option<&TotalRow>> = reading.amounts.iter().map(|amount| owner(reading, amount)).collect();
        let row_of = |amount: &Amount| reading.segment(amount.span.segment).map_or(0, |segment| segment.row);
        let rows_of = |kinds: &'static [TotalKind]| {
            let owners = owners.iter().zip(&reading.amounts);
            owners.filter(move |(owner, _)| owner.is_some_and(|owner| kinds.contains(&owner.kind)))
        };
        let first = |kinds: &'static [TotalKind]| {
            rows_of(kinds)
                .map(|(_, amount)| row_of(amount))
                .min()
                .unwrap_or(usize::MAX)
        };
        let cents = || {
            reading
                .amounts
                .iter()
                .filter(|amount| amount.is_money())
                .filter_map(Amount::cents)
        };
        let mut repetitions: BTreeMap<i64, usize> = BTreeMap::new();
        for value in cents() {
            *repetitions.entry(value).or_default() += 1;
        }
        let (sums, summands) = sums_of_two(repetitions.keys().copied().filter(|value| *value > 0));
        let cents_of = |kinds: &'static [TotalKind]| rows_of(kinds).filter_map(|(_, amount)| amount.cents());
        let spent = differences(
            cents_of(&[TotalKind::Paid]),
            &cents_of(&[TotalKind::Change]).collect::<Vec<i64>>(),
        );
        let rounded =
            rounding_in_cents(reading).map_or_else(BTreeSet::new, |difference| rounded_by(&repetitions, difference));
        let tax_sums = tax_sums(&repetitions);
        Self {
            rounded,
            tax_sums,
            reading,
            first_payment_row: first(&[TotalKind::Paid, TotalKind::Change]),
            first_change_row: first(&[TotalKind::Change]),
            rounding_row: rows_of(&[TotalKind::Rounding])
                .find(|(_, amount)| !amount.value.is_zero())
                .map(|(_, amount)| row_of(amount)),
            first_sum_row: first(&SUMS),
            greatest: cents().max().unwrap_or(0),
            repetitions,
            sums,
            summands,
            spent,
            owners,
        }
    }

    fn features(&self, place: usize) -> Option<Vec<Feature>> {
        let amount = self.reading.amounts.get(place)?;
        let row = self.reading.segment(amount.span.segment)?.row;
        let owner = self.owners.get(place).copied().flatten();
        let mut features: Vec<Feature> = KINDS
            .iter()
            .map(|(kind, name)| (*name, flag(owner.is_some_and(|owner| owner.kind == *kind))))
            .collect();
        features.extend([
            ("row_unnamed", flag(owner.is_none())),
            ("strength", owner.map_or(0.0, |owner| f64::from(owner.strength) / 10.0)),
            ("named_above", flag(owner.is_some_and(|owner| owner.row != row))),
        ]);
        features.extend(self.features_of_place(amount, row)?);
        features.extend(self.features_of_value(amount.cents()?));
        features.extend([
            ("marked", flag(amount.currency.is_some())),
            ("height", self.relative_height(amount)),
            ("right", self.relative_right(amount)),
        ]);
        Some(features)
    }

    /// Where the amount stands among the rows.
    fn features_of_place(&self, amount: &Amount, row: usize) -> Option<[Feature; 8]> {
        let row_range = self.reading.view.rows.get(row)?.clone();
        let on_row: Vec<&Amount> = row_range
            .flat_map(|segment| self.reading.amounts_in(segment))
            .filter(|other| other.is_money())
            .collect();
        let last = on_row.last().is_some_and(|last| last.span == amount.span);
        let (after, before) = match self.rounding_row {
            Some(rounding) => (row > rounding, row < rounding),
            None => (false, false),
        };
        Some([
            ("last_on_row", flag(last)),
            ("alone_on_row", flag(on_row.len() == 1)),
            ("row_share", share(row, self.reading.view.rows.len())),
            ("after_payment", flag(row > self.first_payment_row)),
            ("after_change", flag(row > self.first_change_row)),
            ("after_rounding", flag(after)),
            ("before_rounding", flag(before)),
            ("before_sums", flag(row < self.first_sum_row)),
        ])
    }

    /// How the amount relates to the other amounts.
    fn features_of_value(&self, cents: i64) -> [Feature; 11] {
        let of_greatest = if self.greatest > 0 {
            small(cents) / small(self.greatest)
        } else {
            0.0
        };
        let repetitions = self.repetitions.get(&cents).copied().unwrap_or(0);
        [
            ("greatest", flag(cents == self.greatest)),
            ("of_greatest", of_greatest),
            ("zero", flag(cents == 0)),
            ("negative", flag(cents < 0)),
            ("repetitions", number(repetitions).ln_1p()),
            ("is_sum", flag(self.sums.contains(&cents))),
            ("is_summand", flag(self.summands.contains(&cents))),
            ("is_spent", flag(self.spent.contains(&cents))),
            ("is_rounded", flag(self.rounded.contains(&cents))),
            ("is_tax_sum", flag(self.tax_sums.contains(&cents))),
            ("whole_coins", flag(cents % 5 == 0)),
        ]
    }

    /// The height of the number over the usual height of the page's segments, where there are boxes.
    fn relative_height(&self, amount: &Amount) -> f64 {
        let Some(segment) = self.reading.segment(amount.span.segment) else {
            return 1.0;
        };
        let height = |bounds: accord_documents::Bounds| f64::from(bounds.bottom - bounds.top);
        let usual = self.reading.usual_height;
        match segment.bounds.map(height) {
            Some(own) if usual > 0.0 => (own / usual).clamp(0.3, 3.0),
            _ => 1.0,
        }
    }

    fn relative_right(&self, amount: &Amount) -> f64 {
        let Some(segment) = self.reading.segment(amount.span.segment) else {
            return 0.0;
        };
        let (width, _) = self.reading.view.page_size(segment.page);
        segment
            .bounds_of(amount.span.start, amount.span.end)
            .filter(|_| width > 0.0)
            .map_or(0.0, |bounds| f64::from(bounds.right / width).clamp(0.0, 1.0))
    }
}

/// The row of totals that an amount belongs to: the words before it on its row, else words alone on the row above.
pub(in crate::readers) fn owner<'a>(reading: &'a Reading, amount: &Amount) -> Option<&'a TotalRow> {
    let row = reading.segment(amount.span.segment)?.row;
    let until = reading
        .totals
        .partition_point(|total| total.segment <= amount.span.segment);
    let before = reading.totals.get(..until)?;
    let on_row = before
        .iter()
        .rev()
        .take_while(|total| total.row == row)
        .find(|total| total.segment < amount.span.segment || total.end <= amount.span.start);
    on_row.or_else(|| {
        let above = before.iter().rev().find(|total| total.row < row)?;
        let alone = reading.amounts_of(above).is_empty();
        if above.row + 1 != row || is_heading_row(reading, above.row) {
            return None;
        }
        let band: Vec<&TotalRow> = before
            .iter()
            .rev()
            .take_while(|total| total.row >= above.row)
            .filter(|total| total.row == above.row)
            .collect();
        if band.len() > 1 {
            return band.into_iter().find(|total| stands_over(reading, total, amount));
        }
        (alone && above.strength >= 5).then_some(above)
    })
}

/// Whether the words stand in the column of the amount; without boxes, in the same place of the row.
fn stands_over(reading: &Reading, total: &TotalRow, amount: &Amount) -> bool {
    let (Some(words), Some(number)) = (reading.segment(total.segment), reading.segment(amount.span.segment)) else {
        return false;
    };
    match (words.bounds, number.bounds_of(amount.span.start, amount.span.end)) {
        (Some(words), Some(number)) => words.left < number.right + 5.0 && number.left < words.right + 5.0,
        _ => words.column == number.column,
    }
}

fn sums_of_two(values: impl Iterator<Item = i64>) -> (BTreeSet<i64>, BTreeSet<i64>) {
    let values: BTreeSet<i64> = values.collect();
    let list: Vec<i64> = values.iter().copied().rev().take(MAXIMUM_VALUES_FOR_SUMS).collect();
    let (mut sums, mut summands) = (BTreeSet::new(), BTreeSet::new());
    for (place, first) in list.iter().enumerate() {
        for second in list.iter().skip(place) {
            if let Some(sum) = first.checked_add(*second).filter(|sum| values.contains(sum)) {
                sums.insert(sum);
                summands.insert(*first);
                summands.insert(*second);
            }
        }
    }
    (sums, summands)
}

/// What is left of each payment after each amount of change.
fn differences(paid: impl Iterator<Item = i64>, change: &[i64]) -> BTreeSet<i64> {
    paid.flat_map(|paid| change.iter().map(move |change| paid - change.abs()))
        .collect()
}

/// The difference that rounding makes, in hundredths.
fn rounding_in_cents(reading: &Reading) -> Option<i64> {
    let (_, difference) = totals::rounding(reading)?;
    let cents = (difference * rust_decimal::Decimal::ONE_HUNDRED).trunc();
    i64::try_from(cents.mantissa()).ok()
}

/// Amounts in whole coins that differ from another amount by the rounding.
fn rounded_by(values: &BTreeMap<i64, usize>, difference: i64) -> BTreeSet<i64> {
    let differs =
        |cents: &i64| values.contains_key(&(cents - difference)) || values.contains_key(&(cents + difference));
    values
        .keys()
        .copied()
        .filter(|cents| cents % 5 == 0 && *cents > 20 && differs(cents))
        .collect()
}

/// Sums of two amounts of which one is 2.5 to 27 hundredths of the other, as a tax is.
fn tax_sums(values: &BTreeMap<i64, usize>) -> BTreeSet<i64> {
    let list: Vec<i64> = values
        .keys()
        .copied()
        .filter(|cents| *cents > 0)
        .rev()
        .take(MAXIMUM_VALUES_FOR_SUMS)
        .collect();
    let mut sums = BTreeSet::new();
    for net in &list {
        for tax in list
            .iter()
            .filter(|tax| *tax * 1000 >= net * 25 && *tax * 100 <= net * 27)
        {
            sums.extend(net.checked_add(*tax).filter(|sum| values.contains_key(sum)));
        }
    }
    sums
}

/// An amount in hundredths as a number for ratios.
fn small(cents: i64) -> f64 {
    f64::from(i32::try_from(cents).unwrap_or(i32::MAX))
}
