//! Two pools of raters, such as people and models.

use serde::{Deserialize, Serialize};

use super::alpha::{Level, krippendorff_alpha};
use super::linearised::correct_for_chance;
use super::rating_table::RatingTable;
use crate::Undefined;
use crate::error::{InvalidInput, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};
use crate::resampling::{Bootstrap, BootstrapPlan, bootstrap_units};

/// Agreement within and between two pools. High agreement within the second with low agreement across means
/// that its members share an error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoolComparison {
    /// Items with a vote from both pools.
    pub items: usize,
    /// Probability that a random vote of one pool equals a random vote of the other on the same item.
    /// Undefined (`no_pairable_votes`) without a shared item.
    pub observed_agreement: Estimate,
    /// The same for votes on random items.
    pub chance_agreement: Estimate,
    /// `(observed - chance) / (1 - chance)`; Cohen's kappa with one rater on each side. Undefined
    /// (`no_pairable_votes`, or `no_variation` where chance is 1).
    pub kappa: Estimate,
    /// Nominal alpha within the first pool, over all its items.
    pub first_alpha: Estimate,
    /// Nominal alpha within the second pool, over all its items.
    pub second_alpha: Estimate,
    /// Nominal alpha of all raters together.
    pub joint_alpha: Estimate,
}

/// Compares two pools on the same items, by the vote shares of each pool on each item.
///
/// # Errors
/// Tables of another number of items or classes.
pub fn compare_pools(first: &RatingTable, second: &RatingTable) -> Result<PoolComparison, InvalidInput> {
    same_length("items of the second pool", first.items(), second.items())?;
    let joint = first.pooled_with(second)?;
    let alpha = |table: &RatingTable| krippendorff_alpha(table, Level::Nominal).map(|alpha| alpha.alpha);
    let (observed, chance, items) = cross(first, second);
    let nothing = Estimate::Undefined(Undefined::NoPairableVotes);
    let defined = |value: f64| if items > 0 { Estimate::Value(value) } else { nothing };
    Ok(PoolComparison {
        items,
        observed_agreement: defined(observed),
        chance_agreement: defined(chance),
        kappa: if items > 0 {
            correct_for_chance(observed, chance)
        } else {
            nothing
        },
        first_alpha: alpha(first)?,
        second_alpha: alpha(second)?,
        joint_alpha: alpha(&joint)?,
    })
}

/// Percentile bootstrap of the kappa across two pools: the items that carry votes from both are drawn with replacement,
/// with all their votes. Runs in parallel; the result depends on tables and seed alone.
///
/// # Errors
/// Tables of another number of items or classes.
pub fn bootstrap_pools(
    first: &RatingTable,
    second: &RatingTable,
    plan: BootstrapPlan,
) -> Result<Bootstrap, InvalidInput> {
    let estimate = compare_pools(first, second)?.kappa;
    let shared: Vec<usize> = shared_items(first, second).collect();
    Ok(bootstrap_units(shared.len(), plan, estimate, |multiplicity| {
        let mut drawn = Cross::new(first.classes());
        for (item, times) in shared.iter().zip(multiplicity).filter(|(_, times)| **times > 0) {
            drawn.add(first, second, *item, f64::from(*times));
        }
        let (observed, chance) = drawn.agreement();
        correct_for_chance(observed, chance)
    }))
}

/// Observed and chance agreement across pools, and the items they rest on.
fn cross(first: &RatingTable, second: &RatingTable) -> (f64, f64, usize) {
    let mut all = Cross::new(first.classes());
    let mut items = 0;
    for item in shared_items(first, second) {
        items += 1;
        all.add(first, second, item, 1.0);
    }
    let (observed, chance) = all.agreement();
    (observed, chance, items)
}

/// Items with a vote from both pools.
fn shared_items(first: &RatingTable, second: &RatingTable) -> impl Iterator<Item = usize> {
    (0..first.items()).filter(|item| !first.counts(*item).is_empty() && !second.counts(*item).is_empty())
}

/// Sums over items with votes from both pools.
struct Cross {
    items: f64,
    observed: Sum,
    first_shares: Vec<f64>,
    second_shares: Vec<f64>,
}

impl Cross {
    fn new(classes: usize) -> Self {
        Self {
            items: 0.0,
            observed: Sum::default(),
            first_shares: vec![0.0; classes],
            second_shares: vec![0.0; classes],
        }
    }

    /// Counts an item so many times.
    fn add(&mut self, first: &RatingTable, second: &RatingTable, item: usize, times: f64) {
        let (own, other) = (first.counts(item), second.counts(item));
        let (own_votes, other_votes) = (f64::from(first.votes(item)), f64::from(second.votes(item)));
        self.items += times;
        for (class, count) in own {
            let share = f64::from(*count) / own_votes;
            self.first_shares[*class as usize] += times * share;
            if let Ok(position) = other.binary_search_by_key(class, |(known, _)| *known) {
                self.observed
                    .add(times * share * f64::from(other[position].1) / other_votes);
            }
        }
        for (class, count) in other {
            self.second_shares[*class as usize] += times * f64::from(*count) / other_votes;
        }
    }

    /// Observed agreement and that by chance; 0 without items.
    fn agreement(self) -> (f64, f64) {
        let count = self.items.max(1.0);
        let products = self.first_shares.iter().zip(&self.second_shares);
        let chance = sum(products.map(|(own, other)| own / count * (other / count)));
        (self.observed.total() / count, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_shared_items_it_is_undefined() {
        let first = RatingTable::from_ratings(&[vec![Some(0)], vec![]], 2).unwrap();
        let second = RatingTable::from_ratings(&[vec![], vec![Some(0)]], 2).unwrap();
        let comparison = compare_pools(&first, &second).unwrap();
        assert_eq!(comparison.kappa.reason(), Some(Undefined::NoPairableVotes));
        let short = RatingTable::from_ratings(&[vec![]], 2).unwrap();
        assert!(compare_pools(&first, &short).is_err());
        assert!(bootstrap_pools(&first, &short, BootstrapPlan::standard(1)).is_err());
        let nothing = bootstrap_pools(&first, &second, BootstrapPlan::standard(1)).unwrap();
        assert_eq!(nothing.interval.reason(), Some(Undefined::TooFewItems));
    }

    #[test]
    fn the_interval_holds_the_kappa_repeats_and_passes_over_items_of_one_pool() {
        let rows = |shift: usize| -> Vec<Vec<Option<usize>>> {
            (0..90)
                .map(|item| {
                    let class = (item + usize::from(item % 7 == 0) * shift) % 3;
                    if item >= 60 && shift > 0 {
                        vec![]
                    } else {
                        vec![Some(class), Some(item % 3)]
                    }
                })
                .collect()
        };
        let first = RatingTable::from_ratings(&rows(0), 3).unwrap();
        let second = RatingTable::from_ratings(&rows(1), 3).unwrap();
        let plan = BootstrapPlan::new(400, 0.95, 3).unwrap();
        let result = bootstrap_pools(&first, &second, plan).unwrap();
        assert_eq!(result.units, 60);
        assert_eq!(result.estimate, compare_pools(&first, &second).unwrap().kappa);
        let (kappa, interval) = (result.estimate.value().unwrap(), result.interval.value().unwrap());
        assert!(interval.lower < kappa && kappa < interval.upper, "{interval:?}");
        assert_eq!(result, bootstrap_pools(&first, &second, plan).unwrap());
    }
}
