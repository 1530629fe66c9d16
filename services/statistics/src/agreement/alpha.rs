//! Krippendorff's alpha.

use serde::{Deserialize, Serialize};

use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::error::{InvalidInput, finite, non_negative, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};

/// Level of measurement: how far two classes lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level<'a> {
    /// Different is different.
    Nominal,
    /// Classes are ranks in declared order; their distance is the number of votes between them.
    Ordinal,
    /// `(x_c - x_k)^2` of the classes' values.
    Interval(&'a [f64]),
    /// `((x_c - x_k) / (x_c + x_k))^2` of the classes' values, none below 0.
    Ratio(&'a [f64]),
}

/// Alpha and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alpha {
    /// `1 - observed / expected`; negative where raters agree less than by chance. Undefined
    /// (`no_pairable_votes`) without an item of two votes, (`no_variation`) where all votes are alike.
    pub alpha: Estimate,
    /// Mean distance of votes within items.
    pub observed_disagreement: Estimate,
    /// Mean distance of votes drawn at random.
    pub expected_disagreement: Estimate,
    /// Votes in items with at least two.
    pub pairable_votes: u64,
}

impl Alpha {
    pub(super) fn undefined(reason: Undefined) -> Self {
        Self {
            alpha: Estimate::Undefined(reason),
            observed_disagreement: Estimate::Undefined(reason),
            expected_disagreement: Estimate::Undefined(reason),
            pairable_votes: 0,
        }
    }
}

/// Krippendorff's alpha [Krippendorff, 2011, U. Penn. tech. note; Hayes & Krippendorff, 2007, Commun. Methods
/// Meas.] in time proportional to the votes (for ratio data to the squared number of distinct values).
/// Items with fewer than two votes drop out; classes that nobody used change nothing.
///
/// # Errors
/// Interval or ratio values of another number than classes, not finite, or (ratio) below 0.
pub fn krippendorff_alpha(table: &RatingTable, level: Level<'_>) -> Result<Alpha, InvalidInput> {
    level.check(table.classes())?;
    Ok(alpha_of(table, level, None))
}

impl Level<'_> {
    pub(super) fn check(&self, classes: usize) -> Result<(), InvalidInput> {
        match self {
            Self::Nominal | Self::Ordinal => Ok(()),
            Self::Interval(values) => {
                same_length("values", classes, values.len())?;
                finite("values", values)
            }
            Self::Ratio(values) => {
                same_length("values", classes, values.len())?;
                non_negative("values", values)
            }
        }
    }
}

/// Alpha with items counted several times; the level has been checked.
pub(super) fn alpha_of(table: &RatingTable, level: Level<'_>, multiplicity: Option<&[u32]>) -> Alpha {
    let mut counts = vec![0.0; table.classes()];
    for row in table.rows(multiplicity).filter(Row::is_pairable) {
        for (class, count) in row.shares() {
            counts[class] += row.times * count;
        }
    }
    let votes = sum(counts.iter().copied());
    if votes == 0.0 {
        return Alpha::undefined(Undefined::NoPairableVotes);
    }
    let distance = Distance::of(level, &counts);
    let mut observed = Sum::default();
    for row in table.rows(multiplicity).filter(Row::is_pairable) {
        let shares: Vec<(usize, f64)> = row.shares().collect();
        observed.add(row.times * distance.total(&shares) / (row.votes - 1.0));
    }
    let everything: Vec<(usize, f64)> = counts
        .into_iter()
        .enumerate()
        .filter(|(_, count)| *count > 0.0)
        .collect();
    let expected = distance.total(&everything) / (votes - 1.0);
    finish(observed.total(), expected, votes)
}

/// Alpha from `n Do`, `n De` and `n`.
pub(super) fn finish(observed: f64, expected: f64, votes: f64) -> Alpha {
    Alpha {
        alpha: if expected > 0.0 {
            Estimate::Value(1.0 - observed / expected)
        } else {
            Estimate::Undefined(Undefined::NoVariation)
        },
        observed_disagreement: Estimate::Value(observed / votes),
        expected_disagreement: Estimate::Value(expected / votes),
        pairable_votes: votes as u64,
    }
}

