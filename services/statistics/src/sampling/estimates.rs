//! Means of all items from items drawn with unequal probabilities.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, every, finite, parameter, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::sum;

/// Estimates of a mean over all items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleMean {
    /// Items drawn.
    pub items: usize,
    /// Hajek's `sum(y/pi) / sum(1/pi)`: the default. Undefined (`too_few_items`) without items.
    pub hajek: Estimate,
    /// `sqrt(sum (1-pi)/pi^2 (y - hajek)^2) / sum(1/pi)`.
    pub hajek_error: Estimate,
    /// Horvitz and Thompson's `sum(y/pi) / N` [1952, J. Am. Stat. Assoc.]: unbiased, but noisy where the number
    /// drawn is.
    pub horvitz_thompson: Estimate,
    /// `sqrt(sum (1-pi)/pi^2 y^2) / N`.
    pub horvitz_thompson_error: Estimate,
    /// Kish's `(sum w)^2 / sum w^2` with `w = 1/pi`; 0 without items.
    pub effective_items: f64,
    /// Whether all values are alike although items were left out: errors of 0 then mean "not seen", and an exact
    /// bound ([`stratified_upper_bound`](crate::risk_control::stratified_upper_bound)) takes their place.
    pub needs_exact_bound: bool,
}

/// Estimates the mean of a `population` of items from independent draws: `values[i]` of the drawn items and the
/// inclusion probability each was drawn with.
///
/// # Errors
/// Arrays of unequal length, a value that is not finite, a propensity outside (0, 1], a population smaller than
/// the draw.
pub fn estimate_mean(values: &[f64], propensities: &[f64], population: u64) -> Result<SampleMean, InvalidInput> {
    same_length("propensities", values.len(), propensities.len())?;
    finite("values", values)?;
    check_propensities(propensities)?;
    let enough = population as f64 >= values.len() as f64;
    parameter(
        "population",
        population as f64,
        "at least the number of drawn items",
        enough,
    )?;
    if values.is_empty() {
        let undefined = Estimate::Undefined(Undefined::TooFewItems);
        return Ok(SampleMean {
            items: 0,
            hajek: undefined,
            hajek_error: undefined,
            horvitz_thompson: undefined,
            horvitz_thompson_error: undefined,
            effective_items: 0.0,
            needs_exact_bound: true,
        });
    }
    let total = sum(values.iter().zip(propensities).map(|(value, pi)| value / pi));
    let mass = sum(propensities.iter().map(|pi| 1.0 / pi));
    let spread = |centre: f64| {
        let terms = values.iter().zip(propensities);
        sum(terms.map(|(value, pi)| (1.0 - pi) / (pi * pi) * (value - centre).powi(2))).sqrt()
    };
    let hajek = total / mass;
    let everything = population as f64;
    let alike = values.windows(2).all(|pair| pair[0] == pair[1]);
    Ok(SampleMean {
        items: values.len(),
        hajek: Estimate::Value(hajek),
        hajek_error: Estimate::Value(spread(hajek) / mass),
        horvitz_thompson: Estimate::Value(total / everything),
        horvitz_thompson_error: Estimate::Value(spread(0.0) / everything),
        effective_items: kish_effective_size(propensities)?,
        needs_exact_bound: alike && propensities.iter().any(|pi| *pi < 1.0),
    })
}

/// Kish's effective number of items, `(sum w)^2 / sum w^2` with `w = 1/pi` [Kish, 1965, Survey Sampling]; 0
/// without items.
///
/// # Errors
/// A propensity outside (0, 1].
pub fn kish_effective_size(propensities: &[f64]) -> Result<f64, InvalidInput> {
    check_propensities(propensities)?;
    let weights = || propensities.iter().map(|pi| 1.0 / pi);
    let squares = sum(weights().map(|weight| weight * weight));
    Ok(if squares > 0.0 {
        sum(weights()).powi(2) / squares
    } else {
        0.0
    })
}

fn check_propensities(propensities: &[f64]) -> Result<(), InvalidInput> {
    every("propensities", propensities, "above 0 and at most 1", |pi| {
        pi > 0.0 && pi <= 1.0
    })
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::super::draw::draw_poisson;
    use super::super::propensities::poisson_propensities;
    use super::*;
    use crate::numeric::random::generator;

    #[test]
    fn unequal_draws_still_tell_the_mean_and_its_error() {
        // Errors are likelier where the draw looks more often; the plain mean of the draw is far off.
        let mut random = generator(8, 8);
        let priorities: Vec<f64> = (0..2000).map(|_| random.random_range(0.01..1.0)).collect();
        let values: Vec<f64> = priorities
            .iter()
            .map(|priority| f64::from(u8::from(random.random::<f64>() < 0.4 * priority)))
            .collect();
        let truth = values.iter().sum::<f64>() / 2000.0;
        let design = poisson_propensities(&priorities, 300.0, 0.02).unwrap();
        let (mut bias, mut plain, mut covered) = (0.0, 0.0, 0);
        for seed in 0..300 {
            let draw = draw_poisson(&design.propensities, "d", seed).unwrap();
            let drawn = draw.pick(&values).unwrap();
            let mean = estimate_mean(&drawn, &draw.inclusions(), 2000).unwrap();
            let (hajek, error) = (mean.hajek.value().unwrap(), mean.hajek_error.value().unwrap());
            bias += (hajek - truth) / 300.0;
            plain += (drawn.iter().sum::<f64>() / drawn.len() as f64 - truth) / 300.0;
            covered += usize::from((hajek - truth).abs() < 1.96 * error);
        }
        assert!(bias.abs() < 0.008, "{bias}");
        assert!(plain > 0.05, "{plain}");
        assert!(covered > 265, "{covered}");
    }

    #[test]
    fn little_data_is_undefined_or_flagged() {
        let nothing = estimate_mean(&[], &[], 10).unwrap();
        assert_eq!(nothing.hajek.reason(), Some(Undefined::TooFewItems));
        assert!(estimate_mean(&[0.0; 3], &[0.5; 3], 9).unwrap().needs_exact_bound);
        assert!(!estimate_mean(&[0.0; 3], &[1.0; 3], 3).unwrap().needs_exact_bound);
        assert!(estimate_mean(&[0.0], &[0.0], 3).is_err());
        assert!(estimate_mean(&[0.0; 3], &[0.5; 3], 2).is_err());
    }
}
