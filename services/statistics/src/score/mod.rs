//! Raw confidence scores, before calibration.

mod combination;
mod document;
mod judge;
mod logprobs;
mod share;

pub use combination::{CombinedScore, LABELS_PER_FEATURE, ScoreFeature, ScoreSources, fit_combination};
pub use document::DocumentScore;
pub use judge::{FEWEST_JUDGE_CALLS, JudgeScale, JudgeScore, judge_score};
pub use logprobs::{LogprobScore, logprob_score, overlapping_parts, overlapping_tokens};
pub use share::{ScoreTransform, add_half_logit, clipped_logit, margin, normalised_entropy};
