//! The search over amounts for sums that totals must satisfy.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::readers::candidates::amounts::Amount;
use crate::readers::line_items::products;
use crate::readers::reading::Reading;

/// Amounts from the end of the document that are searched; longer lists are positions, not totals.
const MAXIMUM_AMOUNTS: usize = 240;

/// Rates of value added and sales taxes in thousandths: of Europe, Malaysia, India and Switzerland.
const TAX_RATES_PER_MILLE: [i64; 30] = [
    50, 55, 60, 70, 77, 80, 81, 90, 95, 100, 120, 130, 135, 140, 150, 160, 170, 180, 190, 200, 210, 220, 230, 240, 250,
    255, 270, 25, 26, 38,
];

/// The highest rate that a mixture of rates can come to, in thousandths.
const HIGHEST_RATE_PER_MILLE: i64 = 270;

/// The totals of an invoice in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvoiceTotals {
    /// Without tax.
    pub(super) net: i64,
    /// The tax.
    pub(super) tax: i64,
    /// With tax.
    pub(super) gross: i64,
}

/// The least score of a shop's total.
const LEAST_SCORE: i32 = 4;

/// The least lead of a shop's total over any other amount.
const LEAST_LEAD: i32 = 2;

/// An amount of money with its place.
#[derive(Debug, Clone, Copy)]
struct Entry {
    cents: i64,
    order: usize,
    row: usize,
    last_on_row: bool,
}

fn entries(reading: &Reading) -> Vec<Entry> {
    let money: Vec<(usize, &Amount)> = reading
        .amounts
        .iter()
        .enumerate()
        .filter(|(_, amount)| amount.is_money())
        .collect();
    let skipped = money.len().saturating_sub(MAXIMUM_AMOUNTS);
    let row_of = |amount: &Amount| reading.segment(amount.span.segment).map_or(0, |segment| segment.row);
    let mut found: Vec<Entry> = money
        .into_iter()
        .skip(skipped)
        .filter_map(|(order, amount)| {
            Some(Entry {
                cents: amount.cents()?,
                order,
                row: row_of(amount),
                last_on_row: true,
            })
        })
        .collect();
    for place in 1..found.len() {
        let row = found.get(place).map(|entry| entry.row);
        if let Some(before) = found.get_mut(place - 1)
            && Some(before.row) == row
        {
            before.last_on_row = false;
        }
    }
    found
}

/// The printed amount of so many hundredths; the last one, where totals stand.
pub(super) fn amount_of(reading: &Reading, cents: i64) -> Option<&Amount> {
    reading
        .amounts
        .iter()
        .rev()
        .find(|amount| amount.is_money() && amount.cents() == Some(cents))
}

/// Hundredths as digits with a decimal point.
pub(super) fn plain(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}

/// Net, tax and gross that add up with a plausible rate; none when nothing does or two different sums are as good.
pub(super) fn invoice_totals(reading: &Reading) -> Option<InvoiceTotals> {
    let entries = entries(reading);
    let counts = counts(&entries);
    let rates: BTreeSet<i64> = reading
        .amounts
        .iter()
        .filter(|amount| amount.percent)
        .filter_map(|amount| amount.cents().map(|cents| cents / 10))
        .collect();
    let lines = products::sum_of_products(reading);
    let greatest = counts.keys().copied().max()?;
    let mut rated: BTreeMap<(i64, i64, i64), i32> = BTreeMap::new();
    let values: Vec<i64> = counts.keys().copied().filter(|cents| *cents > 0).collect();
    for (place, smaller) in values.iter().enumerate() {
        for larger in values.iter().skip(place) {
            let Some(gross) = smaller.checked_add(*larger).filter(|sum| counts.contains_key(sum)) else {
                continue;
            };
            let totals = InvoiceTotals {
                net: *larger,
                tax: *smaller,
                gross,
            };
            if let Some(score) = rate_score(&totals, &rates) {
                let score = score
                    + place_score(&entries, &totals, greatest)
                    + i32::from(lines == Some(totals.net)) * 4
                    + i32::from(lines == Some(totals.gross)) * 2;
                rated.insert((totals.net, totals.tax, totals.gross), score);
            }
        }
    }
    for totals in two_rates(&values, &counts) {
        let score = 4 + place_score(&entries, &totals, greatest) + i32::from(lines == Some(totals.net)) * 4;
        rated.insert((totals.net, totals.tax, totals.gross), score);
    }
    if let Some(totals) = without_tax(&counts, greatest) {
        let score = 2 + place_score(&entries, &totals, greatest) + i32::from(lines == Some(totals.net)) * 3;
        rated.insert((totals.net, totals.tax, totals.gross), score);
    }
    let best = rated.values().copied().max()?;
    let mut winners = rated
        .iter()
        .filter(|(_, score)| **score == best)
        .map(|((net, tax, gross), _)| InvoiceTotals {
            net: *net,
            tax: *tax,
            gross: *gross,
        });
    let winner = winners.next()?;
    (winners.next().is_none() && best >= 5).then_some(winner)
}

