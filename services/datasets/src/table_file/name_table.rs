//! Names and the small numbers that stand for them.

mod integers;
mod texts;

use std::borrow::Cow;
use std::fmt;

use self::integers::IntegerNames;
use self::texts::TextNames;
use super::cell::{Cell, canonical_integer};

/// The longest name, in bytes.
pub const MAXIMUM_NAME_BYTES: usize = 4096;

/// The most different names of one column.
pub const MAXIMUM_NAMES: usize = u32::MAX as usize - 1;

/// One name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// A whole number, written without sign or leading zeros where it has none: `12` and `"12"` are the same name.
    Integer(i64),
    /// Any other text.
    Text(&'a str),
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// Different names, numbered from 0 in the order in which they first came.
///
/// Whole numbers are kept as numbers (a sequence without gaps takes no memory at all) for as long as every name is one;
/// other names lie in one piece of text. A name costs no allocation.
#[derive(Debug, Clone, Default)]
pub struct NameTable {
    names: Names,
}

#[derive(Debug, Clone)]
enum Names {
    Integers(IntegerNames),
    Texts(TextNames),
}

impl Default for Names {
    fn default() -> Self {
        Self::Integers(IntegerNames::default())
    }
}

/// A type of whole numbers that can be names.
pub(crate) trait NamedNumber: Copy + Ord + Into<i64> {
    /// Its low 32 bits, and whether they are all of it.
    fn narrow(self) -> (i32, bool);
}

macro_rules! narrow_numbers {
    ($($type:ty),+) => {
        $(impl NamedNumber for $type {
            #[inline]
            fn narrow(self) -> (i32, bool) {
                (self.into(), true)
            }
        })+
    };
}

narrow_numbers!(i8, i16, i32);

impl NamedNumber for i64 {
    #[inline]
    fn narrow(self) -> (i32, bool) {
        let narrow = self as i32;
        (narrow, Self::from(narrow) == self)
    }
}

/// A type of the numbers that stand for names.
pub(crate) trait NameNumber: Copy {
    /// As many low bits of the number as there is room for: whoever takes narrow numbers sees to it that names are few.
    fn of(id: u32) -> Self;
}

impl NameNumber for u32 {
    #[inline]
    fn of(id: u32) -> Self {
        id
    }
}

impl NameNumber for u16 {
    #[inline]
    fn of(id: u32) -> Self {
        id as u16
    }
}

/// Why something cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameProblem {
    /// Nothing there.
    Empty,
    /// Longer than [`MAXIMUM_NAME_BYTES`].
    TooLong,
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// A number that is not finite.
    NotFinite,
    /// More than [`MAXIMUM_NAMES`] of them, or more text than can be addressed.
    TooMany,
}

impl NameTable {
    /// How many different names there are.
    pub fn len(&self) -> usize {
        match &self.names {
            Names::Integers(integers) => integers.len(),
            Names::Texts(texts) => texts.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name with this number; `None` from [`Self::len`] on.
    pub fn get(&self, id: u32) -> Option<Name<'_>> {
        match &self.names {
            Names::Integers(integers) => integers.get(id).map(Name::Integer),
            Names::Texts(texts) => texts.get(id).map(Name::Text),
        }
    }

    /// The text of the name with this number; empty from [`Self::len`] on.
    pub fn text(&self, id: u32) -> Cow<'_, str> {
        match self.get(id) {
            None => Cow::Borrowed(""),
            Some(Name::Text(text)) => Cow::Borrowed(text),
            Some(Name::Integer(number)) => Cow::Owned(number.to_string()),
        }
    }

