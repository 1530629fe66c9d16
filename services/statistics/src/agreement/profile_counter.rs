//! Counts equal rows of ratings as they come.

use super::profiles::RatingProfiles;
use super::rating_table::RatingTable;

/// Rows of ratings, one after another, of which only distinct ones are kept: however many come, what differs takes memory
/// and nothing else does.
#[derive(Debug, Clone)]
pub struct ProfileCounter {
    packing: Packing,
    packed: Packed,
    /// Those that do not fit in one number.
    listed: Rows,
    items: usize,
    /// Used while a row is counted.
    classes: Vec<u16>,
    counts: Vec<(u32, u32)>,
}

/// Votes of an item up to which rows are quick where nothing is known of them.
const USUAL_LONGEST: usize = 15;

impl Default for ProfileCounter {
    /// For rows of which nothing is known: up to 15 votes for one of the first 16 classes are counted quickest.
    fn default() -> Self {
        Self::for_rows(USUAL_LONGEST)
    }
}

impl ProfileCounter {
    /// For rows of mostly no more than so many votes.
    pub(super) fn for_rows(longest: usize) -> Self {
        Self {
            packing: Packing::of(longest),
            packed: Packed::default(),
            listed: Rows::default(),
            items: 0,
            classes: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Counts an item in: the classes of its votes in any order, each as often as it was given. An item without votes
    /// counts too.
    #[inline]
    pub fn add(&mut self, classes: &[u16]) {
        self.items += 1;
        match self.packing.pack(classes) {
            Some(row) => self.packed.add(row),
            None => self.list(classes),
        }
    }

    fn list(&mut self, classes: &[u16]) {
        self.classes.clear();
        self.classes.extend_from_slice(classes);
        self.classes.sort_unstable();
        self.counts.clear();
        let runs = self.classes.chunk_by(|left, right| left == right);
        let counts = runs.filter_map(|run| Some((u32::from(*run.first()?), run.len() as u32)));
        self.counts.extend(counts);
        self.listed.add(&self.counts, 1);
    }

    /// What was counted, class `k` as `new_classes[k]`: two may become one. Classes beyond `new_classes` stay. `classes` is the
    /// DECLARED number of classes; where a larger one is there, it is that and all below.
    pub fn finish(self, new_classes: &[u16], classes: usize) -> RatingProfiles {
        let items = self.items;
        let mut rows = Rows::default();
        self.add_to(&mut rows, |class| {
            new_classes.get(class as usize).map_or(class, |new| u32::from(*new))
        });
        rows.finish(items, classes)
    }

    /// Adds every distinct row with its items.
    pub(super) fn add_to(self, rows: &mut Rows, new_class: impl Fn(u32) -> u32) {
        let mut counts: Vec<(u32, u32)> = Vec::new();
        let mut add = |old: &mut dyn Iterator<Item = (u32, u32)>, times: u32| {
            counts.clear();
            counts.extend(old.map(|(class, count)| (new_class(class), count)));
            counts.sort_unstable();
            counts.dedup_by(|later, first| {
                let is_same = later.0 == first.0;
                if is_same {
                    first.1 += later.1;
                }
                is_same
            });
            rows.add(&counts, times);
        };
        for (row, times) in self.packed.into_rows() {
            add(&mut self.packing.unpack(row), times);
        }
        for (row, times) in self.listed.times.iter().enumerate() {
            add(&mut self.listed.counts(row).iter().copied(), *times);
        }
    }
}

/// Rows as single numbers: `bits` for the count of each class, the last class highest.
#[derive(Debug, Clone, Copy)]
struct Packing {
    bits: u32,
}

impl Packing {
    /// For rows of so many votes at most; others are not packed.
    fn of(longest: usize) -> Self {
        let bits = usize::BITS - longest.leading_zeros();
        Self {
            bits: bits.clamp(1, u64::BITS),
        }
    }

    #[inline]
    fn pack(self, classes: &[u16]) -> Option<u64> {
        let is_short = classes.len() as u64 <= u64::MAX >> (u64::BITS - self.bits);
        let mut row = 0;
        for class in classes {
            let place = u32::from(*class) * self.bits;
            if place + self.bits > u64::BITS {
                return None;
            }
            row += 1_u64 << place;
        }
        is_short.then_some(row)
    }

    fn unpack(self, row: u64) -> impl Iterator<Item = (u32, u32)> {
        let mask = u64::MAX >> (u64::BITS - self.bits);
        let counts = (0..u64::BITS / self.bits).map(move |class| (class, (row >> (class * self.bits)) & mask));
        counts
            .filter(|(_, count)| *count > 0)
            .map(|(class, count)| (class, count as u32))
    }
}

/// Distinct packed rows, and how many items have each: a hash table by open addressing with everything in its slots.
#[derive(Debug, Clone)]
struct Packed {
    /// A power of two of them, at most a quarter used.
    slots: Vec<PackedSlot>,
    used: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct PackedSlot {
    row: u64,
    /// How many items have the row; 0 in an empty slot.
    times: u32,
    /// Rows that came before.
    before: u32,
}

impl Default for Packed {
    fn default() -> Self {
        const FIRST_SLOTS: usize = 64;
        Self {
            slots: vec![PackedSlot::default(); FIRST_SLOTS],
            used: 0,
        }
    }
}

impl Packed {
    #[inline]
    fn add(&mut self, row: u64) {
        let slot = self.slot_of(row);
        if slot.times == 0 {
            self.add_new(row);
        } else {
            slot.times += 1;
        }
    }

    /// The slot of a row, or the empty one where it belongs.
    #[inline]
    fn slot_of(&mut self, row: u64) -> &mut PackedSlot {
        // The highest bits of the product depend on all of the row.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mask = self.slots.len() - 1;
        let mut place = (row.wrapping_mul(SPREAD) >> mask.leading_zeros()) as usize;
        while self.slots[place].times > 0 && self.slots[place].row != row {
            place = (place + 1) & mask;
        }
        &mut self.slots[place]
    }

    #[cold]
    fn add_new(&mut self, row: u64) {
        let before = self.used;
        *self.slot_of(row) = PackedSlot { row, times: 1, before };
        self.used += 1;
        if self.used as usize * 4 > self.slots.len() {
            let wider = vec![PackedSlot::default(); self.slots.len() * 4];
            for slot in std::mem::replace(&mut self.slots, wider) {
                if slot.times > 0 {
                    *self.slot_of(slot.row) = slot;
                }
            }
        }
    }

    /// Rows and how many items have each, in the order in which they first came.
    fn into_rows(mut self) -> impl Iterator<Item = (u64, u32)> {
        self.slots.retain(|slot| slot.times > 0);
        self.slots.sort_unstable_by_key(|slot| slot.before);
        self.slots.into_iter().map(|slot| (slot.row, slot.times))
    }
}

/// Distinct rows as lists of classes and counts, and how many items have each.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    rows: RatingTable,
    times: Vec<u32>,
    slots: Slots,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            rows: RatingTable::without_items(0),
            times: Vec::new(),
            slots: Slots::default(),
        }
    }
}

