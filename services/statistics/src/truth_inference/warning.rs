//! What to know before trusting inferred truths.

use serde::{Deserialize, Serialize};

use super::course::{Course, Stopping};
use crate::votes::VoteTable;

/// Fewest voters for whom separate confusion matrices can be learned.
pub const FEWEST_VOTERS: usize = 3;
/// Fewest items from which separate confusion matrices can be learned.
pub const FEWEST_ITEMS: usize = 50;
/// Share of differing majorities above which labels may have switched.
pub const DISAGREEMENT_LIMIT: f64 = 0.2;

/// A reason to doubt inferred truths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InferenceWarning {
    /// Fewer than [`FEWEST_VOTERS`] voters: their skills cannot be told from the truths.
    FewVoters {
        /// Voters with a vote.
        voters: usize,
    },
    /// Fewer than [`FEWEST_ITEMS`] items with votes: use [`fit_one_coin`](super::fit_one_coin()) or a plain vote.
    FewItems {
        /// Items with a vote.
        items: usize,
    },
    /// Voters whose mean chance of naming the truth is below `1/K`: worse than guessing, or labels have switched.
    WorseThanGuessing {
        /// Those voters.
        voters: Vec<usize>,
    },
    /// The fit prefers another class than the majority on more than [`DISAGREEMENT_LIMIT`] of the items that have
    /// one. Labels may have switched, or many voters share an error: check against known labels.
    DisagreesWithMajority {
        /// Share of those items.
        share: f64,
    },
    /// Voters leave the inferred truths together: their errors correlate by more than
    /// [`SHARED_ERRORS_LIMIT`](super::SHARED_ERRORS_LIMIT). The fit takes votes as independent, so its posteriors are far too
    /// sure, and where the larger camp is wrong it follows that camp: check against known labels.
    SharedErrors {
        /// Mean correlation of the errors of two voters on one item.
        correlation: f64,
        /// Votes an item.
        votes: f64,
        /// Independent votes that would be worth as much.
        effective_votes: f64,
    },
    /// Two voters leave the inferred truths together, though voters do not in the mean: their errors correlate by more than
    /// [`PAIRED_ERRORS_LIMIT`](super::PAIRED_ERRORS_LIMIT). Either they share an error, and count twice, or they are right
    /// and the others share one, which the fit then follows: check against known labels.
    PairedErrors {
        /// The two whose errors correlate most.
        voters: [usize; 2],
        /// Correlation of their errors.
        correlation: f64,
        /// Pairs of voters of whom this can be said.
        pairs: usize,
    },
    /// The iteration limit came before convergence.
    NotConverged {
        /// Iterations done.
        iterations: usize,
    },
}

/// Whether there are enough voters and items for separate confusion matrices; otherwise use
/// [`fit_one_coin`](super::fit_one_coin()).
pub fn supports_confusions(votes: &VoteTable) -> bool {
    let (voters, items) = active(votes);
    voters >= FEWEST_VOTERS && items >= FEWEST_ITEMS
}

impl InferenceWarning {
    /// Whether it says that voters err together.
    pub fn is_of_errors_in_common(&self) -> bool {
        matches!(self, Self::SharedErrors { .. } | Self::PairedErrors { .. })
    }
}

/// Voters and items with a vote.
pub(super) fn active(votes: &VoteTable) -> (usize, usize) {
    let mut has_voted = vec![false; votes.voters()];
    for voter in votes.voter_column() {
        has_voted[*voter as usize] = true;
    }
    let items = votes.offsets().windows(2).filter(|pair| pair[0] < pair[1]).count();
    (has_voted.into_iter().filter(|voted| *voted).count(), items)
}

/// Judges a fit. `poor` are the voters below guessing.
pub(super) fn judge(
    votes: &VoteTable,
    course: &Course,
    stopping: Stopping,
    poor: Vec<usize>,
    disagreement: f64,
) -> Vec<InferenceWarning> {
    let (voters, items) = active(votes);
    let mut warnings = Vec::new();
    if voters < FEWEST_VOTERS {
        warnings.push(InferenceWarning::FewVoters { voters });
    }
    if items < FEWEST_ITEMS {
        warnings.push(InferenceWarning::FewItems { items });
    }
    if !poor.is_empty() {
        warnings.push(InferenceWarning::WorseThanGuessing { voters: poor });
    }
    if disagreement > DISAGREEMENT_LIMIT {
        warnings.push(InferenceWarning::DisagreesWithMajority { share: disagreement });
    }
    if stopping.relative_change > 0.0 && !course.converged {
        warnings.push(InferenceWarning::NotConverged {
            iterations: course.iterations,
        });
    }
    warnings
}
