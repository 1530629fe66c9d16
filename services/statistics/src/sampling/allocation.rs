//! How many items to draw from each stratum.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, is_probability, non_negative, parameter};
use crate::numeric::sum::sum;

/// Least standard deviation of a stratum, so that strata that seem certain are audited too.
pub const LEAST_DEVIATION: f64 = 0.02;

/// `max(sqrt(p (1 - p)), 0.02)`: the standard deviation to plan with where errors have probability `p`.
///
/// # Errors
/// A probability outside `[0, 1]`.
pub fn error_deviation(error_probability: f64) -> Result<f64, InvalidInput> {
    parameter(
        "error probability",
        error_probability,
        "a number from 0 to 1",
        is_probability(error_probability),
    )?;
    let variance = error_probability * (1.0 - error_probability);
    Ok(variance.sqrt().max(LEAST_DEVIATION))
}

/// One stratum to draw from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SamplingStratum {
    /// Items in it.
    pub size: u64,
    /// Standard deviation of what is measured, from [`error_deviation`].
    pub deviation: f64,
}

/// Items to draw from each stratum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// Best sizes as real numbers, bounds respected.
    pub exact: Vec<f64>,
    /// Whole sizes that sum to the budget.
    pub sizes: Vec<u64>,
    /// Probability with which an item of the stratum is drawn; 0 for an empty stratum.
    pub propensities: Vec<f64>,
}

/// Splits a budget so that the stratified mean is as exact as can be [Neyman, 1934, J. R. Stat. Soc.]:
/// proportional to `size * deviation`, at least `minimum` (or all) of each stratum and at most its size, rounded
/// by largest remainder (among equals the first). Strata without any deviation share by size.
///
/// # Errors
/// No strata, a deviation that is negative or not finite, a budget above all items or below the minima.
pub fn neyman_allocation(strata: &[SamplingStratum], budget: u64, minimum: u64) -> Result<Allocation, InvalidInput> {
    if strata.is_empty() {
        return Err(InvalidInput::Empty { what: "strata" });
    }
    let deviations: Vec<f64> = strata.iter().map(|stratum| stratum.deviation).collect();
    non_negative("deviations", &deviations)?;
    let caps: Vec<f64> = strata.iter().map(|stratum| stratum.size as f64).collect();
    let floors: Vec<f64> = strata.iter().map(|stratum| stratum.size.min(minimum) as f64).collect();
    let wanted = budget as f64;
    let most = sum(caps.iter().copied());
    let least = sum(floors.iter().copied());
    parameter("budget", wanted, "at most the number of items", wanted <= most)?;
    parameter(
        "budget",
        wanted,
        "at least the sum of the strata's minima",
        wanted >= least,
    )?;
    let mut masses: Vec<f64> = caps.iter().zip(&deviations).map(|(size, sd)| size * sd).collect();
    if masses.iter().all(|mass| *mass == 0.0) {
        masses.clone_from(&caps);
    }
    let exact = share_within(&masses, &floors, &caps, wanted);
    let sizes = round_to(&exact, budget, strata);
    let propensities = sizes
        .iter()
        .zip(strata)
        .map(|(drawn, stratum)| {
            if stratum.size == 0 {
                0.0
            } else {
                *drawn as f64 / stratum.size as f64
            }
        })
        .collect();
    Ok(Allocation {
        exact,
        sizes,
        propensities,
    })
}

/// `min(cap, max(floor, c * mass))` with the `c` that makes the shares sum to `total`. In every round the bound
/// that is violated more in sum is final for its violators; the rest is shared again.
fn share_within(masses: &[f64], floors: &[f64], caps: &[f64], total: f64) -> Vec<f64> {
    let mut fixed: Vec<Option<f64>> = vec![None; masses.len()];
    loop {
        let free: Vec<usize> = (0..masses.len()).filter(|stratum| fixed[*stratum].is_none()).collect();
        let left = total - sum(fixed.iter().flatten().copied());
        let mass = sum(free.iter().map(|stratum| masses[*stratum]));
        let room = sum(free.iter().map(|stratum| caps[*stratum]));
        let share = |stratum: usize| {
            if mass > 0.0 {
                left * masses[stratum] / mass
            } else {
                // Only strata without mass are left: by size.
                left * caps[stratum] / room.max(1.0)
            }
        };
        let lacking = sum(free.iter().map(|stratum| (floors[*stratum] - share(*stratum)).max(0.0)));
        let exceeding = sum(free.iter().map(|stratum| (share(*stratum) - caps[*stratum]).max(0.0)));
        if lacking == 0.0 && exceeding == 0.0 {
            let shares = (0..masses.len()).map(|stratum| fixed[stratum].unwrap_or_else(|| share(stratum)));
            return shares.collect();
        }
        let shares: Vec<f64> = free.iter().map(|stratum| share(*stratum)).collect();
        for (stratum, share) in free.into_iter().zip(shares) {
            if lacking >= exceeding && share < floors[stratum] {
                fixed[stratum] = Some(floors[stratum]);
            } else if exceeding >= lacking && share > caps[stratum] {
                fixed[stratum] = Some(caps[stratum]);
            }
        }
    }
}

