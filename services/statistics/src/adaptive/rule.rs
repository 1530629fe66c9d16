//! When a panel has been asked enough.

use serde::{Deserialize, Serialize};

use super::leader::{cannot_change, leader_probability};
use super::sequential_test::{SequentialDecision, SequentialTest};
use crate::error::{InvalidInput, open_unit};

/// When no further voter is asked. Every rule but [`Self::AllVotes`] also stops where the remaining votes cannot change
/// the winner, which loses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppingRule {
    /// Never early: what the others are compared with.
    AllVotes,
    /// Only where the remaining votes cannot change the winner or tie it: see [`cannot_change`](super::cannot_change).
    CannotChange,
    /// Where the two largest counts of votes give [`leader_probability`] of at least this much. Weights do not matter to
    /// it.
    Beta(f64),
    /// Where the leading class has at least this posterior probability, taking voters for independent, their errors for
    /// even over the other classes, and classes for equally frequent: `e^{w_1} / (sum_c e^{w_c})` with log-odds weights.
    Posterior(f64),
    /// Where the votes after the first back it by this test [Wald, 1945, Ann. Math. Stat.]; where they drop it, all are
    /// asked.
    Sequential(SequentialTest),
}

/// Why nobody else was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The panel has no further voter.
    AllAsked,
    /// What remains cannot change the winner.
    CannotChange,
    /// The rule is sure enough of the leader.
    Sure,
}

/// How the votes on an item stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing<'a> {
    /// Weight of the votes for each class so far; at least 0.
    pub weights: &'a [f64],
    /// Number of votes for each class so far, or of votes that they are worth.
    pub votes: &'a [f64],
    /// The votes so far in the order of calls; abstentions have none.
    pub cast: &'a [usize],
    /// Weight of all voters that have not been asked yet.
    pub remaining_weight: f64,
    /// How many have not been asked yet.
    pub remaining_voters: usize,
}

impl StoppingRule {
    /// Checks the probabilities of the rule.
    ///
    /// # Errors
    /// One that is not strictly between 0 and 1.
    pub fn check(&self) -> Result<(), InvalidInput> {
        match self {
            Self::Beta(level) => open_unit("level of the Beta rule", *level),
            Self::Posterior(level) => open_unit("level of the posterior rule", *level),
            Self::AllVotes | Self::CannotChange | Self::Sequential(_) => Ok(()),
        }
    }

    /// Whether to stop, and why; `None` asks the next voter.
    ///
    /// # Errors
    /// Weights that are negative or not finite.
    pub fn decide(&self, standing: &Standing<'_>) -> Result<Option<StopReason>, InvalidInput> {
        if standing.remaining_voters == 0 {
            return Ok(Some(StopReason::AllAsked));
        }
        if *self == Self::AllVotes || standing.cast.is_empty() {
            return Ok(None);
        }
        if cannot_change(standing.weights, &[standing.remaining_weight])? {
            return Ok(Some(StopReason::CannotChange));
        }
        let is_sure = self.is_sure(standing.weights, standing.votes, standing.cast)?;
        Ok(is_sure.then_some(StopReason::Sure))
    }

    /// Whether the rule is sure enough of the leader, whatever those may say who have not been asked. The arguments are
    /// those of [`Standing`].
    ///
    /// # Errors
    /// Votes that are negative or not finite.
    pub fn is_sure(&self, weights: &[f64], votes: &[f64], cast: &[usize]) -> Result<bool, InvalidInput> {
        Ok(match self {
            Self::AllVotes | Self::CannotChange => false,
            Self::Beta(level) => {
                let (first, second) = top_two(votes.iter().copied());
                leader_probability(first, second)? >= *level
            }
            Self::Posterior(level) => posterior_of_leader(weights) >= *level,
            Self::Sequential(test) => is_backed(*test, cast),
        })
    }
}

