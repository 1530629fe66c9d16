//! From votes to a confidence, chosen by what predicts gold best.
//!
//! A *pipeline* is a way of counting votes (weights, posterior, regression) and a curve that turns the score of the
//! leading value into a probability. [`choose_pipeline`] tries all that make sense and keeps every score.
//!
//! # What is compared
//! The mean of `-ln P(right value)` over labelled items, where every candidate spreads its probability over the values
//! that were voted for and "none of them". The log loss of the leader's being right or wrong would not do, because
//! candidates deliver different leaders: one that delivers a value that is always wrong, and says so, would have a
//! loss of 0. A proper score of the whole distribution rewards both, delivering the right value and knowing how sure
//! that is. A candidate whose curve only knows the leader leaves the rest to the other values by their shares, and to
//! none of them as often as that was so on the items it learned from.
//!
//! # How
//! Folds by document; ways of counting are fitted without a fold and score it; curves are fitted on these scores
//! without the fold they are judged on. The simplest candidate within one standard error (of the paired difference,
//! over documents) of the best is taken. For out-of-fold confidences the whole of that is repeated without each
//! outer fold.

mod aggregator;
mod ballots;
mod belief;
mod better_voter;
mod coefficients;
mod conditional;
mod counts;
mod curve;
mod fitted;
mod nested;
mod posterior;
mod select;
mod share;
mod stacked;
#[cfg(test)]
mod tests;

pub use aggregator::CountingMethod;
pub use ballots::{Ballot, GoldLabel, LabelledBallots, Panel};
pub use better_voter::BetterVoter;
pub use curve::CurveMethod;
pub use fitted::{FittedPipeline, PIPELINE_FORMAT, PipelineOutcome};
pub use nested::{PipelineChoice, PipelinePlan, choose_pipeline};
pub use select::{Method, MethodScore};
