//! A threshold that is certified on labelled items: fixed-sequence testing.

use serde::{Deserialize, Serialize};

use super::binomial::{binomial_p_value, error_upper_bound, smallest_sample};
use crate::error::{InvalidInput, finite, open_unit, same_length};

/// Errors that the first tested level may have by default; with 0 one unlucky error ends everything.
pub const DEFAULT_START_ERRORS: u64 = 2;

/// What is promised: among accepted items the error rate is at most `alpha`, with probability at least
/// `1 - delta` over the certification sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTarget")]
pub struct RiskTarget {
    alpha: f64,
    delta: f64,
}

#[derive(Deserialize)]
struct RawTarget {
    alpha: f64,
    delta: f64,
}

impl TryFrom<RawTarget> for RiskTarget {
    type Error = InvalidInput;

    fn try_from(raw: RawTarget) -> Result<Self, InvalidInput> {
        Self::new(raw.alpha, raw.delta)
    }
}

impl RiskTarget {
    /// Largest error rate `alpha` and probability `delta` of breaking the promise.
    ///
    /// # Errors
    /// A number outside (0, 1).
    pub fn new(alpha: f64, delta: f64) -> Result<Self, InvalidInput> {
        open_unit("alpha", alpha)?;
        open_unit("delta", delta)?;
        Ok(Self { alpha, delta })
    }

    /// Largest error rate.
    pub fn alpha(self) -> f64 {
        self.alpha
    }

    /// Probability of breaking the promise.
    pub fn delta(self) -> f64 {
        self.delta
    }

    /// The target of each of `parts` fields or slices certified together: `delta / parts`.
    ///
    /// # Errors
    /// No parts.
    pub fn shared_by(self, parts: usize) -> Result<Self, InvalidInput> {
        if parts == 0 {
            return Err(InvalidInput::Empty { what: "parts" });
        }
        Self::new(self.alpha, self.delta / parts as f64)
    }
}

/// The test of one candidate threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LevelTest {
    /// Candidate: items of at least this score would be accepted.
    pub threshold: f64,
    /// Labelled items it accepts.
    pub accepted: u64,
    /// Errors among them.
    pub errors: u64,
    /// Exact p-value against "the error rate exceeds alpha".
    pub p_value: f64,
    /// One-sided upper bound of the error rate at this level alone.
    pub upper_bound: f64,
    /// Whether this level and all stricter tested ones passed. Levels after the first failure are shown but
    /// cannot be certified, however small their p-value.
    pub certified: bool,
}

/// The outcome of a certification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certification {
    /// What was to be shown.
    pub target: RiskTarget,
    /// Fewest accepted items at which testing starts.
    pub smallest_sample: u64,
    /// Candidates with enough items, strictest first.
    pub levels: Vec<LevelTest>,
    /// Loosest certified threshold; `None`: nothing may be accepted automatically.
    pub threshold: Option<f64>,
    /// Share of the labelled items it accepts; 0 without one.
    pub coverage: f64,
    /// Labelled items in all.
    pub items: u64,
}

/// Finds the loosest threshold that is certified, by Learn-then-Test with fixed-sequence testing
/// [Angelopoulos, Bates, Candes, Jordan & Lei, 2021, arXiv:2110.01052].
///
/// Candidates are the distinct `scores`, strictest first, an order that does not look at the errors. Testing
/// starts at the first with enough accepted items for `start_errors` errors to pass
/// ([`DEFAULT_START_ERRORS`]), tests each at the full delta and stops at the first failure. Choosing the
/// loosest threshold whose point estimate is below alpha instead breaks the promise more often than not.
///
/// Scores of continuous calibrators should be rounded to coverage steps of 5 to 10 % first. The items are
/// documents where the promise is about documents; line items of one document are not independent.
///
/// # Errors
/// Arrays of unequal length or a score that is not finite.
pub fn certify_threshold(
    scores: &[f64],
    errors: &[bool],
    target: RiskTarget,
    start_errors: u64,
) -> Result<Certification, InvalidInput> {
    same_length("errors", scores.len(), errors.len())?;
    finite("scores", scores)?;
    let fewest = smallest_sample(start_errors, target.alpha, target.delta)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let (mut accepted, mut wrong) = (0_u64, 0_u64);
    let mut all_passed = true;
    let mut levels: Vec<LevelTest> = Vec::new();
    for level in order.chunk_by(|left, right| scores[*left] == scores[*right]) {
        accepted += level.len() as u64;
        wrong += level.iter().filter(|item| errors[**item]).count() as u64;
        if accepted < fewest {
            continue;
        }
        let p_value = binomial_p_value(wrong, accepted, target.alpha)?;
        all_passed &= p_value <= target.delta;
        levels.push(LevelTest {
            threshold: scores[level[0]],
            accepted,
            errors: wrong,
            p_value,
            upper_bound: error_upper_bound(wrong, accepted, target.delta)?,
            certified: all_passed,
        });
    }
    let loosest = levels.iter().rfind(|level| level.certified);
    Ok(Certification {
        target,
        smallest_sample: fewest,
        threshold: loosest.map(|level| level.threshold),
        coverage: loosest.map_or(0.0, |level| level.accepted as f64 / scores.len() as f64),
        items: scores.len() as u64,
        levels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_after_a_failure_is_never_certified() {
        // 100 perfect items, then 10 errors at once, then 2000 perfect ones.
        let mut scores = vec![0.9; 100];
        let mut errors = vec![false; 100];
        scores.extend([0.8; 10]);
        errors.extend([true; 10]);
        scores.extend([0.7; 2000]);
        errors.extend([false; 2000]);
        let target = RiskTarget::new(0.05, 0.05).unwrap();
        let result = certify_threshold(&scores, &errors, target, 0).unwrap();
        assert_eq!(result.threshold, Some(0.9));
        assert!(result.levels[2].p_value < 0.05 && !result.levels[2].certified);
    }

    #[test]
    fn the_worked_example() {
        // 480 of 700 items at level 1.0 with one error, 600 at 0.8 with four; alpha 1 %, delta 5 %.
        let mut scores = vec![1.0; 480];
        scores.extend([0.8; 120]);
        scores.extend([0.4; 100]);
        let errors: Vec<bool> = (0..700)
            .map(|item| item == 0 || (480..483).contains(&item) || item > 650)
            .collect();
        let target = RiskTarget::new(0.01, 0.05).unwrap();
        let result = certify_threshold(&scores, &errors, target, 1).unwrap();
        assert_eq!(result.smallest_sample, 473);
        assert_eq!(result.threshold, Some(1.0));
        assert!((result.levels[0].p_value - 0.0470).abs() < 5e-5);
        assert!((result.levels[1].p_value - 0.2837).abs() < 5e-5);
        assert!((result.coverage - 480.0 / 700.0).abs() < 1e-12);
    }

    #[test]
    fn parts_share_the_risk() {
        let target = RiskTarget::new(0.01, 0.05).unwrap();
        assert_eq!(target.shared_by(5).unwrap().delta(), 0.01);
        assert!(target.shared_by(0).is_err());
        assert!(RiskTarget::new(0.0, 0.05).is_err());
    }
}
