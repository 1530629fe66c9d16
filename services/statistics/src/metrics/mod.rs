//! How good probabilities are: proper scores, ranking, calibration error, reliability, risk and coverage.
//!
//! Everywhere `probabilities[i]` is the confidence given to item `i` and `correct[i]` whether it was right.

mod bins;
mod calibration_error;
mod decomposition;
mod null_band;
mod proper_scores;
mod ranking;
mod reliability;
mod risk_coverage;
mod risk_difference;

pub use bins::{Bin, BinRule, bin};
pub use calibration_error::{CalibrationError, calibration_error};
pub use decomposition::{
    BinnedDecomposition, CorpDecomposition, MurphyDecomposition, corp_decomposition, murphy_decomposition,
    murphy_decomposition_in_bins,
};
pub use null_band::{NullBand, null_band};
pub use proper_scores::{LOG_LOSS_CLIP, LogLoss, brier_score, brier_skill, log_loss};
pub use ranking::auroc;
pub use reliability::{ReliabilityPoint, reliability_diagram, reliability_point, wilson_interval};
pub use risk_coverage::{RiskCoverage, RiskLevel, area_under_risk_coverage_in_order, risk_coverage};
pub use risk_difference::{ScoredErrors, bootstrap_area_difference};

use crate::error::{InvalidInput, probabilities, same_length};

/// Checks probabilities and labels that belong together.
fn check(values: &[f64], correct: &[bool]) -> Result<(), InvalidInput> {
    same_length("correct", values.len(), correct.len())?;
    probabilities("probabilities", values)
}

/// 1 for correct, 0 for wrong.
fn indicator(is_correct: bool) -> f64 {
    f64::from(u8::from(is_correct))
}
