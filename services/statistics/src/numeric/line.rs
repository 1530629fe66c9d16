//! Logistic loss of a line in one score with two targets, minimised exactly: the solver for millions of rows.

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
/// Rows summed plainly before the sums are added with correction.
const BLOCK: usize = 128;
/// Rows from which on a first solution comes from a part of them.
const LARGE: usize = 100_000;
/// One row in so many is in that part.
const STRIDE: usize = 61;

/// `minimise over slope, intercept: sum_i w_i L(slope u_i + intercept, t_i)` with `L(z, t) = ln(1 + e^z) - t z`,
/// `u = (score - mean) * scale` and a target that depends on the label alone. Convex.
#[derive(Clone, Copy)]
pub(crate) struct LineProblem<'a> {
    pub(crate) scores: &'a [f64],
    pub(crate) labels: &'a [bool],
    pub(crate) weights: &'a [f64],
    pub(crate) mean: f64,
    pub(crate) scale: f64,
    /// Target of a row whose label is true.
    pub(crate) high: f64,
    /// Target of a row whose label is false.
    pub(crate) low: f64,
}

/// Where the solver ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineSolution {
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
    pub(crate) loss: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
}

/// Loss, gradient and curvature at one line.
#[derive(Clone, Copy)]
struct Point {
    slope: f64,
    intercept: f64,
    loss: f64,
    gradient: [f64; 2],
    /// By slope twice, by both, by intercept twice.
    curvature: [f64; 3],
}

impl Point {
    fn norm(&self) -> f64 {
        self.gradient[0].abs().max(self.gradient[1].abs())
    }

    /// The Newton direction `H^-1 g`; `None` where rounding has left no positive determinant.
    fn direction(&self) -> Option<[f64; 2]> {
        let [slopes, mixed, intercepts] = self.curvature;
        let determinant = slopes * intercepts - mixed * mixed;
        let [by_slope, by_intercept] = self.gradient;
        let direction = [
            (intercepts * by_slope - mixed * by_intercept) / determinant,
            (slopes * by_intercept - mixed * by_slope) / determinant,
        ];
        (determinant > 0.0 && direction.iter().all(|part| part.is_finite())).then_some(direction)
    }
}

