//! How many raters gave each item each class.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, parameter, same_length};
use crate::votes::VoteTable;

/// Per item, how many raters chose each class. Who they were does not matter to any coefficient but
/// Cohen's. Compressed rows: 8 bytes for each distinct class of an item and 4 for the item, in proportion to the votes
/// and not to items times classes.
///
/// Limits: fewer than 2^32 classes, entries and votes of one class on one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawTable", into = "RawTable")]
pub struct RatingTable {
    classes: usize,
    /// Where the entries of each item begin, and the end.
    offsets: Vec<u32>,
    /// Class and number of votes, by class within an item.
    entries: Vec<(u32, u32)>,
}

#[derive(Serialize, Deserialize)]
struct RawTable {
    classes: usize,
    items: Vec<Vec<(usize, u32)>>,
}

impl TryFrom<RawTable> for RatingTable {
    type Error = InvalidInput;

    fn try_from(raw: RawTable) -> Result<Self, InvalidInput> {
        let mut table = Self::empty(raw.items.len(), raw.classes)?;
        for (item, counts) in raw.items.into_iter().enumerate() {
            let mut row = Vec::with_capacity(counts.len());
            for (class, count) in counts {
                row.push((table.class(item, class)?, count));
            }
            table.push(&mut row)?;
        }
        Ok(table)
    }
}

impl From<RatingTable> for RawTable {
    fn from(table: RatingTable) -> Self {
        let wide = |counts: &[(u32, u32)]| counts.iter().map(|(class, count)| (*class as usize, *count)).collect();
        Self {
            classes: table.classes,
            items: (0..table.items()).map(|item| wide(table.counts(item))).collect(),
        }
    }
}

impl From<&VoteTable> for RatingTable {
    /// Counts the votes of each item; who cast them, and with which weight, is dropped.
    fn from(votes: &VoteTable) -> Self {
        Self::count_rows(votes.offsets(), votes.class_column(), votes.classes())
    }
}

impl RatingTable {
    /// No items yet.
    fn empty(items: usize, classes: usize) -> Result<Self, InvalidInput> {
        let is_small = u32::try_from(classes).is_ok();
        parameter("classes", classes as f64, "fewer than 2^32", is_small)?;
        let mut offsets = Vec::with_capacity(items + 1);
        offsets.push(0);
        Ok(Self {
            classes,
            offsets,
            entries: Vec::new(),
        })
    }

    /// A table of classes that another one already has, without items.
    pub(super) fn without_items(classes: usize) -> Self {
        Self {
            classes,
            offsets: vec![0],
            entries: Vec::new(),
        }
    }

    /// The same rows, which have no class beyond `classes` or make it larger.
    pub(super) fn with_classes(self, classes: usize) -> Self {
        let highest = self.entries.iter().map(|(class, _)| *class as usize + 1).max();
        Self {
            classes: classes.max(highest.unwrap_or(0)),
            ..self
        }
    }

    /// Appends an item of another table with the same classes and no fewer entries.
    pub(super) fn push_sorted(&mut self, counts: &[(u32, u32)]) {
        self.entries.extend_from_slice(counts);
        self.offsets.push(self.entries.len() as u32);
    }

    fn class(&self, item: usize, class: usize) -> Result<u32, InvalidInput> {
        match u32::try_from(class) {
            Ok(narrow) if class < self.classes => Ok(narrow),
            _ => Err(InvalidInput::Index {
                what: "class of item",
                index: item,
                found: class,
                bound: self.classes,
            }),
        }
    }

    /// Appends an item with these counts, in any order.
    fn push(&mut self, row: &mut [(u32, u32)]) -> Result<(), InvalidInput> {
        row.sort_unstable();
        let start = self.entries.len();
        for (class, count) in row.iter().filter(|(_, count)| *count > 0) {
            let own = self.entries[start..].last_mut().filter(|(known, _)| known == class);
            match own {
                None => self.entries.push((*class, *count)),
                Some((_, total)) => match total.checked_add(*count) {
                    Some(sum) => *total = sum,
                    None => return Err(too_many(f64::from(*total) + f64::from(*count))),
                },
            }
        }
        self.close()
    }

    fn close(&mut self) -> Result<(), InvalidInput> {
        let end = self.entries.len();
        self.offsets.push(u32::try_from(end).map_err(|_| too_many(end as f64))?);
        Ok(())
    }

    /// From one row of ratings per item: `ratings[i][j]` is the class rater `j` gave item `i`, `None` where
    /// there is no vote. Rows may differ in length. `classes` is the DECLARED number of classes.
    ///
    /// # Errors
    /// A class that is not below `classes`.
    pub fn from_ratings(ratings: &[Vec<Option<usize>>], classes: usize) -> Result<Self, InvalidInput> {
        let mut table = Self::empty(ratings.len(), classes)?;
        let mut counts = Vec::new();
        for (item, row) in ratings.iter().enumerate() {
            counts.clear();
            for class in row.iter().flatten() {
                counts.push((table.class(item, *class)?, 1));
            }
            table.push(&mut counts)?;
        }
        Ok(table)
    }

