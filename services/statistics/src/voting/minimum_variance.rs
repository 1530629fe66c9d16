//! Inverse-covariance weights for numeric votes.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, non_negative, parameter, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::linear::solve_positive_definite;
use crate::numeric::sum::sum;

/// Weights with the smallest variance of the weighted mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MinimumVariance {
    /// One weight per voter, summing to 1; a weight may be negative.
    pub weights: Vec<f64>,
    /// Variance of the weighted mean.
    pub variance: f64,
}

/// `S^-1 1 / (1' S^-1 1)` for the covariance `S` of the voters' errors on a numeric field.
///
/// `covariance` is symmetric, voters by voters. `ridge >= 0` times the mean variance is added to the
/// diagonal; use it where voters are near copies. Undefined (`not_identifiable`) where the matrix is
/// not positive definite even so.
///
/// # Errors
/// No voters, rows of unequal length, entries that are not finite, an asymmetric matrix, a negative
/// ridge.
pub fn minimum_variance_weights(
    covariance: &[Vec<f64>],
    ridge: f64,
) -> Result<Estimate<MinimumVariance>, InvalidInput> {
    check(covariance)?;
    non_negative("ridge", &[ridge])?;
    let voters = covariance.len();
    let mean_variance = sum((0..voters).map(|voter| covariance[voter][voter])) / voters as f64;
    let mut regularised = covariance.to_vec();
    for (voter, row) in regularised.iter_mut().enumerate() {
        row[voter] += ridge * mean_variance;
    }
    let Some(solution) = solve_positive_definite(&regularised, &vec![1.0; voters]) else {
        return Ok(Estimate::Undefined(Undefined::NotIdentifiable));
    };
    let total = sum(solution.iter().copied());
    Ok(Estimate::Value(MinimumVariance {
        weights: solution.iter().map(|value| value / total).collect(),
        variance: 1.0 / total,
    }))
}

fn check(covariance: &[Vec<f64>]) -> Result<(), InvalidInput> {
    if covariance.is_empty() {
        return Err(InvalidInput::Empty { what: "covariance" });
    }
    for row in covariance {
        same_length("covariance", covariance.len(), row.len())?;
        finite("covariance", row)?;
    }
    for (row, values) in covariance.iter().enumerate() {
        for (column, value) in values.iter().enumerate().take(row) {
            let scale = covariance[row][row].abs() + covariance[column][column].abs();
            let asymmetry = (value - covariance[column][row]).abs();
            parameter(
                "asymmetry of the covariance",
                asymmetry,
                "a symmetric matrix",
                asymmetry <= 1e-9 * scale,
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_need_a_ridge() {
        let copies = vec![vec![1.0, 1.0], vec![1.0, 1.0]];
        let without = minimum_variance_weights(&copies, 0.0).unwrap();
        assert_eq!(without.reason(), Some(Undefined::NotIdentifiable));
        let with = minimum_variance_weights(&copies, 1e-3).unwrap();
        assert!((with.value().unwrap().weights[0] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn refuses_asymmetry() {
        assert!(minimum_variance_weights(&[vec![1.0, 0.5], vec![0.2, 1.0]], 0.0).is_err());
        assert!(minimum_variance_weights(&[], 0.0).is_err());
    }
}
