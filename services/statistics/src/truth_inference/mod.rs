//! Truth inference: item truths and voter skills learned together, from votes alone.
//!
//! The posteriors are too sure where voters share errors: they are scores to calibrate, not confidences.

mod automatic;
mod chunks;
mod class_shares;
mod confusion;
mod confusion_kernel;
mod confusion_prior;
mod course;
mod early;
mod given;
mod glad;
mod hit_or_miss;
mod lanes;
mod mace;
mod mace_belief;
mod one_coin;
mod paired_errors;
mod scaled;
mod shared_errors;
mod truths;
mod warning;

pub use automatic::{AutomaticFit, FEWEST_VOTES_A_CLASS, MajorityReason, fit_automatically};
pub use class_shares::ClassShares;
pub use confusion::{ConfusionFit, fit_confusions, fit_confusions_to_top_classes};
pub use confusion_prior::ConfusionPrior;
pub use course::{Course, Stopping};
pub use early::{EarlyStopping, Ending};
pub use glad::{GladFit, GladPrior, fit_glad, fit_glad_to_top_classes};
pub use mace::{MaceFit, MacePrior, Restarts, fit_mace, fit_mace_to_top_classes};
pub use one_coin::{OneCoinFit, OneCoinPrior, fit_one_coin, fit_one_coin_to_top_classes};
pub use paired_errors::PAIRED_ERRORS_LIMIT;
pub use shared_errors::SHARED_ERRORS_LIMIT;
pub use truths::TopClasses;
pub use warning::{DISAGREEMENT_LIMIT, FEWEST_ITEMS, FEWEST_VOTERS, InferenceWarning, supports_confusions};
