//! A coefficient ready to be evaluated on many resamples of a table.

use super::alpha::{Distance, Level, alpha_of, finish};
use super::coefficient::Coefficient;
use super::fleiss::fleiss_scheme;
use super::gwet::gwet_scheme;
use super::linearised::{correct_for_chance, mean_shares};
use super::percent::pair_agreement;
use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};

/// What each row adds to the observed part of a coefficient is computed once, so that a resample costs a few
/// multiplications a row. Only the ordinal level has to look at all votes again: its distances depend on them.
pub(super) struct Prepared<'a> {
    table: &'a RatingTable,
    coefficient: Coefficient<'a>,
    /// By row; 0 below two votes.
    observed: Vec<f64>,
}

impl<'a> Prepared<'a> {
    /// The coefficient has been checked against the table.
    pub(super) fn new(table: &'a RatingTable, coefficient: Coefficient<'a>) -> Self {
        let by_row = |of: &dyn Fn(&Row<'_>) -> f64| -> Vec<f64> {
            let rows = table.rows(None);
            rows.map(|row| if row.is_pairable() { of(&row) } else { 0.0 }).collect()
        };
        let observed = match coefficient {
            Coefficient::PercentAgreement | Coefficient::Fleiss => by_row(&pair_agreement),
            Coefficient::Gwet(weights) => {
                gwet_scheme(table.classes().max(2), weights, |scheme| by_row(scheme.observed))
            }
            Coefficient::Alpha(Level::Ordinal) => Vec::new(),
            Coefficient::Alpha(level) => {
                let distance = Distance::of(level, &[]);
                by_row(&|row| {
                    let shares: Vec<(usize, f64)> = row.shares().collect();
                    distance.total(&shares) / (row.votes - 1.0)
                })
            }
        };
        Self {
            table,
            coefficient,
            observed,
        }
    }

    /// The coefficient with every row counted so many times.
    pub(super) fn evaluate(&self, times: &[u32]) -> Estimate {
        match self.coefficient {
            Coefficient::PercentAgreement => self.mean_observed(times),
            Coefficient::Alpha(Level::Ordinal) => alpha_of(self.table, Level::Ordinal, Some(times)).alpha,
            Coefficient::Alpha(level) => self.alpha(level, times),
            Coefficient::Fleiss => fleiss_scheme(|scheme| self.corrected(scheme.chance, times)),
            Coefficient::Gwet(_) if self.table.classes() < 2 => Estimate::Undefined(Undefined::NoVariation),
            Coefficient::Gwet(weights) => gwet_scheme(self.table.classes(), weights, |scheme| {
                self.corrected(scheme.chance, times)
            }),
        }
    }

    fn alpha(&self, level: Level<'_>, times: &[u32]) -> Estimate {
        let mut counts = vec![0.0; self.table.classes()];
        let mut observed = Sum::default();
        for (row, (times, own)) in times.iter().zip(&self.observed).enumerate() {
            let entries = self.table.counts(row);
            // A row is comparable with two votes: two entries, or one of at least 2.
            let is_pairable = entries.len() > 1 || entries.first().is_some_and(|(_, count)| *count > 1);
            if *times == 0 || !is_pairable {
                continue;
            }
            let times = f64::from(*times);
            observed.add(times * own);
            for (class, count) in entries {
                counts[*class as usize] += times * f64::from(*count);
            }
        }
        let votes = sum(counts.iter().copied());
        if votes == 0.0 {
            return Estimate::Undefined(Undefined::NoPairableVotes);
        }
        let distance = Distance::of(level, &counts);
        let used = counts.into_iter().enumerate().filter(|(_, count)| *count > 0.0);
        let everything: Vec<(usize, f64)> = used.collect();
        finish(observed.total(), distance.total(&everything) / (votes - 1.0), votes).alpha
    }

    fn corrected(&self, chance: &dyn Fn(&[f64]) -> f64, times: &[u32]) -> Estimate {
        let (shares, _) = mean_shares(self.table, Some(times));
        let observed = self.mean_observed(times).into_result();
        observed
            .and_then(|observed| correct_for_chance(observed, chance(&shares)).into_result())
            .into()
    }

    fn mean_observed(&self, times: &[u32]) -> Estimate {
        let (mut observed, mut items) = (Sum::default(), 0_u64);
        for (row, (times, own)) in times.iter().zip(&self.observed).enumerate() {
            if *times > 0 && self.table.votes(row) >= 2 {
                observed.add(f64::from(*times) * own);
                items += u64::from(*times);
            }
        }
        if items == 0 {
            return Estimate::Undefined(Undefined::NoPairableVotes);
        }
        Estimate::Value(observed.total() / items as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{AgreementWeights, fleiss_kappa, gwet_coefficient, krippendorff_alpha, percent_agreement};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_resample_is_as_good_as_its_table(
            ratings in prop::collection::vec(prop::collection::vec(prop::option::of(0..4_usize), 0..5), 1..15),
            drawn in prop::collection::vec(0..4_u32, 15),
        ) {
            let table = RatingTable::from_ratings(&ratings, 4).unwrap();
            let repeated: Vec<Vec<Option<usize>>> = ratings
                .iter()
                .zip(&drawn)
                .flat_map(|(row, times)| std::iter::repeat_n(row.clone(), *times as usize))
                .collect();
            let repeated = RatingTable::from_ratings(&repeated, 4).unwrap();
            let values = [0.0, 1.0, 2.5, 7.0];
            let alpha = |level| (Coefficient::Alpha(level), krippendorff_alpha(&repeated, level).unwrap().alpha);
            let gwet = |weights| (Coefficient::Gwet(weights), gwet_coefficient(&repeated, weights).coefficient);
            for (coefficient, expected) in [
                (Coefficient::PercentAgreement, percent_agreement(&repeated)),
                alpha(Level::Nominal),
                alpha(Level::Ordinal),
                alpha(Level::Interval(&values)),
                alpha(Level::Ratio(&values)),
                (Coefficient::Fleiss, fleiss_kappa(&repeated).kappa.coefficient),
                gwet(AgreementWeights::Identity),
                gwet(AgreementWeights::Quadratic),
            ] {
                let found = Prepared::new(&table, coefficient).evaluate(&drawn[..ratings.len()]);
                match (found, expected) {
                    (Estimate::Value(found), Estimate::Value(expected)) => {
                        prop_assert!((found - expected).abs() < 1e-12, "{coefficient:?} {found} {expected}");
                    }
                    (found, expected) => prop_assert_eq!(found, expected, "{:?}", coefficient),
                }
            }
        }
    }
}
