//! Files of labels: what votes became, one row for each item of each field.

mod csv_labels;
mod json_labels;
mod parquet_labels;

use std::fs::File;
use std::path::{Path, PathBuf};

use self::csv_labels::CsvLabels;
use self::json_labels::JsonLabels;
use self::parquet_labels::ParquetLabels;
use crate::table_file::{FileFormat, Name};

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Writes labels, row by row. The file appears under its name only when it is complete.
///
/// Columns: `item`, `field` (if there are fields), `label` (empty where nothing won), `share` or `probability`, `margin`
/// (empty where it is not known), `votes`, `tie` (the tied labels: a list in JSONL, else joined by `|`). Labels and items
/// are written exactly as they are.
pub struct LabelWriter {
    encoder: Encoder,
    partial: PartialFile,
    file: PathBuf,
}

/// Is removed when it does not get its name.
struct PartialFile(PathBuf);

impl Drop for PartialFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

enum Encoder {
    Csv(CsvLabels),
    JsonLines(JsonLabels),
    Parquet(Box<ParquetLabels>),
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelRow<'a> {
    /// Name of the item.
    pub item: Name<'a>,
    /// Name of the field; `None` without fields.
    pub field: Option<&'a str>,
    /// The label; `None` where several share first place, or where no vote has weight.
    pub label: Option<Name<'a>>,
    /// Share or probability of the leading label.
    pub share: f64,
    /// How far it leads, where that is known.
    pub margin: Option<f64>,
    /// Votes of the item.
    pub votes: u32,
    /// The labels that share first place; empty where one leads.
    pub tied: &'a [Name<'a>],
}

impl LabelRow<'_> {
    /// The tied labels as one text; `None` where one leads.
    fn tie(&self) -> Option<String> {
        let names: Vec<String> = self.tied.iter().map(|label| label.to_string()).collect();
        (!names.is_empty()).then(|| names.join("|"))
    }
}

/// Labels that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be written.
    #[error("{file} cannot be written: {source}")]
    Output {
        /// Its name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// Rows cannot be encoded.
    #[error("the labels cannot be encoded: {0}")]
    Encode(String),
}

impl WriteError {
    fn encode(error: impl std::fmt::Display) -> Self {
        Self::Encode(error.to_string())
    }
}

/// The columns of a file; `share` is the name of that of [`LabelRow::share`].
fn columns(share: &'static str, has_fields: bool) -> impl Iterator<Item = &'static str> {
    let columns = ["item", "field", "label", share, "margin", "votes", "tie"];
    columns
        .into_iter()
        .filter(move |column| has_fields || *column != "field")
}

impl LabelWriter {
    /// Begins a file. `share` is the name of the column that holds [`LabelRow::share`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(file: &Path, format: FileFormat, share: &'static str, has_fields: bool) -> Result<Self, WriteError> {
        let mut name = file.as_os_str().to_owned();
        name.push(".partial");
        let partial = PartialFile(PathBuf::from(name));
        let opened = File::create(&partial.0).map_err(|error| unwritable(file, error))?;
        let encoder = match format {
            FileFormat::Csv => Encoder::Csv(CsvLabels::begin(opened, share, has_fields)),
            FileFormat::JsonLines => Encoder::JsonLines(JsonLabels::begin(opened, share)),
            FileFormat::Parquet => Encoder::Parquet(Box::new(ParquetLabels::begin(opened, share, has_fields)?)),
        };
        Ok(Self {
            encoder,
            partial,
            file: file.to_owned(),
        })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, row: &LabelRow<'_>) -> Result<(), WriteError> {
        match &mut self.encoder {
            Encoder::Csv(labels) => labels.write(row).map_err(|error| unwritable(&self.file, error)),
            Encoder::JsonLines(labels) => labels.write(row).map_err(|error| unwritable(&self.file, error)),
            Encoder::Parquet(labels) => labels.write(row),
        }
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<(), WriteError> {
        let file = &self.file;
        match self.encoder {
            Encoder::Csv(labels) => labels.finish().map_err(|error| unwritable(file, error))?,
            Encoder::JsonLines(labels) => labels.finish().map_err(|error| unwritable(file, error))?,
            Encoder::Parquet(labels) => labels.finish()?,
        }
        std::fs::rename(&self.partial.0, file).map_err(|error| unwritable(file, error))
    }
}

fn unwritable(file: &Path, source: std::io::Error) -> WriteError {
    WriteError::Output {
        file: file.display().to_string(),
        source,
    }
}