/// Sums of distances over ordered pairs of votes.
pub(super) enum Distance<'a> {
    Nominal,
    /// Squared differences of these positions, one per class.
    Squared(Vec<f64>),
    Ratio(&'a [f64]),
}

impl<'a> Distance<'a> {
    /// The votes per class matter to the ordinal level only.
    pub(super) fn of(level: Level<'a>, counts: &[f64]) -> Self {
        match level {
            Level::Nominal => Self::Nominal,
            Level::Ordinal => Self::Squared(mid_ranks(counts)),
            Level::Interval(values) => Self::Squared(values.to_vec()),
            Level::Ratio(values) => Self::Ratio(values),
        }
    }

    /// The distance of two different classes.
    pub(super) fn between(&self, first: usize, second: usize) -> f64 {
        match self {
            Self::Nominal => 1.0,
            Self::Squared(positions) => (positions[first] - positions[second]).powi(2),
            Self::Ratio(values) => ratio_distance(values[first], values[second]),
        }
    }

    /// Sum of the distance over all ordered pairs of the votes counted in `shares`.
    pub(super) fn total(&self, shares: &[(usize, f64)]) -> f64 {
        let votes = sum(shares.iter().map(|(_, count)| *count));
        match self {
            Self::Nominal => {
                // Equal to n^2 - sum n_c^2, without its cancellation.
                sum(shares.iter().map(|(_, count)| count * (votes - count)))
            }
            Self::Squared(positions) => {
                // Measured from one of the positions, so that votes which are all alike differ by exactly nothing
                // however far from 0 they lie.
                let origin = shares.first().map_or(0.0, |(class, _)| positions[*class]);
                let from_origin = |class: &usize| positions[*class] - origin;
                let mean = sum(shares.iter().map(|(class, count)| count * from_origin(class))) / votes;
                let squares = shares
                    .iter()
                    .map(|(class, count)| count * (from_origin(class) - mean).powi(2));
                2.0 * votes * sum(squares)
            }
            Self::Ratio(values) => {
                let mut total = Sum::default();
                for (index, (first, first_count)) in shares.iter().enumerate() {
                    for (second, second_count) in &shares[index + 1..] {
                        let distance = ratio_distance(values[*first], values[*second]);
                        total.add(2.0 * first_count * second_count * distance);
                    }
                }
                total.total()
            }
        }
    }
}

/// `R_c = cumulative count up to c - n_c / 2`.
fn mid_ranks(counts: &[f64]) -> Vec<f64> {
    let mut below = 0.0;
    counts
        .iter()
        .map(|count| {
            let rank = below + 0.5 * count;
            below += count;
            rank
        })
        .collect()
}

