//! Conformal risk control of the joint rate.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, open_unit, same_length};

/// One candidate threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConformalStep {
    /// Items of at least this score would be accepted; `None` accepts nothing.
    pub threshold: Option<f64>,
    /// Share of ALL items that would be accepted and wrong.
    pub joint_risk: f64,
    /// `(n/(n+1)) R + 1/(n+1)`.
    pub bound: f64,
    /// Whether the bound is at most alpha.
    pub passes: bool,
}

/// The path of candidates up to the first that fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConformalPath {
    /// Candidates, strictest first; the last may be the first failure.
    pub steps: Vec<ConformalStep>,
    /// Loosest passing threshold; `None`: accept nothing.
    pub threshold: Option<f64>,
}

/// Loosest threshold with `(n/(n+1)) R(t) + 1/(n+1) <= alpha`, where `R` is the share of all items that are
/// accepted and wrong [Angelopoulos et al., 2024, ICLR].
///
/// This controls the EXPECTED share among all items, not the error rate among the accepted and not with
/// confidence: report it so. For a promise about accepted items use
/// [`certify_threshold`](super::certify_threshold).
///
/// # Errors
/// Arrays of unequal length, a score that is not finite, an alpha outside (0, 1).
pub fn conformal_threshold(scores: &[f64], errors: &[bool], alpha: f64) -> Result<ConformalPath, InvalidInput> {
    same_length("errors", scores.len(), errors.len())?;
    finite("scores", scores)?;
    open_unit("alpha", alpha)?;
    let items = scores.len() as f64;
    let step = |threshold: Option<f64>, wrong: usize| {
        let joint_risk = if wrong == 0 { 0.0 } else { wrong as f64 / items };
        let bound = (wrong as f64 + 1.0) / (items + 1.0);
        ConformalStep {
            threshold,
            joint_risk,
            bound,
            passes: bound <= alpha,
        }
    };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let mut steps = vec![step(None, 0)];
    let mut wrong = 0;
    for level in order.chunk_by(|left, right| scores[*left] == scores[*right]) {
        if steps.last().is_some_and(|last| !last.passes) {
            break;
        }
        wrong += level.iter().filter(|item| errors[**item]).count();
        steps.push(step(Some(scores[level[0]]), wrong));
    }
    let threshold = steps.iter().rfind(|step| step.passes).and_then(|step| step.threshold);
    Ok(ConformalPath { steps, threshold })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_learn_from_accepts_nothing() {
        let path = conformal_threshold(&[], &[], 0.1).unwrap();
        assert_eq!(path.threshold, None);
        assert_eq!(path.steps.len(), 1);
        assert!(conformal_threshold(&[0.5], &[true], 1.0).is_err());
    }

    #[test]
    fn the_loosest_passing_level_wins() {
        let scores: Vec<f64> = (0..99).map(|item| f64::from(item / 33)).collect();
        let errors: Vec<bool> = (0..99).map(|item| item == 40 || item < 9).collect();
        let path = conformal_threshold(&scores, &errors, 0.05).unwrap();
        assert_eq!(path.threshold, Some(1.0));
        assert!(!path.steps.last().unwrap().passes);
    }
}
