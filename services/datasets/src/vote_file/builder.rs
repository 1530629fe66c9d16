//! Rows to columns.

use std::ops::Range;

use super::field_votes::FieldVotes;
use super::lines::Lines;
use super::{ANNOTATOR, FIELD, ITEM, LABEL, MAXIMUM_FIELDS, MAXIMUM_LABELS, VoteFile, WEIGHT};
use crate::table_file::{BadRows, Cell, Integers, NameTable, Problem, RowError, RowSink};

/// What belongs into the columns of names.
const A_NAME: &str = "a name";
const A_LABEL: &str = "a label";
const A_WEIGHT: &str = "a number of at least 0";

/// So many labels, which are few, are looked for in the first rows.
const FEW_LABELS: usize = 64;

/// Nobody has voted yet.
pub(super) const NOBODY: u32 = u32::MAX;

/// Takes rows in.
#[derive(Default)]
pub(super) struct Builder {
    items: NameTable,
    annotators: NameTable,
    field_names: NameTable,
    fields: Vec<FieldBuilder>,
    has_fields: bool,
    has_weights: bool,
    expected_rows: usize,
}

impl RowSink for Builder {
    fn begin(&mut self, present: &[bool]) {
        self.has_fields = present.get(3) == Some(&true);
        self.has_weights = present.get(4) == Some(&true);
    }

    fn expect_rows(&mut self, rows: usize) {
        self.expected_rows = rows;
    }

    #[inline]
    fn row(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), RowError> {
        let [item_cell, annotator_cell, label_cell, field_cell, weight_cell] = cells else {
            return Ok(());
        };
        // Nothing is kept of a row before all of it is known to be there.
        for (cell, column, expected) in [
            (item_cell, ITEM, A_NAME),
            (annotator_cell, ANNOTATOR, A_NAME),
            (label_cell, LABEL, A_LABEL),
        ] {
            if *cell == Cell::Missing {
                return Err(Problem::Empty { column, expected }.into());
            }
        }
        let weight = if self.has_weights { weight_of(weight_cell)? } else { 1.0 };
        let place = if self.has_fields { self.field_of(field_cell)? } else { 0 };
        if self.fields.len() <= place {
            self.fields.resize_with(place + 1, FieldBuilder::default);
        }
        let Some(field) = self.fields.get_mut(place) else {
            return Ok(());
        };
        let label = field.labels.intern(label_cell);
        let label = label.map_err(|problem| Problem::of_name(problem, LABEL, A_LABEL, label_cell))?;
        let Some(label) = u16::try_from(label)
            .ok()
            .filter(|label| usize::from(*label) < MAXIMUM_LABELS)
        else {
            return Err(too_many_labels(line));
        };
        let annotator = self.annotators.intern(annotator_cell);
        let annotator = annotator.map_err(|problem| Problem::of_name(problem, ANNOTATOR, A_NAME, annotator_cell))?;
        let item = self.items.intern(item_cell);
        let item = item.map_err(|problem| Problem::of_name(problem, ITEM, A_NAME, item_cell))?;
        if !field.push(item, annotator, label, line) {
            return Err(Problem::SecondVote {
                item: item_cell.shown(),
                annotator: annotator_cell.shown(),
                first: field.line_of(item, annotator),
            }
            .into());
        }
        if self.has_weights {
            field.weights.push(weight);
        }
        Ok(())
    }

