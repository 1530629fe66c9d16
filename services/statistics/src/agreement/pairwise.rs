//! Cohen's kappa of every pair of raters.

use serde::{Deserialize, Serialize};

use super::pair_table::{DisagreementWeights, PairTable};
use crate::Undefined;
use crate::error::{InvalidInput, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::mean;

/// Kappas of all pairs. Look at the matrix: the mean hides one bad rater.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairwiseKappa {
    /// Kappa of every pair, a symmetric matrix by rater; undefined (`no_variation`) on the diagonal.
    pub kappa: Vec<Vec<Estimate>>,
    /// Items shared by every pair.
    pub items: Vec<Vec<u64>>,
    /// Mean over the pairs where it is defined; undefined (`no_pairable_votes`) without any.
    pub mean: Estimate,
}

/// Cohen's kappa of every pair. `ratings[i][j]` is the class rater `j` gave item `i`, or `None`; every row has
/// one entry per rater.
///
/// # Errors
/// Rows of unequal length or a class that is not below `classes`.
pub fn pairwise_kappa(
    ratings: &[Vec<Option<usize>>],
    classes: usize,
    weights: DisagreementWeights,
) -> Result<PairwiseKappa, InvalidInput> {
    let raters = ratings.first().map_or(0, Vec::len);
    for row in ratings {
        same_length("ratings", raters, row.len())?;
    }
    let columns: Vec<Vec<Option<usize>>> = (0..raters)
        .map(|rater| ratings.iter().map(|row| row[rater]).collect())
        .collect();
    let mut kappa = vec![vec![Estimate::Undefined(Undefined::NoVariation); raters]; raters];
    let mut items = vec![vec![0; raters]; raters];
    let mut defined = Vec::new();
    for first in 0..raters {
        for second in first + 1..raters {
            let table = PairTable::from_votes(&columns[first], &columns[second], classes)?;
            let value = table.cohen_kappa(weights).kappa;
            defined.extend(value.value());
            for (row, column) in [(first, second), (second, first)] {
                kappa[row][column] = value;
                items[row][column] = table.items();
            }
        }
    }
    Ok(PairwiseKappa {
        kappa,
        items,
        mean: mean(&defined).ok_or(Undefined::NoPairableVotes).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_shows_the_bad_rater() {
        let rows: Vec<Vec<Option<usize>>> = (0..20)
            .map(|item| vec![Some(item % 2), Some(item % 2), Some((item / 2) % 2)])
            .collect();
        let result = pairwise_kappa(&rows, 2, DisagreementWeights::Nominal).unwrap();
        assert_eq!(result.kappa[0][1], Estimate::Value(1.0));
        assert!(result.kappa[1][2].value().unwrap().abs() < 1e-12);
        assert_eq!(result.kappa[2][0], result.kappa[0][2]);
        assert_eq!(result.items[0][2], 20);
        assert!((result.mean.value().unwrap() - 1.0 / 3.0).abs() < 1e-12);
    }
}
