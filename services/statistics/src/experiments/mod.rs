//! Experiments between two versions of a prompt, a panel or a rule.
//!
//! The design is paired: both versions on the same frozen items with the same labels, the document as the unit.
//! Differences are new less old; every alpha is one-sided unless said otherwise.

mod decision;
mod fixed_power;
mod learning;
mod paired_binary;
mod paired_mean;
mod rule_levels;
mod sample_ratio;
mod sample_size;

pub use decision::{Decision, DecisionTests, decide};
pub use fixed_power::{
    FEWEST_DISCORDANT, FEWEST_DOCUMENTS, FixedPowerCourse, FixedPowerPlan, Look, TwoSampleLook, follow_paired,
    look_at_two_samples,
};
pub use learning::{
    InvalidReason, LARGEST_MISSING_SHARE, Learning, MetricPower, RATIO_P_VALUE, SetUp, classify, learning_rate,
};
pub use paired_binary::{McNemar, PairedBinary, PairedCounts, analyse_paired_binary};
pub use paired_mean::{
    ClusteredDifference, PairedMean, bootstrap_paired_mean, clustered_mean, mean_on_resample, paired_mean,
};
pub use rule_levels::{DecisionRule, MetricCounts, RuleLevels, rule_levels};
pub use sample_ratio::{SampleRatio, sample_ratio};
pub use sample_size::{ErrorRates, SampleSize, non_inferiority_sample_size, superiority_sample_size};
