//! The table.

use super::grouping::{Columns, Grouped, Repeats};
use crate::error::{InvalidInput, non_negative, parameter, same_length};

/// Votes of some voters on some items in compressed rows, one row for each item.
///
/// Within a row the votes are in the order of their voters and a voter has at most one, so a table, and whatever is
/// computed from it, does not depend on the order of the columns it was made of. A vote that is missing has no entry.
///
/// Limits: fewer than 2^32 votes, items and voters; at most 65,536 classes.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteTable {
    grouped: Grouped,
    voter_count: usize,
    class_count: usize,
}

/// The votes of one item, in the order of their voters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoteRow<'a> {
    /// Who voted.
    pub voters: &'a [u32],
    /// For which class each of them did.
    pub classes: &'a [u16],
    /// With which weight; empty in a table without weights.
    pub weights: &'a [f64],
}

impl<'a> VoteRow<'a> {
    /// Number of votes.
    #[inline]
    pub fn len(&self) -> usize {
        self.voters.len()
    }

    /// Whether nobody voted.
    pub fn is_empty(&self) -> bool {
        self.voters.is_empty()
    }

    /// Voter and class of every vote.
    #[inline]
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let pairs = self.voters.iter().zip(self.classes);
        pairs.map(|(voter, class)| (*voter as usize, usize::from(*class)))
    }
}

impl VoteTable {
    /// From one column each of items, voters and classes, entry `i` being vote `i`. Columns whose items never fall
    /// are taken over without a copy, others are sorted in time proportional to the votes.
    ///
    /// `items`, `voters` and `classes` with the ending `_count` are the DECLARED numbers; an item without votes is an
    /// empty row.
    ///
    /// # Errors
    /// Columns of unequal length, an index that is not below its count, no classes, more than the table can hold, a
    /// second vote of a voter on an item ([`InvalidInput::Repeated`] names both positions).
    pub fn from_columns(
        items: Vec<u32>,
        voters: Vec<u32>,
        classes: Vec<u16>,
        item_count: usize,
        voter_count: usize,
        class_count: usize,
    ) -> Result<Self, InvalidInput> {
        let counts = [item_count, voter_count, class_count];
        Self::build(items, voters, classes, Vec::new(), counts, Repeats::Refuse).map(|(table, _)| table)
    }

    /// As [`Self::from_columns`], with a weight for every vote.
    ///
    /// # Errors
    /// As [`Self::from_columns`], and a weight that is negative or not finite.
    pub fn from_weighted_columns(
        items: Vec<u32>,
        voters: Vec<u32>,
        classes: Vec<u16>,
        weights: Vec<f64>,
        counts: [usize; 3],
    ) -> Result<Self, InvalidInput> {
        same_length("weights of votes", items.len(), weights.len())?;
        non_negative("weights of votes", &weights)?;
        Self::build(items, voters, classes, weights, counts, Repeats::Refuse).map(|(table, _)| table)
    }

    /// As [`Self::from_columns`], but of several votes of one voter on one item the first in the columns counts and
    /// the others are dropped. Returns their number too. `weights` is empty or has one entry for each vote; `counts`
    /// are items, voters and classes.
    ///
    /// # Errors
    /// As [`Self::from_weighted_columns`], except for repeated votes.
    pub fn keeping_first_votes(
        items: Vec<u32>,
        voters: Vec<u32>,
        classes: Vec<u16>,
        weights: Vec<f64>,
        counts: [usize; 3],
    ) -> Result<(Self, usize), InvalidInput> {
        if !weights.is_empty() {
            same_length("weights of votes", items.len(), weights.len())?;
            non_negative("weights of votes", &weights)?;
        }
        Self::build(items, voters, classes, weights, counts, Repeats::KeepFirst)
    }

