//! Percent agreement.

use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::estimate::Estimate;
use crate::numeric::sum::Sum;

/// Mean over items with at least two votes of the share of agreeing pairs,
/// `sum_c n_ic (n_ic - 1) / (r_i (r_i - 1))`: each ITEM counts once, however many votes it has. Undefined
/// (`no_pairable_votes`) without such an item.
pub fn percent_agreement(table: &RatingTable) -> Estimate {
    percent_agreement_of(table, None)
}

pub(super) fn percent_agreement_of(table: &RatingTable, multiplicity: Option<&[u32]>) -> Estimate {
    let (mut agreement, mut items) = (Sum::default(), 0.0);
    for row in table.rows(multiplicity).filter(Row::is_pairable) {
        agreement.add(row.times * pair_agreement(&row));
        items += row.times;
    }
    if items == 0.0 {
        Estimate::Undefined(Undefined::NoPairableVotes)
    } else {
        Estimate::Value(agreement.total() / items)
    }
}

/// Share of agreeing pairs of votes of an item with at least two.
pub(super) fn pair_agreement(row: &Row<'_>) -> f64 {
    let agreeing: f64 = row.shares().map(|(_, count)| count * (count - 1.0)).sum();
    agreeing / (row.votes * (row.votes - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_weigh_alike() {
        let rows = [vec![Some(0), Some(1)], vec![Some(0); 5], vec![Some(1), None]];
        let table = RatingTable::from_ratings(&rows, 2).unwrap();
        assert_eq!(percent_agreement(&table), Estimate::Value(0.5));
    }

    #[test]
    fn no_pairs_is_undefined() {
        let table = RatingTable::from_ratings(&[vec![Some(0)]], 2).unwrap();
        assert_eq!(percent_agreement(&table).reason(), Some(Undefined::NoPairableVotes));
    }
}
