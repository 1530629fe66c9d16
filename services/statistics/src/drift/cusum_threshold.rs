//! The threshold of a cumulative sum, by simulation.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cusum::{CusumSettings, check_odds_ratio, weight};
use crate::error::{InvalidInput, open_unit, parameter, probabilities};
use crate::numeric::random::generator;

/// How often a sum may alarm although the predictions hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawFalseAlarms")]
pub struct FalseAlarms {
    probability: f64,
    audits: usize,
}

#[derive(Deserialize)]
struct RawFalseAlarms {
    probability: f64,
    audits: usize,
}

impl TryFrom<RawFalseAlarms> for FalseAlarms {
    type Error = InvalidInput;

    fn try_from(raw: RawFalseAlarms) -> Result<Self, InvalidInput> {
        Self::new(raw.probability, raw.audits)
    }
}

impl FalseAlarms {
    /// With at most `probability` the run length in control is `audits` or less.
    ///
    /// # Errors
    /// A probability outside (0, 1) or no audits.
    pub fn new(probability: f64, audits: usize) -> Result<Self, InvalidInput> {
        open_unit("probability of a false alarm", probability)?;
        parameter("audits", audits as f64, "at least 1", audits > 0)?;
        Ok(Self { probability, audits })
    }

    /// Probability of a false alarm.
    pub fn probability(self) -> f64 {
        self.probability
    }

    /// Audits within which it is counted.
    pub fn audits(self) -> usize {
        self.audits
    }
}

/// A simulated threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CusumThreshold {
    /// Settings to run the sum with.
    pub settings: CusumSettings,
    /// What it was simulated for.
    pub false_alarms: FalseAlarms,
    /// Share of simulated streams in control that alarm at the threshold.
    pub simulated_probability: f64,
    /// Simulated streams.
    pub streams: usize,
    /// Seed of the simulation.
    pub seed: u64,
}

/// Smallest threshold at which at most the wanted share of simulated streams in control alarms.
///
/// A stream draws predicted errors from `predicted_errors` (the monitor's own recent ones) with replacement and
/// errors from them as if they were right; `streams` of them (10,000 will do) run for as many audits as
/// `false_alarms` says. Runs in parallel; the result depends on the seed alone.
///
/// # Errors
/// No predicted errors, one outside `[0, 1]`, an odds ratio that is not positive or is 1, no streams, or
/// predictions so certain that no stream ever leaves 0.
pub fn simulate_cusum_threshold(
    predicted_errors: &[f64],
    odds_ratio: f64,
    false_alarms: FalseAlarms,
    streams: usize,
    seed: u64,
) -> Result<CusumThreshold, InvalidInput> {
    check_odds_ratio(odds_ratio)?;
    probabilities("predicted errors", predicted_errors)?;
    if predicted_errors.is_empty() {
        return Err(InvalidInput::Empty {
            what: "predicted errors",
        });
    }
    parameter("streams", streams as f64, "at least 1", streams > 0)?;
    let mut highest: Vec<f64> = (0..streams as u64)
        .into_par_iter()
        .map(|stream| {
            let mut random = generator(seed, stream);
            let (mut statistic, mut highest) = (0.0_f64, 0.0_f64);
            for _ in 0..false_alarms.audits {
                let predicted = predicted_errors[random.random_range(0..predicted_errors.len())];
                let is_error = random.random::<f64>() < predicted;
                statistic = (statistic + weight(odds_ratio, predicted, is_error)).max(0.0);
                highest = highest.max(statistic);
            }
            highest
        })
        .collect();
    highest.sort_by(|left, right| right.total_cmp(left));
    // At most this many streams may reach the threshold; the next lower maximum must stay below it.
    let allowed = (false_alarms.probability * streams as f64).floor() as usize;
    let below = highest[allowed.min(streams - 1)];
    let threshold = below.next_up();
    parameter(
        "highest statistic in control",
        below,
        "above 0: the predicted errors leave nothing to watch",
        below > 0.0,
    )?;
    let reached = highest.iter().filter(|value| **value >= threshold).count();
    Ok(CusumThreshold {
        settings: CusumSettings::new(odds_ratio, threshold)?,
        false_alarms,
        simulated_probability: reached as f64 / streams as f64,
        streams,
        seed,
    })
}

#[cfg(test)]
mod tests {
    use super::super::cusum::run_cusum;
    use super::*;

    #[test]
    fn keeps_the_promised_rate_on_fresh_streams_and_sees_a_doubling() {
        let predicted: Vec<f64> = (0..50).map(|item| 0.02 + 0.002 * f64::from(item)).collect();
        let false_alarms = FalseAlarms::new(0.1, 500).unwrap();
        let found = simulate_cusum_threshold(&predicted, 2.0, false_alarms, 2000, 11).unwrap();
        assert!(found.simulated_probability <= 0.1 && found.simulated_probability > 0.08);
        let mut alarms = [0, 0];
        for stream in 0..400 {
            let mut random = generator(999, stream);
            for (alarms, odds_ratio) in alarms.iter_mut().zip([1.0, 3.0]) {
                let drawn: Vec<f64> = (0..500).map(|_| predicted[random.random_range(0..50)]).collect();
                let errors: Vec<bool> = drawn
                    .iter()
                    .map(|q| random.random::<f64>() < odds_ratio * q / (1.0 - q + odds_ratio * q))
                    .collect();
                let course = run_cusum(found.settings, &drawn, &errors).unwrap();
                *alarms += usize::from(course.alarm.is_raised());
            }
        }
        // 400 streams at 10 %: a standard error of 1.5 points.
        assert!((20..=62).contains(&alarms[0]), "{alarms:?}");
        assert!(alarms[1] > 380, "{alarms:?}");
    }

    #[test]
    fn the_seed_decides_and_input_is_checked() {
        let few = FalseAlarms::new(0.2, 40).unwrap();
        let threshold = |seed| simulate_cusum_threshold(&[0.1, 0.3], 2.0, few, 300, seed).unwrap();
        assert_eq!(threshold(1), threshold(1));
        assert!(simulate_cusum_threshold(&[], 2.0, few, 10, 1).is_err());
        assert!(simulate_cusum_threshold(&[0.0], 2.0, few, 10, 1).is_err());
        assert!(simulate_cusum_threshold(&[0.1], 1.0, few, 10, 1).is_err());
        assert!(FalseAlarms::new(0.0, 3).is_err() && FalseAlarms::new(0.1, 0).is_err());
    }
}
