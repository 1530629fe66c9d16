//! Columns to rows.

use crate::error::InvalidInput;

/// What happens to a second vote of a voter on an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    Refuse,
    KeepFirst,
}

/// Checked columns of equal length; `weights` may be empty.
pub(super) struct Columns {
    pub(super) items: Vec<u32>,
    pub(super) voters: Vec<u32>,
    pub(super) classes: Vec<u16>,
    pub(super) weights: Vec<f64>,
}

/// Votes item by item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grouped {
    /// Where each item begins, and the end.
    pub(super) offsets: Vec<u32>,
    pub(super) voters: Vec<u32>,
    pub(super) classes: Vec<u16>,
    pub(super) weights: Vec<f64>,
}

impl Columns {
    /// Rows in the order of items, votes within them in the order of voters.
    pub(super) fn group(self, item_count: usize, repeats: Repeats) -> Result<Grouped, InvalidInput> {
        let offsets = self.offsets(item_count);
        if self.items.is_sorted() {
            let mut grouped = Grouped {
                offsets,
                voters: self.voters,
                classes: self.classes,
                weights: self.weights,
            };
            drop(self.items);
            return match grouped.sort_rows(repeats) {
                Ok(()) => Ok(grouped),
                Err(repeated) => Err(repeated.into()),
            };
        }
        let mut grouped = self.scattered(offsets);
        match grouped.sort_rows(repeats) {
            Ok(()) => Ok(grouped),
            // Positions in the table are not those in the columns.
            Err(repeated) => {
                let rows = self.items.iter().zip(&self.voters).enumerate();
                let own = rows.filter(|(_, (item, voter))| **item == repeated.item && **voter == repeated.voter);
                let mut positions = own.map(|(position, _)| position);
                Err(Repeated {
                    first: positions.next().unwrap_or(repeated.first),
                    index: positions.next().unwrap_or(repeated.index),
                    ..repeated
                }
                .into())
            }
        }
    }

    fn offsets(&self, item_count: usize) -> Vec<u32> {
        let mut offsets = vec![0_u32; item_count + 1];
        for item in &self.items {
            offsets[*item as usize + 1] += 1;
        }
        let mut total = 0;
        for offset in &mut offsets {
            total += *offset;
            *offset = total;
        }
        offsets
    }

    /// Counting sort by item; votes of an item stay in order.
    fn scattered(&self, offsets: Vec<u32>) -> Grouped {
        let mut next = offsets.clone();
        let mut grouped = Grouped {
            voters: vec![0; self.voters.len()],
            classes: vec![0; self.classes.len()],
            weights: vec![0.0; self.weights.len()],
            offsets,
        };
        for (vote, item) in self.items.iter().enumerate() {
            let place = &mut next[*item as usize];
            let target = *place as usize;
            *place += 1;
            grouped.voters[target] = self.voters[vote];
            grouped.classes[target] = self.classes[vote];
            if let Some(weight) = self.weights.get(vote) {
                grouped.weights[target] = *weight;
            }
        }
        grouped
    }
}

/// A second vote, with both positions.
struct Repeated {
    item: u32,
    voter: u32,
    first: usize,
    index: usize,
}

impl From<Repeated> for InvalidInput {
    fn from(repeated: Repeated) -> Self {
        Self::Repeated {
            item: repeated.item as usize,
            voter: repeated.voter as usize,
            first: repeated.first,
            index: repeated.index,
        }
    }
}

/// Voter, position in the row and class of a vote in one number, so that sorting numbers sorts votes.
trait Key: Copy + Ord {
    fn pack(voter: u32, position: usize, class: u16) -> Self;
    fn unpack(self) -> (u32, usize, u16);
}

/// For rows of at most 65,536 votes.
impl Key for u64 {
    fn pack(voter: u32, position: usize, class: u16) -> Self {
        u64::from(voter) << 32 | (position as u64) << 16 | u64::from(class)
    }

    fn unpack(self) -> (u32, usize, u16) {
        ((self >> 32) as u32, (self >> 16) as usize & 0xffff, self as u16)
    }
}

impl Key for u128 {
    fn pack(voter: u32, position: usize, class: u16) -> Self {
        u128::from(voter) << 64 | (position as u128) << 16 | u128::from(class)
    }

    fn unpack(self) -> (u32, usize, u16) {
        ((self >> 64) as u32, (self >> 16) as usize & 0xffff_ffff, self as u16)
    }
}

/// Rows of at most so many votes, which nearly all are, are sorted where they lie.
const FEW: usize = 8;

/// Sorts by Batcher's odd-even merge: the processor need not guess which of two voters is the larger, where insertion
/// guesses wrong every other time. Written out, so that everything stays in registers.
#[inline]
fn sorted_few(keys: [u64; FEW]) -> [u64; FEW] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = keys;
    in_order(&mut a, &mut b);
    in_order(&mut c, &mut d);
    in_order(&mut e, &mut f);
    in_order(&mut g, &mut h);
    in_order(&mut a, &mut c);
    in_order(&mut b, &mut d);
    in_order(&mut e, &mut g);
    in_order(&mut f, &mut h);
    in_order(&mut b, &mut c);
    in_order(&mut f, &mut g);
    in_order(&mut a, &mut e);
    in_order(&mut b, &mut f);
    in_order(&mut c, &mut g);
    in_order(&mut d, &mut h);
    in_order(&mut c, &mut e);
    in_order(&mut d, &mut f);
    in_order(&mut b, &mut c);
    in_order(&mut d, &mut e);
    in_order(&mut f, &mut g);
    [a, b, c, d, e, f, g, h]
}

