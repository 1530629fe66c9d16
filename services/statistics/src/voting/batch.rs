//! The weighted vote on many items at once.

use rayon::prelude::*;

use super::tally::TIE_TOLERANCE;
use crate::Undefined;
use crate::error::{InvalidInput, non_negative, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::Sum;
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

/// Winners of many items, in 26 bytes an item.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteCounts {
    /// The leading class, the lowest of several.
    leaders: Vec<u16>,
    top_shares: Vec<f64>,
    margins: Vec<f64>,
    effective_votes: Vec<f64>,
    /// Item and class of every tie, by item and class.
    tied: Vec<(u32, u16)>,
    /// Items without a count, ascending.
    undefined: Vec<(u32, Undefined)>,
}

/// The count of one item; what [`Tally`](super::Tally) says without the shares of the other classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemCount {
    /// The class with the largest share; `None` where several share first place.
    pub winner: Option<usize>,
    /// The winner, or the lowest of the tied classes.
    pub leader: usize,
    /// Largest share.
    pub top_share: f64,
    /// Largest share minus second largest.
    pub margin: f64,
    /// Kish's effective number of votes.
    pub effective_votes: f64,
}

impl VoteCounts {
    /// Number of items.
    pub fn items(&self) -> usize {
        self.leaders.len()
    }

    /// The count of an item; undefined (`too_few_items`) without votes and beyond the last item,
    /// (`not_identifiable`) where all votes have weight 0.
    pub fn item(&self, item: usize) -> Estimate<ItemCount> {
        let key = u32::try_from(item).unwrap_or(u32::MAX);
        if let Ok(position) = self.undefined.binary_search_by_key(&key, |(item, _)| *item) {
            return Estimate::Undefined(self.undefined[position].1);
        }
        let Some(leader) = self.leaders.get(item).map(|class| usize::from(*class)) else {
            return Estimate::Undefined(Undefined::TooFewItems);
        };
        Estimate::Value(ItemCount {
            winner: self.tied(item).is_empty().then_some(leader),
            leader,
            top_share: self.top_shares[item],
            margin: self.margins[item],
            effective_votes: self.effective_votes[item],
        })
    }

    /// The winner of an item; `None` where several classes share first place and where there is no count.
    pub fn winner(&self, item: usize) -> Option<usize> {
        let leads = self.margins.get(item)? > &TIE_TOLERANCE;
        leads.then(|| usize::from(self.leaders[item]))
    }

    /// Largest share of every item; 0 where there is no count.
    pub fn top_shares(&self) -> &[f64] {
        &self.top_shares
    }

    /// Largest share minus second largest of every item; 0 where there is no count.
    pub fn margins(&self) -> &[f64] {
        &self.margins
    }

