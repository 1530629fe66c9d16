//! Whole numbers of many rows, which are taken in at once where the format has them side by side.

use std::ops::Range;

use super::NameTable;
use super::name_table::{NameNumber, NamedNumber};

/// Whole numbers of consecutive rows, none of them missing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Integers<'a> {
    /// Of 8 bits.
    Int8(&'a [i8]),
    /// Of 16 bits.
    Int16(&'a [i16]),
    /// Of 32 bits.
    Int32(&'a [i32]),
    /// Of 64 bits.
    Int64(&'a [i64]),
}

impl Integers<'_> {
    /// One of them; `None` past the last.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::Int8(numbers) => numbers.get(row).copied().map(i64::from),
            Self::Int16(numbers) => numbers.get(row).copied().map(i64::from),
            Self::Int32(numbers) => numbers.get(row).copied().map(i64::from),
            Self::Int64(numbers) => numbers.get(row).copied(),
        }
    }

    /// Adds those that are there as names, the lowest first, so that names keep the order of numbers; nothing where they are
    /// more than `most`.
    pub(crate) fn add_in_order(&self, names: &mut NameTable, most: usize) {
        match self {
            Self::Int8(numbers) => add_in_order(numbers, names, most),
            Self::Int16(numbers) => add_in_order(numbers, names, most),
            Self::Int32(numbers) => add_in_order(numbers, names, most),
            Self::Int64(numbers) => add_in_order(numbers, names, most),
        }
    }

    /// Appends the numbers that stand for these names, which are added when they are new. Ends early where `names` cannot
    /// take one as it is: `ids` then has fewer.
    pub(crate) fn intern<I: NameNumber>(&self, names: &mut NameTable, ids: &mut Vec<I>) {
        match self {
            Self::Int8(numbers) => names.intern_integers(numbers, ids),
            Self::Int16(numbers) => names.intern_integers(numbers, ids),
            Self::Int32(numbers) => names.intern_integers(numbers, ids),
            Self::Int64(numbers) => names.intern_integers(numbers, ids),
        }
    }

    /// As [`Self::intern`] for names that mostly repeat the one before: hands each run of equal ones on with its places.
    /// Ends where `take` takes fewer of a run than there are. Gives how many were taken.
    #[inline]
    pub(crate) fn intern_runs(&self, names: &mut NameTable, take: impl FnMut(Range<usize>, u32) -> usize) -> usize {
        match self {
            Self::Int8(numbers) => runs(numbers, names, take),
            Self::Int16(numbers) => runs(numbers, names, take),
            Self::Int32(numbers) => runs(numbers, names, take),
            Self::Int64(numbers) => runs(numbers, names, take),
        }
    }
}

fn add_in_order<N: NamedNumber>(numbers: &[N], names: &mut NameTable, most: usize) {
    // What finds no room now is refused with its row.
    different(numbers, most)
        .into_iter()
        .map_while(|number| names.intern_integer(number).ok())
        .for_each(drop);
}

/// The numbers that are there, the lowest first; none where they are more than `most`.
fn different<N: NamedNumber>(numbers: &[N], most: usize) -> Vec<i64> {
    /// Numbers so close to each other are ticked off instead of sorted.
    const CLOSE: u64 = 1 << 16;
    let (Some(lowest), Some(highest)) = (numbers.iter().min(), numbers.iter().max()) else {
        return Vec::new();
    };
    let (lowest, highest): (i64, i64) = ((*lowest).into(), (*highest).into());
    let mut different: Vec<i64> = if highest.abs_diff(lowest) < CLOSE {
        let mut is_there = vec![false; highest.abs_diff(lowest) as usize + 1];
        for number in numbers {
            let number: i64 = (*number).into();
            if let Some(place) = is_there.get_mut(number.abs_diff(lowest) as usize) {
                *place = true;
            }
        }
        let there = (lowest..=highest).zip(is_there);
        there
            .filter_map(|(number, is_there)| is_there.then_some(number))
            .collect()
    } else {
        let mut sorted: Vec<i64> = numbers.iter().map(|number| (*number).into()).collect();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    };
    if different.len() > most {
        different.clear();
    }
    different
}

/// How many were taken.
#[inline]
fn runs<N: NamedNumber>(
    numbers: &[N],
    names: &mut NameTable,
    mut take: impl FnMut(Range<usize>, u32) -> usize,
) -> usize {
    let mut start = 0;
    while let Some(number) = numbers.get(start) {
        let rest = numbers.get(start..).unwrap_or_default();
        let length = rest.iter().position(|other| other != number).unwrap_or(rest.len());
        let Ok(id) = names.intern_integer((*number).into()) else {
            return start;
        };
        let taken = take(start..start + length, id);
        start += taken;
        if taken < length {
            return start;
        }
    }
    start
}
