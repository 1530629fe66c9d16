//! Two pools of raters, such as people and models.

use serde::{Deserialize, Serialize};

use super::alpha::{Level, krippendorff_alpha};
use super::linearised::correct_for_chance;
use super::rating_table::RatingTable;
use crate::Undefined;
use crate::error::{InvalidInput, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};

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

/// Observed and chance agreement across pools, and the items they rest on.
fn cross(first: &RatingTable, second: &RatingTable) -> (f64, f64, usize) {
    let mut items = 0;
    let mut observed = Sum::default();
    let mut first_shares = vec![0.0; first.classes()];
    let mut second_shares = vec![0.0; first.classes()];
    for item in 0..first.items() {
        let (own, other) = (first.counts(item), second.counts(item));
        let (own_votes, other_votes) = (f64::from(first.votes(item)), f64::from(second.votes(item)));
        if own.is_empty() || other.is_empty() {
            continue;
        }
        items += 1;
        for (class, count) in own {
            let share = f64::from(*count) / own_votes;
            first_shares[*class as usize] += share;
            if let Ok(position) = other.binary_search_by_key(class, |(known, _)| *known) {
                observed.add(share * f64::from(other[position].1) / other_votes);
            }
        }
        for (class, count) in other {
            second_shares[*class as usize] += f64::from(*count) / other_votes;
        }
    }
    let count = items.max(1) as f64;
    let products = first_shares.iter().zip(&second_shares);
    let chance = sum(products.map(|(own, other)| own / count * (other / count)));
    (observed.total() / count, chance, items)
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
    }
}
