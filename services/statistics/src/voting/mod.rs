//! Voting: counting weighted votes, weighing voters, discounting voters that share their errors.
//!
//! Every function is order-free; an abstaining voter changes nothing, and scaling all weights changes
//! nothing.

mod accuracy;
mod batch;
mod effective_classes;
mod error_correlation;
mod families;
mod item_counters;
mod minimum_variance;
mod posterior;
mod records;
mod stacking;
mod tally;
mod weights;

pub use accuracy::{BetaPrior, TrackRecord};
pub use batch::{ItemCount, VoteCounts, VoteWeights, count_votes};
pub use effective_classes::{EffectiveClasses, LabelledVotes, effective_classes};
pub use error_correlation::{
    ErrorCorrelation, FAMILY_SHRINKAGE, error_correlation, error_correlation_of_lists, family_error_correlations,
    shrink_correlation,
};
pub use families::{
    FamilyDiscount, design_effect_votes, discount_families, one_vote_per_family, weighted_effective_votes,
};
pub use minimum_variance::{MinimumVariance, minimum_variance_weights};
pub use posterior::{Posterior, one_coin_posterior};
pub use records::records_against_winners;
pub use stacking::{Agreement, Stacker, fit_stacker};
pub use tally::{Categories, Outcome, TIE_TOLERANCE, Tally, VoteCount, weighted_vote};
pub use weights::{AccuracyRule, WeightRule, clip_for_shares, voter_weight, voter_weights};

pub(crate) use tally::{check_classes, entropy, normalise_entropy};
