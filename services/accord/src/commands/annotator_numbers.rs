//! A number for each annotator, from a file: weights, prices.

use std::path::Path;

use accord_datasets::table_file::{ColumnRequest, NameTable, read_table};
use anyhow::bail;

use super::vote_files::{read_with_bar, tell_skipped};
use crate::arguments::InputArguments;

/// What is read.
pub(crate) struct AnnotatorNumbers<'a> {
    /// A file with the columns `annotator` and `column`; rows about others are left out.
    pub(crate) file: &'a Path,
    /// Name of the column with the numbers, and what they are called.
    pub(crate) column: &'static str,
    /// What a number has to be, in words and as a check.
    pub(crate) expected: (&'static str, fn(f64) -> bool),
}

impl AnnotatorNumbers<'_> {
    /// The numbers of these annotators, in their order.
    pub(crate) fn read(
        &self,
        annotators: &NameTable,
        wanted: &[u32],
        input: &InputArguments,
    ) -> anyhow::Result<Vec<f64>> {
        let (file, column) = (self.file.display(), self.column);
        let (expected, accept) = self.expected;
        let requests = [
            ColumnRequest::names("annotator"),
            ColumnRequest::numbers(column, expected, accept),
        ];
        let mut table = read_with_bar(self.file, |progress| {
            read_table(self.file, &requests, input.options(), progress)
        })?;
        tell_skipped(self.file, &table.skipped);
        let names = table.take_names("annotator").unwrap_or_default();
        let numbers = table.take_numbers(column).unwrap_or_default();
        let mut given: Vec<Option<f64>> = vec![None; names.names.len()];
        for (id, number) in names.ids.iter().zip(numbers) {
            let Some(there) = given.get_mut(*id as usize) else {
                continue;
            };
            if there.is_some() {
                bail!("{file}: annotator `{}` has two {column}s", names.names.text(*id));
            }
            *there = Some(number);
        }
        let number_of = |annotator: &u32| {
            let position = names.names.position(annotators.get(*annotator)?)?;
            given.get(position as usize).copied().flatten()
        };
        let missing: Vec<&u32> = wanted
            .iter()
            .filter(|annotator| number_of(annotator).is_none())
            .collect();
        if let Some(first) = missing.first() {
            let (without, name) = (missing.len(), annotators.text(**first));
            bail!("{file}: {without} annotators have no {column}, such as `{name}`");
        }
        Ok(wanted.iter().filter_map(number_of).collect())
    }
}
