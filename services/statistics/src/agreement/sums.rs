//! Sufficient statistics that shards can add up and single votes can change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alpha::{Alpha, Distance, Level, finish};
use super::gwet::{AgreementWeights, gwet_scheme};
use super::linearised::correct_for_chance;
use super::profiles::RatingProfiles;
use crate::Undefined;
use crate::error::{InvalidInput, parameter};
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};

/// All that any coefficient but Cohen's needs of the votes, in whole numbers: by number of votes on an item, how many
/// items there are, the votes per class, and for every two classes how often votes for them meet on an item.
///
/// Shards are counted apart and merged, and a vote that arrives or is withdrawn is added or removed in time that depends on
/// the votes of its item alone. Whole numbers do not drift: the sums, and so every coefficient to the last digit, are those
/// of counting everything at once, and adding and removing leaves nothing behind. Takes memory for the pairs of classes
/// that meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawSums", into = "RawSums")]
pub struct AgreementSums {
    classes: usize,
    /// By number of votes on an item.
    sizes: BTreeMap<u32, SizeSums>,
}

/// Sums over the items with one number of votes; no entry is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SizeSums {
    items: u64,
    /// Votes by class.
    votes: BTreeMap<u32, u64>,
    /// `sum_i n_ic n_ik` by classes `c <= k`.
    meetings: BTreeMap<(u32, u32), u64>,
}

#[derive(Serialize, Deserialize)]
struct RawSums {
    classes: usize,
    sizes: Vec<RawSize>,
}

#[derive(Serialize, Deserialize)]
struct RawSize {
    size: u32,
    items: u64,
    votes: Vec<(u32, u64)>,
    meetings: Vec<(u32, u32, u64)>,
}

impl From<AgreementSums> for RawSums {
    fn from(sums: AgreementSums) -> Self {
        let sizes = sums.sizes.into_iter().map(|(size, own)| RawSize {
            size,
            items: own.items,
            votes: own.votes.into_iter().collect(),
            meetings: own.meetings.into_iter().map(|((c, k), count)| (c, k, count)).collect(),
        });
        Self {
            classes: sums.classes,
            sizes: sizes.collect(),
        }
    }
}

impl TryFrom<RawSums> for AgreementSums {
    type Error = InvalidInput;

    fn try_from(raw: RawSums) -> Result<Self, InvalidInput> {
        let mut sums = Self::new(raw.classes);
        for size in raw.sizes {
            let votes = size.votes.iter().map(|(class, _)| *class);
            let classes = votes.chain(size.meetings.iter().flat_map(|(c, k, _)| [*c, *k]));
            for class in classes {
                sums.check(class as usize)?;
            }
            let own = SizeSums {
                items: size.items,
                votes: size.votes.into_iter().collect(),
                meetings: size.meetings.into_iter().map(|(c, k, count)| ((c, k), count)).collect(),
            };
            sums.sizes.insert(size.size, own);
        }
        Ok(sums)
    }
}

/// The votes of one item by class, to keep beside the sums where single votes come and go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemVotes {
    counts: BTreeMap<u32, u32>,
}

impl ItemVotes {
    /// Class and number of votes, by class.
    pub fn counts(&self) -> impl Iterator<Item = (usize, u32)> {
        self.counts.iter().map(|(class, count)| (*class as usize, *count))
    }

    fn pairs(&self) -> Vec<(u32, u32)> {
        self.counts.iter().map(|(class, count)| (*class, *count)).collect()
    }
}