fn ratio_distance(first: f64, second: f64) -> f64 {
    if first == second {
        return 0.0;
    }
    // Halves keep the sum of two huge values finite.
    ((0.5 * first - 0.5 * second) / (0.5 * first + 0.5 * second)).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Alpha straight from its definition by coincidences, for comparison.
    fn by_definition(ratings: &[Vec<Option<usize>>], classes: usize, level: Level<'_>) -> Option<f64> {
        let mut coincidences = vec![vec![0.0; classes]; classes];
        for row in ratings {
            let votes: Vec<usize> = row.iter().flatten().copied().collect();
            for (i, first) in votes.iter().enumerate() {
                for (j, second) in votes.iter().enumerate() {
                    if i != j {
                        coincidences[*first][*second] += 1.0 / (votes.len() as f64 - 1.0);
                    }
                }
            }
        }
        let counts: Vec<f64> = coincidences.iter().map(|row| row.iter().sum()).collect();
        let votes: f64 = counts.iter().sum();
        let distance = |c: usize, k: usize| match level {
            Level::Nominal => f64::from(u8::from(c != k)),
            Level::Ordinal => {
                let (low, high) = (c.min(k), c.max(k));
                let between: f64 = counts[low..=high].iter().sum();
                (between - (counts[c] + counts[k]) / 2.0).powi(2)
            }
            Level::Interval(values) => (values[c] - values[k]).powi(2),
            Level::Ratio(values) => ratio_distance(values[c], values[k]),
        };
        let (mut observed, mut expected) = (0.0, 0.0);
        for c in 0..classes {
            for k in 0..classes {
                observed += coincidences[c][k] * distance(c, k);
                expected += counts[c] * counts[k] * distance(c, k) / (votes - 1.0);
            }
        }
        (expected > 0.0).then(|| 1.0 - observed / expected)
    }

    fn ratings() -> impl Strategy<Value = Vec<Vec<Option<usize>>>> {
        prop::collection::vec(prop::collection::vec(prop::option::of(0..4_usize), 0..6), 1..25)
    }

    proptest! {
        #[test]
        fn the_fast_form_equals_the_definition(ratings in ratings()) {
            let table = RatingTable::from_ratings(&ratings, 4).unwrap();
            let values = [0.0, 1.0, 2.5, 7.0];
            for level in [Level::Nominal, Level::Ordinal, Level::Interval(&values), Level::Ratio(&values)] {
                let fast = krippendorff_alpha(&table, level).unwrap().alpha.value();
                let slow = by_definition(&ratings, 4, level);
                match (fast, slow) {
                    (Some(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12),
                    (fast, slow) => prop_assert_eq!(fast, slow),
                }
            }
        }

        #[test]
        fn rater_order_and_missing_votes_do_not_matter(ratings in ratings()) {
            let mut shuffled = ratings.clone();
            for row in &mut shuffled {
                row.reverse();
                row.push(None);
            }
            let alpha = |rows: &[Vec<Option<usize>>]| {
                krippendorff_alpha(&RatingTable::from_ratings(rows, 4).unwrap(), Level::Ordinal).unwrap()
            };
            prop_assert_eq!(alpha(&ratings), alpha(&shuffled));
        }

        #[test]
        fn interval_ignores_origin_and_unit(ratings in ratings(), shift in -1e3..1e3_f64) {
            let table = RatingTable::from_ratings(&ratings, 4).unwrap();
            let values = [0.0, 1.0, 2.5, 7.0];
            let moved = values.map(|value| 3.0 * value + shift);
            let first = krippendorff_alpha(&table, Level::Interval(&values)).unwrap().alpha;
            let second = krippendorff_alpha(&table, Level::Interval(&moved)).unwrap().alpha;
            match (first.value(), second.value()) {
                (Some(first), Some(second)) => prop_assert!((first - second).abs() < 1e-9),
                (first, second) => prop_assert_eq!(first, second),
            }
        }
    }

    #[test]
    fn votes_that_are_all_alike_do_not_vary_wherever_they_lie() {
        let rows: Vec<Vec<Option<usize>>> = vec![vec![Some(1); 3]; 7];
        let table = RatingTable::from_ratings(&rows, 2).unwrap();
        for value in [0.1, 1e3 / 3.0, -987.654_321, 1e15 + 0.3] {
            let alpha = krippendorff_alpha(&table, Level::Interval(&[0.0, value])).unwrap();
            assert_eq!(alpha.alpha, Estimate::Undefined(Undefined::NoVariation), "{value}");
        }
    }

    #[test]
    fn values_are_checked() {
        let table = RatingTable::from_ratings(&[vec![Some(0), Some(1)]], 2).unwrap();
        assert!(krippendorff_alpha(&table, Level::Interval(&[1.0])).is_err());
        assert!(krippendorff_alpha(&table, Level::Interval(&[1.0, f64::NAN])).is_err());
        assert!(krippendorff_alpha(&table, Level::Ratio(&[-1.0, 1.0])).is_err());
    }
}
