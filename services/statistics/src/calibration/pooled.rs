//! Platt curves of fields with few labels, drawn towards a global curve.

use serde::{Deserialize, Serialize};

use super::platt::{PlattCurve, PlattFit, check_labelled, fit_platt};
use super::sample_weights::SampleWeights;
use crate::error::{InvalidInput, positive};
use crate::numeric::newton::LogisticProblem;

/// How far a field may stray from the global curve: standard deviations of its Gaussian prior.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPooling")]
pub struct Pooling {
    slope_deviation: f64,
    intercept_deviation: f64,
}

#[derive(Deserialize)]
struct RawPooling {
    slope_deviation: f64,
    intercept_deviation: f64,
}

impl TryFrom<RawPooling> for Pooling {
    type Error = InvalidInput;

    fn try_from(raw: RawPooling) -> Result<Self, InvalidInput> {
        Self::new(raw.slope_deviation, raw.intercept_deviation)
    }
}

impl Default for Pooling {
    /// Slope 0.5, intercept 1.
    fn default() -> Self {
        Self {
            slope_deviation: 0.5,
            intercept_deviation: 1.0,
        }
    }
}

impl Pooling {
    /// Standard deviations of slope and intercept around the global curve.
    ///
    /// # Errors
    /// A deviation that is not finite and above 0.
    pub fn new(slope_deviation: f64, intercept_deviation: f64) -> Result<Self, InvalidInput> {
        positive("slope deviation", slope_deviation)?;
        positive("intercept deviation", intercept_deviation)?;
        Ok(Self {
            slope_deviation,
            intercept_deviation,
        })
    }
}

/// The curve of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledField {
    /// The curve; the global one where the field has no labels.
    pub curve: PlattCurve,
    /// Labels of the field.
    pub labels: usize,
    /// Log loss plus the prior's penalty at the solution.
    pub objective: f64,
    /// Newton steps taken.
    pub iterations: usize,
    /// Largest entry of the gradient.
    pub gradient_norm: f64,
    /// Whether the optimum was reached.
    pub converged: bool,
    /// Whether the slope is negative. Such a curve must not accept automatically.
    pub inverted: bool,
}

/// Curves of all fields and the global curve they are drawn to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledPlatt {
    /// Platt fit with smoothed targets on all fields together.
    pub global: PlattFit,
    /// One curve per field, in the order given.
    pub fields: Vec<PooledField>,
}

/// Fits one field by maximum a posteriori: minimise `sum w * log loss + (slope - global)^2 / (2 ts^2) +
/// (intercept - global)^2 / (2 ti^2)` with raw 0/1 labels, because the prior regularises and smoothing
/// as well would bias. Without labels the global curve is returned.
///
/// # Errors
/// Arrays of unequal length, a score that is not finite.
pub fn fit_platt_around(
    global: PlattCurve,
    scores: &[f64],
    correct: &[bool],
    weights: &SampleWeights,
    pooling: Pooling,
) -> Result<PooledField, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    let design: Vec<f64> = scores.iter().flat_map(|score| [*score, 1.0]).collect();
    let targets: Vec<f64> = correct
        .iter()
        .map(|is_correct| f64::from(u8::from(*is_correct)))
        .collect();
    let centre = [global.slope, global.intercept];
    let problem = LogisticProblem {
        design: &design,
        targets: &targets,
        weights: weights.as_slice(),
        centre: &centre,
        precision: &[pooling.slope_deviation.powi(-2), pooling.intercept_deviation.powi(-2)],
    };
    let solution = problem.minimise(&centre);
    let [slope, intercept] = solution.parameters[..] else {
        return Err(InvalidInput::Empty { what: "parameters" });
    };
    Ok(PooledField {
        curve: PlattCurve { slope, intercept },
        labels: scores.len(),
        objective: solution.loss,
        iterations: solution.iterations,
        gradient_norm: solution.gradient_norm,
        converged: solution.converged,
        inverted: slope < 0.0,
    })
}

/// Fits a global curve on all fields together and one curve per field around it.
///
/// `fields[f]` holds the scores and labels of field `f`, possibly none.
///
/// # Errors
/// No labels at all, arrays of unequal length, a score that is not finite.
pub fn fit_pooled_platt(fields: &[(&[f64], &[bool])], pooling: Pooling) -> Result<PooledPlatt, InvalidInput> {
    let scores: Vec<f64> = fields.iter().flat_map(|(scores, _)| *scores).copied().collect();
    let correct: Vec<bool> = fields.iter().flat_map(|(_, correct)| *correct).copied().collect();
    let global = fit_platt(&scores, &correct, &SampleWeights::even(scores.len()))?;
    let fields = fields
        .iter()
        .map(|(scores, correct)| {
            let even = SampleWeights::even(scores.len());
            fit_platt_around(global.curve, scores, correct, &even, pooling)
        })
        .collect::<Result<_, _>>()?;
    Ok(PooledPlatt { global, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOBAL: PlattCurve = PlattCurve {
        slope: 1.2,
        intercept: -0.4,
    };

    #[test]
    fn no_labels_return_the_global_curve() {
        let nothing = SampleWeights::even(0);
        let field = fit_platt_around(GLOBAL, &[], &[], &nothing, Pooling::default()).unwrap();
        assert_eq!(field.curve, GLOBAL);
        assert!(field.converged);
    }

    #[test]
    fn stronger_pooling_stays_closer() {
        let scores = [-1.0, 0.0, 1.0, 2.0];
        let correct = [true, true, false, false];
        let even = SampleWeights::even(4);
        let distance = |deviation: f64| {
            let pooling = Pooling::new(deviation, deviation).unwrap();
            let field = fit_platt_around(GLOBAL, &scores, &correct, &even, pooling).unwrap();
            (field.curve.slope - GLOBAL.slope).abs()
        };
        assert!(distance(0.05) < distance(0.5) && distance(0.5) < distance(5.0));
        assert!(Pooling::new(0.0, 1.0).is_err());
    }
}
