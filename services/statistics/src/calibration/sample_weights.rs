//! Weights of labelled items that were selected with unequal probability.

use crate::error::{InvalidInput, every, same_length};
use crate::numeric::sum::sum;

/// Weights above this many medians are trimmed to it.
pub const TRIM_AT_MEDIANS: f64 = 20.0;

/// Sample weights on the scale a calibrator needs: its smoothed targets count weights as labels, so a
/// careless scale would count labels that do not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleWeights {
    weights: Vec<f64>,
    trimmed: usize,
}

impl SampleWeights {
    /// Weight 1 for each of `items`.
    pub fn even(items: usize) -> Self {
        Self {
            weights: vec![1.0; items],
            trimmed: 0,
        }
    }

    /// Each item stands for so many labels already; nothing is rescaled.
    ///
    /// # Errors
    /// A weight that is not finite and above 0.
    pub fn label_counts(counts: &[f64]) -> Result<Self, InvalidInput> {
        check(counts)?;
        Ok(Self {
            weights: counts.to_vec(),
            trimmed: 0,
        })
    }

    /// Any positive weights, scaled to mean 1.
    ///
    /// # Errors
    /// A weight that is not finite and above 0.
    pub fn mean_one(weights: &[f64]) -> Result<Self, InvalidInput> {
        check(weights)?;
        Ok(Self {
            weights: scaled_to(weights, weights.len() as f64),
            trimmed: 0,
        })
    }

    /// Any positive weights, scaled so that they sum to Kish's effective number of items
    /// `(sum w)^2 / sum w^2`: unequal weights then count as the fewer labels they are worth.
    ///
    /// # Errors
    /// A weight that is not finite and above 0.
    pub fn effective(weights: &[f64]) -> Result<Self, InvalidInput> {
        check(weights)?;
        let even = scaled_to(weights, weights.len() as f64);
        let squares = sum(even.iter().map(|weight| weight * weight));
        let items = weights.len() as f64;
        let effective = if squares > 0.0 { items * items / squares } else { 0.0 };
        Ok(Self {
            weights: scaled_to(&even, effective),
            trimmed: 0,
        })
    }

    /// Inverse-probability weights `1/pi_i`, trimmed at [`TRIM_AT_MEDIANS`] times their median and
    /// scaled as [`Self::effective`]. `propensities[i]` in (0, 1] is the recorded probability with which
    /// item `i` got its independent label. Leave items of unknown or zero propensity out beforehand.
    ///
    /// # Errors
    /// A propensity outside (0, 1].
    pub fn from_propensities(propensities: &[f64]) -> Result<Self, InvalidInput> {
        let expected = "above 0 and at most 1";
        every("propensities", propensities, expected, |p| p > 0.0 && p <= 1.0)?;
        let mut weights: Vec<f64> = propensities.iter().map(|p| 1.0 / p).collect();
        let limit = TRIM_AT_MEDIANS * median(&weights);
        let mut trimmed = 0;
        for weight in &mut weights {
            if *weight > limit {
                *weight = limit;
                trimmed += 1;
            }
        }
        Ok(Self {
            trimmed,
            ..Self::effective(&weights)?
        })
    }

    /// One weight per item.
    pub fn as_slice(&self) -> &[f64] {
        &self.weights
    }

    /// Sum of the weights: the number of labels they count as.
    pub fn total(&self) -> f64 {
        sum(self.weights.iter().copied())
    }

    /// How many weights were trimmed; report it where it is not 0.
    pub fn trimmed(&self) -> usize {
        self.trimmed
    }

    /// The weights of the items at `positions`, on the same scale.
    ///
    /// # Errors
    /// A position beyond the end.
    pub fn select(&self, positions: &[usize]) -> Result<Self, InvalidInput> {
        let mut weights = Vec::with_capacity(positions.len());
        for (index, position) in positions.iter().enumerate() {
            let weight = self.weights.get(*position).ok_or(InvalidInput::Index {
                what: "positions",
                index,
                found: *position,
                bound: self.weights.len(),
            })?;
            weights.push(*weight);
        }
        Ok(Self {
            weights,
            trimmed: self.trimmed,
        })
    }

    /// Checks that there is one weight per item.
    pub(crate) fn check_length(&self, items: usize) -> Result<(), InvalidInput> {
        same_length("sample weights", items, self.weights.len())
    }
}

fn check(weights: &[f64]) -> Result<(), InvalidInput> {
    every("weights", weights, "a finite number above 0", |weight| {
        weight.is_finite() && weight > 0.0
    })
}

fn scaled_to(weights: &[f64], total: f64) -> Vec<f64> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let current = sum(weights.iter().map(|weight| weight / largest));
    weights
        .iter()
        .map(|weight| weight / largest / current * total)
        .collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    crate::numeric::quantile::type7(&sorted, 0.5).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        let mean_one = SampleWeights::mean_one(&[2.0, 6.0]).unwrap();
        assert_eq!(mean_one.as_slice(), &[0.5, 1.5]);
        let effective = SampleWeights::effective(&[2.0, 6.0]).unwrap();
        assert!((effective.total() - 64.0 / 40.0).abs() < 1e-15);
        assert_eq!(SampleWeights::even(3).total(), 3.0);
        assert!(SampleWeights::mean_one(&[0.0]).is_err());
        assert_eq!(SampleWeights::effective(&[]).unwrap().total(), 0.0);
    }

    #[test]
    fn trims_and_says_so() {
        let mut propensities = vec![0.5; 20];
        propensities.push(0.001);
        let weights = SampleWeights::from_propensities(&propensities).unwrap();
        assert_eq!(weights.trimmed(), 1);
        let ratio = weights.as_slice()[20] / weights.as_slice()[0];
        assert!((ratio - TRIM_AT_MEDIANS).abs() < 1e-9);
        assert!(SampleWeights::from_propensities(&[0.0]).is_err());
    }
}
