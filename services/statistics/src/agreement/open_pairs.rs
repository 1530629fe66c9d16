//! Pairs of raters where the classes are too many for a table of every two.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::linearised::correct_for_chance;
use crate::Undefined;
use crate::error::InvalidInput;
use crate::estimate::Estimate;
use crate::numeric::sum::{mean, sum};

/// Agreement of two raters on the items both voted on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OpenPair {
    /// Items both voted on.
    pub items: u64,
    /// Share of them with the same class; undefined (`no_pairable_votes`) without any.
    pub percent_agreement: Estimate,
    /// Cohen's unweighted kappa; undefined (`no_pairable_votes`) without a shared item, (`no_variation`) where both used
    /// one and the same class.
    pub kappa: Estimate,
}

/// Agreement of all pairs. Look at the matrix: the mean hides one bad rater.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenPairs {
    /// A symmetric matrix by rater. On the diagonal, where there is nothing to compare, all is undefined
    /// (`no_pairable_votes`).
    pub pairs: Vec<Vec<OpenPair>>,
    /// Mean kappa over the pairs where it is defined; undefined (`no_pairable_votes`) without any.
    pub mean_kappa: Estimate,
}

const NOTHING: OpenPair = OpenPair {
    items: 0,
    percent_agreement: Estimate::Undefined(Undefined::NoPairableVotes),
    kappa: Estimate::Undefined(Undefined::NoPairableVotes),
};

/// Percent agreement and Cohen's unweighted kappa [Cohen, 1960, Educ. Psychol. Meas.] of every pair, with any number of
/// classes: equals [`pairwise_kappa`](super::pairwise_kappa) with nominal weights, but takes memory in proportion to the
/// votes. Classes that one of two raters never used add nothing to chance agreement.
///
/// `raters[j]` holds the votes `(item, class)` of rater `j`, at most one an item, by item ascending. Takes
/// `O(raters * votes)` time, in parallel over pairs.
///
/// # Errors
/// Votes of a rater that are not strictly ascending by item.
pub fn open_pairs(raters: &[Vec<(usize, usize)>]) -> Result<OpenPairs, InvalidInput> {
    for votes in raters {
        if let Some(index) = votes.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
            return Err(InvalidInput::Entry {
                what: "item of votes",
                index: index + 1,
                value: votes[index + 1].0 as f64,
                expected: "a higher item than before: one vote an item, in order",
            });
        }
    }
    let count = raters.len();
    let places: Vec<(usize, usize)> = (0..count)
        .flat_map(|first| (first + 1..count).map(move |second| (first, second)))
        .collect();
    let measured: Vec<OpenPair> = places
        .par_iter()
        .map(|(first, second)| measure(&raters[*first], &raters[*second]))
        .collect();
    let mut pairs = vec![vec![NOTHING; count]; count];
    for ((first, second), pair) in places.into_iter().zip(&measured) {
        pairs[first][second] = *pair;
        pairs[second][first] = *pair;
    }
    let defined: Vec<f64> = measured.iter().filter_map(|pair| pair.kappa.value()).collect();
    Ok(OpenPairs {
        pairs,
        mean_kappa: mean(&defined).ok_or(Undefined::NoPairableVotes).into(),
    })
}

fn measure(first: &[(usize, usize)], second: &[(usize, usize)]) -> OpenPair {
    let mut margins: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    let (mut items, mut agreeing) = (0_u64, 0_u64);
    let mut others = second.iter().peekable();
    for (item, class) in first {
        while others.next_if(|(other, _)| other < item).is_some() {}
        let Some((_, other_class)) = others.next_if(|(other, _)| other == item) else {
            continue;
        };
        items += 1;
        agreeing += u64::from(class == other_class);
        margins.entry(*class).or_default().0 += 1;
        margins.entry(*other_class).or_default().1 += 1;
    }
    if items == 0 {
        return NOTHING;
    }
    let whole = items as f64;
    let observed = agreeing as f64 / whole;
    let chance = sum(margins
        .values()
        .map(|(own, other)| *own as f64 / whole * (*other as f64 / whole)));
    OpenPair {
        items,
        percent_agreement: Estimate::Value(observed),
        kappa: correct_for_chance(observed, chance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{DisagreementWeights, pairwise_kappa};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_equals_the_tables_of_every_two(
            ratings in prop::collection::vec(prop::collection::vec(prop::option::of(0..4_usize), 4), 0..25),
        ) {
            let raters: Vec<Vec<(usize, usize)>> = (0..4)
                .map(|rater| {
                    let rows = ratings.iter().enumerate();
                    rows.filter_map(|(item, row)| Some((item, row[rater]?))).collect()
                })
                .collect();
            let open = open_pairs(&raters).unwrap();
            let dense = pairwise_kappa(&ratings, 4, DisagreementWeights::Nominal).unwrap();
            let raters = if ratings.is_empty() { 0 } else { 4 };
            for first in 0..raters {
                for second in (0..raters).filter(|second| *second != first) {
                    let pair = open.pairs[first][second];
                    prop_assert_eq!(pair.items, dense.items[first][second]);
                    match (pair.kappa, dense.kappa[first][second]) {
                        (Estimate::Value(own), Estimate::Value(other)) => prop_assert!((own - other).abs() < 1e-12),
                        (own, other) => prop_assert_eq!(own, other),
                    }
                }
            }
        }
    }

    #[test]
    fn a_hundred_thousand_classes_are_no_matter() {
        let first: Vec<(usize, usize)> = (0..100_000).map(|item| (item, item)).collect();
        let second: Vec<(usize, usize)> = first.iter().map(|(item, class)| (*item, class ^ (item % 2))).collect();
        let pair = open_pairs(&[first, second]).unwrap().pairs[0][1];
        assert_eq!((pair.items, pair.percent_agreement), (100_000, Estimate::Value(0.5)));
        assert!((pair.kappa.value().unwrap() - 0.5).abs() < 1e-4);
    }

    #[test]
    fn votes_out_of_order_are_refused() {
        assert!(open_pairs(&[vec![(1, 0), (1, 0)]]).is_err());
        assert!(open_pairs(&[vec![(1, 0), (0, 0)]]).is_err());
        assert_eq!(
            open_pairs(&[]).unwrap().mean_kappa.reason(),
            Some(Undefined::NoPairableVotes)
        );
    }
}
