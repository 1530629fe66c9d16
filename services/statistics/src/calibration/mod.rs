//! Calibration: from a raw score to a probability of being correct.

mod beta;
mod cross_fit;
mod folds;
mod histogram;
mod isotonic;
mod levels;
mod platt;
mod pooled;
mod sample_weights;
mod temperature;

pub use beta::{BETA_CLIP, BetaCurve, BetaFit, fit_beta};
pub use cross_fit::{cross_fit, cross_fit_platt};
pub use folds::Folds;
pub use histogram::{Histogram, HistogramBin, fit_histogram};
pub use isotonic::{IsotonicBlock, IsotonicCurve, fit_isotonic};
pub use levels::{Level, LevelTable, fit_levels};
pub use platt::{PlattCurve, PlattFit, fit_platt};
pub use pooled::{PooledField, PooledPlatt, Pooling, fit_platt_around, fit_pooled_platt};
pub use sample_weights::{SampleWeights, TRIM_AT_MEDIANS};
pub use temperature::{Temperature, TemperatureFit, fit_temperature};
