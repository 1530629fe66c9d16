//! What the commands on files of votes have in common: reading them with a bar, and saying what was left out.

use std::path::Path;

use accord_datasets::table_file::{BadRows, ReadError};
use accord_datasets::vote_file::{FieldVotes, Gold, VoteFile, read_gold, read_votes};
use accord_statistics::votes::VoteTable;
use anyhow::{Context, anyhow};
use indicatif::ProgressBar;

use crate::arguments::InputArguments;
use crate::output::{byte_bar, complain};

/// A bar of the bytes of a file.
pub(crate) fn reading_bar(file: &Path) -> ProgressBar {
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    byte_bar(bytes, "read")
}

/// Reads a file with a bar of its bytes.
pub(crate) fn read_with_bar<T>(
    file: &Path,
    read: impl FnOnce(&mut dyn FnMut(u64)) -> Result<T, ReadError>,
) -> anyhow::Result<T> {
    let bar = reading_bar(file);
    let content = read(&mut |position| bar.set_position(position));
    bar.finish_and_clear();
    content.map_err(|error| match error {
        ReadError::BadRows { .. } => anyhow!("{error}\n--skip-bad-rows goes on without them"),
        other => anyhow!(other),
    })
}

/// Says on standard error what was left out of a file.
pub(crate) fn tell_skipped(file: &Path, skipped: &BadRows) {
    if skipped.is_empty() {
        return;
    }
    complain(&format!(
        "{}: {} bad rows were left out",
        file.display(),
        skipped.total()
    ));
    for line in skipped.summary() {
        complain(&format!("  {line}"));
    }
}

/// Reads votes.
pub(crate) fn votes_of(file: &Path, input: &InputArguments) -> anyhow::Result<VoteFile> {
    let votes = read_with_bar(file, |progress| read_votes(file, input.options(), progress))?;
    tell_skipped(file, &votes.skipped);
    Ok(votes)
}

/// Reads the gold of votes.
pub(crate) fn gold_of(
    file: Option<&Path>,
    votes: &mut VoteFile,
    input: &InputArguments,
) -> anyhow::Result<Option<Gold>> {
    let Some(file) = file else {
        return Ok(None);
    };
    let gold = read_with_bar(file, |_| read_gold(file, votes, input.options()))?;
    tell_skipped(file, &gold.skipped);
    if gold.unused > 0 {
        complain(&format!(
            "{}: {} rows are about items or fields without votes",
            file.display(),
            gold.unused
        ));
    }
    Ok(Some(gold))
}

/// The votes of a field as a table that has a row for each item with votes.
pub(crate) struct FieldTable {
    pub(crate) votes: VoteTable,
    /// For each row the item; `None` when every item has votes, and they are the same.
    items: Option<Vec<u32>>,
}

impl FieldTable {
    /// The votes of a field of which items without votes were [left out](leave_out_unvoted).
    pub(crate) fn of_rows(field: &mut FieldVotes, annotators: usize, items: Option<Vec<u32>>) -> anyhow::Result<Self> {
        Ok(Self {
            votes: vote_table_of(field, annotators)?,
            items,
        })
    }

    /// The number of the item in a row.
    pub(crate) fn item(&self, row: usize) -> u32 {
        let same = u32::try_from(row).unwrap_or(u32::MAX);
        self.items
            .as_ref()
            .map_or(same, |items| items.get(row).copied().unwrap_or(u32::MAX))
    }

    /// The known label of each row, from those of each item.
    pub(crate) fn known(&self, known: &[Option<u16>]) -> Vec<Option<usize>> {
        (0..self.votes.items())
            .map(|row| known.get(self.item(row) as usize).copied().flatten().map(usize::from))
            .collect()
    }
}

/// Leaves items without votes in this field out of its rows. Gives the item of each row, or `None` when all have votes.
pub(crate) fn leave_out_unvoted(field: &mut FieldVotes) -> Option<Vec<u32>> {
    let has_votes = |pair: &[u32]| pair.first() != pair.last();
    if field.starts.windows(2).all(has_votes) {
        return None;
    }
    let rows = (0_u32..).zip(field.starts.windows(2));
    let items = rows.filter(|(_, pair)| has_votes(pair)).map(|(item, _)| item).collect();
    field.starts.dedup();
    Some(items)
}

/// The votes of a field as a table; the columns are taken out of the field and not copied.
pub(crate) fn table_of(field: &mut FieldVotes, annotators: usize) -> anyhow::Result<FieldTable> {
    let items = leave_out_unvoted(field);
    FieldTable::of_rows(field, annotators, items)
}

fn vote_table_of(field: &mut FieldVotes, annotators: usize) -> anyhow::Result<VoteTable> {
    let table = VoteTable::from_rows(
        std::mem::take(&mut field.starts),
        std::mem::take(&mut field.annotator_ids),
        std::mem::take(&mut field.label_ids),
        std::mem::take(&mut field.weights),
        [annotators, field.labels.len()],
    );
    table.with_context(|| format!("field `{}`", field_name(field)))
}

/// What a field is called in tables.
pub(crate) fn field_name(field: &FieldVotes) -> &str {
    field.name.as_deref().unwrap_or("label")
}
