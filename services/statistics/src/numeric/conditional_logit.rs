//! Conditional logit with a Gaussian penalty, minimised by Newton's method.

use super::linear::solve_positive_definite;
use super::sum::{Sum, log_sum_exp};

/// Features that every alternative has.
pub(crate) const SHARED: usize = 3;
/// Newton steps after which the solver gives up; six are usual.
const ITERATION_LIMIT: usize = 50;
/// Largest entry of the gradient, per item, at which it stops.
const GRADIENT_TOLERANCE: f64 = 1e-9;
/// Halvings of a step before it counts as none.
const HALVINGS: usize = 30;

/// One item: several alternatives, of which one, or one of a few, is right.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Shared features of every alternative.
    pub(crate) shared: Vec<[f64; SHARED]>,
    /// Parameters that belong to one alternative alone, each at most once: parameter and alternative.
    pub(crate) indicators: Vec<(usize, usize)>,
    /// The right alternatives, each counting alike.
    pub(crate) targets: Vec<usize>,
}

/// Parameters that minimise `sum_i -mean over targets of ln P(target) + (l2/2) |theta|^2`: `own` ones that are added
/// to the utility of a single alternative, then the coefficients of the shared features. `l2 > 0`.
pub(crate) fn fit(choices: &[Choice], own: usize, l2: f64) -> Vec<f64> {
    let mut point = Point::at(choices, vec![0.0; own + SHARED], own, l2);
    let tolerance = GRADIENT_TOLERANCE * (choices.len().max(1)) as f64;
    for _ in 0..ITERATION_LIMIT {
        if point.gradient.iter().all(|slope| slope.abs() <= tolerance) {
            break;
        }
        let Some(direction) = solve_positive_definite(&point.hessian, &point.gradient) else {
            break;
        };
        let mut length = 1.0;
        let mut next = None;
        for _ in 0..HALVINGS {
            let moved = point.parameters.iter().zip(&direction);
            let moved: Vec<f64> = moved.map(|(value, change)| value - length * change).collect();
            if loss(choices, &moved, own, l2) < point.loss {
                next = Some(moved);
                break;
            }
            length *= 0.5;
        }
        match next {
            Some(moved) => point = Point::at(choices, moved, own, l2),
            None => break,
        }
    }
    point.parameters
}

struct Point {
    parameters: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<Vec<f64>>,
}

impl Point {
    fn at(choices: &[Choice], parameters: Vec<f64>, own: usize, l2: f64) -> Self {
        let width = own + SHARED;
        let mut gradient: Vec<f64> = parameters.iter().map(|value| l2 * value).collect();
        let mut hessian = vec![vec![0.0; width]; width];
        (0..width).for_each(|index| hessian[index][index] = l2);
        let mut total = Sum::default();
        let mut scratch = Scratch::default();
        for choice in choices {
            total.add(scratch.item(choice, &parameters, own));
            scratch.add_to(choice, own, &mut gradient, &mut hessian);
        }
        let penalty: f64 = parameters.iter().map(|value| value * value).sum();
        Self {
            loss: total.total() + 0.5 * l2 * penalty,
            parameters,
            gradient,
            hessian,
        }
    }
}

fn loss(choices: &[Choice], parameters: &[f64], own: usize, l2: f64) -> f64 {
    let mut total = Sum::default();
    let mut scratch = Scratch::default();
    for choice in choices {
        total.add(scratch.item(choice, parameters, own));
    }
    let penalty: f64 = parameters.iter().map(|value| value * value).sum();
    total.total() + 0.5 * l2 * penalty
}

#[derive(Default)]
struct Scratch {
    probabilities: Vec<f64>,
    utilities: Vec<f64>,
}

impl Scratch {
    /// The loss of an item; leaves its probabilities behind.
    fn item(&mut self, choice: &Choice, parameters: &[f64], own: usize) -> f64 {
        let (single, slopes) = parameters.split_at(own);
        self.utilities.clear();
        let shared = choice.shared.iter();
        self.utilities
            .extend(shared.map(|row| row.iter().zip(slopes).map(|(x, slope)| x * slope).sum::<f64>()));
        for (parameter, alternative) in &choice.indicators {
            self.utilities[*alternative] += single[*parameter];
        }
        let total = log_sum_exp(&self.utilities);
        self.probabilities.clear();
        self.probabilities
            .extend(self.utilities.iter().map(|utility| (utility - total).exp()));
        let targets = choice.targets.iter().map(|target| total - self.utilities[*target]);
        targets.sum::<f64>() / choice.targets.len() as f64
    }

