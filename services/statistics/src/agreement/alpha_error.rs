//! Analytic standard error of nominal alpha.

use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// Linearised standard error of nominal alpha over items [Gwet, 2014, Handbook of Inter-Rater Reliability],
/// for large samples; prefer [`bootstrap_agreement`](super::bootstrap_agreement) for reported intervals.
/// Undefined (`no_pairable_votes`, `too_few_items` below two items with two votes, `no_variation`).
pub fn alpha_standard_error(table: &RatingTable) -> Estimate {
    alpha_error_of(table, None)
}

/// The error with items counted several times.
pub(super) fn alpha_error_of(table: &RatingTable, multiplicity: Option<&[u32]>) -> Estimate {
    let rows: Vec<Row<'_>> = table.rows(multiplicity).filter(Row::is_pairable).collect();
    let items = sum(rows.iter().map(|row| row.times));
    if items < 2.0 {
        let is_empty = rows.is_empty();
        return Estimate::Undefined(if is_empty {
            Undefined::NoPairableVotes
        } else {
            Undefined::TooFewItems
        });
    }
    let votes = sum(rows.iter().map(|row| row.times * row.votes));
    let mean_votes = votes / items;
    let mut share = vec![0.0; table.classes()];
    for row in &rows {
        for (class, count) in row.shares() {
            share[class] += row.times * count / votes;
        }
    }
    let chance = sum(share.iter().map(|p| p * p));
    if chance >= 1.0 - 1e-15 {
        return Estimate::Undefined(Undefined::NoVariation);
    }
    // Agreement of each item, weighted by its share of votes, and the same with chance.
    let agreement = |row: &Row<'_>| {
        let pairs: f64 = row.shares().map(|(_, count)| count * (count - 1.0)).sum();
        pairs / (mean_votes * (row.votes - 1.0))
    };
    let excess = |row: &Row<'_>| (row.votes - mean_votes) / mean_votes;
    let raw = sum(rows.iter().map(|row| row.times * agreement(row))) / items;
    let corrected = (1.0 - 1.0 / votes) * raw + 1.0 / votes;
    let alpha = (raw - chance) / (1.0 - chance);
    let squares = rows.iter().map(|row| {
        let own = agreement(row) - corrected * excess(row);
        let by_chance: f64 = row.shares().map(|(class, count)| share[class] * count).sum();
        let own_chance = by_chance / mean_votes - chance * excess(row);
        let influence = (own - chance) / (1.0 - chance) - 2.0 * (1.0 - alpha) * (own_chance - chance) / (1.0 - chance);
        row.times * (influence - alpha).powi(2)
    });
    Estimate::Value((sum(squares) / (items * (items - 1.0))).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_it_is_undefined() {
        let of =
            |rows: &[Vec<Option<usize>>]| alpha_standard_error(&RatingTable::from_ratings(rows, 2).unwrap()).reason();
        assert_eq!(of(&[vec![Some(0)]]), Some(Undefined::NoPairableVotes));
        assert_eq!(of(&[vec![Some(0), Some(1)]]), Some(Undefined::TooFewItems));
        assert_eq!(of(&[vec![Some(0); 2], vec![Some(0); 3]]), Some(Undefined::NoVariation));
    }
}
