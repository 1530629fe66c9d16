//! Items with the same votes, counted together.

use rayon::prelude::*;

use super::alpha::{Alpha, Level, alpha_of};
use super::alpha_error::alpha_error_of;
use super::fleiss::{FleissKappa, fleiss_kappa_of};
use super::gwet::{AgreementWeights, gwet_coefficient_of};
use super::linearised::ChanceCorrected;
use super::percent::percent_agreement_of;
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
    items: usize,
}

impl From<&RatingTable> for RatingProfiles {
    fn from(table: &RatingTable) -> Self {
        let mut rows = Rows::new(table.classes());
        for item in 0..table.items() {
            rows.add(table.counts(item), 1);
        }
        rows.finish(table.items())
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
        let longest = starts.windows(2).map(|pair| pair[1] - pair[0]).max();
        let bits = 32 - longest.unwrap_or(0).leading_zeros();
        let packing = Packing { bits, classes };
        let parts: Vec<usize> = (0..items).step_by(PART).collect();
        let counted: Vec<Rows> = parts
            .into_par_iter()
            .map(|start| {
                let starts = &starts[start..=items.min(start + PART)];
                if packing.width() <= DIRECT_BITS {
                    packing.looked_up(starts, class_column)
                } else if packing.width() <= 64 {
                    packing.hashed(starts, class_column)
                } else {
                    listed(starts, class_column, classes)
                }
            })
            .collect();
        let mut rows = Rows::new(classes);
        // Rows stay in the order of their first items, whatever the parts.
        for part in counted {
            for (row, times) in part.times.iter().enumerate() {
                rows.add(part.rows.counts(row), *times);
            }
        }
        rows.finish(items)
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

/// Distinct rows under way, found again by open addressing.
struct Rows {
    rows: RatingTable,
    times: Vec<u32>,
    slots: Slots,
}

impl Rows {
    fn new(classes: usize) -> Self {
        Self {
            rows: RatingTable::without_items(classes),
            times: Vec::new(),
            slots: Slots::default(),
        }
    }

    fn add(&mut self, counts: &[(u32, u32)], times: u32) {
        let hash = counts.iter().fold(0, |hash, (class, count)| {
            mixed(hash ^ (u64::from(*class) << 32 | u64::from(*count)))
        });
        let next = self.times.len() as u32;
        let row = self
            .slots
            .find(hash, next, |row| self.rows.counts(row as usize) == counts);
        if row == next {
            self.rows.push_sorted(counts);
            self.times.push(0);
        }
        self.times[row as usize] += times;
    }

    fn finish(self, items: usize) -> RatingProfiles {
        RatingProfiles {
            rows: self.rows,
            times: self.times,
            items,
        }
    }
}

/// Rows as single numbers of this width at most are places in a table; wider ones are hashed.
const DIRECT_BITS: usize = 16;

/// Rows as single numbers: `bits` for the count of each class, the last class highest.
#[derive(Clone, Copy)]
struct Packing {
    bits: u32,
    classes: usize,
}

impl Packing {
    fn width(self) -> usize {
        self.bits as usize * self.classes
    }

    fn keys<'a>(self, starts: &'a [u32], class_column: &'a [u16]) -> impl Iterator<Item = u64> + 'a {
        let rows = starts
            .windows(2)
            .map(|pair| &class_column[pair[0] as usize..pair[1] as usize]);
        rows.map(move |row| {
            row.iter()
                .fold(0, |key, class| key + (1_u64 << (u32::from(*class) * self.bits)))
        })
    }

    fn looked_up(self, starts: &[u32], class_column: &[u16]) -> Rows {
        let mut times = vec![0_u32; 1 << self.width()];
        let mut order = Vec::new();
        for key in self.keys(starts, class_column) {
            let own = &mut times[key as usize];
            if *own == 0 {
                order.push(key);
            }
            *own += 1;
        }
        self.unpacked(order.into_iter().map(|key| (key, times[key as usize])))
    }

    fn hashed(self, starts: &[u32], class_column: &[u16]) -> Rows {
        let (mut keys, mut times, mut slots) = (Vec::<u64>::new(), Vec::<u32>::new(), Slots::default());
        for key in self.keys(starts, class_column) {
            let next = keys.len() as u32;
            let row = slots.find(mixed(key), next, |row| keys[row as usize] == key);
            if row == next {
                keys.push(key);
                times.push(0);
            }
            times[row as usize] += 1;
        }
        self.unpacked(keys.into_iter().zip(times))
    }

    fn unpacked(self, keys: impl Iterator<Item = (u64, u32)>) -> Rows {
        let mask = u64::MAX >> (64 - self.bits.max(1));
        let mut rows = Rows::new(self.classes);
        let mut counts = Vec::new();
        for (key, times) in keys {
            counts.clear();
            for class in 0..self.classes as u32 {
                let count = (key >> (class * self.bits)) & mask;
                if count > 0 {
                    counts.push((class, count as u32));
                }
            }
            rows.add(&counts, times);
        }
        rows
    }
}

/// Rows as lists of classes and counts.
fn listed(starts: &[u32], class_column: &[u16], class_count: usize) -> Rows {
    let mut rows = Rows::new(class_count);
    let (mut classes, mut counts) = (Vec::new(), Vec::new());
    for pair in starts.windows(2) {
        classes.clear();
        classes.extend_from_slice(&class_column[pair[0] as usize..pair[1] as usize]);
        classes.sort_unstable();
        counts.clear();
        let runs = classes.chunk_by(|left, right| left == right);
        counts.extend(runs.filter_map(|run| Some((u32::from(*run.first()?), run.len() as u32))));
        rows.add(&counts, 1);
    }
    rows
}

/// A hash table of row numbers.
#[derive(Default)]
struct Slots {
    /// Hash and row number plus 1; 0 is empty. The length is a power of two.
    slots: Vec<(u64, u32)>,
    used: usize,
}

impl Slots {
    /// The row of this hash that `is_equal`, or `next`, which is then taken for it.
    #[inline]
    fn find(&mut self, hash: u64, next: u32, is_equal: impl Fn(u32) -> bool) -> u32 {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            match self.slots[place] {
                (_, 0) => {
                    self.slots[place] = (hash, next + 1);
                    self.used += 1;
                    return next;
                }
                (known, row) if known == hash && is_equal(row - 1) => return row - 1,
                _ => place = (place + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        for (hash, row) in old.into_iter().filter(|(_, row)| *row > 0) {
            let mut place = hash as usize & (size - 1);
            while self.slots[place].1 > 0 {
                place = (place + 1) & (size - 1);
            }
            self.slots[place] = (hash, row);
        }
    }
}

/// Spreads the bits of a number over all of them.
#[inline]
fn mixed(number: u64) -> u64 {
    let product = number
        .wrapping_add(0x9e37_79b9_7f4a_7c15)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (product ^ (product >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (product >> 29)
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