    /// The classes that share first place on an item as pairs of item and class; empty where there is one winner.
    pub fn tied(&self, item: usize) -> &[(u32, u16)] {
        if self.margins.get(item).is_none_or(|margin| *margin > TIE_TOLERANCE) {
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
    let mut counts = VoteCounts {
        leaders: vec![0; votes.items()],
        top_shares: vec![0.0; votes.items()],
        margins: vec![0.0; votes.items()],
        effective_votes: vec![0.0; votes.items()],
        tied: Vec::new(),
        undefined: Vec::new(),
    };
    let leaders = counts.leaders.par_chunks_mut(PART);
    let shares = leaders.zip(counts.top_shares.par_chunks_mut(PART));
    let margins = shares.zip(counts.margins.par_chunks_mut(PART));
    let parts = margins.zip(counts.effective_votes.par_chunks_mut(PART)).enumerate();
    let lists: Vec<_> = parts
        .map(|(part, (((leaders, shares), margins), effective))| {
            let mut counter = Counter::new(votes.classes());
            let places = leaders.iter_mut().zip(shares).zip(margins).zip(effective);
            for (index, (((leader, share), margin), effective)) in places.enumerate() {
                let item = part * PART + index;
                let Some(count) = counter.count(item as u32, votes.row(item), weights) else {
                    continue;
                };
                *leader = count.leader as u16;
                *share = count.top_share;
                *margin = count.margin;
                *effective = count.effective_votes;
            }
            (counter.tied, counter.undefined)
        })
        .collect();
    for (tied, undefined) in lists {
        counts.tied.extend(tied);
        counts.undefined.extend(undefined);
    }
    Ok(counts)
}

/// Counts items one after another in the same memory.
struct Counter {
    votes: Vec<u32>,
    weights: Vec<Sum>,
    /// Classes of the present item with their shares.
    shares: Vec<(u16, f64)>,
    scaled: Vec<f64>,
    tied: Vec<(u32, u16)>,
    undefined: Vec<(u32, Undefined)>,
}

impl Counter {
    fn new(classes: usize) -> Self {
        Self {
            votes: vec![0; classes],
            weights: vec![Sum::default(); classes],
            shares: Vec::new(),
            scaled: Vec::new(),
            tied: Vec::new(),
            undefined: Vec::new(),
        }
    }

    #[inline]
    fn count(&mut self, item: u32, row: VoteRow<'_>, weights: VoteWeights<'_>) -> Option<ItemCount> {
        if row.is_empty() {
            self.undefined.push((item, Undefined::TooFewItems));
            return None;
        }
        let effective_votes = match weights {
            VoteWeights::Even => return Some(self.count_evenly(item, row)),
            VoteWeights::ByVoter(weights) => {
                self.scaled.clear();
                self.scaled
                    .extend(row.voters.iter().map(|voter| weights[*voter as usize]));
                self.share_by_weight(row)
            }
            VoteWeights::Own => {
                self.scaled.clear();
                self.scaled.extend_from_slice(row.weights);
                self.share_by_weight(row)
            }
        };
        match effective_votes {
            Some(effective_votes) => Some(self.rank(item, effective_votes)),
            None => {
                self.undefined.push((item, Undefined::NotIdentifiable));
                None
            }
        }
    }

    /// The count of even votes, of which there is at least one: whole numbers, so that ties are exact.
    #[inline]
    fn count_evenly(&mut self, item: u32, row: VoteRow<'_>) -> ItemCount {
        for class in row.classes {
            self.votes[usize::from(*class)] += 1;
        }
        let (mut leader, mut first, mut second) = (0_u16, 0_u32, 0_u32);
        let start = self.tied.len();
        for class in row.classes {
            let votes = std::mem::take(&mut self.votes[usize::from(*class)]);
            if votes > first {
                second = first;
                (leader, first) = (*class, votes);
                self.tied.truncate(start);
            } else {
                second = second.max(votes);
                if votes == first {
                    self.tied.push((item, *class));
                }
            }
        }
        let is_tied = second == first;
        if is_tied {
            self.tied.push((item, leader));
            self.tied[start..].sort_unstable();
            leader = self.tied[start].1;
        } else {
            self.tied.truncate(start);
        }
        let total = row.len() as f64;
        let (first, second) = (f64::from(first) / total, f64::from(second) / total);
        ItemCount {
            winner: (!is_tied).then_some(usize::from(leader)),
            leader: usize::from(leader),
            top_share: first,
            margin: first - second,
            effective_votes: total,
        }
    }

    /// Shares of the weights in `scaled`; effective votes, unless there is no weight at all.
    fn share_by_weight(&mut self, row: VoteRow<'_>) -> Option<f64> {
        let largest = self.scaled.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return None;
        }
        let (mut total, mut squares) = (Sum::default(), Sum::default());
        self.shares.clear();
        for (class, weight) in row.classes.iter().zip(&self.scaled) {
            let weight = weight / largest;
            total.add(weight);
            squares.add(weight.powi(2));
            if !self.shares.iter().any(|(known, _)| known == class) {
                self.shares.push((*class, 0.0));
            }
            self.weights[usize::from(*class)].add(weight);
        }
        let (total, squares) = (total.total(), squares.total());
        for (class, share) in &mut self.shares {
            *share = std::mem::take(&mut self.weights[usize::from(*class)]).total() / total;
        }
        Some(total * total / squares)
    }

    fn rank(&mut self, item: u32, effective_votes: f64) -> ItemCount {
        let (mut leader, mut first, mut second) = (0, f64::NEG_INFINITY, 0.0_f64);
        for (class, share) in &self.shares {
            if *share > first {
                second = second.max(first);
                (leader, first) = (*class, *share);
            } else {
                second = second.max(*share);
            }
        }
        let mut winner = Some(usize::from(leader));
        if first - second <= TIE_TOLERANCE {
            let start = self.tied.len();
            let shared = self.shares.iter().filter(|(_, share)| first - share <= TIE_TOLERANCE);
            self.tied.extend(shared.map(|(class, _)| (item, *class)));
            self.tied[start..].sort_unstable();
            leader = self.tied[start].1;
            winner = None;
        }
        ItemCount {
            winner,
            leader: usize::from(leader),
            top_share: first,
            margin: first - second,
            effective_votes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::{Categories, weighted_vote};
    use proptest::prelude::*;

    /// Compares one item with the vote counted by itself.
    fn same_as_alone(counts: &VoteCounts, item: usize, row: VoteRow<'_>, weights: &[f64]) -> Result<(), TestCaseError> {
        let cast: Vec<Option<usize>> = row.pairs().map(|(_, class)| Some(class)).collect();
        let alone = weighted_vote(&cast, weights, Categories::Declared(4)).unwrap();
        match (counts.item(item), alone.tally) {
            (Estimate::Value(count), Estimate::Value(tally)) => {
                prop_assert_eq!(count.winner, tally.outcome.winner());
                prop_assert_eq!(counts.winner(item), tally.outcome.winner());
                prop_assert_eq!(
                    (counts.top_shares()[item], counts.margins()[item]),
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
        ) {
            let items = cast.keys().map(|key| key.0).collect();
            let voters = cast.keys().map(|key| key.1).collect();
            let classes = cast.values().map(|value| value.0).collect();
            let own = cast.values().map(|value| value.1).collect();
            let votes = VoteTable::from_weighted_columns(items, voters, classes, own, [8, 6, 4]).unwrap();
            let even = count_votes(&votes, VoteWeights::Even).unwrap();
            let by_voter = count_votes(&votes, VoteWeights::ByVoter(&skills)).unwrap();
            let own = count_votes(&votes, VoteWeights::Own).unwrap();
            for (item, row) in votes.rows().enumerate() {
                same_as_alone(&even, item, row, &vec![1.0; row.len()])?;
                let weights: Vec<f64> = row.voters.iter().map(|voter| skills[*voter as usize]).collect();
                same_as_alone(&by_voter, item, row, &weights)?;
                same_as_alone(&own, item, row, row.weights)?;
            }
            let ties = (0..8).filter(|item| !even.tied(*item).is_empty()).count();
            prop_assert_eq!(even.ties(), ties);
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
