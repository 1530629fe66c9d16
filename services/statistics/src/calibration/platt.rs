//! Platt scaling with smoothed targets, fitted exactly.

use serde::{Deserialize, Serialize};

use super::sample_weights::SampleWeights;
use crate::error::{InvalidInput, finite, same_length};
use crate::numeric::line::{LineProblem, LineSolution};
use crate::numeric::logistic::{cross_entropy, logit, sigmoid};
use crate::numeric::sum::sum;

/// `p = 1 / (1 + exp(-(slope * score + intercept)))`. Platt's own letters are `A = -slope` and
/// `B = -intercept`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlattCurve {
    /// Log-odds per unit of score.
    pub slope: f64,
    /// Log-odds at score 0.
    pub intercept: f64,
}

impl PlattCurve {
    /// Probability of being correct at a finite `score`; monotone in it.
    pub fn predict(&self, score: f64) -> f64 {
        sigmoid(self.slope * score + self.intercept)
    }
}

/// A fitted curve and what to know before trusting it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlattFit {
    /// The curve.
    pub curve: PlattCurve,
    /// Weight of the correct items, `N+`.
    pub positive_weight: f64,
    /// Weight of the wrong items, `N-`.
    pub negative_weight: f64,
    /// Smoothed target of correct items, `(N+ + 1) / (N+ + 2)`.
    pub positive_target: f64,
    /// Smoothed target of wrong items, `1 / (N- + 2)`.
    pub negative_target: f64,
    /// Weighted log loss against the smoothed targets at the solution.
    pub objective: f64,
    /// Newton steps taken; 0 for a constant curve.
    pub iterations: usize,
    /// Largest entry of the gradient, in units of the standardised score.
    pub gradient_norm: f64,
    /// Whether the optimum was reached; the probabilities are then within 5e-9 of it.
    pub converged: bool,
    /// Whether higher scores mean less often correct. Such a curve must not accept automatically.
    pub inverted: bool,
    /// Whether one class is missing or all scores are alike, so that the curve is a constant.
    pub not_identifiable: bool,
}

impl PlattFit {
    /// Whether nothing forbids accepting automatically on this curve: it converged, rises with the score
    /// and is more than a constant.
    pub fn is_trustworthy(&self) -> bool {
        self.converged && !self.inverted && !self.not_identifiable
    }
}

/// Fits a Platt curve [Platt, 1999, Adv. Large Margin Classifiers; Lin, Lin & Weng, 2007, Mach. Learn.].
///
/// `scores[i]` is the raw score, by default the add-half logit of the share
/// ([`add_half_logit`](crate::score::add_half_logit)); `correct[i]` says whether the item was right.
/// The log loss against the targets `t+ = (N+ +1)/(N+ +2)` and `t- = 1/(N- +2)` is minimised by Newton's
/// method on standardised scores, to a gradient of 1e-10. Separable data stay finite.
///
/// One class only gives the constant `t+` or `t-`; constant scores give the weighted mean target; both
/// are flagged `not_identifiable`.
///
/// # Errors
/// No items, arrays of unequal length, a score that is not finite.
pub fn fit_platt(scores: &[f64], correct: &[bool], weights: &SampleWeights) -> Result<PlattFit, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    if scores.is_empty() {
        return Err(InvalidInput::Empty { what: "scores" });
    }
    let targets = Targets::smoothed(correct, weights.as_slice());
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if targets.positive_weight == 0.0 || targets.negative_weight == 0.0 || lowest == highest {
        return Ok(targets.constant_fit(correct, weights.as_slice()));
    }
    Ok(targets.fit(scores, correct, weights.as_slice()))
}

/// Checks arrays that belong together.
pub(crate) fn check_labelled(scores: &[f64], correct: &[bool], weights: &SampleWeights) -> Result<(), InvalidInput> {
    same_length("correct", scores.len(), correct.len())?;
    weights.check_length(scores.len())?;
    finite("scores", scores)
}

/// The two classes' weights and smoothed targets.
struct Targets {
    positive_weight: f64,
    negative_weight: f64,
    positive: f64,
    negative: f64,
}

impl Targets {
    fn smoothed(correct: &[bool], weights: &[f64]) -> Self {
        let class = |wanted: bool| {
            let pairs = correct.iter().zip(weights);
            sum(pairs
                .filter(|(is_correct, _)| **is_correct == wanted)
                .map(|(_, weight)| *weight))
        };
        let (positive_weight, negative_weight) = (class(true), class(false));
        Self {
            positive_weight,
            negative_weight,
            positive: (positive_weight + 1.0) / (positive_weight + 2.0),
            negative: 1.0 / (negative_weight + 2.0),
        }
    }

    fn of(&self, is_correct: bool) -> f64 {
        if is_correct { self.positive } else { self.negative }
    }

    fn constant_fit(&self, correct: &[bool], weights: &[f64]) -> PlattFit {
        let total = self.positive_weight + self.negative_weight;
        let mean = (self.positive_weight * self.positive + self.negative_weight * self.negative) / total;
        let intercept = logit(mean);
        let rows = correct.iter().zip(weights);
        let loss = rows.map(|(is_correct, weight)| weight * cross_entropy(intercept, self.of(*is_correct)));
        PlattFit {
            curve: PlattCurve { slope: 0.0, intercept },
            positive_weight: self.positive_weight,
            negative_weight: self.negative_weight,
            positive_target: self.positive,
            negative_target: self.negative,
            objective: sum(loss),
            iterations: 0,
            gradient_norm: 0.0,
            converged: true,
            inverted: false,
            not_identifiable: true,
        }
    }

