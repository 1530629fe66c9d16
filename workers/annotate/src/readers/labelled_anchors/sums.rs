//! Totals beside their names.

use crate::readers::candidates::amounts::Amount;
use crate::readers::line_items::headings::is_heading_row;
use crate::readers::places;
use crate::readers::reading::Reading;
use crate::readers::roles::Role;
use crate::readers::totals::{self, TotalKind, TotalRow};

/// The amount of the row that names the total of a role best.
pub(in crate::readers) fn total(reading: &Reading, role: Role) -> Option<&Amount> {
    match role {
        Role::TaxTotal => tax_total(reading),
        _ => best(reading, role),
    }
}

fn best(reading: &Reading, role: Role) -> Option<&Amount> {
    let closed_at = row_of_payment(reading);
    let rounding_at = totals::rounding(reading).map(|(row, _)| row);
    let mut winner: Option<(i32, &Amount)> = None;
    for row in &reading.totals {
        let Some(base) = suitability(role, row.kind) else {
            continue;
        };
        let Some(amount) = amount_of(reading, row) else {
            continue;
        };
        let mut score = base + i32::from(row.strength);
        if role == Role::ShopTotal {
            score -= if closed_at.is_some_and(|closed| row.row > closed) {
                14
            } else {
                0
            };
            score += if rounding_at.is_some_and(|rounding| row.row > rounding) {
                9
            } else {
                0
            };
        }
        if amount.value.is_zero() {
            score -= 8;
        }
        let later_wins = role != Role::ShopTotal || closed_at.is_none_or(|closed| row.row <= closed);
        let better = winner.is_none_or(|(so_far, _)| score > so_far || (score == so_far && later_wins));
        if better {
            winner = Some((score, amount));
        }
    }
    let found = winner.map(|(_, amount)| amount)?;
    Some(if role == Role::ShopTotal {
        totals::after_rounding(reading, found)
    } else {
        found
    })
}

fn suitability(role: Role, kind: TotalKind) -> Option<i32> {
    let score = match (role, kind) {
        (Role::GrossTotal, TotalKind::Gross) => 30,
        (Role::GrossTotal, TotalKind::Rounded) => 28,
        (Role::GrossTotal, TotalKind::Plain) => 26,
        (Role::GrossTotal, TotalKind::Payable) => 18,
        (Role::ShopTotal, TotalKind::Rounded) => 40,
        (Role::ShopTotal, TotalKind::Payable) => 34,
        (Role::ShopTotal, TotalKind::Gross) => 33,
        (Role::ShopTotal, TotalKind::Plain) => 31,
        (Role::ShopTotal, TotalKind::Net) => 21,
        (Role::ShopTotal, TotalKind::Subtotal) => 12,
        (Role::NetTotal, TotalKind::Net) => 30,
        (Role::NetTotal, TotalKind::Subtotal) => 20,
        _ => return None,
    };
    Some(score)
}

/// The last amount of money on the row; below the words when the row has none and the words are plain.
fn amount_of<'a>(reading: &'a Reading, row: &TotalRow) -> Option<&'a Amount> {
    let beside = reading.amounts_of(row);
    if let Some(amount) = beside.iter().rev().find(|amount| amount.is_money()) {
        return Some(amount);
    }
    let in_band = reading.totals.iter().filter(|other| other.row == row.row).count() > 1;
    if (row.strength < 7 && !in_band) || !beside.is_empty() || is_heading_row(reading, row.row) {
        return None;
    }
    let start = reading.segment(row.segment)?.tokens.first()?.start;
    places::below(reading, row.segment, start, row.end, 1)
        .iter()
        .take(1)
        .flat_map(|place| reading.amounts_in(place.segment))
        .find(|amount| amount.is_money())
}

/// The row where money changes hands; behind it receipts repeat and analyse their amounts.
fn row_of_payment(reading: &Reading) -> Option<usize> {
    let rows = reading.totals.iter();
    rows.filter(|row| matches!(row.kind, TotalKind::Change | TotalKind::Paid))
        .filter(|row| amount_of(reading, row).is_some())
        .map(|row| row.row)
        .min()
}

/// The amount of the row that names the tax of the whole; of the only row of tax when there is one amount.
fn tax_total(reading: &Reading) -> Option<&Amount> {
    let rows: Vec<(&TotalRow, &Amount)> = reading
        .totals
        .iter()
        .filter(|row| row.kind == TotalKind::Tax)
        .filter_map(|row| amount_of(reading, row).map(|amount| (row, amount)))
        .collect();
    let named = rows.iter().rfind(|(row, _)| row.strength >= 6);
    if let Some((_, amount)) = named {
        return Some(amount);
    }
    let (_, first) = rows.first()?;
    rows.iter()
        .all(|(_, amount)| amount.value == first.value)
        .then_some(*first)
}
