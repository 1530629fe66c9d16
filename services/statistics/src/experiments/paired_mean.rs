//! Scores of two versions on the same items: the mean difference.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::clustered;
use crate::numeric::normal;
use crate::numeric::student;
use crate::numeric::sum::{mean, sample_variance};
use crate::resampling::{Bootstrap, BootstrapPlan, bootstrap_documents};

/// The mean of independent differences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedMean {
    /// Number of differences.
    pub items: usize,
    /// Mean; undefined (`too_few_items`) of nothing.
    pub mean: Estimate,
    /// `sd / sqrt(n)`; undefined (`too_few_items`) below two.
    pub standard_error: Estimate,
    /// `mean / standard error`; undefined (`no_variation`) where all differences are alike.
    pub t: Estimate,
    /// Two-sided p-value of the t test with `n - 1` degrees of freedom.
    pub p: Estimate,
}

/// Mean of `differences[i]`, new less old on item `i`, with its t test. The items must be independent: fields
/// of one document are not, see [`clustered_mean`].
///
/// # Errors
/// A difference that is not finite.
pub fn paired_mean(differences: &[f64]) -> Result<PairedMean, InvalidInput> {
    finite("differences", differences)?;
    let items = differences.len();
    let mean = Estimate::from(mean(differences).ok_or(Undefined::TooFewItems));
    let variance = sample_variance(differences).ok_or(Undefined::TooFewItems);
    let standard_error = Estimate::from(variance.map(|variance| (variance / items as f64).sqrt()));
    let t = match (mean, standard_error) {
        (Estimate::Value(mean), Estimate::Value(error)) if error > 0.0 => Estimate::Value(mean / error),
        (_, Estimate::Value(_)) => Estimate::Undefined(Undefined::NoVariation),
        (_, Estimate::Undefined(reason)) => Estimate::Undefined(reason),
    };
    Ok(PairedMean {
        items,
        mean,
        standard_error,
        t,
        p: t.map(|t| student::two_sided_tail(t, items as f64 - 1.0)),
    })
}

/// Mean of the differences at `positions`, which may repeat. Undefined (`too_few_items`) without positions.
///
/// # Errors
/// A position beyond the end.
pub fn mean_on_resample(differences: &[f64], positions: &[usize]) -> Result<Estimate, InvalidInput> {
    let drawn = positions.iter().enumerate().map(|(index, position)| {
        differences.get(*position).copied().ok_or(InvalidInput::Index {
            what: "positions",
            index,
            found: *position,
            bound: differences.len(),
        })
    });
    let drawn = drawn.collect::<Result<Vec<f64>, _>>()?;
    Ok(mean(&drawn).ok_or(Undefined::TooFewItems).into())
}

/// Bootstrap of the mean difference over documents.
///
/// # Errors
/// Arrays of unequal length, a difference that is not finite.
pub fn bootstrap_paired_mean<D: Ord>(
    differences: &[f64],
    documents: &[D],
    plan: BootstrapPlan,
) -> Result<Bootstrap, InvalidInput> {
    same_length("documents", differences.len(), documents.len())?;
    finite("differences", differences)?;
    Ok(bootstrap_documents(documents, plan, |positions| {
        mean_on_resample(differences, positions).unwrap_or(Estimate::Undefined(Undefined::TooFewItems))
    }))
}

/// The mean of differences that come in documents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClusteredDifference {
    /// Number of differences.
    pub items: usize,
    /// Number of documents.
    pub documents: usize,
    /// Mean over items.
    pub mean: f64,
    /// Cluster-robust error `sqrt(G/(G-1) sum_g (sum_{i in g} (d_i - mean))^2) / n`; undefined
    /// (`too_few_items`) below two documents.
    pub standard_error: Estimate,
    /// Error as if items were independent; undefined (`too_few_items`) below two items.
    pub naive_error: Estimate,
    /// Squared ratio of the two: how many times fewer independent items there are. Undefined (`no_variation`)
    /// where the naive error is 0.
    pub design_effect: Estimate,
}

