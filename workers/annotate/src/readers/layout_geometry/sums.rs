//! Totals by where they stand: each name takes the amount on its own line, and the order from top to bottom decides between them.

use accord_documents::Bounds;
use rust_decimal::Decimal;

use super::nearest::bounds_of;
use crate::readers::candidates::Span;
use crate::readers::candidates::amounts::Amount;
use crate::readers::line_items::headings::is_heading_row;
use crate::readers::reading::Reading;
use crate::readers::totals::{TotalKind, TotalRow};

/// A named sum with the amount on its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    kind: TotalKind,
    strength: u8,
    page: usize,
    bounds: Bounds,
    /// The amount.
    pub(super) amount: &'a Amount,
}

/// The tax of the whole.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tax<'a> {
    /// Printed as such.
    Printed(&'a Amount),
    /// The sum of the taxes of each rate.
    Sum(Decimal),
}

/// The named sums of all pages from top to bottom.
fn named_sums(reading: &Reading) -> Vec<Found<'_>> {
    let mut found: Vec<Found<'_>> = reading
        .totals
        .iter()
        .filter_map(|row| amount_beside(reading, row))
        .collect();
    found.sort_by(|left, right| {
        left.page
            .cmp(&right.page)
            .then(middle(left.bounds).total_cmp(&middle(right.bounds)))
    });
    found
}

fn middle(bounds: Bounds) -> f32 {
    (bounds.top + bounds.bottom) / 2.0
}

/// The amount to the right whose middle is nearest to that of the words; on one line the rightmost.
fn amount_beside<'a>(reading: &'a Reading, row: &TotalRow) -> Option<Found<'a>> {
    let words = Span {
        segment: row.segment,
        start: 0,
        end: row.end,
    };
    let (page, label) = bounds_of(reading, words)?;
    let height = (label.bottom - label.top).max(1.0);
    let near = reading
        .amounts
        .iter()
        .filter(|amount| amount.is_money())
        .filter_map(|amount| {
            let (other_page, bounds) = bounds_of(reading, amount.span)?;
            let off = (middle(bounds) - middle(label)).abs();
            let beside = bounds.left > label.right - 0.5 * height && off < 0.75 * height;
            (other_page == page && beside).then_some((off, bounds, amount))
        });
    let next_words = reading
        .totals
        .iter()
        .filter(|other| other.segment != row.segment)
        .filter_map(|other| {
            let (other_page, words) = bounds_of(
                reading,
                Span {
                    segment: other.segment,
                    start: 0,
                    end: other.end,
                },
            )?;
            let on_line =
                other_page == page && words.left > label.right && (middle(words) - middle(label)).abs() < 0.75 * height;
            on_line.then_some(words.left)
        });
    let limit = next_words.fold(f32::MAX, f32::min);
    let near = near.filter(|(_, bounds, _)| bounds.left < limit);
    let beside = near.clone().next().is_some();
    if !beside && is_in_band(reading, row) {
        return amount_below(reading, row, page, label);
    }
    let closest = near.clone().map(|(off, _, _)| off).min_by(f32::total_cmp)?;
    let on_line = near.filter(|(off, _, _)| *off <= closest + 0.3 * height);
    let (_, bounds, amount) = on_line.max_by(|left, right| left.1.right.total_cmp(&right.1.right))?;
    Some(Found {
        kind: row.kind,
        strength: row.strength,
        page,
        bounds,
        amount,
    })
}

/// Whether other sums are named on the same row: headings of a band of totals, with the amounts below.
fn is_in_band(reading: &Reading, row: &TotalRow) -> bool {
    reading.totals.iter().filter(|other| other.row == row.row).count() > 1 && !is_heading_row(reading, row.row)
}

/// The amount under the words, in the next lines of their column.
fn amount_below<'a>(reading: &'a Reading, row: &TotalRow, page: usize, label: Bounds) -> Option<Found<'a>> {
    let height = (label.bottom - label.top).max(1.0);
    let under = reading
        .amounts
        .iter()
        .filter(|amount| amount.is_money())
        .filter_map(|amount| {
            let (other_page, bounds) = bounds_of(reading, amount.span)?;
            let gap = bounds.top - label.bottom;
            let aligned = bounds.left < label.right + 0.5 * height && bounds.right > label.left - 0.5 * height;
            (other_page == page && gap > -0.3 * height && gap < 2.5 * height && aligned)
                .then_some((gap, bounds, amount))
        });
    let nearest = under
        .min_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, bounds, amount)| (bounds, amount));
    let (bounds, amount) = nearest.or_else(|| amount_in_order(reading, row))?;
    Some(Found {
        kind: row.kind,
        strength: row.strength,
        page,
        bounds,
        amount,
    })
}