    /// From compressed rows, which are taken over without a copy: the votes of item `i` are those from `starts[i]` up to
    /// `starts[i + 1]`, in any order within the row. `weights` is empty or has one entry for each vote.
    ///
    /// # Errors
    /// As [`Self::from_weighted_columns`], and starts that are not those of rows: at least one, the first 0, never
    /// falling, the last the number of votes.
    pub fn from_rows(
        starts: Vec<u32>,
        voters: Vec<u32>,
        classes: Vec<u16>,
        weights: Vec<f64>,
        [voter_count, class_count]: [usize; 2],
    ) -> Result<Self, InvalidInput> {
        same_length("classes of votes", voters.len(), classes.len())?;
        if !weights.is_empty() {
            same_length("weights of votes", voters.len(), weights.len())?;
            non_negative("weights of votes", &weights)?;
        }
        let is_whole = starts.first() == Some(&0) && starts.last().map(|end| *end as usize) == Some(voters.len());
        let last = starts.last().map_or(f64::NAN, |end| f64::from(*end));
        parameter(
            "starts of rows",
            last,
            "starts from 0 to the number of votes, never falling",
            is_whole && starts.is_sorted(),
        )?;
        check_counts(voters.len(), [starts.len() - 1, voter_count, class_count])?;
        check_voters_and_classes(&voters, &classes, voter_count, class_count)?;
        let grouped = Grouped {
            offsets: starts,
            voters,
            classes,
            weights,
        };
        Ok(Self {
            grouped: grouped.sorted()?,
            voter_count,
            class_count,
        })
    }

    /// From triples `(item, voter, class)` in any order, for small data.
    ///
    /// # Errors
    /// As [`Self::from_columns`].
    pub fn from_triples(
        votes: &[(usize, usize, usize)],
        item_count: usize,
        voter_count: usize,
        class_count: usize,
    ) -> Result<Self, InvalidInput> {
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let items = votes.iter().map(|vote| narrow(vote.0)).collect();
        let voters = votes.iter().map(|vote| narrow(vote.1)).collect();
        let too_large = votes.iter().position(|vote| vote.2 >= class_count);
        if let Some(index) = too_large {
            return Err(InvalidInput::Index {
                what: "class of votes",
                index,
                found: votes[index].2,
                bound: class_count,
            });
        }
        let classes = votes
            .iter()
            .map(|vote| u16::try_from(vote.2).unwrap_or(u16::MAX))
            .collect();
        Self::from_columns(items, voters, classes, item_count, voter_count, class_count)
    }

    fn build(
        items: Vec<u32>,
        voters: Vec<u32>,
        classes: Vec<u16>,
        weights: Vec<f64>,
        [item_count, voter_count, class_count]: [usize; 3],
        repeats: Repeats,
    ) -> Result<(Self, usize), InvalidInput> {
        same_length("voters of votes", items.len(), voters.len())?;
        same_length("classes of votes", items.len(), classes.len())?;
        check_counts(items.len(), [item_count, voter_count, class_count])?;
        below("item of votes", items.iter().map(|item| *item as usize), item_count)?;
        check_voters_and_classes(&voters, &classes, voter_count, class_count)?;
        let columns = Columns {
            items,
            voters,
            classes,
            weights,
        };
        let votes = columns.items.len();
        let grouped = columns.group(item_count, repeats)?;
        let dropped = votes - grouped.voters.len();
        let table = Self {
            grouped,
            voter_count,
            class_count,
        };
        Ok((table, dropped))
    }

    /// Number of items, with or without votes.
    pub fn items(&self) -> usize {
        self.grouped.offsets.len() - 1
    }

    /// Declared number of voters.
    pub fn voters(&self) -> usize {
        self.voter_count
    }

    /// Declared number of classes.
    pub fn classes(&self) -> usize {
        self.class_count
    }

    /// Number of votes.
    pub fn votes(&self) -> usize {
        self.grouped.voters.len()
    }

    /// Whether every vote has a weight of its own.
    pub fn is_weighted(&self) -> bool {
        !self.grouped.weights.is_empty()
    }

    /// The votes of an item; empty beyond the last.
    pub fn row(&self, item: usize) -> VoteRow<'_> {
        let bound = |index: usize| self.grouped.offsets.get(index).copied();
        let range = match (bound(item), bound(item + 1)) {
            (Some(start), Some(end)) => start as usize..end as usize,
            _ => 0..0,
        };
        VoteRow {
            voters: &self.grouped.voters[range.clone()],
            classes: &self.grouped.classes[range.clone()],
            weights: self.grouped.weights.get(range).unwrap_or(&[]),
        }
    }

    /// The votes of every item, by item.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = VoteRow<'_>> {
        (0..self.items()).map(|item| self.row(item))
    }

    /// Where the votes of each item begin in the columns, and after the last item where they end.
    pub fn offsets(&self) -> &[u32] {
        &self.grouped.offsets
    }

    /// The voters of all votes, item by item.
    pub fn voter_column(&self) -> &[u32] {
        &self.grouped.voters
    }

    /// The classes of all votes, item by item.
    pub fn class_column(&self) -> &[u16] {
        &self.grouped.classes
    }

    /// The weights of all votes, item by item; empty in a table without weights.
    pub fn weight_column(&self) -> &[f64] {
        &self.grouped.weights
    }

    /// Checks one known class, or `None`, per item.
    pub(crate) fn check_known(&self, known: &[Option<usize>]) -> Result<(), InvalidInput> {
        same_length("known labels", self.items(), known.len())?;
        crate::voting::check_classes(known, self.class_count)
    }
}

