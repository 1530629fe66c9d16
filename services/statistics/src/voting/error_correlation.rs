//! How strongly voters err together.

use serde::{Deserialize, Serialize};

use super::families::design_effect_votes;
use crate::error::{InvalidInput, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::{mean, sum};

/// Labelled items that the family mean weighs when one pair's correlation is shrunk to it.
pub const FAMILY_SHRINKAGE: f64 = 20.0;

/// Error rates and error correlations of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorCorrelation {
    /// Share of wrong votes of every voter; undefined (`too_few_items`) for one without labelled votes.
    pub error_rates: Vec<Estimate>,
    /// Pearson correlation of the 0/1 error indicators of every pair, a symmetric matrix by voter.
    /// Undefined (`no_variation`) with a voter who is always right or always wrong.
    pub correlations: Vec<Vec<Estimate>>,
    /// Labelled items that both voters of a pair voted on, by voter.
    pub pair_items: Vec<Vec<usize>>,
    /// Mean over the pairs where it is defined.
    pub mean: Estimate,
    /// `k / (1 + (k-1) rho)` with the mean clamped to `[0, 1]`; `k` where the mean is undefined.
    pub effective_votes: f64,
}

/// Error correlations on labelled items.
///
/// `errors[i][v]` says whether voter `v` was wrong on item `i`, `None` where it did not vote; every row
/// has one entry per voter. Each pair uses the items both voted on.
///
/// # Errors
/// Rows of unequal length.
pub fn error_correlation(errors: &[Vec<Option<bool>>]) -> Result<ErrorCorrelation, InvalidInput> {
    let voters = errors.first().map_or(0, Vec::len);
    for row in errors {
        same_length("errors", voters, row.len())?;
    }
    let error_rates = (0..voters)
        .map(|voter| {
            let own: Vec<f64> = errors.iter().filter_map(|row| indicator(row[voter])).collect();
            mean(&own).ok_or(Undefined::TooFewItems).into()
        })
        .collect();
    Ok(of_pairs(voters, error_rates, |first, second| {
        pair_correlation(errors, first, second)
    }))
}

/// Everything from what `pair` says about each pair: its labelled items and its correlation.
fn of_pairs(
    voters: usize,
    error_rates: Vec<Estimate>,
    pair: impl Fn(usize, usize) -> (usize, Estimate),
) -> ErrorCorrelation {
    let mut correlations = vec![vec![Estimate::Undefined(Undefined::TooFewItems); voters]; voters];
    let mut pair_items = vec![vec![0; voters]; voters];
    let mut defined = Vec::new();
    for first in 0..voters {
        for second in first..voters {
            let (items, correlation) = pair(first, second);
            for (row, column) in [(first, second), (second, first)] {
                correlations[row][column] = correlation;
                pair_items[row][column] = items;
            }
            if first != second {
                defined.extend(correlation.value());
            }
        }
    }
    let mean = mean(&defined);
    ErrorCorrelation {
        error_rates,
        correlations,
        pair_items,
        mean: mean.ok_or(Undefined::NoVariation).into(),
        effective_votes: design_effect_votes(voters, mean.unwrap_or(0.0)),
    }
}

/// As [`error_correlation`], from each voter's labelled votes `(item, is wrong)`, by item ascending with at most one an
/// item: memory and time follow the votes and not items times voters.
///
/// # Errors
/// Votes of a voter that are not strictly ascending by item.
pub fn error_correlation_of_lists(voters: &[Vec<(usize, bool)>]) -> Result<ErrorCorrelation, InvalidInput> {
    for votes in voters {
        if let Some(index) = votes.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
            return Err(InvalidInput::Entry {
                what: "item of votes",
                index: index + 1,
                value: votes[index + 1].0 as f64,
                expected: "a higher item than before: one vote an item, in order",
            });
        }
    }
    let rate = |votes: &Vec<(usize, bool)>| {
        let wrong = votes.iter().filter(|(_, is_wrong)| *is_wrong).count();
        match votes.len() {
            0 => Estimate::Undefined(Undefined::TooFewItems),
            all => Estimate::Value(wrong as f64 / all as f64),
        }
    };
    let pair = |first: usize, second: usize| ErrorCounts::of(&voters[first], &voters[second]).correlation();
    Ok(of_pairs(voters.len(), voters.iter().map(rate).collect(), pair))
}

