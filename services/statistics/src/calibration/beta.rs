//! Beta calibration.

use serde::{Deserialize, Serialize};

use super::platt::check_labelled;
use super::sample_weights::SampleWeights;
use crate::error::{InvalidInput, probabilities};
use crate::numeric::logistic::{cross_entropy, logit, sigmoid};
use crate::numeric::newton::{LogisticProblem, Solution};
use crate::numeric::sum::sum;

/// Scores are clipped to this distance from 0 and 1, where the curve's logarithms are infinite.
pub const BETA_CLIP: f64 = 1e-6;
/// Mean log loss below which the classes are separated and the slopes have no finite optimum.
const SEPARATED: f64 = 1e-6;

/// `logit p = a ln s - b ln(1 - s) + c` with `a, b >= 0`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BetaCurve {
    /// Slope on `ln s`.
    pub a: f64,
    /// Slope on `-ln(1 - s)`.
    pub b: f64,
    /// Intercept.
    pub c: f64,
}

impl BetaCurve {
    /// Probability of being correct at a score in `[0, 1]`; never falls with it.
    pub fn predict(&self, score: f64) -> f64 {
        let [low, high] = features(score);
        sigmoid(self.a * low + self.b * high + self.c)
    }
}

/// A fitted curve and what to know before trusting it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BetaFit {
    /// The curve.
    pub curve: BetaCurve,
    /// Weighted log loss at the solution.
    pub objective: f64,
    /// Whether the optimum was reached.
    pub converged: bool,
    /// Whether one class is missing or the scores separate the classes: the slopes are then arbitrary.
    pub not_identifiable: bool,
}

/// Fits beta calibration [Kull, Silva Filho & Flach, 2017, AISTATS] to scores in `[0, 1]` and raw labels.
///
/// The problem is convex: all four sets of active constraints (`a`, `b`, both or none at 0) are solved
/// exactly and the feasible one of least loss is kept. One class only gives the constant
/// `(N+ + 1) / (N + 2)`.
///
/// # Errors
/// No items, arrays of unequal length, a score outside `[0, 1]`.
pub fn fit_beta(scores: &[f64], correct: &[bool], weights: &SampleWeights) -> Result<BetaFit, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    probabilities("scores", scores)?;
    if scores.is_empty() {
        return Err(InvalidInput::Empty { what: "scores" });
    }
    let targets: Vec<f64> = correct
        .iter()
        .map(|is_correct| f64::from(u8::from(*is_correct)))
        .collect();
    let total = weights.total();
    let positive = sum(targets
        .iter()
        .zip(weights.as_slice())
        .map(|(target, weight)| target * weight));
    if positive == 0.0 || correct.iter().all(|is_correct| *is_correct) {
        let smoothed = (positive + 1.0) / (total + 2.0);
        return Ok(constant(smoothed, positive, total));
    }
    let start = logit(positive / total);
    let mut best: Option<(BetaCurve, Solution)> = None;
    for free in [[true, true], [true, false], [false, true], [false, false]] {
        let (curve, solution) = solve(scores, &targets, weights.as_slice(), free, start);
        let is_better = best.as_ref().is_none_or(|(_, other)| solution.loss < other.loss);
        if curve.a >= 0.0 && curve.b >= 0.0 && is_better {
            best = Some((curve, solution));
        }
    }
    Ok(match best {
        Some((curve, solution)) => BetaFit {
            curve,
            objective: solution.loss,
            converged: solution.converged,
            not_identifiable: solution.loss < SEPARATED * total,
        },
        None => constant(positive / total, positive, total),
    })
}

fn features(score: f64) -> [f64; 2] {
    let score = score.clamp(BETA_CLIP, 1.0 - BETA_CLIP);
    [score.ln(), -(-score).ln_1p()]
}

/// The same probability for all, against `positive` correct items out of `total`.
fn constant(probability: f64, positive: f64, total: f64) -> BetaFit {
    let loss =
        positive * cross_entropy(logit(probability), 1.0) + (total - positive) * cross_entropy(logit(probability), 0.0);
    BetaFit {
        curve: BetaCurve {
            a: 0.0,
            b: 0.0,
            c: logit(probability),
        },
        objective: loss,
        converged: true,
        not_identifiable: true,
    }
}

fn solve(scores: &[f64], targets: &[f64], weights: &[f64], free: [bool; 2], start: f64) -> (BetaCurve, Solution) {
    let design: Vec<f64> = scores
        .iter()
        .flat_map(|score| {
            let kept = features(*score).into_iter().zip(free);
            kept.filter_map(|(feature, is_free)| is_free.then_some(feature))
                .chain([1.0])
        })
        .collect();
    let width = 1 + free.iter().filter(|is_free| **is_free).count();
    let mut initial = vec![0.0; width];
    initial[width - 1] = start;
    let problem = LogisticProblem {
        design: &design,
        targets,
        weights,
        centre: &vec![0.0; width],
        precision: &vec![0.0; width],
    };
    let solution = problem.minimise(&initial);
    let mut slopes = solution.parameters.iter().copied();
    let mut next = |is_free: bool| if is_free { slopes.next().unwrap_or(0.0) } else { 0.0 };
    let curve = BetaCurve {
        a: next(free[0]),
        b: next(free[1]),
        c: next(true),
    };
    (curve, solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(scores: &[f64], correct: &[bool]) -> BetaFit {
        fit_beta(scores, correct, &SampleWeights::even(scores.len())).unwrap()
    }

    #[test]
    fn one_class_is_a_smoothed_constant() {
        let fitted = fit(&[0.2, 0.7, 1.0], &[true; 3]);
        assert!(fitted.not_identifiable);
        assert!((fitted.curve.predict(0.4) - 0.8).abs() < 1e-12);
        assert!((fitted.objective + 3.0 * 0.8_f64.ln()).abs() < 1e-12);
        let none = fit(&[0.2, 0.7, 1.0], &[false; 3]);
        assert!((none.curve.predict(0.4) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn separated_scores_are_flagged() {
        assert!(fit(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).not_identifiable);
    }

    #[test]
    fn never_falls() {
        let fitted = fit(&[0.9, 0.8, 0.3, 0.2, 0.5], &[false, true, true, false, true]);
        let values: Vec<f64> = (0..=20)
            .map(|step| fitted.curve.predict(f64::from(step) / 20.0))
            .collect();
        assert!(values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
    }
}
