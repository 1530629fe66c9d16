//! Inclusion probabilities of independent draws.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, non_negative, parameter};
use crate::numeric::sum::sum;

/// Halvings of the interval that holds the scale; each gains one bit.
const HALVINGS: u32 = 200;

/// Inclusion probabilities that follow a priority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoissonDesign {
    /// The factor `c`.
    pub scale: f64,
    /// `min(1, max(floor, c * priority))` per item.
    pub propensities: Vec<f64>,
}

/// Probabilities `min(1, max(floor, c u_i))` with the `c` that makes them sum to `expected` items [Poisson
/// sampling; Hajek, 1964, Ann. Math. Stat.]. `priorities[i]` is, for example, `p (1 - p)`, one minus the margin,
/// or the entropy of item `i`; only their ratios matter. The floor keeps every item possible, without which
/// nothing could be estimated.
///
/// # Errors
/// No items, a priority that is negative or not finite, a floor outside (0, 1], an expected number below
/// `floor * items` or above what the priorities allow (items of priority 0 stay at the floor).
pub fn poisson_propensities(priorities: &[f64], expected: f64, floor: f64) -> Result<PoissonDesign, InvalidInput> {
    non_negative("priorities", priorities)?;
    parameter("floor", floor, "above 0 and at most 1", floor > 0.0 && floor <= 1.0)?;
    if priorities.is_empty() {
        return Err(InvalidInput::Empty { what: "priorities" });
    }
    let items = priorities.len() as f64;
    let idle = priorities.iter().filter(|priority| **priority == 0.0).count() as f64;
    parameter(
        "expected number of items",
        expected,
        "at least the floor times the number of items",
        expected >= floor * items * (1.0 - 1e-12),
    )?;
    parameter(
        "expected number of items",
        expected,
        "at most the number of items with a priority plus the floor times the others",
        expected <= (items - idle) + floor * idle,
    )?;
    let scale = find_scale(priorities, expected, floor);
    let propensities = priorities
        .iter()
        .map(|priority| clamp(scale * priority, floor))
        .collect();
    Ok(PoissonDesign { scale, propensities })
}

fn clamp(value: f64, floor: f64) -> f64 {
    value.max(floor).min(1.0)
}

/// The sum of probabilities rises with the scale: bisection finds between which bends it lies, and between
/// bends it is a straight line, solved exactly.
fn find_scale(priorities: &[f64], expected: f64, floor: f64) -> f64 {
    let smallest = priorities
        .iter()
        .copied()
        .filter(|priority| *priority > 0.0)
        .fold(f64::INFINITY, f64::min);
    if smallest == f64::INFINITY {
        return 0.0;
    }
    let total = |scale: f64| sum(priorities.iter().map(|priority| clamp(scale * priority, floor)));
    let (mut lower, mut upper) = (0.0_f64, (1.0 / smallest).min(f64::MAX));
    for _ in 0..HALVINGS {
        let middle = 0.5 * (lower + upper);
        if middle <= lower || middle >= upper {
            break;
        }
        if total(middle) < expected {
            lower = middle;
        } else {
            upper = middle;
        }
    }
    // The slope at the solution, from the items that are at no bound just above it.
    let (mut at_bounds, mut free) = (0.0, 0.0);
    for priority in priorities {
        let wanted = upper * priority;
        if wanted > floor && wanted < 1.0 {
            free += priority;
        } else {
            at_bounds += clamp(wanted, floor);
        }
    }
    if free > 0.0 {
        let exact = (expected - at_bounds) / free;
        if (exact - upper).abs() <= 1e-9 * upper {
            exact
        } else {
            upper
        }
    } else {
        upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn input_is_checked() {
        assert!(poisson_propensities(&[], 1.0, 0.1).is_err());
        assert!(poisson_propensities(&[0.5; 4], 0.3, 0.1).is_err());
        assert!(poisson_propensities(&[0.5; 4], 4.1, 0.1).is_err());
        assert!(poisson_propensities(&[0.5, 0.0], 1.5, 0.1).is_err());
        assert!(poisson_propensities(&[0.5; 4], 2.0, 0.0).is_err());
        assert_eq!(
            poisson_propensities(&[0.0; 4], 0.4, 0.1).unwrap().propensities,
            vec![0.1; 4]
        );
        assert_eq!(
            poisson_propensities(&[0.5; 4], 4.0, 0.1).unwrap().propensities,
            vec![1.0; 4]
        );
    }

    proptest! {
        #[test]
        fn sums_to_the_expectation_monotone_and_scale_free(
            priorities in prop::collection::vec(0.001..1.0_f64, 1..40),
            share in 0.0..=1.0_f64,
            floor in 0.01..0.5_f64,
        ) {
            let items = priorities.len() as f64;
            let expected = items * (floor + (1.0 - floor) * share);
            let design = poisson_propensities(&priorities, expected, floor).unwrap();
            let total: f64 = design.propensities.iter().sum();
            prop_assert!((total - expected).abs() < 1e-8 * items, "{total} {expected}");
            prop_assert!(design.propensities.iter().all(|pi| (floor..=1.0).contains(pi)));
            let mut order: Vec<usize> = (0..priorities.len()).collect();
            order.sort_by(|left, right| priorities[*left].total_cmp(&priorities[*right]));
            let sorted: Vec<f64> = order.iter().map(|item| design.propensities[*item]).collect();
            prop_assert!(sorted.windows(2).all(|pair| pair[0] <= pair[1]));
            let scaled: Vec<f64> = priorities.iter().map(|priority| priority * 8.0).collect();
            let other = poisson_propensities(&scaled, expected, floor).unwrap();
            for (one, two) in design.propensities.iter().zip(&other.propensities) {
                prop_assert!((one - two).abs() < 1e-9);
            }
        }
    }
}
