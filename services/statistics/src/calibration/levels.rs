//! A table of vote levels.

use serde::{Deserialize, Serialize};

use super::platt::check_labelled;
use super::sample_weights::SampleWeights;
use crate::error::InvalidInput;

/// Scores closer than this are one level.
const LEVEL_TOLERANCE: f64 = 1e-9;

/// One distinct score and its labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The score.
    pub score: f64,
    /// Weight of the items.
    pub count: f64,
    /// Weight of the correct ones.
    pub positives: f64,
}

impl Level {
    /// `(k + 1) / (n + 2)`.
    pub fn smoothed(&self) -> f64 {
        (self.positives + 1.0) / (self.count + 2.0)
    }
}

/// Histogram binning whose bins are the distinct scores: few votes have few levels. Not monotone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelTable {
    levels: Vec<Level>,
}

impl LevelTable {
    /// Levels, ascending; at least one.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Smoothed share of correct items at the level of `score`, or at the next lower level where that
    /// score was never seen, or at the lowest.
    pub fn predict(&self, score: f64) -> f64 {
        let below = |level: &Level| level.score <= score + LEVEL_TOLERANCE;
        let after = self.levels.partition_point(below);
        self.levels.get(after.saturating_sub(1)).map_or(0.5, Level::smoothed)
    }
}

/// Counts correct items per distinct score (scores within 1e-9 of a level's first are the same level).
///
/// # Errors
/// No items, arrays of unequal length, a score that is not finite.
pub fn fit_levels(scores: &[f64], correct: &[bool], weights: &SampleWeights) -> Result<LevelTable, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    if scores.is_empty() {
        return Err(InvalidInput::Empty { what: "scores" });
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*left].total_cmp(&scores[*right]));
    let mut levels: Vec<Level> = Vec::new();
    for index in order {
        let weight = weights.as_slice()[index];
        let positives = if correct[index] { weight } else { 0.0 };
        match levels.last_mut() {
            Some(level) if scores[index] - level.score <= LEVEL_TOLERANCE => {
                level.count += weight;
                level.positives += positives;
            }
            _ => levels.push(Level {
                score: scores[index],
                count: weight,
                positives,
            }),
        }
    }
    Ok(LevelTable { levels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unseen_scores_take_the_level_below() {
        let scores = [0.6, 0.1 + 0.5, 1.0, 1.0];
        let correct = [false, true, true, true];
        let table = fit_levels(&scores, &correct, &SampleWeights::even(4)).unwrap();
        assert_eq!(table.levels().len(), 2);
        assert_eq!(table.predict(0.8), 0.5);
        assert_eq!(table.predict(0.2), 0.5);
        assert_eq!(table.predict(1.0), 0.75);
    }
}
