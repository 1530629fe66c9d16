//! The calibration error that a perfect calibrator would show.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bins::{BinRule, assign, membership};
use crate::Undefined;
use crate::error::{InvalidInput, parameter, probabilities as check_probabilities};
use crate::estimate::Estimate;
use crate::numeric::quantile::type7;
use crate::numeric::random::generator;
use crate::numeric::sum::{Sum, mean};

/// Distribution of the expected calibration error if the probabilities were exactly right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NullBand {
    /// Mean.
    pub mean: f64,
    /// 5 % quantile.
    pub lower: f64,
    /// 95 % quantile: an observed error above it speaks against the calibrator.
    pub upper: f64,
    /// Simulated data sets.
    pub replicates: usize,
    /// Seed of the simulation.
    pub seed: u64,
}

/// Simulates the calibration error of a perfect calibrator: labels are drawn from the probabilities
/// themselves, `replicates` times (1000 will do), with the bins of `rule`. Runs in parallel; the result
/// depends on the seed alone. Undefined (`too_few_items`) without items.
///
/// # Errors
/// A probability outside `[0, 1]`, a rule with no bins, no replicates.
pub fn null_band(
    probabilities: &[f64],
    rule: BinRule,
    replicates: usize,
    seed: u64,
) -> Result<Estimate<NullBand>, InvalidInput> {
    check_probabilities("probabilities", probabilities)?;
    parameter("replicates", replicates as f64, "at least 1", replicates > 0)?;
    let groups = assign(probabilities, rule)?;
    if groups.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let position = membership(&groups, probabilities.len());
    let mut totals = vec![Sum::default(); groups.len()];
    for (probability, bin) in probabilities.iter().zip(&position) {
        totals[*bin].add(*probability);
    }
    let expected: Vec<f64> = totals.into_iter().map(Sum::total).collect();
    let mut errors: Vec<f64> = (0..replicates as u64)
        .into_par_iter()
        .map(|replicate| {
            let mut random = generator(seed, replicate);
            let mut positives = vec![0_u64; groups.len()];
            for (probability, bin) in probabilities.iter().zip(&position) {
                positives[*bin] += u64::from(random.random::<f64>() < *probability);
            }
            let gaps = expected.iter().zip(&positives);
            let total: f64 = gaps.map(|(sum, count)| (sum - *count as f64).abs()).sum();
            total / probabilities.len() as f64
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    Ok(Estimate::Value(NullBand {
        mean: mean(&errors).unwrap_or(0.0),
        lower: type7(&errors, 0.05).unwrap_or(0.0),
        upper: type7(&errors, 0.95).unwrap_or(0.0),
        replicates,
        seed,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::calibration_error;

    #[test]
    fn agrees_with_the_normal_approximation() {
        let probabilities: Vec<f64> = (0..2000).map(|item| f64::from(item % 10) / 10.0 + 0.05).collect();
        let rule = BinRule::DistinctLevels;
        let band = null_band(&probabilities, rule, 400, 11).unwrap().value().unwrap();
        let labels = vec![true; 2000];
        let error = calibration_error(&probabilities, &labels, rule)
            .unwrap()
            .value()
            .unwrap();
        assert!((band.mean - error.expected_if_calibrated).abs() < 0.002);
        assert!(band.lower < band.mean && band.mean < band.upper);
        assert!(error.expected > band.upper);
    }

    #[test]
    fn the_seed_decides() {
        let probabilities = [0.3, 0.6, 0.8, 0.9, 0.2];
        let rule = BinRule::DistinctLevels;
        let first = null_band(&probabilities, rule, 50, 1).unwrap();
        assert_eq!(first, null_band(&probabilities, rule, 50, 1).unwrap());
        assert_ne!(first, null_band(&probabilities, rule, 50, 2).unwrap());
        assert!(null_band(&probabilities, rule, 0, 1).is_err());
        assert!(!null_band(&[], rule, 10, 1).unwrap().is_defined());
    }
}
