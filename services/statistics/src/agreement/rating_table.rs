//! How many raters gave each item each class.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, parameter, same_length};

/// Per item, how many raters chose each class. Who they were does not matter to any coefficient but
/// Cohen's. Takes memory in proportion to the votes, not to items times classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawTable")]
pub struct RatingTable {
    classes: usize,
    items: Vec<Vec<(usize, u32)>>,
}

#[derive(Deserialize)]
struct RawTable {
    classes: usize,
    items: Vec<Vec<(usize, u32)>>,
}

impl TryFrom<RawTable> for RatingTable {
    type Error = InvalidInput;

    fn try_from(raw: RawTable) -> Result<Self, InvalidInput> {
        let mut table = Self::empty(raw.items.len(), raw.classes);
        for (item, counts) in raw.items.into_iter().enumerate() {
            for (class, count) in counts {
                table.add(item, class, count)?;
            }
        }
        Ok(table)
    }
}

impl RatingTable {
    fn empty(items: usize, classes: usize) -> Self {
        Self {
            classes,
            items: vec![Vec::new(); items],
        }
    }

    /// From one row of ratings per item: `ratings[i][j]` is the class rater `j` gave item `i`, `None` where
    /// there is no vote. Rows may differ in length. `classes` is the DECLARED number of classes.
    ///
    /// # Errors
    /// A class that is not below `classes`.
    pub fn from_ratings(ratings: &[Vec<Option<usize>>], classes: usize) -> Result<Self, InvalidInput> {
        let mut table = Self::empty(ratings.len(), classes);
        for (item, row) in ratings.iter().enumerate() {
            for class in row.iter().flatten() {
                table.add(item, *class, 1)?;
            }
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
        let mut table = Self::empty(items, classes);
        for (index, (item, class)) in votes.into_iter().enumerate() {
            if item >= items {
                return Err(InvalidInput::Index {
                    what: "item of votes",
                    index,
                    found: item,
                    bound: items,
                });
            }
            table.add(item, class, 1)?;
        }
        Ok(table)
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
        let mut table = Self::empty(ratings.len(), values.len());
        for (item, row) in ratings.iter().enumerate() {
            for value in row.iter().flatten() {
                let class = values.partition_point(|known| known < value);
                table.add(item, class, 1)?;
            }
        }
        Ok((table, values))
    }

    fn add(&mut self, item: usize, class: usize, count: u32) -> Result<(), InvalidInput> {
        if class >= self.classes {
            return Err(InvalidInput::Index {
                what: "class of item",
                index: item,
                found: class,
                bound: self.classes,
            });
        }
        let counts = &mut self.items[item];
        match counts.binary_search_by_key(&class, |(known, _)| *known) {
            Ok(position) => counts[position].1 += count,
            Err(position) => counts.insert(position, (class, count)),
        }
        Ok(())
    }

    /// Number of items, with or without votes.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// Declared number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Votes per class over all items.
    pub fn class_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes];
        for (class, count) in self.items.iter().flatten() {
            counts[*class] += u64::from(*count);
        }
        counts
    }

    /// Appends the items of another table with the same classes, such as the next shard.
    ///
    /// # Errors
    /// Another number of classes.
    pub fn append(&mut self, other: &Self) -> Result<(), InvalidInput> {
        self.check_classes(other)?;
        self.items.extend(other.items.iter().cloned());
        Ok(())
    }

    /// All votes of two pools of raters on the same items.
    ///
    /// # Errors
    /// Another number of classes or items.
    pub fn pooled_with(&self, other: &Self) -> Result<Self, InvalidInput> {
        self.check_classes(other)?;
        same_length("items of the other pool", self.items.len(), other.items.len())?;
        let mut pooled = self.clone();
        for (item, counts) in other.items.iter().enumerate() {
            for (class, count) in counts {
                pooled.add(item, *class, *count)?;
            }
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
        self.items.iter().enumerate().filter_map(move |(item, counts)| {
            let times = multiplicity.map_or(1, |times| times[item]);
            let votes: u32 = counts.iter().map(|(_, count)| *count).sum();
            (times > 0).then_some(Row {
                counts,
                votes: f64::from(votes),
                times: f64::from(times),
            })
        })
    }

    /// Counts of one item.
    pub(super) fn counts(&self, item: usize) -> &[(usize, u32)] {
        &self.items[item]
    }

    /// Number of votes of one item.
    pub(super) fn votes(&self, item: usize) -> u32 {
        self.items[item].iter().map(|(_, count)| *count).sum()
    }
}

/// One item of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Class and number of votes, by class.
    pub(super) counts: &'a [(usize, u32)],
    /// Number of votes.
    pub(super) votes: f64,
    /// How often the item counts.
    pub(super) times: f64,
}

impl Row<'_> {
    /// Class and number of votes as a number.
    pub(super) fn shares(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.counts.iter().map(|(class, count)| (*class, f64::from(*count)))
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
