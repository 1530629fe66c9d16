//! The votes of one field, as columns.

use crate::table_file::NameTable;

/// The votes of one field, grouped by item.
///
/// Labels are numbered in their natural order: by size when all of them are numbers, else by text;
/// [`Self::order_labels`] declares another order.
#[derive(Debug, Clone, Default)]
pub struct FieldVotes {
    /// The field's name; `None` when the file has no column `field`.
    pub name: Option<String>,
    /// How many annotators have a vote in this field.
    pub annotators: usize,
    /// The labels.
    pub labels: NameTable,
    /// Where the votes of each item begin, by the item's number, and at last how many there are. Items without a vote in
    /// this field have none.
    pub starts: Vec<u32>,
    /// For each vote, who gave it. The votes of an item are in the order of the file.
    pub annotator_ids: Vec<u32>,
    /// For each vote, the label.
    pub label_ids: Vec<u16>,
    /// For each vote, its weight; empty when the file has no column `weight`.
    pub weights: Vec<f64>,
}

/// One entry for each vote in every column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VoteColumns {
    /// Items, never falling.
    pub items: Vec<u32>,
    /// Annotators.
    pub annotators: Vec<u32>,
    /// Labels.
    pub labels: Vec<u16>,
    /// Weights; empty when there are none.
    pub weights: Vec<f64>,
}

impl FieldVotes {
    /// Number of votes.
    pub fn votes(&self) -> usize {
        self.label_ids.len()
    }

    /// Number of items that have a vote in this field.
    pub fn voted_items(&self) -> usize {
        self.starts
            .windows(2)
            .filter(|pair| pair.first() != pair.last())
            .count()
    }

    /// How many votes each label got, by the label's number.
    pub fn label_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.labels.len()];
        for label in &self.label_ids {
            if let Some(count) = counts.get_mut(usize::from(*label)) {
                *count += 1;
            }
        }
        counts
    }

    /// The columns, with a column of items, as constructors of vote tables take them; nothing else is copied.
    pub fn into_columns(self) -> VoteColumns {
        let mut items = Vec::with_capacity(self.label_ids.len());
        for (item, pair) in (0_u32..).zip(self.starts.windows(2)) {
            if let [start, end] = pair {
                items.resize(items.len() + (end - start) as usize, item);
            }
        }
        VoteColumns {
            items,
            annotators: self.annotator_ids,
            labels: self.label_ids,
            weights: self.weights,
        }
    }
}
