//! Expected calibration error and its relatives.

use serde::{Deserialize, Serialize};

use super::bins::{Bin, BinRule, bin, weighted_mean};
use crate::Undefined;
use crate::error::InvalidInput;
use crate::estimate::Estimate;

/// Calibration error over one set of bins. Show it with its [`null_band`](super::null_band): a perfect
/// calibrator has an error above 0 too, and below 1000 items the error cannot rank calibrators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationError {
    /// `sum_b (n_b/n) |pbar_b - ybar_b|` [Naeini et al., 2015, AAAI]. With bins of equal mass this is the
    /// adaptive calibration error.
    pub expected: f64,
    /// Largest gap of a bin.
    pub maximum: f64,
    /// `sum_b (n_b/n) (pbar_b - ybar_b)^2`.
    pub squared: f64,
    /// The squared error less its sampling noise `ybar(1-ybar)/(n_b-1)`; bins of one item stay uncorrected.
    /// It may be negative and is reported so [Kumar, Liang & Ma, 2019, NeurIPS].
    pub squared_debiased: f64,
    /// Expected error of a perfect calibrator in a normal approximation,
    /// `sum_b (n_b/n) sqrt(2 pbar(1-pbar) / (pi n_b))`.
    pub expected_if_calibrated: f64,
    /// The bins.
    pub bins: Vec<Bin>,
}

/// Calibration error with the bins of `rule`: [`BinRule::DistinctLevels`] for vote shares,
/// [`BinRule::for_continuous`] otherwise. Undefined (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length, a probability outside `[0, 1]`, a rule with no bins.
pub fn calibration_error(
    probabilities: &[f64],
    correct: &[bool],
    rule: BinRule,
) -> Result<Estimate<CalibrationError>, InvalidInput> {
    let bins = bin(probabilities, correct, rule)?;
    if bins.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    Ok(Estimate::Value(CalibrationError {
        expected: weighted_mean(&bins, Bin::gap),
        maximum: bins.iter().map(Bin::gap).fold(0.0, f64::max),
        squared: weighted_mean(&bins, |bin| bin.gap().powi(2)),
        squared_debiased: weighted_mean(&bins, |bin| bin.gap().powi(2) - noise(bin)),
        expected_if_calibrated: weighted_mean(&bins, expected_gap),
        bins,
    }))
}

/// Unbiased estimate of the variance of a bin's share of correct items.
fn noise(bin: &Bin) -> f64 {
    if bin.count < 2 {
        return 0.0;
    }
    bin.observed * (1.0 - bin.observed) / (bin.count - 1) as f64
}

/// Mean absolute value of a normal deviate with the binomial variance of the bin.
fn expected_gap(bin: &Bin) -> f64 {
    let mean = bin.mean_probability.clamp(0.0, 1.0);
    (2.0 * mean * (1.0 - mean) / (std::f64::consts::PI * bin.count as f64)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfect_and_hopeless() {
        let perfect = calibration_error(&[0.0, 1.0], &[false, true], BinRule::DistinctLevels);
        assert_eq!(perfect.unwrap().value().unwrap().expected, 0.0);
        let hopeless = calibration_error(&[0.0, 1.0], &[true, false], BinRule::DistinctLevels);
        let hopeless = hopeless.unwrap().value().unwrap();
        assert_eq!((hopeless.expected, hopeless.maximum), (1.0, 1.0));
        let nothing = calibration_error(&[], &[], BinRule::EqualMass(5)).unwrap();
        assert_eq!(nothing.reason(), Some(Undefined::TooFewItems));
    }

    #[test]
    fn debiasing_may_go_below_zero() {
        let error = calibration_error(&[0.5; 4], &[true, true, false, false], BinRule::DistinctLevels);
        let error = error.unwrap().value().unwrap();
        assert_eq!(error.squared, 0.0);
        assert!((error.squared_debiased + 0.25 / 3.0).abs() < 1e-15);
    }
}
