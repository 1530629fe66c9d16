//! Files of votes: who gave which label to which item.
//!
//! [`read_votes`] reads CSV, JSONL or Parquet with the columns `item`, `annotator` and `label`, and if they are there
//! `field` (several questions about the same items) and `weight`. Names are texts, whole numbers or booleans; `12` and
//! `"12"` are the same. The votes come back as columns of small numbers, 6 bytes a vote (14 with weights) and 4 an item,
//! grouped by item; names that are whole numbers without gaps take no memory.
//!
//! An annotator votes at most once on a field of an item; a second vote is a bad row. An empty label is a bad row too:
//! leave the row out where somebody abstained.

mod builder;
mod field_votes;
mod gold;
mod item_by_item;
mod label_order;
mod lines;

use std::path::Path;

use crate::table_file::{BadRows, NameTable, ReadError, ReadOptions, Wanted, name_of, read_rows};

use self::builder::Builder;
pub use self::field_votes::{FieldVotes, VoteColumns};
pub use self::gold::{Gold, read_gold};
pub use self::item_by_item::{ItemByItem, read_item_by_item};

/// The most different labels of one field.
pub const MAXIMUM_LABELS: usize = 65_535;

/// The most fields of one file.
pub const MAXIMUM_FIELDS: usize = 1_000;

pub(crate) const ITEM: &str = "item";
pub(crate) const ANNOTATOR: &str = "annotator";
pub(crate) const LABEL: &str = "label";
pub(crate) const FIELD: &str = "field";
pub(crate) const WEIGHT: &str = "weight";

/// The votes of a file.
#[derive(Debug, Clone, Default)]
pub struct VoteFile {
    /// The items of all fields, numbered in the order in which they first came.
    pub items: NameTable,
    /// The annotators of all fields, numbered in the order in which they first came.
    pub annotators: NameTable,
    /// The votes of each field, in the order in which the fields first came; exactly one without a name when the file
    /// has no column `field`.
    pub fields: Vec<FieldVotes>,
    /// The bad rows that were left out; empty unless that was asked for.
    pub skipped: BadRows,
}

/// The columns of a file of votes.
fn wanted_columns() -> [Wanted; 5] {
    const REQUIRED: bool = true;
    [
        (ITEM, REQUIRED),
        (ANNOTATOR, REQUIRED),
        (LABEL, REQUIRED),
        (FIELD, false),
        (WEIGHT, false),
    ]
    .map(|(name, required)| Wanted { name, required })
}

impl VoteFile {
    /// Number of votes of all fields.
    pub fn votes(&self) -> usize {
        self.fields.iter().map(FieldVotes::votes).sum()
    }
}

/// Reads a file of votes, or standard input for the path `-`, with memory in proportion to the votes and not to the
/// file. `progress` is told the bytes read so far, now and then.
///
/// # Errors
/// The file cannot be read, lacks a column, exceeds a limit ([`MAXIMUM_LABELS`], [`MAXIMUM_FIELDS`] and those of
/// [`table_file`](crate::table_file)), has no votes, or has bad rows that were not to be skipped.
pub fn read_votes(path: &Path, options: ReadOptions, progress: &mut dyn FnMut(u64)) -> Result<VoteFile, ReadError> {
    let mut builder = Builder::default();
    let mut bad = read_rows(path, options, &wanted_columns(), &mut builder, progress)?;
    let file = builder.finish(&mut bad);
    if !bad.is_empty() && !options.skip_bad_rows {
        return Err(ReadError::BadRows {
            file: name_of(path),
            rows: bad,
        });
    }
    if file.votes() == 0 {
        let problem = if bad.is_empty() {
            "no votes: there is nothing behind the header".to_owned()
        } else {
            format!("no votes: all {} rows are bad", bad.total())
        };
        return Err(ReadError::Form {
            file: name_of(path),
            problem,
        });
    }
    Ok(VoteFile { skipped: bad, ..file })
}