/// Checks that the table can hold so many votes, and so many items, voters and classes.
fn check_counts(votes: usize, [items, voters, classes]: [usize; 3]) -> Result<(), InvalidInput> {
    let fits = |count: usize| u32::try_from(count).is_ok();
    parameter("votes", votes as f64, "fewer than 2^32", fits(votes))?;
    parameter("items", items as f64, "fewer than 2^32", fits(items))?;
    parameter("voters", voters as f64, "fewer than 2^32", fits(voters))?;
    let holds = (1..=usize::from(u16::MAX) + 1).contains(&classes);
    parameter("classes", classes as f64, "from 1 to 65536", holds)
}

fn check_voters_and_classes(
    voters: &[u32],
    classes: &[u16],
    voter_count: usize,
    class_count: usize,
) -> Result<(), InvalidInput> {
    // The largest first: that is one pass without branches over the narrow numbers, and the usual end.
    let highest_voter = voters.iter().copied().fold(0, u32::max) as usize;
    if highest_voter >= voter_count {
        below(
            "voter of votes",
            voters.iter().map(|voter| *voter as usize),
            voter_count,
        )?;
    }
    let highest_class = usize::from(classes.iter().copied().fold(0, u16::max));
    if highest_class >= class_count {
        below(
            "class of votes",
            classes.iter().map(|class| usize::from(*class)),
            class_count,
        )?;
    }
    Ok(())
}

