//! Stacking: learning voter weights jointly, shared errors included.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, parameter, same_length};
use crate::numeric::linfa_start::near_minimum;
use crate::numeric::logistic::sigmoid;
use crate::numeric::newton::LogisticProblem;
use crate::numeric::sum::sum;

/// How a voter stands to a candidate value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Voted for it: feature +1.
    Agrees,
    /// Voted for another value: feature -1.
    Disagrees,
    /// Abstained: feature 0.
    Abstains,
}

impl Agreement {
    /// The feature of the regression.
    pub fn feature(self) -> f64 {
        match self {
            Self::Agrees => 1.0,
            Self::Disagrees => -1.0,
            Self::Abstains => 0.0,
        }
    }
}

/// A fitted logistic regression of "candidate is correct" on the voters' agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stacker {
    /// Log-odds where all abstain.
    pub intercept: f64,
    /// One coefficient per voter.
    pub coefficients: Vec<f64>,
    /// Sum of log losses plus the penalty, at the solution.
    pub penalised_loss: f64,
    /// Largest absolute entry of the gradient at the solution.
    pub gradient_norm: f64,
    /// Newton steps taken after the start.
    pub iterations: usize,
    /// Whether the gradient reached its tolerance, or no step could improve the loss any further.
    pub converged: bool,
}

impl Stacker {
    /// Probability that a candidate with this agreement is correct. It is a score: calibrate it.
    ///
    /// # Errors
    /// Another number of voters than fitted.
    pub fn predict(&self, agreement: &[Agreement]) -> Result<f64, InvalidInput> {
        same_length("agreement", self.coefficients.len(), agreement.len())?;
        let products = self.coefficients.iter().zip(agreement);
        let terms = products.map(|(weight, stance)| weight * stance.feature());
        Ok(sigmoid(self.intercept + sum(terms)))
    }
}

/// Fits `P(correct) = sigmoid(intercept + sum_v coefficient_v * feature_v)` under the penalty
/// `(l2/2) |coefficients|^2`, which spares the intercept [Wolpert, 1992, Neural Netw.].
///
/// `linfa-logistic` finds the minimum to about four digits; a few steps of Newton's method from there make it exact
/// and check the gradient, which that crate does not report.
///
/// `agreement[i]` has one entry per voter, `correct[i]` says whether the candidate was right. `l2 > 0`
/// keeps the fit finite on separable data and shares weight among copies. Choose `l2` by
/// cross-validation and cross-fit by document; at least 10 labelled errors per voter are advised.
///
/// # Errors
/// No rows, rows of unequal length, `l2` not above 0.
pub fn fit_stacker(agreement: &[Vec<Agreement>], correct: &[bool], l2: f64) -> Result<Stacker, InvalidInput> {
    let Some(first) = agreement.first() else {
        return Err(InvalidInput::Empty { what: "agreement" });
    };
    same_length("correct", agreement.len(), correct.len())?;
    for row in agreement {
        same_length("agreement", first.len(), row.len())?;
    }
    parameter("l2", l2, "a finite number above 0", l2.is_finite() && l2 > 0.0)?;
    let features: Vec<f64> = agreement.iter().flatten().map(|stance| stance.feature()).collect();
    let width = first.len() + 1;
    let start = near_minimum(&features, first.len(), correct, l2);
    let design: Vec<f64> = agreement.iter().flat_map(|row| with_intercept(row)).collect();
    let targets: Vec<f64> = correct
        .iter()
        .map(|is_correct| f64::from(u8::from(*is_correct)))
        .collect();
    let mut precision = vec![l2; width];
    precision[0] = 0.0;
    let problem = LogisticProblem {
        design: &design,
        targets: &targets,
        weights: &vec![1.0; targets.len()],
        centre: &vec![0.0; width],
        precision: &precision,
    };
    let mut solution = problem.minimise(&start.unwrap_or_else(|| vec![0.0; width]));
    Ok(Stacker {
        coefficients: solution.parameters.split_off(1),
        intercept: solution.parameters[0],
        penalised_loss: solution.loss,
        gradient_norm: solution.gradient_norm,
        iterations: solution.iterations,
        converged: solution.converged,
    })
}

/// The intercept's 1 and one feature per voter.
fn with_intercept(agreement: &[Agreement]) -> impl Iterator<Item = f64> {
    std::iter::once(1.0).chain(agreement.iter().map(|stance| stance.feature()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Agreement::{Abstains, Agrees, Disagrees};

    #[test]
    fn a_useful_voter_outweighs_a_useless_one() {
        let mut rows = Vec::new();
        let mut correct = Vec::new();
        for item in 0..40 {
            let truth = item % 2 == 0;
            let useful = if truth != (item % 10 == 0) { Agrees } else { Disagrees };
            let useless = if item % 4 < 2 { Agrees } else { Disagrees };
            rows.push(vec![useful, useless]);
            correct.push(truth);
        }
        let stacker = fit_stacker(&rows, &correct, 1.0).unwrap();
        assert!(stacker.converged);
        assert!(stacker.coefficients[0] > 5.0 * stacker.coefficients[1].abs());
        let agreed = stacker.predict(&[Agrees, Abstains]).unwrap();
        assert!(agreed > stacker.predict(&[Abstains, Abstains]).unwrap());
        assert!(stacker.predict(&[Agrees]).is_err());
    }

    #[test]
    fn refuses_bad_input() {
        assert!(fit_stacker(&[], &[], 1.0).is_err());
        assert!(fit_stacker(&[vec![Agrees]], &[true], 0.0).is_err());
        assert!(fit_stacker(&[vec![Agrees], vec![]], &[true, false], 1.0).is_err());
    }
}