/// Whole numbers of the given sum, by largest remainder, none above its stratum's size.
fn round_to(exact: &[f64], budget: u64, strata: &[SamplingStratum]) -> Vec<u64> {
    // A number this close below a whole one is that whole one.
    let mut sizes: Vec<u64> = exact.iter().map(|share| (share + 1e-9).floor() as u64).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    let remainder = |stratum: usize, size: u64| exact[stratum] - size as f64;
    order.sort_by(|left, right| {
        let by_remainder = remainder(*right, sizes[*right]).total_cmp(&remainder(*left, sizes[*left]));
        by_remainder.then(left.cmp(right))
    });
    let mut missing = budget.saturating_sub(sizes.iter().sum());
    // One round is enough but for rounding errors; a second can always place what is left.
    for stratum in order.iter().chain(&order) {
        if missing > 0 && sizes[*stratum] < strata[*stratum].size {
            sizes[*stratum] += 1;
            missing -= 1;
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn impossible_budgets_are_refused() {
        let stratum = |size, deviation| SamplingStratum { size, deviation };
        assert!(neyman_allocation(&[], 0, 0).is_err());
        assert!(neyman_allocation(&[stratum(5, 0.1)], 6, 0).is_err());
        assert!(neyman_allocation(&[stratum(50, 0.1), stratum(50, 0.1)], 6, 5).is_err());
        assert!(neyman_allocation(&[stratum(50, f64::NAN)], 6, 5).is_err());
        let empty = neyman_allocation(&[stratum(0, 0.1), stratum(10, 0.0)], 4, 5);
        assert!(empty.is_err());
        let empty = neyman_allocation(&[stratum(0, 0.1), stratum(10, 0.0)], 7, 5).unwrap();
        assert_eq!((empty.sizes, empty.propensities), (vec![0, 7], vec![0.0, 0.7]));
        assert_eq!(error_deviation(0.0).unwrap(), LEAST_DEVIATION);
        assert!(error_deviation(1.2).is_err());
    }

    proptest! {
        #[test]
        fn sums_to_the_budget_inside_the_bounds_and_scale_free(
            strata in prop::collection::vec((0..500_u64, 0.0..0.5_f64), 1..8),
            share in 0.0..1.0_f64,
            minimum in 0..12_u64,
        ) {
            let strata: Vec<SamplingStratum> =
                strata.into_iter().map(|(size, deviation)| SamplingStratum { size, deviation }).collect();
            let all: u64 = strata.iter().map(|stratum| stratum.size).sum();
            let least: u64 = strata.iter().map(|stratum| stratum.size.min(minimum)).sum();
            let budget = least + ((all - least) as f64 * share) as u64;
            let result = neyman_allocation(&strata, budget, minimum).unwrap();
            prop_assert_eq!(result.sizes.iter().sum::<u64>(), budget);
            for ((stratum, size), exact) in strata.iter().zip(&result.sizes).zip(&result.exact) {
                prop_assert!(*size <= stratum.size && *size >= stratum.size.min(minimum));
                prop_assert!((*exact - *size as f64).abs() < 1.0 + 1e-6);
            }
            let scaled: Vec<SamplingStratum> = strata
                .iter()
                .map(|stratum| SamplingStratum { deviation: stratum.deviation * 4.0, ..*stratum })
                .collect();
            prop_assert_eq!(neyman_allocation(&scaled, budget, minimum).unwrap().sizes, result.sizes);
        }
    }
}
