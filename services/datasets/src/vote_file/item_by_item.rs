//! Labels item by item, in memory that does not grow with the votes.

use std::path::Path;

use super::builder::{NOBODY, first_votes};
use super::label_order::natural_order;
use super::{MAXIMUM_LABELS, wanted_columns};
use crate::table_file::{Cell, Integers, NameTable, ReadOptions, RowError, RowSink, is_standard_input, read_rows};

/// Rows after which it shows whether there are many annotators.
const FIRST_ROWS: usize = 16 << 10;

/// So many different names are put in order before the first rows are taken.
const ROWS_IN_ORDER: usize = FIRST_ROWS;

/// What a file of votes has besides the labels of each item.
#[derive(Debug, Clone)]
pub struct ItemByItem {
    /// Items.
    pub items: usize,
    /// Votes.
    pub votes: usize,
    /// Annotators.
    pub annotators: usize,
    /// The labels in their natural order.
    pub labels: NameTable,
    /// For each label as `row` got it, its place in that order.
    pub new_labels: Vec<u16>,
}

/// Reads a file of votes in which the votes of each item stand together and `row` is all that wants them: it gets the
/// labels of one item after another, numbered as they first came.
///
/// `None` where more than that is needed to read the file right, or to say what is wrong with it: read it with
/// [`read_votes`](super::read_votes) then, and forget what `row` got. That is so where an item comes again after another,
/// the file has a column `field` or `weight`, there is a bad row or a second vote of an annotator, there are no more than
/// `few_annotators` (which is noticed early), or the file is standard input, which cannot be read again.
pub fn read_item_by_item(
    path: &Path,
    options: ReadOptions,
    few_annotators: usize,
    progress: &mut dyn FnMut(u64),
    row: &mut impl FnMut(&[u16]),
) -> Option<ItemByItem> {
    if is_standard_input(path) {
        return None;
    }
    let mut reader = Reader {
        items: NameTable::default(),
        annotators: NameTable::default(),
        labels: NameTable::default(),
        last_items: Vec::new(),
        has_votes_only: false,
        last_item: None,
        current: Vec::new(),
        votes: 0,
        few_annotators,
        row,
        ids: Ids::default(),
    };
    let bad = read_rows(path, options, &wanted_columns(), &mut reader, progress).ok()?;
    let is_readable = bad.is_empty() && reader.votes > 0 && reader.annotators.len() > few_annotators;
    is_readable.then(|| reader.finish())
}

struct Reader<'a, Row> {
    items: NameTable,
    annotators: NameTable,
    labels: NameTable,
    /// For each annotator the item that had the last vote.
    last_items: Vec<u32>,
    has_votes_only: bool,
    last_item: Option<u32>,
    /// The labels of the last item so far.
    current: Vec<u16>,
    votes: usize,
    few_annotators: usize,
    row: &'a mut Row,
    /// Used while rows are taken in.
    ids: Ids,
}

/// The numbers of the annotators and labels of some rows.
#[derive(Default)]
struct Ids {
    annotators: Vec<u32>,
    labels: Vec<u16>,
}

impl Ids {
    fn intern<Row>(&mut self, reader: &mut Reader<'_, Row>, annotators: &Integers<'_>, labels: &Integers<'_>) {
        if reader.votes == 0 {
            // Numbers without gaps are their own places.
            annotators.add_in_order(&mut reader.annotators, ROWS_IN_ORDER);
            labels.add_in_order(&mut reader.labels, ROWS_IN_ORDER);
        }
        self.annotators.clear();
        annotators.intern(&mut reader.annotators, &mut self.annotators);
        reader.last_items.resize(reader.annotators.len(), NOBODY);
        self.labels.clear();
        labels.intern(&mut reader.labels, &mut self.labels);
    }
}

/// Ends the reading; nobody reads why.
#[cold]
fn more_is_needed() -> RowError {
    RowError::Fatal("more is needed than the labels of each item".to_owned())
}

impl<Row: FnMut(&[u16])> RowSink for Reader<'_, Row> {
    fn begin(&mut self, present: &[bool]) {
        self.has_votes_only = present == [true, true, true, false, false];
    }

    #[inline]
    fn row(&mut self, _line: u64, cells: &[Cell<'_>]) -> Result<(), RowError> {
        let (true, [item_cell, annotator_cell, label_cell, ..]) = (self.has_votes_only, cells) else {
            return Err(more_is_needed());
        };
        let ids = (
            self.items.intern(item_cell),
            self.annotators.intern(annotator_cell),
            self.labels.intern(label_cell),
        );
        let (Ok(item), Ok(annotator), Ok(label)) = ids else {
            return Err(more_is_needed());
        };
        self.last_items.resize(self.annotators.len(), NOBODY);
        let is_first = first_votes(&[annotator], &mut self.last_items, item) == 1;
        if !is_first || !self.begin_item(item, &[]) || !self.has_many_annotators() || self.labels.len() > MAXIMUM_LABELS
        {
            return Err(more_is_needed());
        }
        self.current.push(label as u16);
        self.votes += 1;
        Ok(())
    }

    fn integer_rows(&mut self, _line: u64, columns: &[Option<Integers<'_>>]) -> usize {
        let [Some(items), Some(annotators), Some(labels), None, None] = columns else {
            return 0;
        };
        let mut ids = std::mem::take(&mut self.ids);
        ids.intern(self, annotators, labels);
        // What is not taken here is refused as a row of its own.
        if !self.has_many_annotators() || self.labels.len() > MAXIMUM_LABELS {
            return 0;
        }
        let mut names = std::mem::take(&mut self.items);
        // Labels of the last item that began here; what it had before is `current`.
        let mut open = 0..0;
        let taken = items.intern_runs(&mut names, |rows, item| {
            let voters = ids.annotators.get(rows.clone()).unwrap_or_default();
            if first_votes(voters, &mut self.last_items, item) < rows.len() || ids.labels.len() < rows.end {
                return 0;
            }
            let before = ids.labels.get(open.clone()).unwrap_or_default();
            if !self.begin_item(item, before) {
                return 0;
            }
            open = rows.clone();
            rows.len()
        });
        self.current.extend_from_slice(ids.labels.get(open).unwrap_or_default());
        self.items = names;
        self.ids = ids;
        self.votes += taken;
        taken
    }
}

impl<Row: FnMut(&[u16])> Reader<'_, Row> {
    /// Hands the item before on when another one begins, `more` being labels of it that are not in `current`; false for an
    /// item that was there before that.
    #[inline]
    fn begin_item(&mut self, item: u32, more: &[u16]) -> bool {
        if self.last_item == Some(item) {
            return true;
        }
        let next = self.last_item.map_or(0, |last| last + 1);
        if item != next {
            return false;
        }
        if self.current.is_empty() {
            if self.last_item.is_some() {
                (self.row)(more);
            }
        } else {
            self.current.extend_from_slice(more);
            (self.row)(&self.current);
            self.current.clear();
        }
        self.last_item = Some(item);
        true
    }

    fn has_many_annotators(&self) -> bool {
        self.votes < FIRST_ROWS || self.annotators.len() > self.few_annotators
    }

    fn finish(self) -> ItemByItem {
        (self.row)(&self.current);
        let (labels, new_labels) = natural_order(&self.labels);
        ItemByItem {
            items: self.items.len(),
            votes: self.votes,
            annotators: self.annotators.len(),
            labels,
            new_labels,
        }
    }
}
