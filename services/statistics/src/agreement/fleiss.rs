//! Fleiss' kappa.

use serde::{Deserialize, Serialize};

use super::linearised::{ChanceCorrected, Scheme};
use super::percent::pair_agreement;
use super::rating_table::RatingTable;
use crate::Undefined;
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// Fleiss' kappa and its companion with even margins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FleissKappa {
    /// The coefficient.
    pub kappa: ChanceCorrected,
    /// Randolph's kappa: chance agreement is `1/K` whatever the margins. Undefined (`no_pairable_votes`), or
    /// (`no_variation`) with one declared class.
    pub free_marginal: Estimate,
}

/// Fleiss' kappa for a varying number of raters [Fleiss, 1971, Psychol. Bull.; missing votes: Gwet, 2014,
/// Handbook of Inter-Rater Reliability]. Items with one vote enter the class shares but not the observed
/// agreement; each item weighs one in both.
pub fn fleiss_kappa(table: &RatingTable) -> FleissKappa {
    fleiss_kappa_of(table, None)
}

/// The coefficient with items counted several times.
pub(super) fn fleiss_kappa_of(table: &RatingTable, multiplicity: Option<&[u32]>) -> FleissKappa {
    let kappa = fleiss_scheme(|scheme| scheme.evaluate(table, multiplicity));
    let even = 1.0 / table.classes() as f64;
    let free_marginal = match kappa.observed_agreement {
        Estimate::Value(_) if table.classes() < 2 => Estimate::Undefined(Undefined::NoVariation),
        observed => observed.map(|observed| (observed - even) / (1.0 - even)),
    };
    FleissKappa { kappa, free_marginal }
}

/// What makes a coefficient Fleiss' kappa.
pub(super) fn fleiss_scheme<T>(apply: impl FnOnce(&Scheme<'_>) -> T) -> T {
    apply(&Scheme {
        observed: &pair_agreement,
        chance: &|shares| sum(shares.iter().map(|share| share * share)),
        class_chance: &|share| share,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_agreement_gives_zero() {
        // Two raters, all four combinations once.
        let rows = [
            vec![Some(0), Some(0)],
            vec![Some(0), Some(1)],
            vec![Some(1), Some(0)],
            vec![Some(1), Some(1)],
        ];
        let table = RatingTable::from_ratings(&rows, 2).unwrap();
        let fleiss = fleiss_kappa(&table);
        assert_eq!(fleiss.kappa.coefficient, Estimate::Value(0.0));
        assert_eq!(fleiss.free_marginal, Estimate::Value(0.0));
    }
}
