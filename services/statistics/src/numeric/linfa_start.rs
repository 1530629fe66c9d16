//! The logistic regression of `linfa-logistic`, with its traps closed, as the start of an exact one.
//!
//! What the crate gives is the minimum of the same loss to about four digits: its L-BFGS stops by the norm of the
//! gradient without saying whether it did, calls the more frequent of the two labels the positive one (so that signs
//! turn over with the balance of the labels), takes no weights, and is silently wrong where features are of very
//! different size. So the wrapper asks for features between -1 and 1, reads which label became the positive one, takes
//! nothing that is not finite, and leaves the last digits, and the check of the gradient, to Newton's method.

use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// Iterations after which the search ends.
const ITERATION_LIMIT: u64 = 100;
/// Norm of the gradient at which it ends.
const GRADIENT_TOLERANCE: f64 = 1e-4;

/// Intercept and coefficients that nearly minimise `sum of log losses + (l2/2) |coefficients|^2`, the intercept first;
/// none where the crate finds none, with one label only or without rows.
///
/// `features` are rows of `width` numbers between -1 and 1.
pub(crate) fn near_minimum(features: &[f64], width: usize, correct: &[bool], l2: f64) -> Option<Vec<f64>> {
    if features.iter().any(|value| !(-1.0..=1.0).contains(value)) {
        return None;
    }
    let records = Array2::from_shape_vec((correct.len(), width), features.to_vec()).ok()?;
    let data = Dataset::new(records, Array1::from_vec(correct.to_vec()));
    let fitted = LogisticRegression::default()
        .alpha(l2)
        .with_intercept(true)
        .max_iterations(ITERATION_LIMIT)
        .gradient_tolerance(GRADIENT_TOLERANCE)
        .fit(&data)
        .ok()?;
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let parameters: Vec<f64> = std::iter::once(fitted.intercept())
        .chain(fitted.params().iter().copied())
        .map(|value| sign * value)
        .collect();
    parameters.iter().all(|value| value.is_finite()).then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::newton::LogisticProblem;

    /// Two features; the first tells the label in four of five rows. `share` of the labels are right.
    fn rows(share: usize) -> (Vec<f64>, Vec<bool>) {
        let mut features = Vec::new();
        let mut correct = Vec::new();
        for row in 0..200_usize {
            let is_right = row % 10 < share;
            let tells = (row / 10) % 5 > 0;
            features.push(if is_right == tells { 1.0 } else { -1.0 });
            features.push(if row % 3 == 0 { 1.0 } else { -1.0 });
            correct.push(is_right);
        }
        (features, correct)
    }

    #[test]
    fn either_label_may_be_the_more_frequent_and_the_exact_minimum_is_near() {
        for share in [2, 8] {
            let (features, correct) = rows(share);
            let near = near_minimum(&features, 2, &correct, 1.0).unwrap();
            let design: Vec<f64> = features.chunks(2).flat_map(|row| [1.0, row[0], row[1]]).collect();
            let targets: Vec<f64> = correct.iter().map(|right| f64::from(u8::from(*right))).collect();
            let problem = LogisticProblem {
                design: &design,
                targets: &targets,
                weights: &vec![1.0; targets.len()],
                centre: &[0.0; 3],
                precision: &[0.0, 1.0, 1.0],
            };
            let exact = problem.minimise(&[0.0; 3]);
            assert!(exact.converged);
            for (near, exact) in near.iter().zip(&exact.parameters) {
                assert!((near - exact).abs() < 1e-3, "{near} and {exact}");
            }
            assert!(near[1] > 1.0, "the useful feature speaks for being right");
        }
    }

    #[test]
    fn what_it_cannot_do_is_none() {
        assert!(near_minimum(&[1e6, 0.0], 1, &[true, false], 1.0).is_none());
        assert!(near_minimum(&[1.0, 0.0], 1, &[true, true], 1.0).is_none());
        assert!(near_minimum(&[], 1, &[], 1.0).is_none());
    }
}
