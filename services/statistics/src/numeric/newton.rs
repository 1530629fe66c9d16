//! Logistic loss with optional Gaussian penalty, minimised exactly by Newton's method.

use super::linear::solve_positive_definite;
use super::logistic::{cross_entropy, sigmoid};
use super::sum::Sum;

/// Newton steps after which the solver gives up; ten are usual.
const ITERATION_LIMIT: usize = 100;
/// Largest entry of the gradient at which it stops.
const GRADIENT_TOLERANCE: f64 = 1e-10;
/// Added to the diagonal of the Hessian, so that a direction exists where all curvature underflows.
const RIDGE: f64 = 1e-12;
/// Share of the predicted decrease that a step must achieve.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// Shortest step tried.
const SHORTEST_STEP: f64 = 1e-10;
/// Relative change of the loss that counts as rounding.
const ROUNDING: f64 = 1e-12;

/// `minimise over theta: sum_i w_i L(x_i' theta, t_i) + sum_j precision_j (theta_j - centre_j)^2 / 2`
/// with `L(z, t) = ln(1 + e^z) - t z`. Convex.
pub(crate) struct LogisticProblem<'a> {
    /// Feature rows one after another.
    pub(crate) design: &'a [f64],
    /// Targets in `[0, 1]`, one per row.
    pub(crate) targets: &'a [f64],
    /// Weights, one per row.
    pub(crate) weights: &'a [f64],
    /// Where each parameter is drawn to; its length is the width of a row.
    pub(crate) centre: &'a [f64],
    /// How strongly; 0 for a free parameter.
    pub(crate) precision: &'a [f64],
}

/// Where the solver ended.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    pub(crate) parameters: Vec<f64>,
    pub(crate) loss: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
}

struct Point {
    parameters: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    /// Lower triangle only.
    hessian: Vec<Vec<f64>>,
}

impl LogisticProblem<'_> {
    pub(crate) fn minimise(&self, start: &[f64]) -> Solution {
        let mut point = self.evaluate(start.to_vec());
        let mut iterations = 0;
        let mut last_change = f64::INFINITY;
        let mut is_stalled = false;
        while iterations < ITERATION_LIMIT && norm(&point.gradient) > GRADIENT_TOLERANCE {
            let Some(next) = self.step(&point) else {
                is_stalled = true;
                break;
            };
            iterations += 1;
            last_change = (point.loss - next.loss).abs();
            point = next;
        }
        let gradient_norm = norm(&point.gradient);
        let is_at_rounding = is_stalled && last_change <= ROUNDING * point.loss.abs().max(1.0);
        Solution {
            converged: gradient_norm <= GRADIENT_TOLERANCE || is_at_rounding,
            parameters: point.parameters,
            loss: point.loss,
            gradient_norm,
            iterations,
        }
    }

    /// A Newton step, halved until the loss falls enough. Where the change is within rounding, a step
    /// that shrinks the gradient is as good. `None` where no length helps.
    fn step(&self, point: &Point) -> Option<Point> {
        let direction = solve_positive_definite(&point.hessian, &point.gradient)?;
        let products = direction.iter().zip(&point.gradient);
        let predicted: f64 = products.map(|(change, slope)| change * slope).sum();
        let slack = ROUNDING * point.loss.abs().max(1.0);
        let mut length = 1.0;
        while length >= SHORTEST_STEP {
            let moved = point.parameters.iter().zip(&direction);
            let next = self.evaluate(moved.map(|(value, change)| value - length * change).collect());
            let decreases = next.loss < point.loss - SUFFICIENT_DECREASE * length * predicted;
            let shrinks = next.loss <= point.loss + slack && norm(&next.gradient) < 0.5 * norm(&point.gradient);
            if decreases || shrinks {
                return Some(next);
            }
            length *= 0.5;
        }
        None
    }

    fn evaluate(&self, parameters: Vec<f64>) -> Point {
        let width = self.centre.len();
        let mut loss = Sum::default();
        let mut gradient = vec![Sum::default(); width];
        let mut hessian = vec![vec![0.0; width]; width];
        let rows = self.design.chunks_exact(width.max(1));
        for ((row, target), weight) in rows.zip(self.targets).zip(self.weights) {
            let z: f64 = row.iter().zip(&parameters).map(|(x, theta)| x * theta).sum();
            let probability = sigmoid(z);
            loss.add(weight * cross_entropy(z, *target));
            let curvature = weight * probability * sigmoid(-z);
            // Written so that no digits cancel on either side.
            let residual = if z >= 0.0 {
                (1.0 - target) - sigmoid(-z)
            } else {
                probability - target
            };
            for (index, x) in row.iter().enumerate() {
                gradient[index].add(weight * residual * x);
                for (other, y) in row.iter().enumerate().take(index + 1) {
                    hessian[index][other] += curvature * x * y;
                }
            }
        }
        for index in 0..width {
            let distance = parameters[index] - self.centre[index];
            loss.add(0.5 * self.precision[index] * distance * distance);
            gradient[index].add(self.precision[index] * distance);
            hessian[index][index] += self.precision[index] + RIDGE;
        }
        Point {
            parameters,
            loss: loss.total(),
            gradient: gradient.into_iter().map(Sum::total).collect(),
            hessian,
        }
    }
}

fn norm(gradient: &[f64]) -> f64 {
    gradient.iter().map(|value| value.abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_base_rate() {
        let problem = LogisticProblem {
            design: &[1.0; 4],
            targets: &[1.0, 0.0, 0.0, 0.0],
            weights: &[1.0; 4],
            centre: &[0.0],
            precision: &[0.0],
        };
        let solution = problem.minimise(&[0.0]);
        assert!(solution.converged);
        assert!((solution.parameters[0] + 3.0_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn a_strong_penalty_holds_the_centre() {
        let problem = LogisticProblem {
            design: &[1.0; 4],
            targets: &[1.0; 4],
            weights: &[1.0; 4],
            centre: &[0.7],
            precision: &[1e9],
        };
        assert!((problem.minimise(&[0.0]).parameters[0] - 0.7).abs() < 1e-8);
    }
}