fn below(what: &'static str, values: impl Iterator<Item = usize> + Clone, bound: usize) -> Result<(), InvalidInput> {
    // The largest first: that is one pass without branches, and the usual end.
    if values.clone().fold(0, usize::max) < bound || values.clone().next().is_none() {
        return Ok(());
    }
    match values.enumerate().find(|(_, found)| *found >= bound) {
        None => Ok(()),
        Some((index, found)) => Err(InvalidInput::Index {
            what,
            index,
            found,
            bound,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns(votes: &[(u32, u32, u16)]) -> (Vec<u32>, Vec<u32>, Vec<u16>) {
        let items = votes.iter().map(|vote| vote.0).collect();
        let voters = votes.iter().map(|vote| vote.1).collect();
        (items, voters, votes.iter().map(|vote| vote.2).collect())
    }

    fn table(votes: &[(u32, u32, u16)], counts: [usize; 3]) -> Result<VoteTable, InvalidInput> {
        let (items, voters, classes) = columns(votes);
        VoteTable::from_columns(items, voters, classes, counts[0], counts[1], counts[2])
    }

    #[test]
    fn indices_and_limits_are_checked() {
        assert!(table(&[(1, 0, 0)], [1, 1, 1]).is_err());
        assert!(table(&[(0, 1, 0)], [1, 1, 1]).is_err());
        assert!(table(&[(0, 0, 1)], [1, 1, 1]).is_err());
        assert!(table(&[], [1, 1, 0]).is_err());
        assert!(table(&[], [1, 1, 65_537]).is_err());
        assert!(table(&[], [1, 1, 65_536]).is_ok());
        assert!(table(&[], [0, 0, 1]).is_ok());
        assert!(VoteTable::from_columns(vec![0], vec![], vec![0], 1, 1, 1).is_err());
        assert!(VoteTable::from_triples(&[(0, 0, 70_000)], 1, 1, 65_536).is_err());
        let weighted = |weights| VoteTable::from_weighted_columns(vec![0], vec![0], vec![0], weights, [1, 1, 1]);
        assert!(weighted(vec![]).is_err() && weighted(vec![-1.0]).is_err());
        assert!(weighted(vec![0.5]).unwrap().is_weighted());
    }

    #[test]
    fn a_second_vote_is_refused_by_name() {
        let votes = [(0, 1, 0), (1, 2, 0), (1, 0, 1), (1, 2, 1)];
        let repeated = InvalidInput::Repeated {
            item: 1,
            voter: 2,
            first: 1,
            index: 3,
        };
        assert_eq!(table(&votes, [2, 3, 2]), Err(repeated));
        let mixed = [(1, 2, 0), (0, 1, 0), (1, 0, 1), (1, 2, 1)];
        let repeated = InvalidInput::Repeated {
            item: 1,
            voter: 2,
            first: 0,
            index: 3,
        };
        assert_eq!(table(&mixed, [2, 3, 2]), Err(repeated));
    }

    #[test]
    fn the_first_vote_can_be_kept() {
        for order in [[0, 1, 2, 3, 4], [4, 0, 1, 2, 3]] {
            let votes = [(0, 1, 0), (0, 1, 2), (1, 2, 0), (1, 2, 1), (2, 0, 1)];
            let (items, voters, classes) = columns(&order.map(|index| votes[index]));
            let weights = order.map(|index| index as f64).to_vec();
            let (kept, dropped) = VoteTable::keeping_first_votes(items, voters, classes, weights, [3, 3, 3]).unwrap();
            assert_eq!((dropped, kept.votes()), (2, 3));
            assert_eq!((kept.row(0).classes, kept.row(0).weights), (&[0_u16][..], &[0.0][..]));
            assert_eq!((kept.row(1).classes, kept.row(1).weights), (&[0_u16][..], &[2.0][..]));
            assert_eq!((kept.row(2).voters, kept.row(2).weights), (&[0_u32][..], &[4.0][..]));
        }
    }

    #[test]
    fn rows_are_taken_over_as_they_are() {
        let rows = |starts: Vec<u32>, voters: Vec<u32>, weights: Vec<f64>| {
            VoteTable::from_rows(starts, voters, vec![0, 1, 0], weights, [3, 2])
        };
        let built = rows(vec![0, 2, 2, 3], vec![2, 0, 1], vec![]).unwrap();
        assert_eq!(built, table(&[(0, 2, 0), (0, 0, 1), (2, 1, 0)], [3, 3, 2]).unwrap());
        assert!(rows(vec![0, 2, 3], vec![2, 0, 1], vec![1.0]).is_err());
        assert!(rows(vec![0, 2, 3], vec![2, 0, 3], vec![]).is_err());
        for starts in [vec![], vec![0], vec![0, 2], vec![1, 3], vec![0, 2, 1, 3]] {
            assert!(rows(starts, vec![2, 0, 1], vec![]).is_err());
        }
        let repeated = rows(vec![0, 3], vec![2, 0, 2], vec![]);
        assert!(matches!(
            repeated,
            Err(InvalidInput::Repeated {
                item: 0,
                voter: 2,
                first: 0,
                index: 2
            })
        ));
    }

    #[test]
    fn long_rows_are_sorted_too() {
        let votes: Vec<(u32, u32, u16)> = (0..70_000_u32)
            .map(|voter| (0, 69_999 - voter, (voter % 7) as u16))
            .collect();
        let long = table(&votes, [1, 70_000, 7]).unwrap();
        assert!(long.row(0).voters.is_sorted());
        assert!(long.row(0).pairs().all(|(voter, class)| class == (69_999 - voter) % 7));
    }

    type Vote = ((u32, u32), (u16, f64));

    proptest! {
        #[test]
        fn order_of_the_columns_does_not_matter(
            raw in prop::collection::btree_map((0..9_u32, 0..7_u32), (0..5_u16, 0.0..2.0_f64), 0..50),
            turn in 0..50_usize,
        ) {
            let sorted: Vec<Vote> = raw.into_iter().collect();
            let mut turned = sorted.clone();
            if !turned.is_empty() {
                let turn = turn % turned.len();
                turned.rotate_left(turn);
                turned.reverse();
            }
            let build = |votes: &[Vote]| {
                let items = votes.iter().map(|vote| vote.0.0).collect();
                let voters = votes.iter().map(|vote| vote.0.1).collect();
                let classes = votes.iter().map(|vote| vote.1.0).collect();
                let weights = votes.iter().map(|vote| vote.1.1).collect();
                VoteTable::from_weighted_columns(items, voters, classes, weights, [9, 7, 5]).unwrap()
            };
            let table = build(&sorted);
            prop_assert_eq!(&table, &build(&turned));
            let mut found = Vec::new();
            for (item, row) in table.rows().enumerate() {
                for (position, (voter, class)) in row.pairs().enumerate() {
                    found.push(((item as u32, voter as u32), (class as u16, row.weights[position])));
                }
            }
            prop_assert_eq!(found, sorted);
        }
    }
}