fn counts(entries: &[Entry]) -> BTreeMap<i64, usize> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.cents).or_default() += 1;
    }
    counts
}

/// How well the tax fits the net: 6 for a rate that is printed, 4 for a known rate, 1 for a mixture; none when it cannot be a tax.
fn rate_score(totals: &InvoiceTotals, printed: &BTreeSet<i64>) -> Option<i32> {
    let fits = |rate: i64| {
        totals
            .net
            .checked_mul(rate)
            .is_some_and(|product| (product - totals.tax.saturating_mul(1000)).abs() <= 1500)
    };
    if totals.tax.checked_mul(1000)? > totals.net.checked_mul(HIGHEST_RATE_PER_MILLE)?.checked_add(1000)? {
        return None;
    }
    if printed.iter().any(|rate| *rate > 0 && fits(*rate)) {
        Some(6)
    } else if TAX_RATES_PER_MILLE.iter().any(|rate| fits(*rate)) {
        Some(4)
    } else {
        (totals.tax * 1000 >= totals.net * 20).then_some(1)
    }
}

/// Totals stand at the end, net before gross, and gross is the greatest amount or near it.
fn place_score(entries: &[Entry], totals: &InvoiceTotals, greatest: i64) -> i32 {
    let last = |cents: i64| {
        entries
            .iter()
            .rev()
            .find(|entry| entry.cents == cents)
            .map(|entry| entry.order)
    };
    let count = entries.len().max(1);
    let late = last(totals.gross).is_some_and(|order| order * 2 >= count);
    let ordered = last(totals.net) < last(totals.gross) || totals.net == totals.gross;
    let between = last(totals.tax) > last(totals.net) && last(totals.tax) < last(totals.gross);
    i32::from(late) + i32::from(ordered) * 2 + i32::from(between) + i32::from(totals.gross == greatest) * 3
}

/// Net and gross that differ by two printed taxes, each a known share of a printed base.
fn two_rates(values: &[i64], counts: &BTreeMap<i64, usize>) -> Vec<InvoiceTotals> {
    const MAXIMUM_VALUES: usize = 80;
    if values.len() > MAXIMUM_VALUES {
        return Vec::new();
    }
    let of_known_rate = |tax: i64| {
        values.iter().any(|base| {
            TAX_RATES_PER_MILLE
                .iter()
                .any(|rate| base.saturating_mul(*rate).abs_diff(tax.saturating_mul(1000)) <= 1500)
        })
    };
    let taxes: Vec<i64> = values.iter().copied().filter(|tax| of_known_rate(*tax)).collect();
    let mut found = Vec::new();
    for net in values {
        for (place, first) in taxes.iter().enumerate() {
            for second in taxes.iter().skip(place + 1) {
                let tax = first + second;
                let gross = net.saturating_add(tax);
                let plausible = tax.saturating_mul(1000) <= net.saturating_mul(HIGHEST_RATE_PER_MILLE);
                let bases = values
                    .iter()
                    .any(|base| base < net && values.binary_search(&(net - base)).is_ok());
                if plausible && bases && counts.contains_key(&gross) && !counts.contains_key(&tax) {
                    found.push(InvoiceTotals { net: *net, tax, gross });
                }
            }
        }
    }
    found
}

/// Net equals gross beside a printed zero.
fn without_tax(counts: &BTreeMap<i64, usize>, greatest: i64) -> Option<InvoiceTotals> {
    let repeated = counts.get(&greatest).is_some_and(|count| *count >= 2);
    (repeated && greatest > 0 && counts.contains_key(&0)).then_some(InvoiceTotals {
        net: greatest,
        tax: 0,
        gross: greatest,
    })
}

