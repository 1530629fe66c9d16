//! The weighted vote on many items at once.

use rayon::prelude::*;

use super::item_counters::{EvenCount, EvenCounter, Exceptions, WeightedCounter};
use super::tally::TIE_TOLERANCE;
use crate::Undefined;
use crate::error::{InvalidInput, non_negative, same_length};
use crate::estimate::Estimate;
use crate::votes::{VoteRow, VoteTable};

/// Items counted in one go; a part for each thread to take.
const PART: usize = 16_384;

/// What a vote weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VoteWeights<'a> {
    /// One each: the majority vote.
    Even,
    /// One weight for each voter, at least 0, in any unit.
    ByVoter(&'a [f64]),
    /// The weights in the table.
    Own,
}

/// Winners of many items, in 8 bytes an item where every vote weighs the same and in 32 elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteCounts {
    counts: Counts,
    /// Item and class of every tie, by item and class.
    tied: Vec<(u32, u16)>,
    /// Items without a count, ascending.
    undefined: Vec<(u32, Undefined)>,
}

/// One entry for each item.
#[derive(Debug, Clone, PartialEq)]
enum Counts {
    Even(Vec<EvenCount>),
    Weighted(Vec<ItemCount>),
}

/// The count of one item; what [`Tally`](super::Tally) says without the shares of the other classes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ItemCount {
    /// The class with the largest share, the lowest where several share first place.
    pub leader: u16,
    /// Largest share.
    pub top_share: f64,
    /// Largest share minus second largest; at most the tolerance of ties where several classes share first place.
    pub margin: f64,
    /// Kish's effective number of votes.
    pub effective_votes: f64,
}

impl ItemCount {
    /// The class with the largest share; `None` where several share first place.
    pub fn winner(&self) -> Option<usize> {
        (self.margin > TIE_TOLERANCE).then_some(usize::from(self.leader))
    }
}

impl VoteCounts {
    /// Number of items.
    pub fn items(&self) -> usize {
        match &self.counts {
            Counts::Even(counts) => counts.len(),
            Counts::Weighted(counts) => counts.len(),
        }
    }

    /// The count of an item; undefined (`too_few_items`) without votes and beyond the last item,
    /// (`not_identifiable`) where all votes have weight 0.
    pub fn item(&self, item: usize) -> Estimate<ItemCount> {
        let key = u32::try_from(item).unwrap_or(u32::MAX);
        if let Ok(position) = self.undefined.binary_search_by_key(&key, |(item, _)| *item) {
            return Estimate::Undefined(self.undefined[position].1);
        }
        let count = match &self.counts {
            Counts::Even(counts) => counts.get(item).map(EvenCount::shares),
            Counts::Weighted(counts) => counts.get(item).copied(),
        };
        count.map_or(Estimate::Undefined(Undefined::TooFewItems), Estimate::Value)
    }

    /// The winner of an item; `None` where several classes share first place and where there is no count.
    #[inline]
    pub fn winner(&self, item: usize) -> Option<usize> {
        match &self.counts {
            Counts::Even(counts) => counts.get(item)?.winner(),
            Counts::Weighted(counts) => counts.get(item)?.winner(),
        }
    }

    /// Largest share of an item; 0 where there is no count.
    #[inline]
    pub fn top_share(&self, item: usize) -> f64 {
        match &self.counts {
            Counts::Even(counts) => counts.get(item).map_or(0.0, EvenCount::top_share),
            Counts::Weighted(counts) => counts.get(item).map_or(0.0, |count| count.top_share),
        }
    }

    /// Largest share minus second largest of an item; 0 where there is no count.
    #[inline]
    pub fn margin(&self, item: usize) -> f64 {
        match &self.counts {
            Counts::Even(counts) => counts.get(item).map_or(0.0, EvenCount::margin),
            Counts::Weighted(counts) => counts.get(item).map_or(0.0, |count| count.margin),
        }
    }

    /// The classes that share first place on an item as pairs of item and class; empty where there is one winner.
    pub fn tied(&self, item: usize) -> &[(u32, u16)] {
        if self.winner(item).is_some() {
            return &[];
        }
        let start = self.tied.partition_point(|(tied, _)| (*tied as usize) < item);
        let end = self.tied.partition_point(|(tied, _)| (*tied as usize) <= item);
        &self.tied[start..end]
    }

    /// Number of items with several classes in first place.
    pub fn ties(&self) -> usize {
        self.tied.chunk_by(|left, right| left.0 == right.0).count()
    }

    /// Items without a count and why, ascending.
    pub fn undefined(&self) -> &[(u32, Undefined)] {
        &self.undefined
    }
}

/// Counts the votes of every item by the rules of [`weighted_vote`](super::weighted_vote): the same shares, ties,
/// margins and effective votes, to the last digit. A voter without an entry has abstained. Takes time proportional to the
/// votes; threads do not change the result.
///
/// # Errors
/// Weights of another number than voters, negative or not finite; `Own` for a table without weights.
pub fn count_votes(votes: &VoteTable, weights: VoteWeights<'_>) -> Result<VoteCounts, InvalidInput> {
    match weights {
        VoteWeights::Even => {}
        VoteWeights::ByVoter(weights) => {
            same_length("weights", votes.voters(), weights.len())?;
            non_negative("weights", weights)?;
        }
        VoteWeights::Own => same_length("weights of votes", votes.votes(), votes.weight_column().len())?,
    }
    let longest = votes.offsets().windows(2).map(|pair| pair[1] - pair[0]).max();
    let is_narrow = longest.unwrap_or(0) <= u32::from(u16::MAX);
    Ok(if weights == VoteWeights::Even && is_narrow {
        let counter = || EvenCounter::new(votes.classes());
        count_by(votes, counter, EvenCounter::count, Counts::Even)
    } else {
        let counter = || WeightedCounter::new(votes.classes(), weights);
        count_by(votes, counter, WeightedCounter::count, Counts::Weighted)
    })
}

