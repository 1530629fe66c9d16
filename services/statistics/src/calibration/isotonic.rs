//! Isotonic calibration.

use serde::{Deserialize, Serialize};

use super::platt::check_labelled;
use super::sample_weights::SampleWeights;
use crate::error::InvalidInput;
use crate::numeric::pool_adjacent;

/// Scores that share one fitted probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct IsotonicBlock {
    /// Lowest score of the block.
    pub lower: f64,
    /// Highest score of the block.
    pub upper: f64,
    /// Weighted share of correct items.
    pub value: f64,
    /// Weight of its items.
    pub weight: f64,
}

impl IsotonicBlock {
    /// The value clipped to `[1/(n+2), (n+1)/(n+2)]` with `n` the block's weight, so that a block without
    /// errors does not claim certainty. The clip is the block's own: a small block may then say less than a
    /// larger one below it.
    pub fn clipped_value(&self) -> f64 {
        let bound = 1.0 / (self.weight + 2.0);
        self.value.clamp(bound, 1.0 - bound)
    }
}

/// A monotone step function from scores to probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsotonicCurve {
    blocks: Vec<IsotonicBlock>,
}

impl IsotonicCurve {
    /// Blocks, ascending in score and value; at least one.
    pub fn blocks(&self) -> &[IsotonicBlock] {
        &self.blocks
    }

    /// Probability at `score`: the value of the last block that starts at or below it, clipped by
    /// [`IsotonicBlock::clipped_value`]. Scores below all blocks take the first.
    pub fn predict(&self, score: f64) -> f64 {
        self.block_at(score).map_or(0.5, IsotonicBlock::clipped_value)
    }

    /// As [`Self::predict`] without clipping: 0 and 1 are possible.
    pub fn predict_unclipped(&self, score: f64) -> f64 {
        self.block_at(score).map_or(0.5, |block| block.value)
    }

    /// Linear interpolation between the blocks instead of steps, without clipping.
    pub fn predict_interpolated(&self, score: f64) -> f64 {
        let next = self.blocks.partition_point(|block| block.lower <= score);
        let after = self.blocks.get(next);
        match (next.checked_sub(1).and_then(|index| self.blocks.get(index)), after) {
            (Some(before), Some(after)) if score > before.upper => {
                let position = (score - before.upper) / (after.lower - before.upper);
                before.value + position * (after.value - before.value)
            }
            (Some(block), _) | (None, Some(block)) => block.value,
            (None, None) => 0.5,
        }
    }

    fn block_at(&self, score: f64) -> Option<&IsotonicBlock> {
        let after = self.blocks.partition_point(|block| block.lower <= score);
        self.blocks.get(after.saturating_sub(1))
    }
}

/// Fits a monotone step function by pooling adjacent violators [Zadrozny & Elkan, 2002, KDD; Ayer et al.,
/// 1955, Ann. Math. Stat.]. Equal scores are averaged first. Use it with at least 200 labels and 30
/// errors; with fewer it fits noise.
///
/// # Errors
/// No items, arrays of unequal length, a score that is not finite.
pub fn fit_isotonic(scores: &[f64], correct: &[bool], weights: &SampleWeights) -> Result<IsotonicCurve, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    if scores.is_empty() {
        return Err(InvalidInput::Empty { what: "scores" });
    }
    let targets: Vec<f64> = correct
        .iter()
        .map(|is_correct| f64::from(u8::from(*is_correct)))
        .collect();
    let blocks = pool_adjacent::pool(scores, &targets, weights.as_slice())
        .into_iter()
        .map(|block| IsotonicBlock {
            lower: block.lower,
            upper: block.upper,
            value: block.value,
            weight: block.weight,
        })
        .collect();
    Ok(IsotonicCurve { blocks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_claims_certainty() {
        let scores = [0.1, 0.2, 0.8, 0.9];
        let correct = [false, false, true, true];
        let curve = fit_isotonic(&scores, &correct, &SampleWeights::even(4)).unwrap();
        assert_eq!(curve.predict(0.95), 0.75);
        assert_eq!(curve.predict(-5.0), 0.25);
        assert_eq!(curve.predict_unclipped(0.95), 1.0);
        assert!((curve.predict_interpolated(0.5) - 0.5).abs() < 1e-12);
        assert!(fit_isotonic(&[], &[], &SampleWeights::even(0)).is_err());
    }
}