    /// All names in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = Name<'_>> {
        (0_u32..).map_while(|id| self.get(id))
    }

    /// The number of a name that is there.
    pub fn position(&self, name: Name<'_>) -> Option<u32> {
        let integer = match name {
            Name::Integer(number) => Some(number),
            Name::Text(text) => canonical_integer(text.as_bytes()),
        };
        match (&self.names, integer, name) {
            (Names::Integers(integers), Some(number), _) => integers.position(number),
            (Names::Integers(_), None, _) => None,
            (Names::Texts(texts), _, Name::Text(text)) => texts.position(text.as_bytes()),
            (Names::Texts(texts), _, Name::Integer(number)) => texts.position(number.to_string().as_bytes()),
        }
    }

    /// The number of a name, which is added when it is new.
    ///
    /// # Errors
    /// There is no room for it, or the text is longer than [`MAXIMUM_NAME_BYTES`] or empty.
    pub fn insert(&mut self, name: Name<'_>) -> Result<u32, String> {
        let inserted = match name {
            Name::Integer(number) => self.intern_integer(number),
            Name::Text(text) => self.intern_bytes(text.as_bytes()),
        };
        inserted.map_err(|problem| format!("`{name}` cannot be a name: {problem:?}"))
    }

    /// The number of the name in a cell, which is added when it is new.
    #[inline]
    pub(crate) fn intern(&mut self, cell: &Cell<'_>) -> Result<u32, NameProblem> {
        match cell {
            Cell::Integer(number) => self.intern_integer(*number),
            Cell::Text(bytes) => self.intern_bytes(bytes),
            Cell::Missing => Err(NameProblem::Empty),
            Cell::Boolean(true) => self.intern_bytes(b"true"),
            Cell::Boolean(false) => self.intern_bytes(b"false"),
            Cell::Number(number) => self.intern_number(*number),
        }
    }

    /// Appends the numbers of these names to `ids`, adding new ones; up to the first that there is no room for.
    pub(crate) fn intern_integers<N: NamedNumber, I: NameNumber>(&mut self, numbers: &[N], ids: &mut Vec<I>) {
        match &mut self.names {
            Names::Integers(integers) => integers.intern_all(numbers, ids),
            Names::Texts(texts) => {
                let interned = numbers
                    .iter()
                    .map(|number| texts.intern((*number).into().to_string().as_bytes()));
                ids.extend(interned.map_while(Result::ok).map(I::of));
            }
        }
    }

    /// The number of a whole number as a name, which is added when it is new.
    #[inline]
    pub(crate) fn intern_integer(&mut self, number: i64) -> Result<u32, NameProblem> {
        match &mut self.names {
            Names::Integers(integers) => integers.intern(number),
            Names::Texts(texts) => texts.intern(number.to_string().as_bytes()),
        }
    }

    fn intern_bytes(&mut self, bytes: &[u8]) -> Result<u32, NameProblem> {
        if let Names::Integers(integers) = &mut self.names {
            if let Some(number) = canonical_integer(bytes) {
                return integers.intern(number);
            }
            if bytes.is_empty() {
                return Err(NameProblem::Empty);
            }
            let mut texts = TextNames::default();
            for number in integers.iter() {
                texts.intern(number.to_string().as_bytes())?;
            }
            // Only a name that can be kept changes how the others are.
            let id = texts.intern(bytes)?;
            self.names = Names::Texts(texts);
            return Ok(id);
        }
        match &mut self.names {
            Names::Texts(texts) => texts.intern(bytes),
            Names::Integers(_) => Err(NameProblem::Empty),
        }
    }

    /// A whole number is the name that it is as an integer: tables of floats hold integers with gaps.
    fn intern_number(&mut self, number: f64) -> Result<u32, NameProblem> {
        const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
        if !number.is_finite() {
            return Err(NameProblem::NotFinite);
        }
        if number.fract() == 0.0 && number.abs() <= LARGEST_EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
            return self.intern_integer(number as i64);
        }
        self.intern_bytes(number.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(cells: &[&str]) -> (Vec<u32>, NameTable) {
        let mut table = NameTable::default();
        let ids = cells
            .iter()
            .map(|text| table.intern(&Cell::Text(text.as_bytes())).unwrap())
            .collect();
        (ids, table)
    }

    #[test]
    fn names_are_numbered_as_they_come() {
        let (numbers, table) = ids(&["7", "9", "7", "-3", "9", "12", "100000000000", "-3"]);
        assert_eq!(numbers, [0, 1, 0, 2, 1, 3, 4, 2]);
        assert_eq!(table.get(4), Some(Name::Integer(100_000_000_000)));
        let (numbers, table) = ids(&["7", "ä", "7", "07", "b", "ä", "-0"]);
        assert_eq!(numbers, [0, 1, 0, 2, 3, 1, 4]);
        assert_eq!(table.position(Name::Integer(7)), Some(0));
        assert_eq!(table.position(Name::Text("07")), Some(2));
        assert_eq!(table.get(5), None);
    }

    #[test]
    fn integers_and_their_texts_are_one_name() {
        let mut table = NameTable::default();
        for cell in [Cell::Integer(5), Cell::Text(b"5"), Cell::Number(5.0)] {
            assert_eq!(table.intern(&cell), Ok(0));
        }
        assert_eq!(table.intern(&Cell::Number(5.5)), Ok(1));
        assert_eq!(table.intern(&Cell::Integer(5)), Ok(0));
        assert_eq!(table.intern(&Cell::Boolean(true)), Ok(2));
        assert_eq!(table.text(1), "5.5");
    }

    #[test]
    fn what_is_no_name_leaves_the_table_as_it_is() {
        let mut table = NameTable::default();
        table.intern(&Cell::Integer(1)).unwrap();
        let long = vec![b'x'; MAXIMUM_NAME_BYTES + 1];
        for (cell, problem) in [
            (Cell::Missing, NameProblem::Empty),
            (Cell::Text(b""), NameProblem::Empty),
            (Cell::Text(b"caf\xe9"), NameProblem::NotUtf8),
            (Cell::Text(&long), NameProblem::TooLong),
            (Cell::Number(f64::NAN), NameProblem::NotFinite),
        ] {
            assert_eq!(table.intern(&cell), Err(problem));
        }
        assert_eq!(table.len(), 1);
        assert_eq!(table.get(0), Some(Name::Integer(1)));
    }

    proptest! {
        #[test]
        fn many_numbers_are_named_as_one_by_one(
            parts in prop::collection::vec(
                prop::collection::vec(prop_oneof![0_i64..9, -300_i64..300, any::<i64>()], 0..30),
                1..6,
            ),
            text in prop::option::of(0_usize..6),
        ) {
            let (mut at_once, mut one_by_one) = (NameTable::default(), NameTable::default());
            for (place, part) in parts.iter().enumerate() {
                if text == Some(place) {
                    at_once.intern(&Cell::Text(b"text")).unwrap();
                    one_by_one.intern(&Cell::Text(b"text")).unwrap();
                }
                let mut ids: Vec<u32> = vec![7];
                at_once.intern_integers(part, &mut ids);
                let expected = part.iter().map(|number| one_by_one.intern(&Cell::Integer(*number)).unwrap());
                prop_assert_eq!(ids, [7].into_iter().chain(expected).collect::<Vec<u32>>());
            }
            prop_assert!(at_once.iter().eq(one_by_one.iter()));
        }

        #[test]
        fn sequences_are_looked_up_as_one_by_one(
            first in prop_oneof![-5_i64..5, Just(i64::from(i32::MAX) - 70), Just(i64::from(i32::MIN)), any::<i64>()],
            count in 1_i64..140,
            picks in prop::collection::vec(0_i64..140, 0..300),
            others in prop::collection::vec((0_usize..300, prop_oneof![-3_i64..200, Just(1 << 32), any::<i64>()]), 0..3),
        ) {
            let sequence: Vec<i64> = (0..count).map(|place| first.wrapping_add(place)).collect();
            let mut numbers: Vec<i64> = picks.iter().map(|pick| first.wrapping_add(pick % count)).collect();
            for (place, distance) in others {
                if let Some(number) = numbers.get_mut(place) {
                    *number = number.wrapping_add(distance);
                }
            }
            let (mut at_once, mut one_by_one) = (NameTable::default(), NameTable::default());
            for number in &sequence {
                at_once.intern_integer(*number).unwrap();
                one_by_one.intern_integer(*number).unwrap();
            }
            let mut narrow_table = at_once.clone();
            let mut ids: Vec<u32> = Vec::new();
            at_once.intern_integers(&numbers, &mut ids);
            let expected: Vec<u32> = numbers.iter().map(|number| one_by_one.intern_integer(*number).unwrap()).collect();
            prop_assert_eq!(&ids, &expected);
            let narrow: Result<Vec<i32>, _> = numbers.iter().map(|number| i32::try_from(*number)).collect();
            if let Ok(narrow) = narrow {
                ids.clear();
                narrow_table.intern_integers(&narrow, &mut ids);
                prop_assert_eq!(&ids, &expected);
            }
        }

        #[test]
        fn every_name_is_found_again(
            texts in prop::collection::vec(prop_oneof![
                (-20_i64..20).prop_map(|number| number.to_string()),
                any::<i64>().prop_map(|number| number.to_string()),
                "[a-c0-9]{1,3}",
            ], 1..200),
        ) {
            let mut table = NameTable::default();
            let mut known: Vec<String> = Vec::new();
            for text in &texts {
                let id = table.intern(&Cell::Text(text.as_bytes())).unwrap() as usize;
                let expected = known.iter().position(|name| name == text).unwrap_or_else(|| {
                    known.push(text.clone());
                    known.len() - 1
                });
                prop_assert_eq!(id, expected);
            }
            prop_assert_eq!(table.len(), known.len());
            for (id, text) in known.iter().enumerate() {
                prop_assert_eq!(table.position(Name::Text(text)), Some(id as u32));
                prop_assert_eq!(&table.text(id as u32), text);
            }
            prop_assert_eq!(table.position(Name::Text("no such name")), None);
        }
    }
}