/// Counts items part by part, a counter for each.
fn count_by<Counter, Count: Copy + Default + Send>(
    votes: &VoteTable,
    counter: impl Fn() -> Counter + Sync,
    count: impl Fn(&mut Counter, VoteRow<'_>, &mut Exceptions, u32) -> Count + Sync,
    counts_of: impl FnOnce(Vec<Count>) -> Counts,
) -> VoteCounts {
    let mut counts = vec![Count::default(); votes.items()];
    let parts = counts.par_chunks_mut(PART).enumerate();
    let exceptions: Vec<Exceptions> = parts
        .map(|(part, places)| {
            let (mut counter, mut exceptions) = (counter(), Exceptions::default());
            for (item, place) in (part * PART..).zip(places) {
                *place = count(&mut counter, votes.row(item), &mut exceptions, item as u32);
            }
            exceptions
        })
        .collect();
    let (mut tied, mut undefined) = (Vec::new(), Vec::new());
    for part in exceptions {
        tied.extend(part.tied);
        undefined.extend(part.undefined);
    }
    VoteCounts {
        counts: counts_of(counts),
        tied,
        undefined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::{Categories, weighted_vote};
    use proptest::prelude::*;

    /// Compares one item with the vote counted by itself.
    fn same_as_alone(
        counts: &VoteCounts,
        item: usize,
        row: VoteRow<'_>,
        weights: &[f64],
        classes: usize,
    ) -> Result<(), TestCaseError> {
        let cast: Vec<Option<usize>> = row.pairs().map(|(_, class)| Some(class)).collect();
        let alone = weighted_vote(&cast, weights, Categories::Declared(classes)).unwrap();
        match (counts.item(item), alone.tally) {
            (Estimate::Value(count), Estimate::Value(tally)) => {
                prop_assert_eq!(count.winner(), tally.outcome.winner());
                prop_assert_eq!(counts.winner(item), tally.outcome.winner());
                prop_assert_eq!(
                    (counts.top_share(item), counts.margin(item)),
                    (count.top_share, count.margin)
                );
                let tied: Vec<usize> = counts.tied(item).iter().map(|(_, class)| usize::from(*class)).collect();
                prop_assert_eq!(&tied[..], tally.outcome.tied());
                prop_assert_eq!(count.top_share, tally.top_share());
                prop_assert_eq!(count.margin, tally.margin);
                prop_assert_eq!(count.effective_votes, tally.effective_votes);
            }
            (count, tally) => prop_assert_eq!(count.reason(), tally.reason()),
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn every_item_is_counted_as_if_alone(
            cast in prop::collection::btree_map((0..8_u32, 0..6_u32), (0..4_u16, prop::sample::select(vec![0.0, 0.1, 0.3, 1.0, 7.5])), 0..40),
            skills in prop::collection::vec(prop::sample::select(vec![0.0, 0.2, 0.4, 1.0]), 6),
            class_count in prop::sample::select(vec![4_usize, 12]),
        ) {
            let items = cast.keys().map(|key| key.0).collect();
            let voters = cast.keys().map(|key| key.1).collect();
            let classes = cast.values().map(|value| value.0).collect();
            let own = cast.values().map(|value| value.1).collect();
            let votes = VoteTable::from_weighted_columns(items, voters, classes, own, [8, 6, class_count]).unwrap();
            let even = count_votes(&votes, VoteWeights::Even).unwrap();
            let by_voter = count_votes(&votes, VoteWeights::ByVoter(&skills)).unwrap();
            let own = count_votes(&votes, VoteWeights::Own).unwrap();
            for (item, row) in votes.rows().enumerate() {
                same_as_alone(&even, item, row, &vec![1.0; row.len()], class_count)?;
                let weights: Vec<f64> = row.voters.iter().map(|voter| skills[*voter as usize]).collect();
                same_as_alone(&by_voter, item, row, &weights, class_count)?;
                same_as_alone(&own, item, row, row.weights, class_count)?;
            }
            let ties = (0..8).filter(|item| !even.tied(*item).is_empty()).count();
            prop_assert_eq!(even.ties(), ties);
        }
    }

    #[test]
    fn very_many_votes_on_an_item_are_counted() {
        for (votes, classes) in [(300, 2), (300, 20), (70_000, 2)] {
            let triples: Vec<(usize, usize, usize)> = (0..votes).map(|voter| (0, voter, voter % 3 % 2)).collect();
            let votes = VoteTable::from_triples(&triples, 1, votes, classes).unwrap();
            let counts = count_votes(&votes, VoteWeights::Even).unwrap();
            let share = |class| triples.iter().filter(|vote| vote.2 == class).count() as f64 / triples.len() as f64;
            assert_eq!((counts.winner(0), counts.top_share(0)), (Some(0), share(0)));
            assert_eq!(counts.margin(0), share(0) - share(1));
        }
    }

    #[test]
    fn weights_are_checked() {
        let votes = VoteTable::from_triples(&[(0, 0, 0)], 2, 1, 1).unwrap();
        assert!(count_votes(&votes, VoteWeights::Own).is_err());
        assert!(count_votes(&votes, VoteWeights::ByVoter(&[])).is_err());
        assert!(count_votes(&votes, VoteWeights::ByVoter(&[-1.0])).is_err());
        let counts = count_votes(&votes, VoteWeights::Even).unwrap();
        assert_eq!(
            (counts.items(), counts.undefined()),
            (2, &[(1, Undefined::TooFewItems)][..])
        );
        assert_eq!(counts.item(5).reason(), Some(Undefined::TooFewItems));
    }
}
