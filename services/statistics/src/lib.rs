//! Statistics on plain arrays: how far voters agree, how their votes combine, what a score is worth as a
//! probability, and how good those probabilities are.
//!
//! The crate knows nothing of documents, fields or databases. Its rules:
//!
//! - A quantity that the data do not determine is [`Estimate::Undefined`] with a reason, never NaN.
//! - Input without a meaning (lengths that differ, a share of 1.3) is an [`InvalidInput`] error.
//! - Classes and voters are indices; a missing vote is `None`, never a class.
//! - Everything random takes a seed and gives the same answer on every machine.
//! - Results and fitted models serialise with serde.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

pub mod adaptive;
pub mod agreement;
pub mod calibration;
pub mod clusters;
pub mod drift;
mod error;
mod estimate;
pub mod experiments;
pub mod metrics;
mod numeric;
pub mod pipeline;
pub mod resampling;
pub mod risk_control;
pub mod sampling;
pub mod score;
pub mod similarity;
pub mod truth_inference;
pub mod votes;
pub mod voting;

pub use error::InvalidInput;
pub use estimate::{Estimate, Interval, Undefined};
