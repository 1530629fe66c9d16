//! Raw confidence scores, before calibration.

mod logprobs;
mod share;

pub use logprobs::{LogprobScore, logprob_score, overlapping_tokens};
pub use share::{ScoreTransform, add_half_logit, clipped_logit, margin, normalised_entropy};
