//! Candidate thresholds for continuous scores.

use crate::error::{InvalidInput, finite, parameter};

/// Replaces every score by the lowest score of its step, where the items, best first, are cut into `steps` steps of
/// about equal size with equal scores kept together: the candidate thresholds of
/// [`certify_threshold`](super::certify_threshold) for scores that take (nearly) as many values as there are items. With
/// no more distinct scores than steps, nothing changes. Looks at scores alone, never at errors.
///
/// `scores[i]` belongs to item `i`, and so does the result.
///
/// # Errors
/// A score that is not finite, or no steps.
pub fn coverage_steps(scores: &[f64], steps: usize) -> Result<Vec<f64>, InvalidInput> {
    finite("scores", scores)?;
    parameter("steps", steps as f64, "at least 1", steps > 0)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let levels: Vec<&[usize]> = order.chunk_by(|left, right| scores[*left] == scores[*right]).collect();
    if levels.len() <= steps {
        return Ok(scores.to_vec());
    }
    let size = scores.len().div_ceil(steps);
    let mut stepped = scores.to_vec();
    let mut waiting: Vec<usize> = Vec::new();
    let last = levels.len() - 1;
    for (position, level) in levels.into_iter().enumerate() {
        waiting.extend_from_slice(level);
        if waiting.len() >= size || position == last {
            let lowest = scores[level[0]];
            for item in waiting.drain(..) {
                stepped[item] = lowest;
            }
        }
    }
    Ok(stepped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_step_has_the_lowest_of_its_scores() {
        assert_eq!(coverage_steps(&[0.9, 0.1, 0.5, 0.7], 2).unwrap(), [0.7, 0.1, 0.1, 0.7]);
        assert_eq!(coverage_steps(&[0.9, 0.1, 0.9], 2).unwrap(), [0.9, 0.1, 0.9]);
        assert!(coverage_steps(&[0.9], 0).is_err());
        assert!(coverage_steps(&[f64::NAN], 3).is_err());
        assert!(coverage_steps(&[], 3).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn steps_keep_the_order_and_are_few(scores in prop::collection::vec(0.0..1.0_f64, 0..80), steps in 1..12_usize) {
            let stepped = coverage_steps(&scores, steps).unwrap();
            let mut distinct = stepped.clone();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            prop_assert!(distinct.len() <= steps);
            for (score, step) in scores.iter().zip(&stepped) {
                prop_assert!(step <= score);
                for (other, other_step) in scores.iter().zip(&stepped) {
                    prop_assert!(score < other || step >= other_step);
                }
            }
        }
    }
}
