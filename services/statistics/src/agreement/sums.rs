//! Sufficient statistics that shards can add up.

use serde::{Deserialize, Serialize};

use super::alpha::{Alpha, finish};
use super::linearised::correct_for_chance;
use super::percent::pair_agreement;
use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::error::{InvalidInput, parameter};
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// All that the nominal coefficients need of the votes: shards are counted apart and merged, and the result
/// is that of counting everything at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementSums {
    /// Items with at least one vote.
    pub items: u64,
    /// Items with at least two votes.
    pub pairable_items: u64,
    /// Votes per class in items with at least two.
    pub pairable_votes: Vec<u64>,
    /// Sum over items with at least two votes of the share of agreeing pairs.
    pub pair_agreement: f64,
    /// Sum over items with at least two votes of `(r^2 - sum_c n_c^2) / (r - 1)`.
    pub disagreement: f64,
    /// Sum over items with votes of the class shares.
    pub class_shares: Vec<f64>,
}

impl AgreementSums {
    /// Counts one shard.
    pub fn count(table: &RatingTable) -> Self {
        let mut sums = Self {
            items: 0,
            pairable_items: 0,
            pairable_votes: vec![0; table.classes()],
            pair_agreement: 0.0,
            disagreement: 0.0,
            class_shares: vec![0.0; table.classes()],
        };
        for row in table.rows(None).filter(|row| row.votes > 0.0) {
            sums.items += 1;
            for (class, count) in row.shares() {
                sums.class_shares[class] += count / row.votes;
            }
            if row.is_pairable() {
                sums.add_pairable(&row);
            }
        }
        sums
    }

    fn add_pairable(&mut self, row: &Row<'_>) {
        self.pairable_items += 1;
        self.pair_agreement += pair_agreement(row);
        let apart: f64 = row.shares().map(|(_, count)| count * (row.votes - count)).sum();
        self.disagreement += apart / (row.votes - 1.0);
        for (class, count) in row.counts {
            self.pairable_votes[*class as usize] += u64::from(*count);
        }
    }

    /// Both shards together; they must not share items.
    ///
    /// # Errors
    /// Another number of classes.
    pub fn merged(mut self, other: &Self) -> Result<Self, InvalidInput> {
        parameter(
            "number of classes",
            other.class_shares.len() as f64,
            "the number of classes of the first shard",
            other.class_shares.len() == self.class_shares.len()
                && other.pairable_votes.len() == self.pairable_votes.len(),
        )?;
        self.items += other.items;
        self.pairable_items += other.pairable_items;
        self.pair_agreement += other.pair_agreement;
        self.disagreement += other.disagreement;
        for (own, added) in self.pairable_votes.iter_mut().zip(&other.pairable_votes) {
            *own += added;
        }
        for (own, added) in self.class_shares.iter_mut().zip(&other.class_shares) {
            *own += added;
        }
        Ok(self)
    }

    /// As [`percent_agreement`](super::percent_agreement).
    pub fn percent_agreement(&self) -> Estimate {
        if self.pairable_items == 0 {
            return Estimate::Undefined(Undefined::NoPairableVotes);
        }
        Estimate::Value(self.pair_agreement / self.pairable_items as f64)
    }

    /// As [`krippendorff_alpha`](super::krippendorff_alpha) at the nominal level.
    pub fn nominal_alpha(&self) -> Alpha {
        let votes: u64 = self.pairable_votes.iter().sum();
        if votes == 0 {
            let nothing = Estimate::Undefined(Undefined::NoPairableVotes);
            return Alpha {
                alpha: nothing,
                observed_disagreement: nothing,
                expected_disagreement: nothing,
                pairable_votes: 0,
            };
        }
        let votes = votes as f64;
        let apart = self
            .pairable_votes
            .iter()
            .map(|count| *count as f64 * (votes - *count as f64));
        finish(self.disagreement, sum(apart) / (votes - 1.0), votes)
    }

    /// As the coefficient of [`fleiss_kappa`](super::fleiss_kappa()).
    pub fn fleiss_kappa(&self) -> Estimate {
        let chance = self.shares().map(|share| share * share);
        self.percent_agreement()
            .into_result()
            .and_then(|observed| correct_for_chance(observed, sum(chance)).into_result())
            .into()
    }

    /// As the coefficient of [`gwet_coefficient`](super::gwet_coefficient) with identity weights.
    pub fn gwet_ac1(&self) -> Estimate {
        let classes = self.class_shares.len();
        if classes < 2 {
            return Estimate::Undefined(Undefined::NoVariation);
        }
        let spread = sum(self.shares().map(|share| share * (1.0 - share)));
        self.percent_agreement()
            .into_result()
            .and_then(|observed| correct_for_chance(observed, spread / (classes - 1) as f64).into_result())
            .into()
    }

    fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        let items = self.items.max(1) as f64;
        self.class_shares.iter().map(move |share| share / items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{
        AgreementWeights, Level, fleiss_kappa, gwet_coefficient, krippendorff_alpha, percent_agreement,
    };
    use proptest::prelude::*;

    fn close(left: Estimate, right: Estimate) -> bool {
        match (left, right) {
            (Estimate::Value(left), Estimate::Value(right)) => (left - right).abs() < 1e-12,
            (left, right) => left == right,
        }
    }

    proptest! {
        #[test]
        fn merging_shards_equals_the_whole(
            ratings in prop::collection::vec(prop::collection::vec(prop::option::of(0..3_usize), 0..5), 1..30),
            cut in 0..30_usize,
        ) {
            let (first, second) = ratings.split_at(cut.min(ratings.len()));
            let table = |rows: &[Vec<Option<usize>>]| RatingTable::from_ratings(rows, 3).unwrap();
            let whole = table(&ratings);
            let merged = AgreementSums::count(&table(first))
                .merged(&AgreementSums::count(&table(second)))
                .unwrap();
            prop_assert!(close(merged.percent_agreement(), percent_agreement(&whole)));
            let alpha = krippendorff_alpha(&whole, Level::Nominal).unwrap();
            prop_assert!(close(merged.nominal_alpha().alpha, alpha.alpha));
            prop_assert_eq!(merged.nominal_alpha().pairable_votes, alpha.pairable_votes);
            prop_assert!(close(merged.fleiss_kappa(), fleiss_kappa(&whole).kappa.coefficient));
            let gwet = gwet_coefficient(&whole, AgreementWeights::Identity);
            prop_assert!(close(merged.gwet_ac1(), gwet.coefficient));
            let mut appended = table(first);
            appended.append(&table(second)).unwrap();
            prop_assert_eq!(appended, whole);
        }
    }
}