    /// From votes `(item, class)` in any order, one per rater and item. `items` is the number of items.
    ///
    /// # Errors
    /// An item that is not below `items` or a class that is not below `classes`.
    pub fn from_votes(
        votes: impl IntoIterator<Item = (usize, usize)>,
        items: usize,
        classes: usize,
    ) -> Result<Self, InvalidInput> {
        let mut table = Self::empty(items, classes)?;
        let mut columns: (Vec<usize>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut starts = vec![0_usize; items + 1];
        for (index, (item, class)) in votes.into_iter().enumerate() {
            if item >= items {
                return Err(InvalidInput::Index {
                    what: "item of votes",
                    index,
                    found: item,
                    bound: items,
                });
            }
            columns.1.push(table.class(item, class)?);
            columns.0.push(item);
            starts[item + 1] += 1;
        }
        for item in 0..items {
            starts[item + 1] += starts[item];
        }
        let mut next = starts.clone();
        let mut grouped = vec![(0_u32, 1_u32); columns.1.len()];
        for (item, class) in columns.0.iter().zip(columns.1) {
            grouped[next[*item]].0 = class;
            next[*item] += 1;
        }
        for bounds in starts.windows(2) {
            table.push(&mut grouped[bounds[0]..bounds[1]])?;
        }
        Ok(table)
    }

    /// From compressed rows: the votes of item `i` are `class_column[starts[i]..starts[i + 1]]`, in any order.
    ///
    /// # Errors
    /// Starts that are not those of rows (at least one, the first 0, never falling, the last the number of votes), or a
    /// class that is not below `classes`.
    pub fn from_rows(starts: &[u32], class_column: &[u16], classes: usize) -> Result<Self, InvalidInput> {
        check_rows(starts, class_column, classes)?;
        Ok(Self::count_rows(starts, class_column, classes))
    }

    fn count_rows(starts: &[u32], class_column: &[u16], classes: usize) -> Self {
        let mut table = Self {
            classes,
            offsets: Vec::with_capacity(starts.len()),
            entries: Vec::with_capacity(class_column.len()),
        };
        table.offsets.push(0);
        let mut row = Vec::new();
        for bounds in starts.windows(2) {
            row.clear();
            row.extend_from_slice(&class_column[bounds[0] as usize..bounds[1] as usize]);
            row.sort_unstable();
            let runs = row.chunk_by(|left, right| left == right);
            table
                .entries
                .extend(runs.filter_map(|run| Some((u32::from(*run.first()?), run.len() as u32))));
            table.offsets.push(table.entries.len() as u32);
        }
        table.entries.shrink_to_fit();
        table
    }

    /// From numeric ratings: the distinct numbers, ascending, become the classes and are returned for
    /// [`Level::Interval`](super::Level::Interval) or [`Level::Ratio`](super::Level::Ratio).
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn from_numbers(ratings: &[Vec<Option<f64>>]) -> Result<(Self, Vec<f64>), InvalidInput> {
        // Adding 0 turns a negative zero into the zero it equals.
        let mut values: Vec<f64> = ratings.iter().flatten().flatten().map(|value| value + 0.0).collect();
        finite("ratings", &values)?;
        values.sort_by(f64::total_cmp);
        values.dedup();
        let class = |value: &f64| values.partition_point(|known| known < value);
        let votes = ratings.iter().enumerate();
        let votes = votes.flat_map(|(item, row)| row.iter().flatten().map(move |value| (item, class(value))));
        let table = Self::from_votes(votes, ratings.len(), values.len())?;
        Ok((table, values))
    }

    /// Number of items, with or without votes.
    pub fn items(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Declared number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Votes per class over all items.
    pub fn class_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes];
        for (class, count) in &self.entries {
            counts[*class as usize] += u64::from(*count);
        }
        counts
    }

    /// Appends the items of another table with the same classes, such as the next shard.
    ///
    /// # Errors
    /// Another number of classes.
    pub fn append(&mut self, other: &Self) -> Result<(), InvalidInput> {
        self.check_classes(other)?;
        let end = self.entries.len() + other.entries.len();
        if u32::try_from(end).is_err() {
            return Err(too_many(end as f64));
        }
        let shift = self.entries.len() as u32;
        self.offsets
            .extend(other.offsets.iter().skip(1).map(|offset| offset + shift));
        self.entries.extend_from_slice(&other.entries);
        Ok(())
    }

    /// All votes of two pools of raters on the same items.
    ///
    /// # Errors
    /// Another number of classes or items.
    pub fn pooled_with(&self, other: &Self) -> Result<Self, InvalidInput> {
        self.check_classes(other)?;
        same_length("items of the other pool", self.items(), other.items())?;
        let mut pooled = Self::empty(self.items(), self.classes)?;
        let mut row = Vec::new();
        for item in 0..self.items() {
            row.clear();
            row.extend_from_slice(self.counts(item));
            row.extend_from_slice(other.counts(item));
            pooled.push(&mut row)?;
        }
        Ok(pooled)
    }

