//! Who is asked first.

use crate::error::{InvalidInput, every, open_unit, parameter, same_length};

/// Information in nats that a vote is expected to give about the truth, when the voter is right with probability
/// `accuracy`, errors are even over the other `classes - 1`, and classes are equally frequent: the mutual information
/// `ln K + p ln p + (1 - p) ln((1 - p) / (K - 1))` [Cover & Thomas, 2006, Elements of Information Theory]. 0 for a voter no
/// better than chance, whose vote has no weight.
///
/// # Errors
/// An accuracy outside (0, 1), or fewer than two classes.
pub fn expected_information(accuracy: f64, classes: usize) -> Result<f64, InvalidInput> {
    open_unit("accuracy", accuracy)?;
    parameter("classes", classes as f64, "at least 2", classes >= 2)?;
    let count = classes as f64;
    if accuracy <= 1.0 / count {
        return Ok(0.0);
    }
    let error = 1.0 - accuracy;
    let information = count.ln() + accuracy * accuracy.ln() + error * (error / (count - 1.0)).ln();
    Ok(information.max(0.0))
}

/// The voters by expected information for each unit of price, the most first; among equals the first comes first.
/// `prices` are in any unit, above 0.
///
/// # Errors
/// Arrays of unequal length, a price that is not above 0, and as [`expected_information`].
pub fn call_order(accuracies: &[f64], prices: &[f64], classes: usize) -> Result<Vec<usize>, InvalidInput> {
    same_length("prices", accuracies.len(), prices.len())?;
    every("prices", prices, "above 0 and finite", |price| {
        price > 0.0 && price.is_finite()
    })?;
    let mut worth = Vec::with_capacity(accuracies.len());
    for (accuracy, price) in accuracies.iter().zip(prices) {
        worth.push(expected_information(*accuracy, classes)? / price);
    }
    let mut order: Vec<usize> = (0..accuracies.len()).collect();
    order.sort_by(|left, right| worth[*right].total_cmp(&worth[*left]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_runs_from_nothing_to_everything() {
        assert!(expected_information(0.5, 2).unwrap().abs() < 1e-12);
        assert!(expected_information(0.2, 4).unwrap().abs() < 1e-12);
        assert!((expected_information(1.0 - 1e-12, 4).unwrap() - 4.0_f64.ln()).abs() < 1e-9);
        // Binary entropy of 0.9 is 0.3251 nats.
        assert!((expected_information(0.9, 2).unwrap() - (2.0_f64.ln() - 0.325_083)).abs() < 1e-6);
        assert!(expected_information(1.0, 2).is_err());
        assert!(expected_information(0.5, 1).is_err());
    }

    #[test]
    fn cheap_voters_may_come_before_better_ones() {
        assert_eq!(call_order(&[0.7, 0.9, 0.8], &[1.0, 1.0, 1.0], 2).unwrap(), [1, 2, 0]);
        assert_eq!(call_order(&[0.7, 0.9, 0.8], &[1.0, 10.0, 1.0], 2).unwrap(), [2, 0, 1]);
        assert_eq!(call_order(&[0.8, 0.8], &[1.0, 1.0], 2).unwrap(), [0, 1]);
        assert!(call_order(&[0.8], &[0.0], 2).is_err());
        assert!(call_order(&[0.8], &[1.0, 1.0], 2).is_err());
    }
}
