//! Names that are whole numbers.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{MAXIMUM_NAMES, NameNumber, NameProblem, NamedNumber};

/// A span of numbers that is looked up directly, however few of them are there.
const ALWAYS_DENSE: u64 = 1 << 16;

/// Times that a directly looked-up span may be wider than it has numbers.
const LOOSEST_DENSE: u64 = 4;

/// The number that stands for nothing in a dense index.
const NOBODY: u32 = u32::MAX;

/// Whole numbers in the order in which they first came.
#[derive(Debug, Clone)]
pub(super) enum IntegerNames {
    /// One after the other from the first, without gaps.
    Sequence { first: i64, count: u32 },
    /// Any others.
    List { values: Vec<i64>, index: Index },
}

/// How numbers of a list are found again.
#[derive(Debug, Clone)]
pub(super) enum Index {
    /// They rise: a larger one is new, others are searched for.
    Rising,
    /// By their distance from the lowest.
    Dense { lowest: i64, ids: Vec<u32> },
    /// By their hash.
    Hashed { ids: HashTable<u32>, state: RandomState },
}

impl Default for IntegerNames {
    fn default() -> Self {
        Self::Sequence { first: 0, count: 0 }
    }
}

impl IntegerNames {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Sequence { count, .. } => *count as usize,
            Self::List { values, .. } => values.len(),
        }
    }

    pub(super) fn get(&self, id: u32) -> Option<i64> {
        match self {
            Self::Sequence { first, count } => (id < *count).then(|| first.wrapping_add(i64::from(id))),
            Self::List { values, .. } => values.get(id as usize).copied(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        (0_u32..).map_while(|id| self.get(id))
    }

    pub(super) fn position(&self, number: i64) -> Option<u32> {
        match self {
            Self::Sequence { first, count } => {
                let distance = number.wrapping_sub(*first);
                (0..i64::from(*count)).contains(&distance).then(|| id_of(distance))
            }
            Self::List { values, index } => match index {
                Index::Rising => values
                    .binary_search(&number)
                    .ok()
                    .and_then(|position| u32::try_from(position).ok()),
                Index::Dense { lowest, ids } => {
                    let place = usize::try_from(number.checked_sub(*lowest)?).ok()?;
                    ids.get(place).copied().filter(|id| *id != NOBODY)
                }
                Index::Hashed { ids, state } => ids
                    .find(state.hash_one(number), |id| values.get(*id as usize) == Some(&number))
                    .copied(),
            },
        }
    }

    #[inline]
    pub(super) fn intern(&mut self, number: i64) -> Result<u32, NameProblem> {
        if let Self::Sequence { first, count } = self {
            let distance = number.wrapping_sub(*first);
            if (0..i64::from(*count)).contains(&distance) {
                return Ok(id_of(distance));
            }
            // The next of a sequence is what mostly comes.
            if distance == i64::from(*count) && *count > 0 && number > *first && (*count as usize) < MAXIMUM_NAMES {
                *count += 1;
                return Ok(id_of(distance));
            }
        } else if let Self::List {
            index: Index::Dense { lowest, ids },
            ..
        } = self
        {
            let place = usize::try_from(number.wrapping_sub(*lowest)).unwrap_or(usize::MAX);
            if let Some(id) = ids.get(place).copied().filter(|id| *id != NOBODY) {
                return Ok(id);
            }
        }
        self.intern_other(number)
    }

    /// Appends the ids of these numbers, up to the first that there is no room for.
    pub(super) fn intern_all<N: NamedNumber, I: NameNumber>(&mut self, numbers: &[N], ids: &mut Vec<I>) {
        let start = ids.len();
        ids.resize(start + numbers.len(), I::of(NOBODY));
        let mut done = 0;
        loop {
            let (rest, places) = (numbers.get(done..), ids.get_mut(start + done..));
            done += self.look_up(rest.unwrap_or_default(), places.unwrap_or_default());
            let (Some(next), Some(place)) = (numbers.get(done), ids.get_mut(start + done)) else {
                break;
            };
            let Ok(id) = self.intern((*next).into()) else {
                break;
            };
            *place = I::of(id);
            done += 1;
        }
        ids.truncate(start + done);
    }

    /// Puts in the ids of the first numbers, for as long as they are known without a search; how many there are.
    fn look_up<N: NamedNumber, I: NameNumber>(&self, numbers: &[N], ids: &mut [I]) -> usize {
        match self {
            Self::Sequence { first, count } => look_up_in_sequence(numbers, ids, *first, *count),
            Self::List {
                index: Index::Dense { lowest, ids: known },
                ..
            } => look_up_by(numbers, ids, |number| {
                let place = usize::try_from(number.wrapping_sub(*lowest)).ok()?;
                known.get(place).copied().filter(|id| *id != NOBODY)
            }),
            Self::List { .. } => 0,
        }
    }

    fn intern_other(&mut self, number: i64) -> Result<u32, NameProblem> {
        let new = u32::try_from(self.len()).map_err(|_| NameProblem::TooMany)?;
        if self.len() >= MAXIMUM_NAMES {
            return Err(NameProblem::TooMany);
        }
        if let Self::Sequence { first, count } = self {
            if *count == 0 {
                (*first, *count) = (number, 1);
                return Ok(new);
            }
            *self = Self::List {
                values: self.iter().collect(),
                index: Index::Rising,
            };
        }
        let Self::List { values, index } = self else {
            return Err(NameProblem::TooMany);
        };
        if matches!(index, Index::Rising) {
            match values.last() {
                Some(last) if *last == number => return Ok(new - 1),
                Some(last) if *last > number => *index = Index::over(values),
                _ => {
                    values.push(number);
                    return Ok(new);
                }
            }
        }
        index.intern(values, number, new)
    }
}

/// Puts in the places of numbers in a sequence, up to the first that is not in it; how many are done.
fn look_up_in_sequence<N: NamedNumber, I: NameNumber>(numbers: &[N], ids: &mut [I], first: i64, count: u32) -> usize {
    /// So many are looked up together, which compilers do several at a time.
    const BLOCK: usize = 64;
    let place = |number: i64| {
        let distance = number.wrapping_sub(first);
        (0..i64::from(count)).contains(&distance).then(|| id_of(distance))
    };
    let end = first
        .checked_add(i64::from(count))
        .and_then(|end| i32::try_from(end).ok());
    let mut done = 0;
    if let (Ok(first), Some(_)) = (i32::try_from(first), end) {
        for (numbers, ids) in numbers.chunks_exact(BLOCK).zip(ids.chunks_exact_mut(BLOCK)) {
            let is_known = |number: &N| place((*number).into()).is_some();
            if !numbers.first().is_some_and(is_known) {
                return done;
            }
            let mut are_known = true;
            for (number, id) in numbers.iter().zip(ids) {
                let (narrow, is_narrow) = number.narrow();
                // A number outside wraps beyond the count, since all of the sequence is narrow.
                let distance = narrow.wrapping_sub(first).cast_unsigned();
                are_known &= is_narrow & (distance < count);
                *id = I::of(distance);
            }
            if !are_known {
                break;
            }
            done += numbers.len();
        }
    }
    let rest = numbers.get(done..).unwrap_or_default();
    done + look_up_by(rest, ids.get_mut(done..).unwrap_or_default(), place)
}

/// Puts in ids up to the first number that has none; how many there are.
#[inline]
fn look_up_by<N: NamedNumber, I: NameNumber>(
    numbers: &[N],
    ids: &mut [I],
    id_of: impl Fn(i64) -> Option<u32>,
) -> usize {
    for (place, (number, id)) in numbers.iter().zip(ids).enumerate() {
        match id_of((*number).into()) {
            Some(known) => *id = I::of(known),
            None => return place,
        }
    }
    numbers.len()
}

impl Index {
    /// An index over numbers that stopped to rise.
    fn over(values: &[i64]) -> Self {
        let (lowest, highest) = bounds(values);
        if is_dense(lowest, highest, values.len()) {
            let mut ids = vec![NOBODY; span(lowest, highest)];
            for (value, id) in values.iter().zip(0_u32..) {
                if let Some(place) = ids.get_mut(span(lowest, *value) - 1) {
                    *place = id;
                }
            }
            return Self::Dense { lowest, ids };
        }
        let state = RandomState::default();
        let mut ids = HashTable::with_capacity(values.len());
        for (value, id) in values.iter().zip(0_u32..) {
            ids.insert_unique(state.hash_one(value), id, |id| hash_of(&state, values, *id));
        }
        Self::Hashed { ids, state }
    }

    /// The number of a value, which gets `new` when it is not there.
    fn intern(&mut self, values: &mut Vec<i64>, number: i64, new: u32) -> Result<u32, NameProblem> {
        match self {
            Self::Rising => Err(NameProblem::TooMany),
            Self::Hashed { ids, state } => {
                let hash = state.hash_one(number);
                let known = ids.find(hash, |id| values.get(*id as usize) == Some(&number));
                if let Some(id) = known {
                    return Ok(*id);
                }
                values.push(number);
                ids.insert_unique(hash, new, |id| hash_of(state, values, *id));
                Ok(new)
            }
            Self::Dense { lowest, ids } => {
                let (low, high) = (*lowest, last_of(*lowest, ids.len()));
                let inside = (low..=high).contains(&number);
                if inside && let Some(place) = ids.get_mut(span(low, number) - 1) {
                    if *place == NOBODY {
                        *place = new;
                        values.push(number);
                    }
                    return Ok(*place);
                }
                values.push(number);
                if !is_dense(low.min(number), high.max(number), values.len()) {
                    *self = Self::over(values);
                } else if number > high {
                    ids.resize(span(low, number), NOBODY);
                    if let Some(place) = ids.last_mut() {
                        *place = new;
                    }
                } else {
                    *self = Self::over(values);
                }
                Ok(new)
            }
        }
    }
}

fn hash_of(state: &RandomState, values: &[i64], id: u32) -> u64 {
    state.hash_one(values.get(id as usize).copied().unwrap_or_default())
}

fn bounds(values: &[i64]) -> (i64, i64) {
    values.iter().fold((i64::MAX, i64::MIN), |(low, high), value| {
        (low.min(*value), high.max(*value))
    })
}

fn is_dense(lowest: i64, highest: i64, count: usize) -> bool {
    let width = highest.abs_diff(lowest);
    width < ALWAYS_DENSE.max(LOOSEST_DENSE.saturating_mul(count as u64))
}

/// How many numbers lie from one to the other, both included. Only asked where they are dense.
fn span(lowest: i64, highest: i64) -> usize {
    usize::try_from(highest.abs_diff(lowest))
        .unwrap_or(usize::MAX)
        .saturating_add(1)
}

fn last_of(lowest: i64, width: usize) -> i64 {
    lowest
        .saturating_add(i64::try_from(width).unwrap_or(i64::MAX))
        .saturating_sub(1)
}

fn id_of(distance: i64) -> u32 {
    u32::try_from(distance).unwrap_or(NOBODY)
}
