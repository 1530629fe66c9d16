//! Counts the votes of one item after another in the same memory.

use super::batch::{ItemCount, VoteWeights};
use super::tally::TIE_TOLERANCE;
use crate::Undefined;
use crate::numeric::sum::Sum;
use crate::votes::VoteRow;

/// What few items have.
#[derive(Default)]
pub(super) struct Exceptions {
    /// Item and class of every tie, by item and class.
    pub(super) tied: Vec<(u32, u16)>,
    /// Items without a count, ascending.
    pub(super) undefined: Vec<(u32, Undefined)>,
}

/// The count of an item with fewer than 2^16 votes that weigh the same: whole numbers, so that ties are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct EvenCount {
    /// The class with the most votes, the lowest of several.
    leader: u16,
    /// Its votes.
    first: u16,
    /// The most votes of another class.
    second: u16,
    /// All votes; 0 where there is no count.
    votes: u16,
}

impl EvenCount {
    #[inline]
    pub(super) fn winner(&self) -> Option<usize> {
        (self.first > self.second).then_some(usize::from(self.leader))
    }

    #[inline]
    pub(super) fn top_share(&self) -> f64 {
        self.share(self.first)
    }

    #[inline]
    pub(super) fn margin(&self) -> f64 {
        self.share(self.first) - self.share(self.second)
    }

    #[inline]
    fn share(&self, votes: u16) -> f64 {
        f64::from(votes) / f64::from(self.votes.max(1))
    }

    pub(super) fn shares(&self) -> ItemCount {
        ItemCount {
            leader: self.leader,
            top_share: self.top_share(),
            margin: self.margin(),
            effective_votes: self.votes.into(),
        }
    }
}

/// So many classes are counted side by side in one number.
const SIDE_BY_SIDE: usize = 8;

/// The most votes of one class that have room there.
const MOST_SIDE_BY_SIDE: usize = 255;

/// Counts votes that weigh the same, on items with fewer than 2^16 of them.
pub(super) struct EvenCounter {
    /// By class, all 0 between items.
    votes: Vec<u16>,
}

impl EvenCounter {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            votes: vec![0; classes],
        }
    }

    #[inline]
    pub(super) fn count(&mut self, row: VoteRow<'_>, exceptions: &mut Exceptions, item: u32) -> EvenCount {
        let Some(any) = row.classes.first() else {
            exceptions.undefined.push((item, Undefined::TooFewItems));
            return EvenCount::default();
        };
        let count = EvenCount {
            leader: *any,
            votes: row.len() as u16,
            ..EvenCount::default()
        };
        if self.votes.len() <= SIDE_BY_SIDE && row.len() <= MOST_SIDE_BY_SIDE {
            self.count_side_by_side(count, row, exceptions, item)
        } else {
            self.count_one_by_one(count, row, exceptions, item)
        }
    }

    /// Without a branch for each vote: which class is ahead cannot be guessed.
    #[inline]
    fn count_side_by_side(
        &self,
        mut count: EvenCount,
        row: VoteRow<'_>,
        exceptions: &mut Exceptions,
        item: u32,
    ) -> EvenCount {
        let votes = row
            .classes
            .iter()
            .fold(0_u64, |votes, class| votes + (1 << (8 * u32::from(*class))))
            .to_le_bytes();
        let classes = self.votes.len();
        for (class, votes) in (0_u16..).zip(&votes[..classes]) {
            let votes = u16::from(*votes);
            let leads = votes > count.first;
            let behind = if leads { count.first } else { votes };
            count.leader = if leads { class } else { count.leader };
            count.second = count.second.max(behind);
            count.first = count.first.max(votes);
        }
        if count.first == count.second {
            let shared = (0_u16..).zip(&votes[..classes]);
            let shared = shared.filter(|(_, votes)| u16::from(**votes) == count.first);
            exceptions.tied.extend(shared.map(|(class, _)| (item, class)));
        }
        count
    }

    fn count_one_by_one(
        &mut self,
        mut count: EvenCount,
        row: VoteRow<'_>,
        exceptions: &mut Exceptions,
        item: u32,
    ) -> EvenCount {
        for class in row.classes {
            self.votes[usize::from(*class)] += 1;
        }
        let start = exceptions.tied.len();
        for class in row.classes {
            let votes = std::mem::take(&mut self.votes[usize::from(*class)]);
            if votes > count.first {
                count.second = count.first;
                (count.leader, count.first) = (*class, votes);
                exceptions.tied.truncate(start);
            } else {
                count.second = count.second.max(votes);
                if votes == count.first {
                    exceptions.tied.push((item, *class));
                }
            }
        }
        if count.first == count.second {
            exceptions.tied.push((item, count.leader));
            exceptions.tied[start..].sort_unstable();
            count.leader = exceptions.tied[start].1;
        } else {
            exceptions.tied.truncate(start);
        }
        count
    }
}