    /// Adds the item's part of gradient and Hessian (lower triangle, own parameters first).
    fn add_to(&self, choice: &Choice, own: usize, gradient: &mut [f64], hessian: &mut [Vec<f64>]) {
        let part = 1.0 / choice.targets.len() as f64;
        let mut expected = [0.0; SHARED];
        for (row, probability) in choice.shared.iter().zip(&self.probabilities) {
            for (sum, x) in expected.iter_mut().zip(row) {
                *sum += probability * x;
            }
            for first in 0..SHARED {
                for second in 0..=first {
                    hessian[own + first][own + second] += probability * row[first] * row[second];
                }
            }
        }
        for first in 0..SHARED {
            let observed: f64 = choice
                .targets
                .iter()
                .map(|target| part * choice.shared[*target][first])
                .sum();
            gradient[own + first] += expected[first] - observed;
            for second in 0..=first {
                hessian[own + first][own + second] -= expected[first] * expected[second];
            }
        }
        for (position, (parameter, alternative)) in choice.indicators.iter().enumerate() {
            let probability = self.probabilities[*alternative];
            let hit = choice.targets.iter().filter(|target| *target == alternative).count();
            gradient[*parameter] += probability - part * hit as f64;
            for (index, mean) in expected.iter().enumerate() {
                hessian[own + index][*parameter] += probability * (choice.shared[*alternative][index] - mean);
            }
            for (other, chosen) in &choice.indicators[..=position] {
                let together = if chosen == alternative { probability } else { 0.0 };
                let value = together - probability * self.probabilities[*chosen];
                hessian[*parameter.max(other)][*parameter.min(other)] += value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_that_of_the_loss_and_the_hessian_that_of_the_gradient() {
        let choices = vec![
            Choice {
                shared: vec![[0.3, 0.1, 0.0], [-1.0, 0.4, 0.0], [0.5, -0.2, 1.0]],
                indicators: vec![(2, 0), (0, 0), (1, 1)],
                targets: vec![0],
            },
            Choice {
                shared: vec![[1.0, 0.0, 0.0], [0.2, 0.7, 1.0]],
                indicators: vec![(1, 0)],
                targets: vec![0, 1],
            },
        ];
        let start: Vec<f64> = (0..6).map(|index| 0.2 * f64::from(index) - 0.5).collect();
        let point = Point::at(&choices, start.clone(), 3, 0.7);
        let step = 1e-6;
        for index in 0..6 {
            let moved = |by: f64| {
                let mut other = start.clone();
                other[index] += by;
                Point::at(&choices, other, 3, 0.7)
            };
            let (above, below) = (moved(step), moved(-step));
            let slope = (above.loss - below.loss) / (2.0 * step);
            assert!((slope - point.gradient[index]).abs() < 1e-8);
            for row in index..6 {
                let curvature = (above.gradient[row] - below.gradient[row]) / (2.0 * step);
                assert!((curvature - point.hessian[row][index]).abs() < 1e-8, "{row} {index}");
            }
        }
        let solution = fit(&choices, 3, 0.7);
        let end = Point::at(&choices, solution, 3, 0.7);
        assert!(end.gradient.iter().all(|slope| slope.abs() < 1e-8));
        assert!(end.loss < point.loss);
    }

    #[test]
    fn two_alternatives_are_a_logistic_regression() {
        // Three of four right with the only feature at 1: the log-odds of 3/4, but for a weak penalty.
        let choices: Vec<Choice> = (0..4)
            .map(|item| Choice {
                shared: vec![[1.0, 0.0, 0.0], [0.0; 3]],
                indicators: Vec::new(),
                targets: vec![usize::from(item == 0)],
            })
            .collect();
        let solution = fit(&choices, 0, 1e-9);
        assert!((solution[0] - 3.0_f64.ln()).abs() < 1e-6);
    }
}