/// What a customer has to pay by the arithmetic of a receipt: cash less change, rounding, tax, sums of the goods, repetition.
pub(super) fn shop_total(reading: &Reading) -> Option<i64> {
    let entries = entries(reading);
    let counts = counts(&entries);
    let mut scores: BTreeMap<i64, i32> = BTreeMap::new();
    for (cents, count) in counts.iter().filter(|(cents, _)| **cents > 0) {
        let repeated = i32::try_from((*count).min(4)).unwrap_or(4) - 1;
        scores.insert(*cents, repeated * 2);
    }
    add(&mut scores, cash_less_change(&entries), 5);
    add(&mut scores, rounded(&entries), 4);
    add(&mut scores, sums_of_goods(&entries), 3);
    let (gross, taxes) = with_tax(&counts);
    add(&mut scores, gross, 2);
    add(&mut scores, taxes, -4);
    add(&mut scores, unsurpassed(&entries), 2);
    let mut ranked: Vec<(i32, i64)> = scores.into_iter().map(|(cents, score)| (score, cents)).collect();
    ranked.sort_unstable_by(|left, right| right.cmp(left));
    let (best, winner) = *ranked.first()?;
    let second = ranked.get(1).map_or(0, |(score, _)| *score);
    (best >= LEAST_SCORE && best - second >= LEAST_LEAD).then_some(winner)
}

fn add(scores: &mut BTreeMap<i64, i32>, found: BTreeSet<i64>, weight: i32) {
    for cents in found {
        if let Some(score) = scores.get_mut(&cents) {
            *score += weight;
        }
    }
}

/// Amounts t for which a later amount less a still later one is t.
fn cash_less_change(entries: &[Entry]) -> BTreeSet<i64> {
    const LONGEST_WAY: usize = 6;
    let mut found = BTreeSet::new();
    for (place, cash) in entries.iter().enumerate() {
        for change in entries
            .iter()
            .skip(place + 1)
            .take(LONGEST_WAY)
            .filter(|change| change.cents > 0 && change.cents < cash.cents && change.row > cash.row)
        {
            let total = cash.cents - change.cents;
            if total != change.cents
                && entries
                    .iter()
                    .take(place)
                    .rev()
                    .take(2 * LONGEST_WAY)
                    .any(|entry| entry.cents == total)
            {
                found.insert(total);
            }
        }
    }
    found
}

/// Multiples of five hundredths that follow an amount at most four hundredths away, when the difference is printed between or near them.
fn rounded(entries: &[Entry]) -> BTreeSet<i64> {
    const LONGEST_WAY: usize = 6;
    let mut found = BTreeSet::new();
    for (place, before) in entries.iter().enumerate() {
        let near = entries.iter().skip(place + 1).take(LONGEST_WAY);
        for after in near
            .clone()
            .filter(|after| after.cents % 5 == 0 && after.cents != before.cents)
        {
            let difference = after.cents - before.cents;
            let printed = difference.abs() <= 4 && near.clone().any(|entry| entry.cents.abs() == difference.abs());
            if printed && after.cents > 20 {
                found.insert(after.cents);
            }
        }
    }
    found
}

/// Amounts that are the sum of the last amounts of the rows above them.
fn sums_of_goods(entries: &[Entry]) -> BTreeSet<i64> {
    const LONGEST_RUN: usize = 60;
    let last: Vec<&Entry> = entries.iter().filter(|entry| entry.last_on_row).collect();
    let mut found = BTreeSet::new();
    for (place, total) in last.iter().enumerate() {
        let mut sum = 0_i64;
        for (length, entry) in last
            .get(..place)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(LONGEST_RUN)
            .enumerate()
        {
            sum = sum.saturating_add(entry.cents);
            if length > 0 && sum == total.cents && total.cents > 0 {
                found.insert(total.cents);
                break;
            }
        }
    }
    found
}

/// Amounts that no earlier amount surpasses, as a total surpasses its parts, and that stand behind the first third.
fn unsurpassed(entries: &[Entry]) -> BTreeSet<i64> {
    let mut greatest = 0;
    let mut found = BTreeSet::new();
    for (place, entry) in entries.iter().enumerate() {
        if entry.cents >= greatest && place * 3 >= entries.len() {
            found.insert(entry.cents);
        }
        greatest = greatest.max(entry.cents);
    }
    found
}

/// Sums of two amounts of which one is a known share of the other, and these shares.
fn with_tax(counts: &BTreeMap<i64, usize>) -> (BTreeSet<i64>, BTreeSet<i64>) {
    let values: Vec<i64> = counts.keys().copied().filter(|cents| *cents > 0).collect();
    let rates = BTreeSet::new();
    let (mut sums, mut taxes) = (BTreeSet::new(), BTreeSet::new());
    for net in &values {
        for tax in values.iter().take_while(|tax| *tax < net) {
            let totals = InvoiceTotals {
                net: *net,
                tax: *tax,
                gross: net.saturating_add(*tax),
            };
            let known = rate_score(&totals, &rates).is_some_and(|score| score >= 4);
            if known && counts.contains_key(&totals.gross) {
                sums.insert(totals.gross);
                taxes.insert(*tax);
            }
        }
    }
    (sums, taxes)
}
