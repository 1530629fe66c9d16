//! Calibration: from a raw score to a probability of being correct.

mod beta;
mod calibrator;
mod choice;
mod cross_fit;
mod folds;
mod histogram;
mod isotonic;
mod labelled_scores;
mod levels;
mod one_standard_error;
mod platt;
mod pooled;
mod sample_weights;
mod temperature;

pub use beta::{BETA_CLIP, BetaCurve, BetaFit, fit_beta};
pub use calibrator::{
    CalibrationMethod, CalibrationWarning, Calibrator, DEFAULT_HISTOGRAM_BINS, FEWEST_ISOTONIC_ERRORS,
    FEWEST_ISOTONIC_LABELS, FEWEST_LABELS_A_LEVEL, FittedCalibrator, NotApplicable, fit_calibrator,
};
pub use choice::{
    CHOICE_CLIP, CalibratorChoice, CandidateResult, CandidateScore, ChoicePlan, choose_calibrator, cross_fit_calibrator,
};
pub use cross_fit::{cross_fit, cross_fit_platt};
pub use folds::Folds;
pub use histogram::{Histogram, HistogramBin, fit_histogram};
pub use isotonic::{IsotonicBlock, IsotonicCurve, fit_isotonic};
pub use labelled_scores::LabelledScores;
pub use levels::{Level, LevelTable, fit_levels};
pub use one_standard_error::{LossComparison, OneStandardErrorChoice, simplest_within_one_standard_error};
pub use platt::{PlattCurve, PlattFit, fit_platt};
pub use pooled::{PooledField, PooledPlatt, Pooling, fit_platt_around, fit_pooled_platt};
pub use sample_weights::{SampleWeights, TRIM_AT_MEDIANS};
pub use temperature::{Temperature, TemperatureFit, fit_temperature};