    fn check_classes(&self, other: &Self) -> Result<(), InvalidInput> {
        parameter(
            "number of classes",
            other.classes as f64,
            "the number of classes of the first table",
            other.classes == self.classes,
        )
    }

    /// Every item with the number of times it counts.
    pub(super) fn rows<'a>(&'a self, multiplicity: Option<&'a [u32]>) -> impl Iterator<Item = Row<'a>> {
        (0..self.items()).filter_map(move |item| {
            let times = multiplicity.map_or(1, |times| times[item]);
            let counts = self.counts(item);
            (times > 0).then(|| Row {
                counts,
                votes: f64::from(counts.iter().map(|(_, count)| *count).sum::<u32>()),
                times: f64::from(times),
            })
        })
    }

    /// Class and number of votes of one item, by class.
    pub(super) fn counts(&self, item: usize) -> &[(u32, u32)] {
        &self.entries[self.offsets[item] as usize..self.offsets[item + 1] as usize]
    }

    /// Number of votes of one item.
    pub(super) fn votes(&self, item: usize) -> u32 {
        self.counts(item).iter().map(|(_, count)| *count).sum()
    }
}

/// Checks compressed rows of classes.
pub(super) fn check_rows(starts: &[u32], class_column: &[u16], classes: usize) -> Result<(), InvalidInput> {
    let is_whole = starts.first() == Some(&0) && starts.last().map(|end| *end as usize) == Some(class_column.len());
    parameter(
        "starts of rows",
        starts.last().map_or(f64::NAN, |end| f64::from(*end)),
        "starts from 0 to the number of votes, never falling",
        is_whole && starts.is_sorted(),
    )?;
    let highest = class_column.iter().copied().fold(0, u16::max);
    let is_below = class_column.is_empty() || usize::from(highest) < classes;
    parameter(
        "highest class",
        f64::from(highest),
        "a class below the number of classes",
        is_below,
    )
}

fn too_many(entries: f64) -> InvalidInput {
    InvalidInput::Parameter {
        what: "votes of the table",
        value: entries,
        expected: "fewer than 2^32",
    }
}

/// One item of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Class and number of votes, by class.
    pub(super) counts: &'a [(u32, u32)],
    /// Number of votes.
    pub(super) votes: f64,
    /// How often the item counts.
    pub(super) times: f64,
}

impl Row<'_> {
    /// Class and number of votes as a number.
    pub(super) fn shares(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.counts
            .iter()
            .map(|(class, count)| (*class as usize, f64::from(*count)))
    }

    /// Whether two votes can be compared.
    pub(super) fn is_pairable(&self) -> bool {
        self.votes >= 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_constructors_agree() {
        let rows = [vec![Some(1), None, Some(1)], vec![Some(0)], vec![]];
        let from_rows = RatingTable::from_ratings(&rows, 2).unwrap();
        let from_votes = RatingTable::from_votes([(0, 1), (1, 0), (0, 1)], 3, 2).unwrap();
        assert_eq!(from_rows, from_votes);
        assert_eq!(from_rows.class_counts(), vec![1, 2]);
        let votes = VoteTable::from_triples(&[(0, 2, 1), (1, 0, 0), (0, 0, 1)], 3, 3, 2).unwrap();
        assert_eq!(RatingTable::from(&votes), from_rows);
        assert_eq!(RatingTable::from_rows(&[0, 2, 3, 3], &[1, 1, 0], 2).unwrap(), from_rows);
        assert!(RatingTable::from_rows(&[0, 2, 3, 3], &[1, 2, 0], 2).is_err());
        for starts in [&[][..], &[0, 2], &[1, 3], &[0, 2, 1, 3]] {
            assert!(RatingTable::from_rows(starts, &[1, 1, 0], 2).is_err());
        }
        let text = serde_json::to_string(&from_rows).unwrap();
        assert_eq!(serde_json::from_str::<RatingTable>(&text).unwrap(), from_rows);
        assert!(serde_json::from_str::<RatingTable>(r#"{"classes":1,"items":[[[1,2]]]}"#).is_err());
    }

    #[test]
    fn numbers_become_classes() {
        let rows = [vec![Some(2.5), Some(-0.0)], vec![Some(0.0), None]];
        let (table, values) = RatingTable::from_numbers(&rows).unwrap();
        assert_eq!(values, vec![0.0, 2.5]);
        assert_eq!(table.class_counts(), vec![2, 1]);
        assert!(RatingTable::from_numbers(&[vec![Some(f64::NAN)]]).is_err());
    }

    #[test]
    fn out_of_range_is_refused() {
        assert!(RatingTable::from_ratings(&[vec![Some(2)]], 2).is_err());
        assert!(RatingTable::from_votes([(3, 0)], 3, 2).is_err());
        let mut table = RatingTable::from_ratings(&[vec![Some(0)]], 2).unwrap();
        let other = RatingTable::from_ratings(&[vec![Some(0)]], 3).unwrap();
        assert!(table.append(&other).is_err());
        assert!(table.pooled_with(&other).is_err());
    }
}
