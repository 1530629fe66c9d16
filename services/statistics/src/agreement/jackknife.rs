//! Delete-one jackknife for few items.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::coefficient::Coefficient;
use super::prepared::Prepared;
use super::profiles::RatingProfiles;
use super::rating_table::RatingTable;
use crate::Undefined;
use crate::error::{InvalidInput, open_unit};
use crate::estimate::{Estimate, Interval};
use crate::numeric::student;
use crate::numeric::sum::sum;

/// A jackknifed coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Jackknife {
    /// The coefficient on all items.
    pub estimate: Estimate,
    /// `sqrt((n-1)/n sum_i (g_(i) - mean)^2)` over deletions.
    pub standard_error: Estimate,
    /// Interval by the t distribution with `n - 1` degrees of freedom, capped at [-1, 1].
    pub interval: Estimate<Interval>,
    /// Items deleted in turn.
    pub items: usize,
}

/// Delete-one-item jackknife interval at a two-sided `confidence`, for tables too small to bootstrap
/// [Hughes, 2022, arXiv:2210.13265]. Only items that influence the coefficient are deleted. Items with the same votes
/// are deleted once for all, so it takes time proportional to the square of the distinct rows.
///
/// Undefined (`too_few_items`) below two items, (`not_identifiable`) where deleting one item leaves the
/// coefficient undefined.
///
/// # Errors
/// A confidence outside (0, 1), or values that do not fit the classes.
pub fn jackknife_agreement(
    table: &RatingTable,
    coefficient: Coefficient<'_>,
    confidence: f64,
) -> Result<Jackknife, InvalidInput> {
    open_unit("confidence", confidence)?;
    coefficient.check(table)?;
    let fewest = if coefficient.counts_single_votes() { 1 } else { 2 };
    let profiles = RatingProfiles::from(table);
    let prepared = Prepared::new(&profiles.rows, coefficient);
    let deletable: Vec<usize> = (0..profiles.distinct())
        .filter(|row| profiles.rows.votes(*row) >= fewest)
        .collect();
    let items = deletable.iter().map(|row| profiles.times[*row] as usize).sum();
    let estimate = prepared.evaluate(&profiles.times);
    let (standard_error, interval) = match errors(&profiles, &prepared, &deletable, estimate) {
        Ok((value, error)) => {
            let freedom = items as f64 - 1.0;
            let half = student::quantile(0.5 + 0.5 * confidence, freedom) * error;
            let interval = Interval {
                lower: value - half,
                upper: value + half,
            };
            (Estimate::Value(error), Estimate::Value(interval.capped(-1.0, 1.0)))
        }
        Err(reason) => (Estimate::Undefined(reason), Estimate::Undefined(reason)),
    };
    Ok(Jackknife {
        estimate,
        standard_error,
        interval,
        items,
    })
}

fn errors(
    profiles: &RatingProfiles,
    prepared: &Prepared<'_>,
    deletable: &[usize],
    estimate: Estimate,
) -> Result<(f64, f64), Undefined> {
    let value = estimate.into_result()?;
    let times: Vec<f64> = deletable.iter().map(|row| f64::from(profiles.times[*row])).collect();
    let count = sum(times.iter().copied());
    if count < 2.0 {
        return Err(Undefined::TooFewItems);
    }
    let deleted: Vec<Estimate> = deletable
        .par_iter()
        .map(|row| {
            let mut multiplicity = profiles.times.clone();
            multiplicity[*row] -= 1;
            prepared.evaluate(&multiplicity)
        })
        .collect();
    let values: Vec<f64> = deleted
        .into_iter()
        .map(Estimate::value)
        .collect::<Option<_>>()
        .ok_or(Undefined::NotIdentifiable)?;
    let weighted = || values.iter().zip(&times);
    let centre = sum(weighted().map(|(other, times)| times * other)) / count;
    let squares = sum(weighted().map(|(other, times)| times * (other - centre).powi(2)));
    Ok((value, (squares * (count - 1.0) / count).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Level;

    #[test]
    fn percent_agreement_has_the_error_of_a_mean() {
        // Agreement of pairs: 1, 1, 1, 0; the jackknife of a mean is its ordinary standard error.
        let rows = [
            vec![Some(0), Some(0)],
            vec![Some(1), Some(1)],
            vec![Some(1), Some(1)],
            vec![Some(0), Some(1)],
        ];
        let table = RatingTable::from_ratings(&rows, 2).unwrap();
        let result = jackknife_agreement(&table, Coefficient::PercentAgreement, 0.95).unwrap();
        assert!((result.standard_error.value().unwrap() - 0.25).abs() < 1e-12);
        let alpha = jackknife_agreement(&table, Coefficient::Alpha(Level::Nominal), 0.95).unwrap();
        let (value, interval) = (alpha.estimate.value().unwrap(), alpha.interval.value().unwrap());
        assert!(interval.lower < value && value <= interval.upper);
    }

    #[test]
    fn one_decisive_item_makes_it_undefined() {
        let rows = [vec![Some(0), Some(0)], vec![Some(0), Some(0)], vec![Some(1), Some(1)]];
        let table = RatingTable::from_ratings(&rows, 2).unwrap();
        let alpha = jackknife_agreement(&table, Coefficient::Alpha(Level::Nominal), 0.95).unwrap();
        assert_eq!(alpha.standard_error.reason(), Some(Undefined::NotIdentifiable));
    }
}