impl Rows {
    /// Adds so many items with these counts, by class.
    pub(super) fn add(&mut self, counts: &[(u32, u32)], times: u32) {
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

    fn counts(&self, row: usize) -> &[(u32, u32)] {
        self.rows.counts(row)
    }

    pub(super) fn finish(self, items: usize, classes: usize) -> RatingProfiles {
        RatingProfiles {
            rows: self.rows.with_classes(classes),
            times: self.times,
            items,
        }
    }
}

/// A hash table of row numbers by open addressing.
#[derive(Debug, Clone, Default)]
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_counted_as_they_come_as_from_a_table(
            rows in prop::collection::vec(prop::collection::vec(prop_oneof![0_u16..3, 0_u16..40], 0..20), 1..60),
        ) {
            let mut counter = ProfileCounter::default();
            let (mut starts, mut classes) = (vec![0], Vec::new());
            // Classes are turned about, and the first two are one.
            let new_classes: Vec<u16> = (0..40_u16).map(|class| 39 - class.max(1)).collect();
            for row in &rows {
                counter.add(row);
                classes.extend(row.iter().map(|class| new_classes[usize::from(*class)]));
                starts.push(classes.len() as u32);
            }
            let counted = counter.finish(&new_classes, 40);
            let whole = RatingProfiles::from_rows(&starts, &classes, 40).unwrap();
            prop_assert_eq!((counted.items(), counted.classes()), (rows.len(), 40));
            let sorted = |profiles: &RatingProfiles| {
                let rows = profiles.times.iter().enumerate();
                let mut rows: Vec<(Vec<(u32, u32)>, u32)> =
                    rows.map(|(row, times)| (profiles.rows.counts(row).to_vec(), *times)).collect();
                rows.sort();
                rows
            };
            prop_assert_eq!(sorted(&counted), sorted(&whole));
        }
    }
}