/// How often two voters were right and wrong on the items of both.
#[derive(Default)]
struct ErrorCounts {
    items: usize,
    first_wrong: usize,
    second_wrong: usize,
    both_wrong: usize,
}

impl ErrorCounts {
    fn of(first: &[(usize, bool)], second: &[(usize, bool)]) -> Self {
        let mut counts = Self::default();
        let mut others = second.iter().peekable();
        for (item, is_wrong) in first {
            while others.next_if(|(other, _)| other < item).is_some() {}
            if let Some((_, is_other_wrong)) = others.next_if(|(other, _)| other == item) {
                counts.items += 1;
                counts.first_wrong += usize::from(*is_wrong);
                counts.second_wrong += usize::from(*is_other_wrong);
                counts.both_wrong += usize::from(*is_wrong && *is_other_wrong);
            }
        }
        counts
    }

    fn correlation(&self) -> (usize, Estimate) {
        if self.items < 2 {
            return (self.items, Estimate::Undefined(Undefined::TooFewItems));
        }
        let count = self.items as f64;
        let [first, second, both] =
            [self.first_wrong, self.second_wrong, self.both_wrong].map(|wrong| wrong as f64 / count);
        let variance = first * (1.0 - first) * second * (1.0 - second);
        let always_alike = |wrong: usize| wrong == 0 || wrong == self.items;
        if always_alike(self.first_wrong) || always_alike(self.second_wrong) {
            return (self.items, Estimate::Undefined(Undefined::NoVariation));
        }
        let correlation = (both - first * second) / variance.sqrt();
        (self.items, Estimate::Value(correlation.clamp(-1.0, 1.0)))
    }
}

fn indicator(error: Option<bool>) -> Option<f64> {
    error.map(|is_wrong| f64::from(u8::from(is_wrong)))
}

fn pair_correlation(errors: &[Vec<Option<bool>>], first: usize, second: usize) -> (usize, Estimate) {
    let pairs: Vec<(f64, f64)> = errors
        .iter()
        .filter_map(|row| Some((indicator(row[first])?, indicator(row[second])?)))
        .collect();
    let items = pairs.len();
    if items < 2 {
        return (items, Estimate::Undefined(Undefined::TooFewItems));
    }
    let count = items as f64;
    let first_mean = sum(pairs.iter().map(|pair| pair.0)) / count;
    let second_mean = sum(pairs.iter().map(|pair| pair.1)) / count;
    let product = sum(pairs.iter().map(|(x, y)| (x - first_mean) * (y - second_mean)));
    let first_square = sum(pairs.iter().map(|(x, _)| (x - first_mean).powi(2)));
    let second_square = sum(pairs.iter().map(|(_, y)| (y - second_mean).powi(2)));
    if first_square == 0.0 || second_square == 0.0 {
        return (items, Estimate::Undefined(Undefined::NoVariation));
    }
    let correlation = product / (first_square * second_square).sqrt();
    (items, Estimate::Value(correlation.clamp(-1.0, 1.0)))
}

/// One pair's correlation, measured on `items`, shrunk to its family's mean: `(n rho + 20 rho_family) /
/// (n + 20)`, clamped to `[0, 1]`.
pub fn shrink_correlation(correlation: f64, items: usize, family_mean: f64) -> f64 {
    let items = items as f64;
    ((items * correlation + FAMILY_SHRINKAGE * family_mean) / (items + FAMILY_SHRINKAGE)).clamp(0.0, 1.0)
}

/// Mean error correlation within each family, ready for
/// [`discount_families`](super::discount_families): each family's mean over its defined pairs, weighted
/// by items and shrunk to the mean over all pairs, clamped to `[0, 1]`.
///
/// `family[v]` is the family index of voter `v`, below `families`. A family without a defined pair takes
/// `fallback`, the correlation assumed where nothing is known (1 is the cautious choice: one family, one
/// vote).
///
/// # Errors
/// `family` of another length than the panel, or an index out of range.
pub fn family_error_correlations(
    panel: &ErrorCorrelation,
    family: &[usize],
    families: usize,
    fallback: f64,
) -> Result<Vec<f64>, InvalidInput> {
    same_length("family", panel.correlations.len(), family.len())?;
    if let Some(index) = family.iter().position(|member| *member >= families) {
        return Err(InvalidInput::Index {
            what: "family",
            index,
            found: family[index],
            bound: families,
        });
    }
    let overall = panel.mean.value().unwrap_or(fallback);
    Ok((0..families)
        .map(|index| family_mean(panel, family, index, overall).unwrap_or(fallback))
        .collect())
}

