//! Decompositions of the Brier score.

use serde::{Deserialize, Serialize};

use super::bins::{BinRule, assign, base_rate, bin, membership, weighted_mean};
use super::{check, indicator};
use crate::Undefined;
use crate::error::InvalidInput;
use crate::estimate::Estimate;
use crate::numeric::pool_adjacent;
use crate::numeric::sum::sum;

/// `Brier = reliability - resolution + uncertainty`, exact over distinct probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MurphyDecomposition {
    /// Squared distance between probabilities and what happened; 0 is best.
    pub reliability: f64,
    /// How far the groups' outcomes differ from the base rate; more is better.
    pub resolution: f64,
    /// Variance of the outcome itself.
    pub uncertainty: f64,
}

/// The same over bins: `Brier = reliability - resolution + uncertainty + within_bin_variance -
/// within_bin_covariance`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BinnedDecomposition {
    /// The three terms over bins.
    pub murphy: MurphyDecomposition,
    /// Mean squared distance of probabilities from their bin's mean.
    pub within_bin_variance: f64,
    /// Twice the mean product of the distances of probability and outcome from their bin's means.
    pub within_bin_covariance: f64,
}

/// `Brier = miscalibration - discrimination + uncertainty` by isotonic recalibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CorpDecomposition {
    /// What recalibration would gain.
    pub miscalibration: f64,
    /// What the recalibrated probabilities gain over the base rate.
    pub discrimination: f64,
    /// Brier score of the base rate.
    pub uncertainty: f64,
}

/// Murphy's decomposition over distinct probabilities [Murphy, 1973, J. Appl. Meteorol.]. Undefined
/// (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length or a probability outside `[0, 1]`.
pub fn murphy_decomposition(
    probabilities: &[f64],
    correct: &[bool],
) -> Result<Estimate<MurphyDecomposition>, InvalidInput> {
    murphy(probabilities, correct, BinRule::DistinctLevels)
}

fn murphy(
    probabilities: &[f64],
    correct: &[bool],
    rule: BinRule,
) -> Result<Estimate<MurphyDecomposition>, InvalidInput> {
    let bins = bin(probabilities, correct, rule)?;
    if bins.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let rate = base_rate(correct);
    Ok(Estimate::Value(MurphyDecomposition {
        reliability: weighted_mean(&bins, |bin| bin.gap().powi(2)),
        resolution: weighted_mean(&bins, |bin| (bin.observed - rate).powi(2)),
        uncertainty: rate * (1.0 - rate),
    }))
}

/// Murphy's decomposition over bins with the terms that make it add up [Stephenson et al., 2008, Weather
/// Forecast.]. Undefined (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length, a probability outside `[0, 1]`, a rule with no bins.
pub fn murphy_decomposition_in_bins(
    probabilities: &[f64],
    correct: &[bool],
    rule: BinRule,
) -> Result<Estimate<BinnedDecomposition>, InvalidInput> {
    let murphy = murphy(probabilities, correct, rule)?;
    let bins = bin(probabilities, correct, rule)?;
    let position = membership(&assign(probabilities, rule)?, probabilities.len());
    let deviations: Vec<(f64, f64)> = probabilities
        .iter()
        .zip(correct)
        .zip(&position)
        .map(|((p, is_correct), index)| {
            let own = &bins[*index];
            (p - own.mean_probability, indicator(*is_correct) - own.observed)
        })
        .collect();
    let count = probabilities.len() as f64;
    Ok(murphy.map(|murphy| BinnedDecomposition {
        murphy,
        within_bin_variance: sum(deviations.iter().map(|(p, _)| p * p)) / count,
        within_bin_covariance: 2.0 * sum(deviations.iter().map(|(p, y)| p * y)) / count,
    }))
}

/// Decomposition by isotonic recalibration, which needs no bins [Dimitriadis, Gneiting & Jordan, 2021, PNAS].
/// Undefined (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length or a probability outside `[0, 1]`.
pub fn corp_decomposition(
    probabilities: &[f64],
    correct: &[bool],
) -> Result<Estimate<CorpDecomposition>, InvalidInput> {
    check(probabilities, correct)?;
    if probabilities.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let count = probabilities.len() as f64;
    let outcomes: Vec<f64> = correct.iter().map(|is_correct| indicator(*is_correct)).collect();
    let pairs = probabilities.iter().zip(&outcomes);
    let score = sum(pairs.map(|(p, y)| (p - y).powi(2))) / count;
    let blocks = pool_adjacent::pool(probabilities, &outcomes, &vec![1.0; outcomes.len()]);
    // Within a block of 0/1 outcomes the squared error about the mean v is v(1 - v) per item.
    let recalibrated = sum(blocks
        .iter()
        .map(|block| block.weight * block.value * (1.0 - block.value)))
        / count;
    let rate = base_rate(correct);
    let uncertainty = rate * (1.0 - rate);
    Ok(Estimate::Value(CorpDecomposition {
        miscalibration: score - recalibrated,
        discrimination: uncertainty - recalibrated,
        uncertainty,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::brier_score;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_decompositions_add_up(rows in prop::collection::vec((0.0..=1.0_f64, any::<bool>()), 1..60)) {
            let (probabilities, correct): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let brier = brier_score(&probabilities, &correct).unwrap().value().unwrap();
            let murphy = murphy_decomposition(&probabilities, &correct).unwrap().value().unwrap();
            prop_assert!((murphy.reliability - murphy.resolution + murphy.uncertainty - brier).abs() < 1e-12);
            let rule = BinRule::EqualWidthRightClosed(5);
            let binned = murphy_decomposition_in_bins(&probabilities, &correct, rule).unwrap().value().unwrap();
            let total = binned.murphy.reliability - binned.murphy.resolution + binned.murphy.uncertainty
                + binned.within_bin_variance - binned.within_bin_covariance;
            prop_assert!((total - brier).abs() < 1e-12);
            let corp = corp_decomposition(&probabilities, &correct).unwrap().value().unwrap();
            prop_assert!((corp.miscalibration - corp.discrimination + corp.uncertainty - brier).abs() < 1e-12);
            prop_assert!(corp.miscalibration >= -1e-12 && corp.discrimination >= -1e-12);
        }
    }
}
