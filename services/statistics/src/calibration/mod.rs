//! Calibration: from a raw score to a probability of being correct.

mod platt;
mod pooled;
mod sample_weights;

pub use platt::{PlattCurve, PlattFit, fit_platt};
pub use pooled::{PooledField, PooledPlatt, Pooling, fit_platt_around, fit_pooled_platt};
pub use sample_weights::{SampleWeights, TRIM_AT_MEDIANS};