    fn integer_rows(&mut self, line: u64, columns: &[Option<Integers<'_>>]) -> usize {
        let [Some(items), Some(annotators), Some(labels), None, None] = columns else {
            return 0;
        };
        if self.fields.is_empty() {
            // Without a column of fields all votes are of this one.
            let mut field = FieldBuilder::default();
            field.annotators.reserve_exact(self.expected_rows);
            field.label_ids.reserve_exact(self.expected_rows);
            self.fields.push(field);
        }
        let Some(field) = self.fields.first_mut() else {
            return 0;
        };
        if field.labels.is_empty() {
            // Labels in their order need not be numbered anew at the end.
            labels.add_in_order(&mut field.labels, FEW_LABELS);
        }
        let before = field.annotators.len();
        labels.intern(&mut field.labels, &mut field.label_ids);
        if field.labels.len() > MAXIMUM_LABELS {
            // That ends the reading: the row with one label too many is found cell by cell.
            field.label_ids.truncate(before);
            return 0;
        }
        annotators.intern(&mut self.annotators, &mut field.annotators);
        let complete = field.annotators.len().min(field.label_ids.len());
        field.last_items.resize(self.annotators.len(), NOBODY);
        let taken = items.intern_runs(&mut self.items, |rows, item| {
            field.place(item, before + rows.start..complete.min(before + rows.end))
        });
        field.annotators.truncate(before + taken);
        field.label_ids.truncate(before + taken);
        field.lines.push_consecutive(line, taken);
        taken
    }
}

#[cold]
fn too_many_labels(line: u64) -> RowError {
    RowError::Fatal(format!(
        "line {line}: more than {MAXIMUM_LABELS} different labels; are labels and annotators mixed up, or is the \
         label free text?"
    ))
}

fn weight_of(cell: &Cell<'_>) -> Result<f64, RowError> {
    let (column, expected) = (WEIGHT, A_WEIGHT);
    match cell.number() {
        Some(weight) if weight >= 0.0 => Ok(weight),
        _ if *cell == Cell::Missing => Err(Problem::Empty { column, expected }.into()),
        _ => Err(Problem::Unexpected {
            column,
            found: cell.shown(),
            expected,
        }
        .into()),
    }
}

impl Builder {
    fn field_of(&mut self, cell: &Cell<'_>) -> Result<usize, RowError> {
        let field = self.field_names.intern(cell);
        let field = field.map_err(|problem| Problem::of_name(problem, FIELD, A_NAME, cell))?;
        if field as usize >= MAXIMUM_FIELDS {
            let problem = format!("more than {MAXIMUM_FIELDS} different fields");
            return Err(RowError::Fatal(problem));
        }
        Ok(field as usize)
    }

    /// The file; second votes that show only now are added to the bad rows.
    pub(super) fn finish(self, bad: &mut BadRows) -> VoteFile {
        let mut fields = Vec::with_capacity(self.fields.len());
        for (field, id) in self.fields.into_iter().zip(0_u32..) {
            let name = self.has_fields.then(|| self.field_names.text(id).into_owned());
            let names = (&self.items, &self.annotators);
            fields.push(field.finish(name, names, bad));
        }
        VoteFile {
            items: self.items,
            annotators: self.annotators,
            fields,
            skipped: BadRows::default(),
        }
    }
}

/// The votes of one field, while they come in.
#[derive(Default)]
struct FieldBuilder {
    labels: NameTable,
    /// Where the votes of each item begin, up to the last that came; used for as long as items never fall.
    starts: Vec<u32>,
    /// The item of each vote, once they have fallen.
    items: Vec<u32>,
    annotators: Vec<u32>,
    label_ids: Vec<u16>,
    weights: Vec<f64>,
    /// For each annotator the item that had the last vote.
    last_items: Vec<u32>,
    lines: Lines,
    has_fallen: bool,
}

impl FieldBuilder {
    /// Takes a vote in; false for a second one of the same annotator, as far as that can be seen now.
    #[inline]
    fn push(&mut self, item: u32, annotator: u32, label: u16, line: u64) -> bool {
        let vote = self.annotators.len();
        if self.last_items.len() <= annotator as usize {
            self.last_items.resize(annotator as usize + 1, NOBODY);
        }
        self.annotators.push(annotator);
        if self.place(item, vote..vote + 1) == 0 {
            self.annotators.pop();
            return false;
        }
        self.label_ids.push(label);
        self.lines.push(line);
        true
    }

    /// Gives the next votes, whose annotators are there, their item; how many there are before a second one of the same
    /// annotator.
    #[inline]
    fn place(&mut self, item: u32, votes: Range<usize>) -> usize {
        let first = votes.start;
        let annotators = self.annotators.get(votes).unwrap_or_default();
        let count = first_votes(annotators, &mut self.last_items, item);
        if count == 0 {
            return 0;
        }
        if !self.has_fallen && item as usize + 1 != self.starts.len() {
            self.next_item(item, first as u32);
        }
        if self.has_fallen {
            self.items.resize(first + count, item);
        }
        count
    }

    fn next_item(&mut self, item: u32, vote: u32) {
        if item as usize >= self.starts.len() {
            self.starts.resize(item as usize + 1, vote);
            return;
        }
        self.items = items_of(&self.starts, vote);
        self.starts = Vec::new();
        self.has_fallen = true;
    }

    /// The line of the vote that an annotator gave last on an item.
    #[cold]
    fn line_of(&self, item: u32, annotator: u32) -> Option<u64> {
        let own = |vote: &u32| {
            let is_item = !self.has_fallen || self.items.get(*vote as usize) == Some(&item);
            is_item && self.annotators.get(*vote as usize) == Some(&annotator)
        };
        let count = u32::try_from(self.annotators.len()).ok()?;
        (0..count).rev().find(own).and_then(|vote| self.lines.get(vote))
    }