    fn fit(&self, scores: &[f64], correct: &[bool], weights: &[f64]) -> PlattFit {
        let scale = Standardisation::of(scores, weights);
        let problem = LineProblem {
            scores,
            labels: correct,
            weights,
            mean: scale.mean,
            scale: 1.0 / scale.deviation,
            high: self.positive,
            low: self.negative,
        };
        let start = ((self.positive_weight + 1.0) / (self.negative_weight + 1.0)).ln();
        let solution = problem.minimise(start);
        self.report(scale.curve(&solution), &solution)
    }

    fn report(&self, curve: PlattCurve, solution: &LineSolution) -> PlattFit {
        PlattFit {
            curve,
            positive_weight: self.positive_weight,
            negative_weight: self.negative_weight,
            positive_target: self.positive,
            negative_target: self.negative,
            objective: solution.loss,
            iterations: solution.iterations,
            gradient_norm: solution.gradient_norm,
            converged: solution.converged,
            inverted: curve.slope < 0.0,
            not_identifiable: false,
        }
    }
}

/// `u = (score - mean) / deviation`, so that the solver does not depend on the unit of the score.
struct Standardisation {
    mean: f64,
    deviation: f64,
}

impl Standardisation {
    fn of(scores: &[f64], weights: &[f64]) -> Self {
        let total = sum(weights.iter().copied());
        let mean = sum(scores
            .iter()
            .zip(weights)
            .map(|(score, weight)| score * (weight / total)));
        let spread = scores.iter().map(|score| (score - mean).abs()).fold(0.0, f64::max);
        let squares = scores
            .iter()
            .zip(weights)
            .map(|(score, weight)| ((score - mean) / spread).powi(2) * (weight / total));
        Self {
            mean,
            deviation: spread * sum(squares).sqrt(),
        }
    }

    fn curve(&self, solution: &LineSolution) -> PlattCurve {
        let slope = solution.slope / self.deviation;
        PlattCurve {
            slope,
            intercept: solution.intercept - slope * self.mean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fit(scores: &[f64], correct: &[bool]) -> PlattFit {
        fit_platt(scores, correct, &SampleWeights::even(scores.len())).unwrap()
    }

    #[test]
    fn refuses_what_has_no_meaning() {
        let even = SampleWeights::even(1);
        assert!(fit_platt(&[], &[], &SampleWeights::even(0)).is_err());
        assert!(fit_platt(&[f64::NAN], &[true], &even).is_err());
        assert!(fit_platt(&[0.1, 0.2], &[true], &even).is_err());
    }

    #[test]
    fn flags_an_inverted_relation() {
        let scores = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9];
        let inverted = fit(&scores, &[true, true, true, false, false, false]);
        assert!(inverted.inverted && !inverted.is_trustworthy());
        let upright = fit(&scores, &[false, false, false, true, true, true]);
        assert!(upright.is_trustworthy());
    }

    #[test]
    fn unit_of_the_score_does_not_matter() {
        let scores = [0.1, 0.35, 0.4, 0.6, 0.8, 0.9];
        let correct = [false, true, false, true, false, true];
        let plain = fit(&scores, &correct);
        for unit in [1e-6, 1e6] {
            let scaled: Vec<f64> = scores.iter().map(|score| score * unit + 3.0 * unit).collect();
            let other = fit(&scaled, &correct);
            assert!(other.converged);
            for (score, same) in scores.iter().zip(&scaled) {
                let difference = plain.curve.predict(*score) - other.curve.predict(*same);
                assert!(difference.abs() < 1e-9, "{unit}: {difference}");
            }
        }
    }

    #[test]
    fn survives_serialisation() {
        let fitted = fit(&[0.1, 0.9, 0.4], &[false, true, true]);
        let text = serde_json::to_string(&fitted).unwrap();
        let back: PlattFit = serde_json::from_str(&text).unwrap();
        assert_eq!(back, fitted);
    }

    proptest! {
        #[test]
        fn is_monotone_bounded_and_converged(
            rows in prop::collection::vec((-8.0..8.0_f64, any::<bool>()), 2..60),
        ) {
            let (scores, correct): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let fitted = fit(&scores, &correct);
            prop_assert!(fitted.converged, "{fitted:?}");
            let grid: Vec<f64> = (-40..=40).map(|step| fitted.curve.predict(f64::from(step))).collect();
            prop_assert!(grid.iter().all(|p| (0.0..=1.0).contains(p)));
            let rising = grid.windows(2).all(|pair| pair[0] <= pair[1]);
            let falling = grid.windows(2).all(|pair| pair[0] >= pair[1]);
            let is_monotone = if fitted.inverted { falling } else { rising };
            prop_assert!(is_monotone);
            // At the optimum the mean prediction equals the mean target.
            let predicted = sum(scores.iter().map(|score| fitted.curve.predict(*score)));
            let target = sum(correct.iter().map(|is_correct| {
                if *is_correct { fitted.positive_target } else { fitted.negative_target }
            }));
            prop_assert!((predicted - target).abs() < 1e-8);
        }

        #[test]
        fn order_of_items_does_not_matter(
            rows in prop::collection::vec((-8.0..8.0_f64, any::<bool>()), 2..40),
        ) {
            let (scores, correct): (Vec<f64>, Vec<bool>) = rows.iter().copied().unzip();
            let (backwards, labels): (Vec<f64>, Vec<bool>) = rows.iter().rev().copied().unzip();
            let first = fit(&scores, &correct);
            let second = fit(&backwards, &labels);
            for score in &scores {
                let difference = first.curve.predict(*score) - second.curve.predict(*score);
                prop_assert!(difference.abs() < 1e-8);
            }
        }
    }
}
