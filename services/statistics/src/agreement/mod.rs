//! Agreement between raters. Always show percent agreement, class counts and a chance-corrected coefficient
//! together: each alone misleads.

mod alpha;
mod alpha_error;
mod alternative_annotator;
mod coefficient;
mod fleiss;
mod gwet;
mod jackknife;
mod linearised;
mod open_pairs;
mod pair_table;
mod pairwise;
mod percent;
mod pools;
mod prepared;
mod profile_counter;
mod profiles;
mod rating_table;
mod spans;
mod sums;

pub use alpha::{Alpha, Level, krippendorff_alpha};
pub use alpha_error::alpha_standard_error;
pub use alternative_annotator::{
    AlternativeSettings, AlternativeTest, FEWEST_PEOPLE, FEWEST_SHARED_ITEMS, PersonComparison,
    alternative_annotator_test,
};
pub use coefficient::{Coefficient, bootstrap_agreement, bootstrap_agreement_by_document, evaluate_on_resample};
pub use fleiss::{FleissKappa, fleiss_kappa};
pub use gwet::{AgreementWeights, gwet_coefficient};
pub use jackknife::{Jackknife, jackknife_agreement};
pub use linearised::ChanceCorrected;
pub use open_pairs::{OpenPair, OpenPairs, open_pairs};
pub use pair_table::{CohenKappa, DisagreementWeights, PairTable, PrevalenceIndices};
pub use pairwise::{PairwiseKappa, pairwise_kappa};
pub use percent::percent_agreement;
pub use pools::{PoolComparison, bootstrap_pools, compare_pools};
pub use profile_counter::ProfileCounter;
pub use profiles::RatingProfiles;
pub use rating_table::RatingTable;
pub use spans::{Span, SpanAgreement, SpanPair, pairwise_span_agreement, span_agreement};
pub use sums::{AgreementSums, ItemVotes};