    /// Brings the votes of each item together, in the order of the file, and leaves out second votes.
    fn group(&mut self, (items, annotators): (&NameTable, &NameTable), bad: &mut BadRows) {
        let order = self.order(items.len());
        self.items = Vec::new();
        gather(&mut self.annotators, &order);
        gather(&mut self.label_ids, &order);
        gather(&mut self.weights, &order);
        let is_second = self.second_votes((items, annotators), &order, bad);
        if !is_second.is_empty() {
            self.drop_votes(&is_second);
        }
    }

    /// Counting sort by item: for each place the vote that belongs there. Sets the starts.
    fn order(&mut self, item_count: usize) -> Vec<u32> {
        let mut starts = vec![0_u32; item_count + 1];
        for item in &self.items {
            if let Some(start) = starts.get_mut(*item as usize + 1) {
                *start += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; self.items.len()];
        for (vote, item) in (0_u32..).zip(&self.items) {
            if let Some(next) = next.get_mut(*item as usize)
                && let Some(place) = order.get_mut(*next as usize)
            {
                *place = vote;
                *next += 1;
            }
        }
        self.starts = starts;
        order
    }

    /// The places of second votes, rising; each is noted as a bad row.
    fn second_votes(
        &mut self,
        (items, annotators): (&NameTable, &NameTable),
        order: &[u32],
        bad: &mut BadRows,
    ) -> Vec<u32> {
        let mut second = Vec::new();
        let line_at = |place: usize| order.get(place).and_then(|vote| self.lines.get(*vote));
        self.last_items.fill(NOBODY);
        for (item, pair) in (0_u32..).zip(self.starts.windows(2)) {
            let [start, end] = *pair else { continue };
            let row = self.annotators.get(start as usize..end as usize).unwrap_or_default();
            for (place, annotator) in (start..).zip(row) {
                let Some(last) = self.last_items.get_mut(*annotator as usize) else {
                    continue;
                };
                if *last != item {
                    *last = item;
                    continue;
                }
                let first = row.iter().position(|other| other == annotator).unwrap_or_default();
                let problem = Problem::SecondVote {
                    item: items.text(item).into_owned(),
                    annotator: annotators.text(*annotator).into_owned(),
                    first: line_at(start as usize + first),
                };
                bad.add(line_at(place as usize), problem);
                second.push(place);
            }
        }
        second
    }

    /// Leaves out the votes at these places, which rise.
    fn drop_votes(&mut self, places: &[u32]) {
        let mut dropped = places.iter().copied().peekable();
        let mut gone = 0;
        for start in &mut self.starts {
            while dropped.next_if(|place| place < start).is_some() {
                gone += 1;
            }
            *start -= gone;
        }
        drop_places(&mut self.annotators, places);
        drop_places(&mut self.label_ids, places);
        drop_places(&mut self.weights, places);
    }

    fn finish(
        mut self,
        name: Option<String>,
        (items, annotators): (&NameTable, &NameTable),
        bad: &mut BadRows,
    ) -> FieldVotes {
        let count = self.annotators.len() as u32;
        if self.has_fallen {
            self.group((items, annotators), bad);
        } else {
            self.starts.resize(items.len() + 1, count);
        }
        let has_voted = |last: &&u32| **last != NOBODY;
        let mut votes = FieldVotes {
            name,
            annotators: self.last_items.iter().filter(has_voted).count(),
            labels: self.labels,
            starts: self.starts,
            annotator_ids: self.annotators,
            label_ids: self.label_ids,
            weights: self.weights,
        };
        votes.order_naturally();
        votes
    }
}

/// Notes for each of these annotators that this item had the last vote; how many there are before one that has it already.
#[inline]
pub(super) fn first_votes(annotators: &[u32], last_items: &mut [u32], item: u32) -> usize {
    for (place, annotator) in annotators.iter().enumerate() {
        match last_items.get_mut(*annotator as usize) {
            Some(last) if *last != item => *last = item,
            _ => return place,
        }
    }
    annotators.len()
}

/// The item of each vote.
fn items_of(starts: &[u32], count: u32) -> Vec<u32> {
    let mut items = Vec::with_capacity(count as usize);
    let ends = starts.iter().skip(1).copied().chain([count]);
    for (item, end) in (0_u32..).zip(ends) {
        items.resize(end as usize, item);
    }
    items
}

fn gather<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
    if !column.is_empty() {
        *column = order
            .iter()
            .filter_map(|vote| column.get(*vote as usize).copied())
            .collect();
    }
}

fn drop_places<T>(column: &mut Vec<T>, places: &[u32]) {
    let mut places = places.iter().copied().peekable();
    let mut place = 0_u32;
    column.retain(|_| {
        let is_dropped = places.next_if_eq(&place).is_some();
        place += 1;
        !is_dropped
    });
}