impl LineProblem<'_> {
    /// Newton's method from a flat line at `intercept`. On many rows a part of them, spread evenly, is solved
    /// first: its solution is close, and only two or three steps look at everything.
    pub(crate) fn minimise(&self, intercept: f64) -> LineSolution {
        let mut start = [0.0, intercept];
        if self.scores.len() >= LARGE {
            let part = self.run(start, STRIDE);
            if part.converged {
                start = [part.slope, part.intercept];
            }
        }
        self.run(start, 1)
    }

    fn run(&self, start: [f64; 2], stride: usize) -> LineSolution {
        let mut point = self.evaluate(start, stride);
        let mut iterations = 0;
        let mut last_change = f64::INFINITY;
        let mut is_stalled = false;
        while iterations < ITERATION_LIMIT && point.norm() > GRADIENT_TOLERANCE {
            let Some(next) = self.step(&point, stride) else {
                is_stalled = true;
                break;
            };
            iterations += 1;
            last_change = (point.loss - next.loss).abs();
            point = next;
        }
        // Where no step helps any more, a tiny last change means that only rounding is left.
        let is_at_rounding = is_stalled && last_change.min(point.norm()) <= ROUNDING * point.loss.abs().max(1.0);
        LineSolution {
            slope: point.slope,
            intercept: point.intercept,
            loss: point.loss,
            gradient_norm: point.norm(),
            iterations,
            converged: point.norm() <= GRADIENT_TOLERANCE || is_at_rounding,
        }
    }

    /// A Newton step, halved until the loss falls enough. Where the change is within rounding, a step
    /// that shrinks the gradient is as good. `None` where no length helps.
    fn step(&self, point: &Point, stride: usize) -> Option<Point> {
        let [slope, intercept] = point.direction()?;
        let predicted = slope * point.gradient[0] + intercept * point.gradient[1];
        let slack = ROUNDING * point.loss.abs().max(1.0);
        let mut length = 1.0;
        while length >= SHORTEST_STEP {
            let moved = [point.slope - length * slope, point.intercept - length * intercept];
            let next = self.evaluate(moved, stride);
            let decreases = next.loss < point.loss - SUFFICIENT_DECREASE * length * predicted;
            let shrinks = next.loss <= point.loss + slack && next.norm() < 0.5 * point.norm();
            if decreases || shrinks {
                return Some(next);
            }
            // Steps this short change nothing but the last digits.
            if predicted.abs() * length <= 1e-3 * slack {
                return None;
            }
            length *= 0.5;
        }
        None
    }

    fn evaluate(&self, line: [f64; 2], stride: usize) -> Point {
        let mut totals = [Sum::default(); 6];
        let length = BLOCK * stride;
        let scores = self.scores.chunks(length);
        for ((scores, labels), weights) in scores.zip(self.labels.chunks(length)).zip(self.weights.chunks(length)) {
            let block = self.block(line, scores, labels, weights, stride);
            for (total, part) in totals.iter_mut().zip(block) {
                total.add(part);
            }
        }
        let [loss, by_slope, by_intercept, slopes, mixed, intercepts] = totals.map(Sum::total);
        Point {
            slope: line[0],
            intercept: line[1],
            loss,
            gradient: [by_slope, by_intercept],
            curvature: [slopes + RIDGE, mixed, intercepts + RIDGE],
        }
    }

    /// Sums over one block: loss, gradient by slope and intercept, curvature by both.
    fn block(&self, line: [f64; 2], scores: &[f64], labels: &[bool], weights: &[f64], stride: usize) -> [f64; 6] {
        let mut sums = [0.0; 6];
        let rows = scores.iter().zip(labels).zip(weights);
        for ((score, label), weight) in rows.step_by(stride) {
            let unit = (score - self.mean) * self.scale;
            let z = line[0] * unit + line[1];
            let target = if *label { self.high } else { self.low };
            // All from one exponential, arranged so that nothing cancels on either side.
            let exponential = (-z.abs()).exp();
            let near = 1.0 / (1.0 + exponential);
            let far = exponential * near;
            let (residual, linear) = if z >= 0.0 {
                ((1.0 - target) - far, (1.0 - target) * z)
            } else {
                (far - target, -target * z)
            };
            let curvature = weight * near * far;
            let pull = weight * residual;
            sums[0] += weight * (linear + exponential.ln_1p());
            sums[1] += pull * unit;
            sums[2] += pull;
            sums[3] += curvature * unit * unit;
            sums[4] += curvature * unit;
            sums[5] += curvature;
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::numeric::logistic::sigmoid;
    use crate::numeric::newton::LogisticProblem;
    use crate::numeric::random::generator;

    #[test]
    fn agrees_with_the_general_solver_however_many_rows() {
        for rows in [40, LARGE + 7] {
            let mut random = generator(6, rows as u64);
            let scores: Vec<f64> = (0..rows).map(|_| random.random_range(-3.0..5.0)).collect();
            let labels: Vec<bool> = scores
                .iter()
                .map(|score| random.random::<f64>() < sigmoid(0.8 * score - 0.3))
                .collect();
            let weights: Vec<f64> = (0..rows).map(|_| random.random_range(0.5..2.0)).collect();
            let problem = LineProblem {
                scores: &scores,
                labels: &labels,
                weights: &weights,
                mean: 1.0,
                scale: 0.5,
                high: 0.99,
                low: 0.02,
            };
            let solution = problem.minimise(0.1);
            assert!(solution.converged, "{solution:?}");
            let design: Vec<f64> = scores.iter().flat_map(|score| [(score - 1.0) * 0.5, 1.0]).collect();
            let targets: Vec<f64> = labels.iter().map(|label| if *label { 0.99 } else { 0.02 }).collect();
            let general = LogisticProblem {
                design: &design,
                targets: &targets,
                weights: &weights,
                centre: &[0.0, 0.0],
                precision: &[0.0, 0.0],
            }
            .minimise(&[0.0, 0.1]);
            assert!((general.parameters[0] - solution.slope).abs() < 1e-10);
            assert!((general.parameters[1] - solution.intercept).abs() < 1e-10);
            assert!((general.loss / solution.loss - 1.0).abs() < 1e-12);
        }
    }
}
