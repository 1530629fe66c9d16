//! Truth inference: item truths and voter skills learned together, from votes alone.
//!
//! The posteriors are too sure where voters share errors: they are scores to calibrate, not confidences.

mod confusion;
mod course;
mod one_coin;

pub use confusion::{ConfusionFit, ConfusionPrior, FEWEST_ITEMS, FEWEST_VOTERS, fit_confusions, supports_confusions};
pub use course::{Course, Stopping};
pub use one_coin::{OneCoinFit, OneCoinPrior, fit_one_coin};
