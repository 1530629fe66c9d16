//! Figures of a calibrator on items it had not seen.

use accord_domain::CalibrationReport;
use accord_statistics::metrics::{BinRule, auroc, brier_score, calibration_error, log_loss, null_band};

/// Draws behind the null band of the calibration error.
const NULL_BAND_REPLICATES: usize = 1000;

/// The seed of those draws, so that figures can be recomputed.
const NULL_BAND_SEED: u64 = 1;

/// What one item with gold came to, scored by what had not seen it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutOfFold {
    /// A value won and has a probability.
    Winner {
        /// The raw score.
        score: f64,
        /// The probability.
        probability: f64,
        /// Whether the value was right.
        correct: bool,
    },
    /// A value won, but the other folds held too little gold for a curve.
    Uncalibrated {
        /// The raw score.
        score: f64,
        /// Whether the value was right.
        correct: bool,
    },
    /// No value won.
    NoWinner,
}

/// Figures of probabilities against outcomes. Undefined ones are none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbabilityFigures {
    /// Share of right values.
    pub accuracy: f64,
    /// Mean probability.
    pub mean_confidence: f64,
    /// Mean squared error.
    pub brier: f64,
    /// Mean negative log-likelihood.
    pub log_loss: f64,
    /// Expected calibration error, in bins of equal mass.
    pub calibration_error: f64,
    /// 5 % and 95 % quantiles of that error for a perfect calibrator.
    pub null_band: [f64; 2],
    /// Area under the receiver operating characteristic; none with one class or one probability.
    pub auroc: Option<f64>,
}

/// Computes the figures; none without items.
#[must_use]
pub fn figures(probabilities: &[f64], correct: &[bool]) -> Option<ProbabilityFigures> {
    let count = probabilities.len();
    if count == 0 || count != correct.len() {
        return None;
    }
    let rule = BinRule::for_continuous(count);
    let band = null_band(probabilities, rule, NULL_BAND_REPLICATES, NULL_BAND_SEED)
        .ok()?
        .value()?;
    let varies = probabilities
        .iter()
        .any(|probability| (probability - probabilities[0]).abs() > 1e-12);
    Some(ProbabilityFigures {
        accuracy: correct.iter().filter(|correct| **correct).count() as f64 / count as f64,
        mean_confidence: probabilities.iter().sum::<f64>() / count as f64,
        brier: brier_score(probabilities, correct).ok()?.value()?,
        log_loss: log_loss(probabilities, correct).ok()?.value()?.clipped,
        calibration_error: calibration_error(probabilities, correct, rule).ok()?.value()?.expected,
        null_band: [band.lower, band.upper],
        auroc: if varies {
            auroc(probabilities, correct).ok()?.value()
        } else {
            None
        },
    })
}

/// The report of a field's own gold; none when no item has an out-of-fold probability.
#[must_use]
pub fn report(items: &[OutOfFold]) -> Option<CalibrationReport> {
    let (probabilities, correct): (Vec<f64>, Vec<bool>) = items
        .iter()
        .filter_map(|item| match item {
            OutOfFold::Winner {
                probability, correct, ..
            } => Some((*probability, *correct)),
            _ => None,
        })
        .unzip();
    let figures = figures(&probabilities, &correct)?;
    let unanswered = items.iter().filter(|item| matches!(item, OutOfFold::NoWinner)).count();
    Some(CalibrationReport {
        count: u32::try_from(probabilities.len()).unwrap_or(u32::MAX),
        unanswered_count: u32::try_from(unanswered).unwrap_or(u32::MAX),
        accuracy: figures.accuracy,
        mean_confidence: figures.mean_confidence,
        brier: figures.brier,
        log_loss: figures.log_loss,
        calibration_error: figures.calibration_error,
        null_band: figures.null_band,
        auroc: figures.auroc,
    })
}
