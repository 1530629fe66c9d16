//! Scores of one column with the labels a calibrator learns from.

use super::platt::check_labelled;
use super::sample_weights::SampleWeights;
use crate::error::{InvalidInput, every, is_probability, same_length};

/// Labelled scores, checked once: arrays of equal length, one entry per item.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledScores {
    scores: Vec<f64>,
    votes: Option<Vec<f64>>,
    correct: Vec<bool>,
    weights: SampleWeights,
}

impl LabelledScores {
    /// `scores[i]` is the raw score of item `i`, `correct[i]` whether its value was right. Where the scores are
    /// shares of votes, `votes[i]` is how many votes (or effective votes) share `i` comes from; `None` for
    /// scores of another kind.
    ///
    /// # Errors
    /// No items, arrays of unequal length, a score that is not finite, votes that are not above 0.
    pub fn new(
        scores: Vec<f64>,
        votes: Option<Vec<f64>>,
        correct: Vec<bool>,
        weights: SampleWeights,
    ) -> Result<Self, InvalidInput> {
        check_labelled(&scores, &correct, &weights)?;
        if scores.is_empty() {
            return Err(InvalidInput::Empty { what: "scores" });
        }
        if let Some(votes) = &votes {
            same_length("votes", scores.len(), votes.len())?;
            every("votes", votes, "a finite number above 0", |count| {
                count.is_finite() && count > 0.0
            })?;
        }
        Ok(Self {
            scores,
            votes,
            correct,
            weights,
        })
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.scores.len()
    }

    /// Number of wrong items.
    pub fn errors(&self) -> usize {
        self.correct.iter().filter(|is_correct| !**is_correct).count()
    }

    /// The scores.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Number of votes behind each score, where known.
    pub fn votes(&self) -> Option<&[f64]> {
        self.votes.as_deref()
    }

    /// Number of votes behind item `item`, where known.
    pub fn votes_of(&self, item: usize) -> Option<f64> {
        self.votes.as_ref().and_then(|votes| votes.get(item)).copied()
    }

    /// Whether each item was right.
    pub fn correct(&self) -> &[bool] {
        &self.correct
    }

    /// The sample weights.
    pub fn weights(&self) -> &SampleWeights {
        &self.weights
    }

    /// Whether all scores lie in `[0, 1]`, as shares and probabilities do.
    pub fn are_shares(&self) -> bool {
        self.scores.iter().all(|score| is_probability(*score))
    }

    /// The items at `positions`, which may repeat; weights keep their scale.
    ///
    /// # Errors
    /// A position beyond the end, or none at all.
    pub fn select(&self, positions: &[usize]) -> Result<Self, InvalidInput> {
        if positions.is_empty() {
            return Err(InvalidInput::Empty { what: "positions" });
        }
        // Checks every position.
        let weights = self.weights.select(positions)?;
        Ok(Self {
            scores: positions.iter().map(|item| self.scores[*item]).collect(),
            votes: self
                .votes
                .as_ref()
                .map(|votes| positions.iter().map(|item| votes[*item]).collect()),
            correct: positions.iter().map(|item| self.correct[*item]).collect(),
            weights,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_and_selects() {
        let even = SampleWeights::even(2);
        let of = |scores: &[f64], votes: Option<Vec<f64>>| {
            LabelledScores::new(scores.to_vec(), votes, vec![true, false], even.clone())
        };
        assert!(of(&[0.5], None).is_err());
        assert!(of(&[0.5, f64::NAN], None).is_err());
        assert!(of(&[0.5, 1.0], Some(vec![3.0, 0.0])).is_err());
        let data = of(&[0.5, 1.5], Some(vec![3.0, 5.0])).unwrap();
        assert!(!data.are_shares());
        let second = data.select(&[1, 1]).unwrap();
        assert_eq!((second.errors(), second.votes_of(0)), (2, Some(5.0)));
        assert!(data.select(&[2]).is_err() && data.select(&[]).is_err());
    }
}
