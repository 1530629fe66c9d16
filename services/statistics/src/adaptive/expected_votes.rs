//! How many votes a stopping rule needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::leader::{cannot_change, leader_probability};
use crate::error::{InvalidInput, non_negative, open_unit, parameter};
use crate::numeric::sum::sum;

/// Most votes the recursion goes through; its states grow with a power of it.
const VOTE_LIMIT: u32 = 60;

/// A stopping rule for even votes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvenRule {
    /// Stop when the winner cannot change any more.
    CannotChange,
    /// Stop when [`leader_probability`] of the two largest counts reaches this threshold.
    LeaderProbability(f64),
}

impl EvenRule {
    fn stops(self, counts: &[u32], remaining: u32) -> Result<bool, InvalidInput> {
        match self {
            Self::CannotChange => {
                let weights: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
                cannot_change(&weights, &vec![1.0; remaining as usize])
            }
            Self::LeaderProbability(threshold) => {
                let mut descending = counts.to_vec();
                descending.sort_unstable_by(|left, right| right.cmp(left));
                let nth = |place: usize| descending.get(place).map_or(0.0, |count| f64::from(*count));
                Ok(leader_probability(nth(0), nth(1))? >= threshold)
            }
        }
    }
}

/// Expected number of even votes under `rule`, if every vote falls on class `c` with `vote_probabilities[c]`,
/// independently, and at most `max_votes` are called. The rule is asked after every vote.
///
/// # Errors
/// Probabilities that are negative or do not sum to 1 within 1e-9, more than 60 votes, a threshold outside
/// (0, 1).
pub fn expected_votes(vote_probabilities: &[f64], max_votes: u32, rule: EvenRule) -> Result<f64, InvalidInput> {
    non_negative("vote probabilities", vote_probabilities)?;
    let total = sum(vote_probabilities.iter().copied());
    parameter(
        "sum of vote probabilities",
        total,
        "1 within 1e-9",
        (total - 1.0).abs() <= 1e-9,
    )?;
    parameter("votes", f64::from(max_votes), "at most 60", max_votes <= VOTE_LIMIT)?;
    if let EvenRule::LeaderProbability(threshold) = rule {
        open_unit("threshold", threshold)?;
    }
    // Probability of every open state, by votes per class.
    let mut open: BTreeMap<Vec<u32>, f64> = BTreeMap::from([(vec![0; vote_probabilities.len()], 1.0)]);
    let mut expected = 0.0;
    for called in 1..=max_votes {
        expected += sum(open.values().copied());
        let mut next: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        for (counts, reached) in &open {
            for (class, probability) in vote_probabilities.iter().enumerate() {
                let mut counts = counts.clone();
                counts[class] += 1;
                *next.entry(counts).or_insert(0.0) += reached * probability;
            }
        }
        open = BTreeMap::new();
        for (counts, reached) in next {
            if !rule.stops(&counts, max_votes - called)? {
                open.insert(counts, reached);
            }
        }
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_votes_stop_as_soon_as_possible() {
        assert_eq!(expected_votes(&[1.0, 0.0], 7, EvenRule::CannotChange), Ok(4.0));
        let rule = EvenRule::LeaderProbability(0.95);
        assert_eq!(expected_votes(&[1.0, 0.0], 10, rule), Ok(4.0));
        assert_eq!(expected_votes(&[0.5, 0.5], 0, rule), Ok(0.0));
    }

    #[test]
    fn bad_input_is_refused() {
        assert!(expected_votes(&[0.5, 0.4], 5, EvenRule::CannotChange).is_err());
        assert!(expected_votes(&[1.0], 61, EvenRule::CannotChange).is_err());
        assert!(expected_votes(&[1.0], 5, EvenRule::LeaderProbability(1.0)).is_err());
    }
}
