//! Items with the same votes, counted together.

use rayon::prelude::*;

use super::alpha::{Alpha, Level, alpha_of};
use super::alpha_error::alpha_error_of;
use super::fleiss::{FleissKappa, fleiss_kappa_of};
use super::gwet::{AgreementWeights, gwet_coefficient_of};
use super::linearised::ChanceCorrected;
use super::percent::percent_agreement_of;
use super::profile_counter::{ProfileCounter, Rows};
use super::rating_table::{RatingTable, check_rows};
use crate::error::InvalidInput;
use crate::estimate::Estimate;
use crate::votes::VoteTable;

/// Items counted in one go; a part for each thread to take.
const PART: usize = 65_536;

/// The distinct rows of a table of ratings, and how many items have each.
///
/// No coefficient but Cohen's depends on more. Five votes for one of five classes have 126 distinct rows, so a million
/// items shrink to next to nothing: coefficients, jackknife and bootstrap then cost little however many items there are.
/// Where every item is different nothing is lost but the search.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingProfiles {
    pub(super) rows: RatingTable,
    pub(super) times: Vec<u32>,
    pub(super) items: usize,
}

impl From<&RatingTable> for RatingProfiles {
    fn from(table: &RatingTable) -> Self {
        let mut rows = Rows::default();
        for item in 0..table.items() {
            rows.add(table.counts(item), 1);
        }
        rows.finish(table.items(), table.classes())
    }
}

impl From<&VoteTable> for RatingProfiles {
    /// Counts votes in one pass; weights are left out.
    fn from(votes: &VoteTable) -> Self {
        Self::count(votes.offsets(), votes.class_column(), votes.classes())
    }
}

impl RatingProfiles {
    /// From compressed rows in one pass: the votes of item `i` are `class_column[starts[i]..starts[i + 1]]`, in any order.
    /// `classes` is the DECLARED number of classes.
    ///
    /// # Errors
    /// As [`RatingTable::from_rows`].
    pub fn from_rows(starts: &[u32], class_column: &[u16], classes: usize) -> Result<Self, InvalidInput> {
        check_rows(starts, class_column, classes)?;
        Ok(Self::count(starts, class_column, classes))
    }

    /// The rows have been checked.
    fn count(starts: &[u32], class_column: &[u16], classes: usize) -> Self {
        let items = starts.len() - 1;
        let longest = starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        let parts: Vec<usize> = (0..items).step_by(PART).collect();
        let counted: Vec<ProfileCounter> = parts
            .into_par_iter()
            .map(|start| {
                let mut counter = ProfileCounter::for_rows(longest as usize);
                for pair in starts[start..=items.min(start + PART)].windows(2) {
                    counter.add(&class_column[pair[0] as usize..pair[1] as usize]);
                }
                counter
            })
            .collect();
        let mut rows = Rows::default();
        // Rows stay in the order of their first items, whatever the parts.
        for part in counted {
            part.add_to(&mut rows, |class| class);
        }
        rows.finish(items, classes)
    }

    /// Number of votes for each class, over all items.
    pub fn class_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes()];
        for (row, times) in self.times.iter().enumerate() {
            for (class, count) in self.rows.counts(row) {
                counts[*class as usize] += u64::from(*count) * u64::from(*times);
            }
        }
        counts
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Declared number of classes.
    pub fn classes(&self) -> usize {
        self.rows.classes()
    }

    /// Number of distinct rows.
    pub fn distinct(&self) -> usize {
        self.times.len()
    }

    /// As [`percent_agreement`](super::percent_agreement).
    pub fn percent_agreement(&self) -> Estimate {
        percent_agreement_of(&self.rows, Some(&self.times))
    }

    /// As [`krippendorff_alpha`](super::krippendorff_alpha).
    ///
    /// # Errors
    /// As [`krippendorff_alpha`](super::krippendorff_alpha).
    pub fn krippendorff_alpha(&self, level: Level<'_>) -> Result<Alpha, InvalidInput> {
        level.check(self.rows.classes())?;
        Ok(alpha_of(&self.rows, level, Some(&self.times)))
    }

    /// As [`alpha_standard_error`](super::alpha_standard_error).
    pub fn alpha_standard_error(&self) -> Estimate {
        alpha_error_of(&self.rows, Some(&self.times))
    }

    /// As [`fleiss_kappa`](super::fleiss_kappa()).
    pub fn fleiss_kappa(&self) -> FleissKappa {
        fleiss_kappa_of(&self.rows, Some(&self.times))
    }

    /// As [`gwet_coefficient`](super::gwet_coefficient).
    pub fn gwet_coefficient(&self, weights: AgreementWeights) -> ChanceCorrected {
        gwet_coefficient_of(&self.rows, weights, Some(&self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{
        alpha_standard_error, fleiss_kappa, gwet_coefficient, krippendorff_alpha, percent_agreement,
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
        fn profiles_say_what_the_items_say(
            cast in prop::collection::btree_map((0..30_usize, 0..5_usize), 0..4_usize, 1..90),
            classes in prop::sample::select(vec![4_usize, 12, 60]),
        ) {
            let triples: Vec<(usize, usize, usize)> =
                cast.into_iter().map(|((item, voter), class)| (item, voter, class)).collect();
            let votes = VoteTable::from_triples(&triples, 30, 5, classes).unwrap();
            let table = RatingTable::from(&votes);
            let profiles = RatingProfiles::from(&votes);
            prop_assert_eq!(&profiles, &RatingProfiles::from(&table));
            prop_assert_eq!(profiles.times.iter().sum::<u32>() as usize, profiles.items());
            prop_assert!(close(profiles.percent_agreement(), percent_agreement(&table)));
            let values: Vec<f64> = (0..classes).map(|class| (class as f64).powi(2)).collect();
            for level in [Level::Nominal, Level::Ordinal, Level::Interval(&values), Level::Ratio(&values)] {
                let whole = krippendorff_alpha(&table, level).unwrap();
                prop_assert!(close(profiles.krippendorff_alpha(level).unwrap().alpha, whole.alpha));
            }
            prop_assert!(close(profiles.alpha_standard_error(), alpha_standard_error(&table)));
            let (own, whole) = (profiles.fleiss_kappa(), fleiss_kappa(&table));
            prop_assert!(close(own.kappa.coefficient, whole.kappa.coefficient));
            prop_assert!(close(own.kappa.standard_error, whole.kappa.standard_error));
            prop_assert!(close(own.free_marginal, whole.free_marginal));
            let (own, whole) = (
                profiles.gwet_coefficient(AgreementWeights::Linear),
                gwet_coefficient(&table, AgreementWeights::Linear),
            );
            prop_assert!(close(own.coefficient, whole.coefficient));
            prop_assert!(close(own.standard_error, whole.standard_error));
        }
    }

    #[test]
    fn many_distinct_rows_are_told_apart() {
        let rows: Vec<Vec<Option<usize>>> = (0..5_000).map(|item| vec![Some(item % 71), Some(item % 997)]).collect();
        let table = RatingTable::from_ratings(&rows, 1_000).unwrap();
        let profiles = RatingProfiles::from(&table);
        let distinct: std::collections::BTreeSet<Vec<Option<usize>>> = rows
            .into_iter()
            .map(|mut row| {
                row.sort_unstable();
                row
            })
            .collect();
        assert_eq!((profiles.distinct(), profiles.items()), (distinct.len(), 5_000));
    }
}