impl ClusteredDifference {
    /// One-sided p-value against "the true mean is at most `-margin`": with margin 0 superiority, else
    /// non-inferiority. Undefined where the standard error is, or is 0 (`no_variation`).
    pub fn p_above(&self, margin: f64) -> Estimate {
        match self.standard_error {
            Estimate::Value(error) if error > 0.0 => Estimate::Value(normal::cumulative(-(self.mean + margin) / error)),
            Estimate::Value(_) => Estimate::Undefined(Undefined::NoVariation),
            Estimate::Undefined(reason) => Estimate::Undefined(reason),
        }
    }
}

/// Mean difference with an error that holds for items of one document that stand or fall together [cf. Miller,
/// 2024, arXiv:2411.00640]. `documents[i]` names the document of item `i`.
///
/// # Errors
/// No items, arrays of unequal length, a difference that is not finite.
pub fn clustered_mean<D: Ord>(differences: &[f64], documents: &[D]) -> Result<ClusteredDifference, InvalidInput> {
    same_length("documents", differences.len(), documents.len())?;
    finite("differences", differences)?;
    let weights = vec![1.0; differences.len()];
    let result =
        clustered::mean(differences, &weights, documents).ok_or(InvalidInput::Empty { what: "differences" })?;
    let naive_error = paired_mean(differences)?.standard_error;
    let standard_error = Estimate::from(result.standard_error.ok_or(Undefined::TooFewItems));
    let design_effect = match (standard_error, naive_error) {
        (Estimate::Value(robust), Estimate::Value(naive)) if naive > 0.0 => Estimate::Value((robust / naive).powi(2)),
        (Estimate::Undefined(reason), _) | (_, Estimate::Undefined(reason)) => Estimate::Undefined(reason),
        _ => Estimate::Undefined(Undefined::NoVariation),
    };
    Ok(ClusteredDifference {
        items: differences.len(),
        documents: result.clusters,
        mean: result.mean,
        standard_error,
        naive_error,
        design_effect,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_data_is_undefined_not_nan() {
        let nothing = paired_mean(&[]).unwrap();
        assert_eq!(nothing.mean.reason(), Some(Undefined::TooFewItems));
        let alike = paired_mean(&[0.1; 5]).unwrap();
        assert_eq!(alike.t.reason(), Some(Undefined::NoVariation));
        let one = clustered_mean(&[0.1, 0.3], &["a", "a"]).unwrap();
        assert_eq!(one.standard_error.reason(), Some(Undefined::TooFewItems));
        assert!(one.p_above(0.0).reason().is_some());
        assert!(mean_on_resample(&[1.0], &[1]).is_err());
        assert!(paired_mean(&[f64::NAN]).is_err());
    }

    #[test]
    fn copies_in_a_document_add_nothing() {
        let single: Vec<f64> = (0..40).map(|item| f64::from(item % 7) - 2.0).collect();
        let documents: Vec<usize> = (0..40).collect();
        let tripled: Vec<f64> = single.iter().flat_map(|value| [*value; 3]).collect();
        let owners: Vec<usize> = documents.iter().flat_map(|document| [*document; 3]).collect();
        let one = clustered_mean(&single, &documents).unwrap();
        let three = clustered_mean(&tripled, &owners).unwrap();
        assert!((one.mean - three.mean).abs() < 1e-12);
        let (first, second) = (
            one.standard_error.value().unwrap(),
            three.standard_error.value().unwrap(),
        );
        assert!((first - second).abs() < 1e-12);
        assert!((three.design_effect.value().unwrap() - 3.0).abs() < 0.1);
        let interval = bootstrap_paired_mean(&tripled, &owners, BootstrapPlan::standard(3)).unwrap();
        assert!((interval.standard_error.value().unwrap() - first).abs() < 0.05 * first + 0.01);
    }
}
