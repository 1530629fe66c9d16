//! The labels as a file: one row for each item of each field.

use accord_datasets::label_file::{LabelRow, LabelWriter};
use accord_datasets::table_file::{FileFormat, Name};
use anyhow::Context;

use super::DecidedField;
use crate::arguments::{AggregateArguments, Method};
use crate::output::bar;

/// Rows between two words about the progress.
const ROWS_AT_ONCE: usize = 64 << 10;

/// Begins the file that was asked for, if one was.
pub(super) fn begin(arguments: &AggregateArguments, has_fields: bool) -> anyhow::Result<Option<LabelWriter>> {
    let Some(file) = &arguments.output else {
        return Ok(None);
    };
    let format = arguments.output_format.or_else(|| FileFormat::of_ending(file));
    let format = format.with_context(|| {
        format!(
            "the ending of {} says no format: use .csv, .jsonl or .parquet, or --output-format",
            file.display()
        )
    })?;
    let share = match arguments.method {
        Method::Majority | Method::Weighted => "share",
        Method::DawidSkene | Method::OneCoin | Method::Glad | Method::Mace => "probability",
        // A share or a probability, by what is taken.
        Method::Auto => "score",
    };
    Ok(Some(LabelWriter::begin(file, format, share, has_fields)?))
}

/// Writes a field's labels, in the order in which items came.
pub(super) fn write(writer: &mut LabelWriter, field: &DecidedField<'_>) -> anyhow::Result<()> {
    let items = field.table.votes.items();
    let progress = bar(items as u64, "write");
    for start in (0..items).step_by(ROWS_AT_ONCE) {
        let end = (start + ROWS_AT_ONCE).min(items);
        for row in start..end {
            write_row(writer, field, row)?;
        }
        progress.inc((end - start) as u64);
    }
    progress.finish_and_clear();
    Ok(())
}

fn write_row(writer: &mut LabelWriter, field: &DecidedField<'_>, row: usize) -> anyhow::Result<()> {
    let decided = field.decided;
    let labels = &field.field.labels;
    let label = |class: usize| labels.get(u32::try_from(class).ok()?);
    let tied: Vec<Name<'_>> = decided.tied(row).into_iter().filter_map(label).collect();
    let item = field.items.get(field.table.item(row));
    writer.write(&LabelRow {
        item: item.with_context(|| format!("row {row} is of no item"))?,
        field: field.field.name.as_deref(),
        label: decided.winner(row).and_then(label),
        share: decided.share(row),
        margin: Some(decided.margin(row)),
        votes: u32::try_from(field.table.votes.row(row).len()).unwrap_or(u32::MAX),
        tied: &tied,
    })?;
    Ok(())
}