/// In a band whose cells are aligned differently the amounts of the next row follow the order of the words.
fn amount_in_order<'a>(reading: &'a Reading, row: &TotalRow) -> Option<(Bounds, &'a Amount)> {
    let names: Vec<usize> = reading
        .totals
        .iter()
        .filter(|other| other.row == row.row)
        .map(|other| other.segment)
        .collect();
    let next = reading.view.rows.get(row.row + 1)?.clone();
    let amounts: Vec<&Amount> = next
        .flat_map(|segment| reading.amounts_in(segment))
        .filter(|amount| amount.is_money())
        .collect();
    let place = names.iter().position(|segment| *segment == row.segment)?;
    let amount = *amounts.get(place).filter(|_| amounts.len() == names.len())?;
    let (_, bounds) = bounds_of(reading, amount.span)?;
    Some((bounds, amount))
}

/// The last total above the line where money changes hands; without such a line the tallest, and of equally tall ones the lowest.
pub(super) fn shop_total(reading: &Reading) -> Option<&Amount> {
    let sums = named_sums(reading);
    let is_total = |found: &&Found<'_>| {
        matches!(
            found.kind,
            TotalKind::Plain | TotalKind::Gross | TotalKind::Payable | TotalKind::Rounded | TotalKind::Net
        ) && !found.amount.value.is_zero()
    };
    let payment = sums
        .iter()
        .position(|found| matches!(found.kind, TotalKind::Paid | TotalKind::Change));
    if let Some(payment) = payment {
        let mut before = sums.get(..payment)?.iter().filter(is_total);
        if let Some(last) = before.rfind(|found| found.kind != TotalKind::Net || found.strength >= 7) {
            return Some(last.amount);
        }
    }
    let height = |found: &Found<'_>| found.bounds.bottom - found.bounds.top;
    let tallest = sums.iter().filter(is_total).map(height).fold(0.0_f32, f32::max);
    sums.iter()
        .filter(is_total)
        .rfind(|found| height(found) > 0.85 * tallest)
        .map(|found| found.amount)
}

/// The lowest sum that is called gross or just total; what remains to be paid when there is none.
pub(super) fn gross(reading: &Reading) -> Option<Found<'_>> {
    let sums = named_sums(reading);
    let lowest = |kinds: &[TotalKind], strength: u8| {
        sums.iter()
            .rev()
            .find(|found| kinds.contains(&found.kind) && found.strength >= strength)
            .copied()
    };
    lowest(&[TotalKind::Gross], 5)
        .or_else(|| lowest(&[TotalKind::Plain, TotalKind::Rounded], 7))
        .or_else(|| lowest(&[TotalKind::Payable], 5))
}

/// The lowest net sum above the gross one, else the lowest subtotal.
pub(super) fn net(reading: &Reading) -> Option<&Amount> {
    let gross = gross(reading);
    let sums = named_sums(reading);
    let above = |found: &&Found<'_>| {
        gross.is_none_or(|gross| (found.page, middle(found.bounds)) <= (gross.page, middle(gross.bounds) + 1.0))
    };
    let smaller = |found: &&Found<'_>| gross.is_none_or(|gross| found.amount.value.abs() <= gross.amount.value.abs());
    let lowest = |kind: TotalKind| {
        sums.iter()
            .filter(|found| found.kind == kind)
            .filter(above)
            .rfind(smaller)
            .map(|found| found.amount)
    };
    lowest(TotalKind::Net).or_else(|| lowest(TotalKind::Subtotal))
}

/// The tax called total; the only tax; or the sum of the taxes of several rates, when net and gross differ by it.
pub(super) fn tax(reading: &Reading) -> Option<Tax<'_>> {
    let sums = named_sums(reading);
    let taxes: Vec<&Found<'_>> = sums.iter().filter(|found| found.kind == TotalKind::Tax).collect();
    if let Some(total) = taxes.iter().rev().find(|found| found.strength >= 6) {
        return Some(Tax::Printed(total.amount));
    }
    let first = taxes.first()?;
    if taxes.iter().all(|found| found.amount.value == first.amount.value) {
        return Some(Tax::Printed(first.amount));
    }
    let sum: Decimal = taxes.iter().map(|found| found.amount.value).sum();
    let difference = gross(reading)?.amount.value - net(reading)?.value;
    let single = taxes.iter().find(|found| found.amount.value == difference);
    match single {
        Some(found) => Some(Tax::Printed(found.amount)),
        None => (sum == difference).then_some(Tax::Sum(sum)),
    }
}

/// The currency of the mark beside the gross total; that of the document when it has none.
pub(super) fn currency(reading: &Reading) -> Option<&'static str> {
    let beside = gross(reading)
        .and_then(|found| found.amount.currency)
        .filter(|code| !code.is_empty());
    beside.or_else(|| reading.currency())
}
