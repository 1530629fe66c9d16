//! How well scores rank correct above wrong.

use crate::Undefined;
use crate::error::{InvalidInput, finite, same_length};
use crate::estimate::Estimate;

/// Area under the receiver operating characteristic: the probability that a correct item scores above a
/// wrong one, ties counting half, by mid-ranks [Mann & Whitney, 1947, Ann. Math. Stat.]. Any monotone score
/// will do. Undefined (`no_variation`) with one class only, (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length or a score that is not finite.
pub fn auroc(scores: &[f64], correct: &[bool]) -> Result<Estimate, InvalidInput> {
    same_length("correct", scores.len(), correct.len())?;
    finite("scores", scores)?;
    if scores.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let positives = correct.iter().filter(|is_correct| **is_correct).count();
    let negatives = correct.len() - positives;
    if positives == 0 || negatives == 0 {
        return Ok(Estimate::Undefined(Undefined::NoVariation));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*left].total_cmp(&scores[*right]));
    // Twice the number of won pairs, so that half pairs stay whole numbers.
    let (mut doubled_wins, mut negatives_below) = (0_u128, 0_u128);
    for level in order.chunk_by(|left, right| scores[*left] == scores[*right]) {
        let own_positives = level.iter().filter(|item| correct[**item]).count() as u128;
        let own_negatives = level.len() as u128 - own_positives;
        doubled_wins += own_positives * (2 * negatives_below + own_negatives);
        negatives_below += own_negatives;
    }
    let pairs = 2.0 * positives as f64 * negatives as f64;
    Ok(Estimate::Value(doubled_wins as f64 / pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_class_is_undefined() {
        let one = auroc(&[0.1, 0.2], &[true, true]).unwrap();
        assert_eq!(one.reason(), Some(Undefined::NoVariation));
        assert_eq!(auroc(&[], &[]).unwrap().reason(), Some(Undefined::TooFewItems));
    }

    proptest! {
        #[test]
        fn agrees_with_counting_pairs(rows in prop::collection::vec((0..6_i8, any::<bool>()), 2..40)) {
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let correct: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let (mut won, mut pairs) = (0.0, 0.0);
            for (first, is_correct) in rows.iter().filter(|row| row.1) {
                for (second, _) in rows.iter().filter(|row| row.1 != *is_correct) {
                    pairs += 1.0;
                    won += match first.cmp(second) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
            match auroc(&scores, &correct).unwrap() {
                Estimate::Value(area) => prop_assert!((area - won / pairs).abs() < 1e-12),
                Estimate::Undefined(_) => prop_assert_eq!(pairs, 0.0),
            }
        }
    }
}
