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
    /// Whether one class is missing or no wrong item scores higher than a right one: the slopes then have no finite
    /// optimum [Albert & Anderson, 1984, Biometrika].
    pub not_identifiable: bool,
}

/// Which slopes are sought; the others are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slopes {
    Both,
    /// Both, with the same value.
    Equal,
    A,
    B,
    Neither,
}

impl Slopes {
    /// The features of a score whose slopes are sought.
    fn features(self, score: f64) -> impl Iterator<Item = f64> {
        let [low, high] = features(score);
        let kept = match self {
            Self::Both => [Some(low), Some(high)],
            Self::Equal => [Some(low + high), None],
            Self::A => [Some(low), None],
            Self::B => [Some(high), None],
            Self::Neither => [None, None],
        };
        kept.into_iter().flatten()
    }

    /// The curve of these slopes and intercept, in the order of the features.
    fn curve(self, parameters: &[f64]) -> BetaCurve {
        let (a, b, c) = match (self, parameters) {
            (Self::Both, [a, b, c]) => (*a, *b, *c),
            (Self::Equal, [slope, c]) => (*slope, *slope, *c),
            (Self::A, [a, c]) => (*a, 0.0, *c),
            (Self::B, [b, c]) => (0.0, *b, *c),
            (_, rest) => (0.0, 0.0, rest.last().copied().unwrap_or(0.0)),
        };
        BetaCurve { a, b, c }
    }
}

/// Fits beta calibration [Kull, Silva Filho & Flach, 2017, AISTATS] to scores in `[0, 1]` and raw labels.
///
/// The problem is convex: all four sets of active constraints (`a`, `b`, both or none at 0) are solved
/// exactly and the feasible one of least loss is kept. Scores of two values determine one slope alone, so both slopes
/// are the same there. One class only gives the constant `(N+ + 1) / (N + 2)`.
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
    for slopes in candidates(scores) {
        let (curve, solution) = solve(scores, &targets, weights.as_slice(), *slopes, start);
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
            not_identifiable: is_separated(scores, correct),
        },
        None => constant(positive / total, positive, total),
    })
}

fn clipped(score: f64) -> f64 {
    score.clamp(BETA_CLIP, 1.0 - BETA_CLIP)
}

fn features(score: f64) -> [f64; 2] {
    let score = clipped(score);
    [score.ln(), -(-score).ln_1p()]
}

/// Whether some score has all that is wrong at or below it and all that is right at or above it. As the curve may only
/// rise, a steeper one then never fits worse.
fn is_separated(scores: &[f64], correct: &[bool]) -> bool {
    let of_class = |class: bool| {
        let items = scores.iter().zip(correct);
        items.filter_map(move |(score, is_correct)| (*is_correct == class).then_some(clipped(*score)))
    };
    let highest_wrong = of_class(false).fold(f64::NEG_INFINITY, f64::max);
    let lowest_right = of_class(true).fold(f64::INFINITY, f64::min);
    highest_wrong <= lowest_right
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

/// The sets of slopes of which one is the best.
fn candidates(scores: &[f64]) -> &'static [Slopes] {
    let first = scores.first().map_or(0.0, |score| clipped(*score));
    let mut others = scores
        .iter()
        .map(|score| clipped(*score))
        .filter(|score| *score != first);
    let second = others.next();
    if others.any(|score| Some(score) != second) {
        &[Slopes::Both, Slopes::A, Slopes::B, Slopes::Neither]
    } else {
        &[Slopes::Equal, Slopes::Neither]
    }
}

fn solve(scores: &[f64], targets: &[f64], weights: &[f64], slopes: Slopes, start: f64) -> (BetaCurve, Solution) {
    let rows = scores.iter().map(|score| slopes.features(*score));
    let design: Vec<f64> = rows.flat_map(|row| row.chain([1.0])).collect();
    let width = design.len() / scores.len().max(1);
    let mut initial = vec![0.0; width];
    if let Some(intercept) = initial.last_mut() {
        *intercept = start;
    }
    let problem = LogisticProblem {
        design: &design,
        targets,
        weights,
        centre: &vec![0.0; width],
        precision: &vec![0.0; width],
    };
    let solution = problem.minimise(&initial);
    let curve = slopes.curve(&solution.parameters);
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
        // Two items at the border do not agree, and yet the steeper the better.
        assert!(fit(&[0.0, 0.45, 0.45], &[false, false, true]).not_identifiable);
        assert!(!fit(&[0.0, 0.5, 0.45], &[false, false, true]).not_identifiable);
    }

    #[test]
    fn two_values_determine_one_slope() {
        let fitted = fit(&[0.9, 0.5, 0.5, 0.9, 0.5], &[true, false, true, false, false]);
        assert!((fitted.curve.a - fitted.curve.b).abs() < 1e-12 && !fitted.not_identifiable);
        assert!((fitted.curve.predict(0.5) - 1.0 / 3.0).abs() < 1e-9);
        assert!((fitted.curve.predict(0.9) - 0.5).abs() < 1e-9);
        let falling = fit(&[0.1, 0.1, 0.8, 0.8], &[true, true, false, true]);
        assert!((falling.curve.predict(0.1) - 0.75).abs() < 1e-9);
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