/// Counts votes that weigh what they may.
pub(super) struct WeightedCounter<'a> {
    weights: VoteWeights<'a>,
    /// By class, all 0 between items.
    sums: Vec<Sum>,
    /// Classes of the present item with their shares.
    shares: Vec<(u16, f64)>,
    own: Vec<f64>,
}

impl<'a> WeightedCounter<'a> {
    pub(super) fn new(classes: usize, weights: VoteWeights<'a>) -> Self {
        Self {
            weights,
            sums: vec![Sum::default(); classes],
            shares: Vec::new(),
            own: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn count(&mut self, row: VoteRow<'_>, exceptions: &mut Exceptions, item: u32) -> ItemCount {
        self.own.clear();
        match self.weights {
            VoteWeights::Even => self.own.resize(row.len(), 1.0),
            VoteWeights::ByVoter(weights) => self.own.extend(row.voters.iter().map(|voter| weights[*voter as usize])),
            VoteWeights::Own => self.own.extend_from_slice(row.weights),
        }
        if row.is_empty() {
            exceptions.undefined.push((item, Undefined::TooFewItems));
            return ItemCount::default();
        }
        let Some(effective_votes) = self.share(row) else {
            exceptions.undefined.push((item, Undefined::NotIdentifiable));
            return ItemCount::default();
        };
        self.rank(effective_votes, exceptions, item)
    }

    /// Shares of the weights in `own`; effective votes, unless there is no weight at all.
    fn share(&mut self, row: VoteRow<'_>) -> Option<f64> {
        let largest = self.own.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return None;
        }
        let (mut total, mut squares) = (Sum::default(), Sum::default());
        self.shares.clear();
        for (class, weight) in row.classes.iter().zip(&self.own) {
            let weight = weight / largest;
            total.add(weight);
            squares.add(weight.powi(2));
            if !self.shares.iter().any(|(known, _)| known == class) {
                self.shares.push((*class, 0.0));
            }
            self.sums[usize::from(*class)].add(weight);
        }
        let (total, squares) = (total.total(), squares.total());
        for (class, share) in &mut self.shares {
            *share = std::mem::take(&mut self.sums[usize::from(*class)]).total() / total;
        }
        Some(total * total / squares)
    }

    fn rank(&self, effective_votes: f64, exceptions: &mut Exceptions, item: u32) -> ItemCount {
        let (mut leader, mut first, mut second) = (0, f64::NEG_INFINITY, 0.0_f64);
        for (class, share) in &self.shares {
            if *share > first {
                second = second.max(first);
                (leader, first) = (*class, *share);
            } else {
                second = second.max(*share);
            }
        }
        if first - second <= TIE_TOLERANCE {
            let start = exceptions.tied.len();
            let shared = self.shares.iter().filter(|(_, share)| first - share <= TIE_TOLERANCE);
            exceptions.tied.extend(shared.map(|(class, _)| (item, *class)));
            exceptions.tied[start..].sort_unstable();
            leader = exceptions.tied[start].1;
        }
        ItemCount {
            leader,
            top_share: first,
            margin: first - second,
            effective_votes,
        }
    }
}