impl AgreementSums {
    /// No votes yet, for so many DECLARED classes.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            sizes: BTreeMap::new(),
        }
    }

    /// Makes room for classes that were not known before: from now on there are this many, if there were fewer. For fields
    /// whose values are not declared; the coefficients are those of so many classes from the beginning.
    pub fn widen(&mut self, classes: usize) {
        self.classes = self.classes.max(classes);
    }

    /// Counts one shard; make the profiles from a table of votes or ratings.
    pub fn count(profiles: &RatingProfiles) -> Self {
        let mut sums = Self::new(profiles.classes());
        for (row, times) in profiles.times.iter().enumerate() {
            sums.change(profiles.rows.counts(row), |own, change| {
                *own += change * u64::from(*times);
            });
        }
        sums
    }

    /// Both shards together; they must not share items.
    ///
    /// # Errors
    /// Another number of classes.
    pub fn merged(mut self, other: &Self) -> Result<Self, InvalidInput> {
        parameter(
            "number of classes",
            other.classes as f64,
            "the number of classes of the first shard",
            other.classes == self.classes,
        )?;
        for (size, added) in &other.sizes {
            let own = self.sizes.entry(*size).or_default();
            own.items += added.items;
            for (class, count) in &added.votes {
                *own.votes.entry(*class).or_default() += count;
            }
            for (pair, count) in &added.meetings {
                *own.meetings.entry(*pair).or_default() += count;
            }
        }
        Ok(self)
    }

    /// Adds a vote for `class` to an item with the votes `item`, which are updated too.
    ///
    /// # Errors
    /// A class that is not below the number of classes.
    pub fn add_vote(&mut self, item: &mut ItemVotes, class: usize) -> Result<(), InvalidInput> {
        let class = self.check(class)?;
        self.remove_item(item);
        *item.counts.entry(class).or_default() += 1;
        self.change(&item.pairs(), |own, change| *own += change);
        Ok(())
    }

    /// Takes a vote for `class` back from an item with the votes `item`, which are updated too.
    ///
    /// # Errors
    /// A class for which the item has no vote.
    pub fn remove_vote(&mut self, item: &mut ItemVotes, class: usize) -> Result<(), InvalidInput> {
        let narrow = self.check(class)?;
        let left = item.counts.get(&narrow).and_then(|count| count.checked_sub(1));
        parameter(
            "class of the vote",
            class as f64,
            "a class the item has a vote for",
            left.is_some(),
        )?;
        self.remove_item(item);
        match left {
            Some(0) | None => item.counts.remove(&narrow),
            Some(left) => item.counts.insert(narrow, left),
        };
        self.change(&item.pairs(), |own, change| *own += change);
        Ok(())
    }

    fn remove_item(&mut self, item: &ItemVotes) {
        self.change(&item.pairs(), |own, change| *own = own.saturating_sub(change));
    }

    fn check(&self, class: usize) -> Result<u32, InvalidInput> {
        match u32::try_from(class) {
            Ok(narrow) if class < self.classes => Ok(narrow),
            _ => Err(InvalidInput::Parameter {
                what: "class of the vote",
                value: class as f64,
                expected: "a class below the number of classes",
            }),
        }
    }

    /// Applies the parts of one item to the sums; an item without votes has none.
    fn change(&mut self, counts: &[(u32, u32)], apply: impl Fn(&mut u64, u64)) {
        let size: u32 = counts.iter().map(|(_, count)| *count).sum();
        if size == 0 {
            return;
        }
        let own = self.sizes.entry(size).or_default();
        apply(&mut own.items, 1);
        for (index, (class, count)) in counts.iter().enumerate() {
            let count = u64::from(*count);
            let votes = own.votes.entry(*class).or_default();
            apply(votes, count);
            if *votes == 0 {
                own.votes.remove(class);
            }
            for (other, votes) in &counts[index..] {
                let pair = (*class, *other);
                let meetings = own.meetings.entry(pair).or_default();
                apply(meetings, count * u64::from(*votes));
                if *meetings == 0 {
                    own.meetings.remove(&pair);
                }
            }
        }
        if own.items == 0 {
            self.sizes.remove(&size);
        }
    }

    /// Items with at least one vote.
    pub fn items(&self) -> u64 {
        self.sizes.values().map(|own| own.items).sum()
    }

    /// Items with at least two votes.
    pub fn pairable_items(&self) -> u64 {
        self.pairable().map(|(_, own)| own.items).sum()
    }

    /// All votes by class, those on items with a single vote included.
    pub fn class_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes];
        for (class, count) in self.sizes.values().flat_map(|own| &own.votes) {
            counts[*class as usize] += count;
        }
        counts
    }

    fn pairable(&self) -> impl Iterator<Item = (f64, &SizeSums)> {
        self.sizes.range(2..).map(|(size, own)| (f64::from(*size), own))
    }

    /// As [`percent_agreement`](super::percent_agreement).
    pub fn percent_agreement(&self) -> Estimate {
        self.observed_agreement(|first, second| f64::from(u8::from(first == second)))
    }

    /// Mean over items with two votes of `(sum_ck w_ck n_c n_k - r) / (r (r - 1))`.
    fn observed_agreement(&self, weight: impl Fn(usize, usize) -> f64) -> Estimate {
        let items = self.pairable_items();
        if items == 0 {
            return Estimate::Undefined(Undefined::NoPairableVotes);
        }
        let mut agreement = Sum::default();
        for (size, own) in self.pairable() {
            let met = own.meetings.iter().map(|((first, second), count)| {
                let sides = if first == second { 1.0 } else { 2.0 };
                sides * weight(*first as usize, *second as usize) * *count as f64
            });
            agreement.add((sum(met) - size * own.items as f64) / (size * (size - 1.0)));
        }
        Estimate::Value(agreement.total() / items as f64)
    }

    /// As [`krippendorff_alpha`](super::krippendorff_alpha).
    ///
    /// # Errors
    /// As [`krippendorff_alpha`](super::krippendorff_alpha).
    pub fn krippendorff_alpha(&self, level: Level<'_>) -> Result<Alpha, InvalidInput> {
        level.check(self.classes)?;
        let mut counts = vec![0.0; self.classes];
        for (_, own) in self.pairable() {
            for (class, count) in &own.votes {
                counts[*class as usize] += *count as f64;
            }
        }
        let votes = sum(counts.iter().copied());
        if votes == 0.0 {
            return Ok(Alpha::undefined(Undefined::NoPairableVotes));
        }
        let distance = Distance::of(level, &counts);
        let mut observed = Sum::default();
        for (size, own) in self.pairable() {
            for ((first, second), count) in own.meetings.iter().filter(|((first, second), _)| first != second) {
                let apart = distance.between(*first as usize, *second as usize);
                observed.add(2.0 * *count as f64 * apart / (size - 1.0));
            }
        }
        let used = counts.into_iter().enumerate().filter(|(_, count)| *count > 0.0);
        let everything: Vec<(usize, f64)> = used.collect();
        Ok(finish(
            observed.total(),
            distance.total(&everything) / (votes - 1.0),
            votes,
        ))
    }

    /// As the coefficient of [`fleiss_kappa`](super::fleiss_kappa()).
    pub fn fleiss_kappa(&self) -> Estimate {
        let chance = sum(self.shares().into_iter().map(|share| share * share));
        let observed = self.percent_agreement().into_result();
        observed
            .and_then(|observed| correct_for_chance(observed, chance).into_result())
            .into()
    }

    /// As the coefficient of [`gwet_coefficient`](super::gwet_coefficient).
    pub fn gwet_coefficient(&self, weights: AgreementWeights) -> Estimate {
        if self.classes < 2 {
            return Estimate::Undefined(Undefined::NoVariation);
        }
        let chance = gwet_scheme(self.classes, weights, |scheme| (scheme.chance)(&self.shares()));
        let observed = self.observed_agreement(|first, second| weights.weight(first, second, self.classes));
        let corrected = |observed| correct_for_chance(observed, chance).into_result();
        observed.into_result().and_then(corrected).into()
    }

    /// Mean class shares over items with votes.
    fn shares(&self) -> Vec<f64> {
        let items = self.items().max(1) as f64;
        let mut shares = vec![Sum::default(); self.classes];
        for (size, own) in &self.sizes {
            for (class, count) in &own.votes {
                shares[*class as usize].add(*count as f64 / f64::from(*size));
            }
        }
        shares.into_iter().map(|share| share.total() / items).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::RatingTable;
    use proptest::prelude::*;

    fn close(left: Estimate, right: Estimate) -> bool {
        match (left, right) {
            (Estimate::Value(left), Estimate::Value(right)) => (left - right).abs() < 1e-12,
            (left, right) => left == right,
        }
    }

    fn profiles(rows: &[Vec<Option<usize>>]) -> RatingProfiles {
        RatingProfiles::from(&RatingTable::from_ratings(rows, 3).unwrap())
    }

    fn ratings() -> impl Strategy<Value = Vec<Vec<Option<usize>>>> {
        prop::collection::vec(prop::collection::vec(prop::option::of(0..3_usize), 0..5), 1..30)
    }

    #[test]
    fn classes_may_come_later_and_a_hundred_thousand_are_no_matter() {
        let mut sums = AgreementSums::new(0);
        let mut items = vec![ItemVotes::default(); 50_000];
        for (class, item) in items.iter_mut().enumerate() {
            sums.widen(2 * class + 2);
            sums.add_vote(item, 2 * class).unwrap();
            sums.add_vote(item, 2 * class + class % 2).unwrap();
        }
        assert_eq!(
            (sums.pairable_items(), sums.percent_agreement()),
            (50_000, Estimate::Value(0.5))
        );
        let mut known = AgreementSums::new(100_000);
        for (class, item) in items.iter_mut().enumerate() {
            *item = ItemVotes::default();
            known.add_vote(item, 2 * class).unwrap();
            known.add_vote(item, 2 * class + class % 2).unwrap();
        }
        assert_eq!(sums, known);
    }

    proptest! {
        #[test]
        fn merging_shards_equals_the_whole(ratings in ratings(), cut in 0..30_usize) {
            let (first, second) = ratings.split_at(cut.min(ratings.len()));
            let whole = profiles(&ratings);
            let merged = AgreementSums::count(&profiles(first))
                .merged(&AgreementSums::count(&profiles(second)))
                .unwrap();
            prop_assert_eq!(&merged, &AgreementSums::count(&whole));
            let text = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(&serde_json::from_str::<AgreementSums>(&text).unwrap(), &merged);
            prop_assert!(close(merged.percent_agreement(), whole.percent_agreement()));
            let values = [0.0, 1.0, 4.0];
            for level in [Level::Nominal, Level::Ordinal, Level::Interval(&values), Level::Ratio(&values)] {
                let (own, all) = (merged.krippendorff_alpha(level).unwrap(), whole.krippendorff_alpha(level).unwrap());
                prop_assert!(close(own.alpha, all.alpha), "{level:?} {own:?} {all:?}");
                prop_assert_eq!(own.pairable_votes, all.pairable_votes);
            }
            prop_assert!(close(merged.fleiss_kappa(), whole.fleiss_kappa().kappa.coefficient));
            for weights in [AgreementWeights::Identity, AgreementWeights::Linear] {
                prop_assert!(close(merged.gwet_coefficient(weights), whole.gwet_coefficient(weights).coefficient));
            }
        }

        #[test]
        fn votes_come_and_go_without_a_trace(ratings in ratings(), gone in prop::collection::vec((0..30_usize, 0..3_usize), 0..20)) {
            let whole = AgreementSums::count(&profiles(&ratings));
            let mut live = AgreementSums::new(3);
            let mut items = vec![ItemVotes::default(); ratings.len()];
            for (item, row) in ratings.iter().enumerate() {
                for class in row.iter().flatten() {
                    live.add_vote(&mut items[item], *class).unwrap();
                }
            }
            prop_assert_eq!(&live, &whole);
            for (item, class) in gone.iter().map(|(item, class)| (item % ratings.len(), *class)) {
                live.add_vote(&mut items[item], class).unwrap();
            }
            for (item, class) in gone.iter().rev().map(|(item, class)| (item % ratings.len(), *class)) {
                live.remove_vote(&mut items[item], class).unwrap();
            }
            prop_assert_eq!(&live, &whole);
            for (item, row) in ratings.iter().enumerate() {
                for class in row.iter().flatten() {
                    live.remove_vote(&mut items[item], *class).unwrap();
                }
            }
            prop_assert_eq!(live, AgreementSums::new(3));
        }
    }

    #[test]
    fn what_is_not_there_cannot_go() {
        let mut sums = AgreementSums::new(2);
        let mut item = ItemVotes::default();
        assert!(sums.remove_vote(&mut item, 0).is_err());
        assert!(sums.add_vote(&mut item, 2).is_err());
        sums.add_vote(&mut item, 1).unwrap();
        assert_eq!(
            (sums.items(), sums.pairable_items(), sums.class_counts()),
            (1, 0, vec![0, 1])
        );
        assert!(sums.remove_vote(&mut item, 0).is_err());
        assert!(sums.merged(&AgreementSums::new(3)).is_err());
        assert!(
            serde_json::from_str::<AgreementSums>(
                r#"{"classes":1,"sizes":[{"size":1,"items":1,"votes":[[1,1]],"meetings":[[1,1,1]]}]}"#
            )
            .is_err()
        );
    }
}