fn top_two(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((0.0, 0.0), |(first, second), value| {
        if value > first {
            (value, first)
        } else {
            (first, second.max(value))
        }
    })
}

fn posterior_of_leader(weights: &[f64]) -> f64 {
    let top = weights.iter().copied().fold(0.0, f64::max);
    1.0 / weights.iter().map(|weight| (weight - top).exp()).sum::<f64>()
}

fn is_backed(test: SequentialTest, cast: &[usize]) -> bool {
    let Some((leader, others)) = cast.split_first() else {
        return false;
    };
    let agrees: Vec<bool> = others.iter().map(|class| class == leader).collect();
    test.run(&agrees).decision == SequentialDecision::AcceptAlternative
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing<'a>(weights: &'a [f64], votes: &'a [f64], cast: &'a [usize], remaining: usize) -> Standing<'a> {
        Standing {
            weights,
            votes,
            cast,
            remaining_weight: remaining as f64,
            remaining_voters: remaining,
        }
    }

    #[test]
    fn a_lead_that_is_safe_ends_every_rule_but_the_full_one() {
        let safe = standing(&[3.0, 0.0], &[3.0, 0.0], &[0, 0, 0], 2);
        let test = SequentialTest::new(0.5, 0.99, 0.001, 0.001).unwrap();
        for rule in [
            StoppingRule::CannotChange,
            StoppingRule::Beta(0.999),
            StoppingRule::Posterior(0.999),
            StoppingRule::Sequential(test),
        ] {
            assert_eq!(rule.decide(&safe).unwrap(), Some(StopReason::CannotChange));
        }
        assert_eq!(StoppingRule::AllVotes.decide(&safe).unwrap(), None);
        // A tie would still be possible.
        let unsafe_lead = standing(&[3.0, 0.0], &[3.0, 0.0], &[0, 0, 0], 3);
        assert_eq!(StoppingRule::CannotChange.decide(&unsafe_lead).unwrap(), None);
    }

    #[test]
    fn rules_are_sure_where_their_formulas_say_so() {
        let votes = standing(&[3.0, 0.0], &[3.0, 0.0], &[0, 0, 0], 5);
        // 1 - I_{1/2}(4, 1) = 15/16.
        assert_eq!(StoppingRule::Beta(0.93).decide(&votes).unwrap(), Some(StopReason::Sure));
        assert_eq!(StoppingRule::Beta(0.94).decide(&votes).unwrap(), None);
        let posterior = 1.0 / (1.0 + (-3.0_f64).exp());
        let at = |level| StoppingRule::Posterior(level).decide(&votes).unwrap();
        assert_eq!(at(posterior - 1e-9), Some(StopReason::Sure));
        assert_eq!(at(posterior + 1e-9), None);
        // ln(0.9 / 0.5) twice is 1.176; the bound is ln(0.9 / 0.3) = 1.099.
        let test = SequentialTest::new(0.5, 0.9, 0.3, 0.1).unwrap();
        let backed = StoppingRule::Sequential(test);
        assert_eq!(backed.decide(&votes).unwrap(), Some(StopReason::Sure));
        let divided = standing(&[2.0, 1.0], &[2.0, 1.0], &[0, 1, 0], 5);
        assert_eq!(backed.decide(&divided).unwrap(), None);
    }

    #[test]
    fn without_a_vote_somebody_is_asked_and_levels_are_checked() {
        let nothing = standing(&[0.0, 0.0], &[0.0, 0.0], &[], 1);
        assert_eq!(StoppingRule::Beta(0.5).decide(&nothing).unwrap(), None);
        let nobody = standing(&[0.0, 0.0], &[0.0, 0.0], &[], 0);
        assert_eq!(
            StoppingRule::AllVotes.decide(&nobody).unwrap(),
            Some(StopReason::AllAsked)
        );
        assert!(StoppingRule::Beta(1.0).check().is_err());
        assert!(StoppingRule::Posterior(f64::NAN).check().is_err());
    }
}
