//! Temperature scaling.

use serde::{Deserialize, Serialize};

use super::beta::BETA_CLIP;
use super::platt::check_labelled;
use super::sample_weights::SampleWeights;
use crate::Undefined;
use crate::error::{InvalidInput, positive, probabilities};
use crate::estimate::Estimate;
use crate::numeric::logistic::{logit, sigmoid};
use crate::numeric::newton::LogisticProblem;

/// Inverse temperature beyond which the scores separate the classes.
const SEPARATED: f64 = 1e3;
/// Inverse temperature that is none within rounding: every probability is then 1/2.
const FLAT: f64 = 1e-8;

/// `logit p = logit(s) / temperature`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTemperature")]
pub struct Temperature {
    temperature: f64,
}

#[derive(Deserialize)]
struct RawTemperature {
    temperature: f64,
}

impl TryFrom<RawTemperature> for Temperature {
    type Error = InvalidInput;

    fn try_from(raw: RawTemperature) -> Result<Self, InvalidInput> {
        Self::new(raw.temperature)
    }
}

impl Temperature {
    /// A known temperature.
    ///
    /// # Errors
    /// A temperature that is not finite and above 0.
    pub fn new(temperature: f64) -> Result<Self, InvalidInput> {
        positive("temperature", temperature)?;
        Ok(Self { temperature })
    }

    /// Above 1 it makes the scores more cautious; below 1 bolder.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Probability of being correct at a score in `[0, 1]`.
    pub fn predict(&self, score: f64) -> f64 {
        sigmoid(feature(score) / self.temperature)
    }
}

/// A fitted temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemperatureFit {
    /// The map.
    pub curve: Temperature,
    /// Weighted log loss at the solution.
    pub objective: f64,
    /// Whether the optimum was reached.
    pub converged: bool,
}

/// Fits temperature scaling [Guo et al., 2017, ICML] to scores in `[0, 1]`. It has no intercept and cannot
/// mend a wrong base rate.
///
/// Undefined (`not_identifiable`) where all scores are 1/2, where higher scores are not more often correct,
/// or where the side of 1/2 tells the classes apart completely: no positive finite temperature is best then.
///
/// # Errors
/// No items, arrays of unequal length, a score outside `[0, 1]`.
pub fn fit_temperature(
    scores: &[f64],
    correct: &[bool],
    weights: &SampleWeights,
) -> Result<Estimate<TemperatureFit>, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    probabilities("scores", scores)?;
    if scores.is_empty() {
        return Err(InvalidInput::Empty { what: "scores" });
    }
    let design: Vec<f64> = scores.iter().map(|score| feature(*score)).collect();
    let targets: Vec<f64> = correct
        .iter()
        .map(|is_correct| f64::from(u8::from(*is_correct)))
        .collect();
    let problem = LogisticProblem {
        design: &design,
        targets: &targets,
        weights: weights.as_slice(),
        centre: &[0.0],
        precision: &[0.0],
    };
    let solution = problem.minimise(&[1.0]);
    let inverse = solution.parameters.first().copied().unwrap_or(0.0);
    let is_flat = design.iter().all(|logit| *logit == 0.0);
    let contradicted = design
        .iter()
        .zip(correct)
        .any(|(logit, is_correct)| (*logit > 0.0) != *is_correct && *logit != 0.0);
    if is_flat || !contradicted || inverse <= FLAT || inverse > SEPARATED {
        return Ok(Estimate::Undefined(Undefined::NotIdentifiable));
    }
    Ok(Estimate::Value(TemperatureFit {
        curve: Temperature {
            temperature: 1.0 / inverse,
        },
        objective: solution.loss,
        converged: solution.converged,
    }))
}

fn feature(score: f64) -> f64 {
    logit(score.clamp(BETA_CLIP, 1.0 - BETA_CLIP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(scores: &[f64], correct: &[bool]) -> Estimate<TemperatureFit> {
        fit_temperature(scores, correct, &SampleWeights::even(scores.len())).unwrap()
    }

    #[test]
    fn overconfidence_is_cooled() {
        let fitted = fit(&[0.99; 4], &[true, true, true, false]).value().unwrap();
        assert!((fitted.curve.predict(0.99) - 0.75).abs() < 1e-9);
        assert!(fitted.curve.temperature() > 1.0);
        assert!(serde_json::from_str::<Temperature>(r#"{"temperature":0}"#).is_err());
    }

    #[test]
    fn no_best_temperature_is_undefined() {
        let cases: [(&[f64], &[bool]); 5] = [
            (&[0.5, 0.5], &[true, false]),
            // Right and wrong at the same distances from 1/2: whether the slope is 0 must not depend on their order.
            (&[0.35, 0.65, 0.25, 0.75], &[true, true, false, false]),
            (&[0.75, 0.25, 0.65, 0.35], &[false, false, true, true]),
            (&[0.9, 0.9, 0.9], &[false, false, true]),
            (&[0.9, 0.1], &[true, false]),
        ];
        for (scores, correct) in cases {
            assert_eq!(fit(scores, correct).reason(), Some(Undefined::NotIdentifiable));
        }
    }
}