fn family_mean(panel: &ErrorCorrelation, family: &[usize], index: usize, overall: f64) -> Option<f64> {
    let members: Vec<usize> = (0..family.len()).filter(|voter| family[*voter] == index).collect();
    let (mut weighted, mut items) = (0.0, 0_usize);
    for (position, first) in members.iter().enumerate() {
        for second in &members[position + 1..] {
            if let Estimate::Value(correlation) = panel.correlations[*first][*second] {
                let shared = panel.pair_items[*first][*second];
                weighted += correlation * shared as f64;
                items += shared;
            }
        }
    }
    (items > 0).then(|| shrink_correlation(weighted / items as f64, items, overall))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_correlate_fully_and_strangers_do_not() {
        let rows: Vec<Vec<Option<bool>>> = (0..40)
            .map(|item| vec![Some(item % 2 == 0), Some(item % 2 == 0), Some(item % 4 < 2)])
            .collect();
        let panel = error_correlation(&rows).unwrap();
        assert_eq!(panel.correlations[0][1], Estimate::Value(1.0));
        assert_eq!(panel.correlations[0][2], Estimate::Value(0.0));
        let families = family_error_correlations(&panel, &[0, 0, 1], 2, 1.0).unwrap();
        // 40 items at 1, shrunk with the strength of 20 to the overall mean of 1/3.
        assert!((families[0] - (40.0 + 20.0 / 3.0) / 60.0).abs() < 1e-12);
        assert_eq!(families[1], 1.0);
    }

    #[test]
    fn lists_and_rows_say_the_same() {
        let rows: Vec<Vec<Option<bool>>> = (0..60_usize)
            .map(|item| {
                let vote = |voter: usize| {
                    let is_wrong = (item * item + 7 * voter * item).is_multiple_of(voter + 3);
                    (!(item + voter).is_multiple_of(5)).then_some(is_wrong)
                };
                vec![vote(0), vote(1), vote(2), Some(false), None]
            })
            .collect();
        let lists: Vec<Vec<(usize, bool)>> = (0..5)
            .map(|voter| {
                let votes = rows.iter().enumerate();
                votes.filter_map(|(item, row)| Some((item, row[voter]?))).collect()
            })
            .collect();
        let (dense, sparse) = (
            error_correlation(&rows).unwrap(),
            error_correlation_of_lists(&lists).unwrap(),
        );
        assert_eq!(sparse.pair_items, dense.pair_items);
        assert_eq!(sparse.error_rates[4], dense.error_rates[4]);
        let near = |left: &Estimate, right: &Estimate| match (left, right) {
            (Estimate::Value(left), Estimate::Value(right)) => (left - right).abs() < 1e-12,
            (left, right) => left == right,
        };
        let both = sparse
            .correlations
            .iter()
            .flatten()
            .zip(dense.correlations.iter().flatten());
        assert!(
            both.clone().all(|(left, right)| near(left, right)),
            "{sparse:?} {dense:?}"
        );
        assert!(both.filter(|(left, _)| left.is_defined()).count() > 8);
        assert!(error_correlation_of_lists(&[vec![(1, true), (1, false)]]).is_err());
    }

    #[test]
    fn pairs_use_shared_items_only() {
        let rows = vec![
            vec![Some(true), None],
            vec![Some(false), Some(true)],
            vec![None, Some(false)],
        ];
        let panel = error_correlation(&rows).unwrap();
        assert_eq!(panel.pair_items[0][1], 1);
        assert_eq!(panel.correlations[0][1].reason(), Some(Undefined::TooFewItems));
        assert_eq!(panel.error_rates[0], Estimate::Value(0.5));
        assert_eq!(panel.effective_votes, 2.0);
    }
}