#[inline]
fn in_order(low: &mut u64, high: &mut u64) {
    (*low, *high) = ((*low).min(*high), (*low).max(*high));
}

/// Sorts a short row; false, with the row as it was, where it is longer or a voter is there twice.
#[inline]
fn sort_few(voters: &mut [u32], classes: &mut [u16]) -> bool {
    let count = voters.len();
    if count > FEW || classes.len() != count {
        return false;
    }
    // Voter and class in one number; what is not used stays behind every vote.
    let mut keys = [u64::MAX; FEW];
    for (key, (voter, class)) in keys.iter_mut().zip(voters.iter().zip(classes.iter())) {
        *key = u64::from(*voter) << 16 | u64::from(*class);
    }
    let keys = sorted_few(keys);
    let repeated = keys[..count].windows(2).map(|pair| pair[0] >> 16 == pair[1] >> 16);
    if repeated.fold(false, |any, one| any | one) {
        return false;
    }
    for (key, (voter, class)) in keys.iter().zip(voters.iter_mut().zip(classes)) {
        (*voter, *class) = ((key >> 16) as u32, *key as u16);
    }
    true
}

impl Grouped {
    /// With the votes of every row in the order of their voters; a second vote is refused.
    pub(super) fn sorted(mut self) -> Result<Self, InvalidInput> {
        match self.sort_rows(Repeats::Refuse) {
            Ok(()) => Ok(self),
            Err(repeated) => Err(repeated.into()),
        }
    }

    /// Sorts the votes of every row by voter, which also brings repeated votes together.
    fn sort_rows(&mut self, repeats: Repeats) -> Result<(), Repeated> {
        let (mut short, mut long) = (Vec::<u64>::new(), Vec::<u128>::new());
        let mut weights = Vec::new();
        let (mut start, mut written) = (0, 0);
        for item in 0..self.offsets.len() - 1 {
            let end = self.offsets[item + 1] as usize;
            let is_in_place = start == written && self.weights.is_empty();
            let kept = if is_in_place && sort_few(&mut self.voters[start..end], &mut self.classes[start..end]) {
                end - start
            } else if self.voters[start..end].windows(2).all(|pair| pair[0] < pair[1]) {
                self.move_row(start..end, written);
                end - start
            } else if end - start <= 1 << 16 {
                self.sort_row(item as u32, start..end, written, repeats, (&mut short, &mut weights))?
            } else {
                self.sort_row(item as u32, start..end, written, repeats, (&mut long, &mut weights))?
            };
            written += kept;
            self.offsets[item + 1] = written as u32;
            start = end;
        }
        self.voters.truncate(written);
        self.classes.truncate(written);
        self.weights.truncate(written);
        Ok(())
    }

    fn move_row(&mut self, row: std::ops::Range<usize>, target: usize) {
        if row.start != target {
            self.voters.copy_within(row.clone(), target);
            self.classes.copy_within(row.clone(), target);
            if !self.weights.is_empty() {
                self.weights.copy_within(row, target);
            }
        }
    }

    /// Sorts one row to `target`, which is not behind it, and returns how many votes it keeps.
    fn sort_row<K: Key>(
        &mut self,
        item: u32,
        row: std::ops::Range<usize>,
        target: usize,
        repeats: Repeats,
        (keys, weights): (&mut Vec<K>, &mut Vec<f64>),
    ) -> Result<usize, Repeated> {
        keys.clear();
        let votes = self.voters[row.clone()].iter().zip(&self.classes[row.clone()]);
        keys.extend(
            votes
                .enumerate()
                .map(|(position, (voter, class))| K::pack(*voter, position, *class)),
        );
        keys.sort_unstable();
        weights.clear();
        weights.extend_from_slice(self.weights.get(row.clone()).unwrap_or(&[]));
        let mut kept = 0;
        let mut last: Option<(u32, usize)> = None;
        for key in keys.iter() {
            let (voter, position, class) = key.unpack();
            if let Some((_, first)) = last.filter(|(known, _)| *known == voter) {
                if repeats == Repeats::Refuse {
                    return Err(Repeated {
                        item,
                        voter,
                        first: row.start + first,
                        index: row.start + position,
                    });
                }
                continue;
            }
            last = Some((voter, position));
            self.voters[target + kept] = voter;
            self.classes[target + kept] = class;
            if let Some(weight) = weights.get(position) {
                self.weights[target + kept] = *weight;
            }
            kept += 1;
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_sorts_whatever_comes() {
        // What sorts all zeros and ones sorts everything [Knuth, 1998, The Art of Computer Programming 3, 5.3.4].
        for bits in 0..1_u64 << FEW {
            let values = std::array::from_fn(|place| bits >> place & 1);
            let sorted = sorted_few(values);
            assert!(sorted.is_sorted(), "{bits:b}");
            assert_eq!(sorted.iter().sum::<u64>(), values.iter().sum::<u64>());
        }
    }
}
