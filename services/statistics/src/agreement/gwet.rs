//! Gwet's AC1 and AC2.

use serde::{Deserialize, Serialize};

use super::linearised::{ChanceCorrected, Scheme};
use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// How much of an agreement two classes are, by their positions in declared order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementWeights {
    /// Same or not: AC1.
    #[default]
    Identity,
    /// `1 - |a-b| / (K-1)`.
    Linear,
    /// `1 - (a-b)^2 / (K-1)^2`.
    Quadratic,
    /// `1 - C(|a-b|+1, 2) / C(K, 2)`.
    Ordinal,
}

impl AgreementWeights {
    /// Weight of two classes out of `classes >= 2`; 1 on the diagonal.
    pub fn weight(self, first: usize, second: usize, classes: usize) -> f64 {
        let distance = first.abs_diff(second) as f64;
        let span = classes.saturating_sub(1) as f64;
        if first == second {
            return 1.0;
        }
        match self {
            Self::Identity => 0.0,
            Self::Linear => 1.0 - distance / span,
            Self::Quadratic => 1.0 - (distance / span).powi(2),
            Self::Ordinal => 1.0 - distance * (distance + 1.0) / (span * (span + 1.0)),
        }
    }

    /// Sum of all weights of a `classes` by `classes` matrix.
    fn total(self, classes: usize) -> f64 {
        // Weights depend on the distance only: K on the diagonal, 2 (K - d) at distance d.
        let off_diagonal =
            (1..classes).map(|distance| 2.0 * (classes - distance) as f64 * self.weight(0, distance, classes));
        classes as f64 + sum(off_diagonal)
    }
}

/// Gwet's AC1 (identity weights) or AC2 [Gwet, 2008, Br. J. Math. Stat. Psychol.]. Its chance agreement
/// stays low when one class prevails, so it does not fall as kappa does; where everybody always used one
/// class AC1 is 1. Uses the DECLARED number of classes; undefined (`no_variation`) with a single one.
pub fn gwet_coefficient(table: &RatingTable, weights: AgreementWeights) -> ChanceCorrected {
    gwet_coefficient_of(table, weights, None)
}

/// The coefficient with items counted several times.
pub(super) fn gwet_coefficient_of(
    table: &RatingTable,
    weights: AgreementWeights,
    multiplicity: Option<&[u32]>,
) -> ChanceCorrected {
    if table.classes() < 2 {
        let reason = Undefined::NoVariation;
        return ChanceCorrected {
            coefficient: Estimate::Undefined(reason),
            observed_agreement: Estimate::Undefined(reason),
            chance_agreement: Estimate::Undefined(reason),
            standard_error: Estimate::Undefined(reason),
            interval: Estimate::Undefined(reason),
        };
    }
    gwet_scheme(table.classes(), weights, |scheme| scheme.evaluate(table, multiplicity))
}

/// What makes a coefficient Gwet's; there are at least two classes.
pub(super) fn gwet_scheme<T>(classes: usize, weights: AgreementWeights, apply: impl FnOnce(&Scheme<'_>) -> T) -> T {
    let pairs = (classes * (classes - 1)) as f64;
    let factor = weights.total(classes) / pairs;
    apply(&Scheme {
        observed: &|row| weighted_agreement(row, weights, classes),
        chance: &|shares| factor * sum(shares.iter().map(|share| share * (1.0 - share))),
        class_chance: &|share| factor * (1.0 - share),
    })
}

/// `sum_c n_c (n*_c - 1) / (r (r - 1))` with `n*_c = sum_k w_ck n_k`.
fn weighted_agreement(row: &Row<'_>, weights: AgreementWeights, classes: usize) -> f64 {
    let agreeing: f64 = row
        .shares()
        .map(|(class, count)| {
            let reach: f64 = row
                .shares()
                .map(|(other, votes)| weights.weight(class, other, classes) * votes)
                .sum();
            count * (reach - 1.0)
        })
        .sum();
    agreeing / (row.votes * (row.votes - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_declared_class_is_undefined() {
        let table = RatingTable::from_ratings(&[vec![Some(0), Some(0)]], 1).unwrap();
        let gwet = gwet_coefficient(&table, AgreementWeights::Identity);
        assert_eq!(gwet.coefficient.reason(), Some(Undefined::NoVariation));
    }

    #[test]
    fn weights_fall_with_distance() {
        for weights in [
            AgreementWeights::Linear,
            AgreementWeights::Quadratic,
            AgreementWeights::Ordinal,
        ] {
            let row: Vec<f64> = (0..5).map(|other| weights.weight(0, other, 5)).collect();
            assert_eq!((row[0], row[4]), (1.0, 0.0));
            assert!(row.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }
}
