//! Items in parts of equal work, the same parts whatever the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::votes::VoteTable;

/// Most parts; more would add nothing on machines of up to as many threads.
const LIMIT: usize = 64;
/// Fewest votes worth a part of their own.
const FEWEST_VOTES: usize = 16_384;
/// Votes for each number that a part adds up to: every part begins with all of them cold, and they are read once more at
/// its end.
const VOTES_A_CELL: usize = 24;

/// Cuts the items into consecutive parts of about equal numbers of votes. `cells` are the numbers that every part adds up
/// to and that are added together after it: there are [`VOTES_A_CELL`] votes for each at least.
pub(super) fn chunks(votes: &VoteTable, cells: usize) -> Vec<Range<usize>> {
    let fewest = FEWEST_VOTES.max(cells.saturating_mul(VOTES_A_CELL));
    let parts = (votes.votes() / fewest).clamp(1, LIMIT);
    let boundary = |part: usize| {
        let wanted = (votes.votes() as u128 * part as u128 / parts as u128) as u32;
        votes
            .offsets()
            .partition_point(|offset| *offset < wanted)
            .min(votes.items())
    };
    let mut boundaries: Vec<usize> = (0..parts).map(boundary).collect();
    boundaries.push(votes.items());
    boundaries.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Works on every part, a single one without waking other threads.
pub(super) fn for_each_part<T: Send>(parts: impl ExactSizeIterator<Item = T>, work: impl Fn(T) + Send + Sync) {
    if parts.len() < 2 {
        parts.for_each(work);
    } else {
        parts.collect::<Vec<T>>().into_par_iter().for_each(work);
    }
}

/// Cuts a slice with `size` entries an item into the parts of `ranges`, which follow each other from 0.
pub(super) fn split<'a, T>(mut rest: &'a mut [T], ranges: &[Range<usize>], size: usize) -> Vec<&'a mut [T]> {
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (part, behind) = rest.split_at_mut(range.len() * size);
        parts.push(part);
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_item_once() {
        let items: Vec<u32> = (0..200_000_u32).map(|vote| vote / 40).collect();
        let voters = (0..200_000_u32).map(|vote| vote % 40).collect();
        let votes = VoteTable::from_columns(items, voters, vec![0; 200_000], 5_010, 40, 1).unwrap();
        let ranges = chunks(&votes, 40);
        assert_eq!(ranges.len(), 12);
        assert_eq!((ranges[0].start, ranges[11].end), (0, 5_010));
        assert!(
            ranges
                .windows(2)
                .all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty())
        );
        let mut numbers = vec![0_u8; 10_020];
        let lengths: Vec<usize> = split(&mut numbers, &ranges, 2).iter().map(|part| part.len()).collect();
        assert_eq!(lengths.iter().sum::<usize>(), 10_020);
        let empty = VoteTable::from_triples(&[], 0, 0, 1).unwrap();
        assert_eq!(chunks(&empty, 1), vec![0..0]);
    }
}
