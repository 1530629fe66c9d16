//! Files of labels: what votes became, one row for each item of each field.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::json;

use crate::table_file::FileFormat;

/// Rows that Parquet gets at once.
const ROWS_PER_BATCH: usize = 64 << 10;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Writes labels, row by row. The file appears under its name only when it is complete.
///
/// Columns: `item`, `field` (if there are fields), `label` (empty where nothing won), `share` or `probability`, `margin`
/// (empty where it is not known), `votes`, `tie` (the tied labels: a list in JSONL, else joined by `|`). Labels and items
/// are written exactly as they are.
pub struct LabelWriter {
    encoder: Encoder,
    has_fields: bool,
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
    Csv(Box<csv::Writer<File>>),
    JsonLines(BufWriter<File>, &'static str),
    Parquet(Box<ArrowWriter<File>>, Arc<Schema>),
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// Name of the item.
    pub item: String,
    /// Name of the field; `None` without fields.
    pub field: Option<String>,
    /// The label; `None` where several share first place, or where no vote has weight.
    pub label: Option<String>,
    /// Share or probability of the leading label.
    pub share: f64,
    /// How far it leads, where that is known.
    pub margin: Option<f64>,
    /// Votes of the item.
    pub votes: u32,
    /// The labels that share first place; empty where one leads.
    pub tied: Vec<String>,
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

impl LabelWriter {
    /// Begins a file. `share` is the name of the column that holds [`LabelRow::share`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(file: &Path, format: FileFormat, share: &'static str, has_fields: bool) -> Result<Self, WriteError> {
        let mut name = file.as_os_str().to_owned();
        name.push(".partial");
        let partial = PartialFile(PathBuf::from(name));
        let opened = File::create(&partial.0).map_err(|error| output(file, error))?;
        let encoder = match format {
            FileFormat::Csv => {
                let mut writer = csv::WriterBuilder::new()
                    .buffer_capacity(BUFFER_BYTES)
                    .from_writer(opened);
                let columns = ["item", "field", "label", share, "margin", "votes", "tie"];
                let columns = columns.iter().filter(|column| has_fields || **column != "field");
                writer.write_record(columns).map_err(encode)?;
                Encoder::Csv(Box::new(writer))
            }
            FileFormat::JsonLines => Encoder::JsonLines(BufWriter::with_capacity(BUFFER_BYTES, opened), share),
            FileFormat::Parquet => {
                let schema = schema(share, has_fields);
                let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                let writer = ArrowWriter::try_new(opened, Arc::clone(&schema), Some(properties)).map_err(encode)?;
                Encoder::Parquet(Box::new(writer), schema)
            }
        };
        Ok(Self {
            encoder,
            has_fields,
            partial,
            file: file.to_owned(),
        })
    }

    /// Writes rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, rows: impl Iterator<Item = LabelRow>) -> Result<(), WriteError> {
        match &mut self.encoder {
            Encoder::Csv(writer) => write_csv(writer, rows, self.has_fields),
            Encoder::JsonLines(writer, share) => write_json(writer, rows, share),
            Encoder::Parquet(writer, schema) => {
                let mut rows = rows.peekable();
                while rows.peek().is_some() {
                    let batch = batch(rows.by_ref().take(ROWS_PER_BATCH), schema, self.has_fields)?;
                    writer.write(&batch).map_err(encode)?;
                }
                Ok(())
            }
        }
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<(), WriteError> {
        let file = &self.file;
        match self.encoder {
            Encoder::Csv(mut writer) => writer.flush().map_err(|error| output(file, error))?,
            Encoder::JsonLines(mut writer, _) => writer.flush().map_err(|error| output(file, error))?,
            Encoder::Parquet(writer, _) => drop(writer.close().map_err(encode)?),
        }
        std::fs::rename(&self.partial.0, file).map_err(|error| output(file, error))
    }
}

fn output(file: &Path, source: std::io::Error) -> WriteError {
    WriteError::Output {
        file: file.display().to_string(),
        source,
    }
}

fn encode(error: impl std::fmt::Display) -> WriteError {
    WriteError::Encode(error.to_string())
}

fn write_csv(
    writer: &mut csv::Writer<File>,
    rows: impl Iterator<Item = LabelRow>,
    has_fields: bool,
) -> Result<(), WriteError> {
    for row in rows {
        let mut cells = vec![row.item];
        if has_fields {
            cells.push(row.field.unwrap_or_default());
        }
        cells.push(row.label.unwrap_or_default());
        cells.push(row.share.to_string());
        cells.push(row.margin.map(|margin| margin.to_string()).unwrap_or_default());
        cells.push(row.votes.to_string());
        cells.push(row.tied.join("|"));
        writer.write_record(&cells).map_err(encode)?;
    }
    Ok(())
}

fn write_json(
    writer: &mut BufWriter<File>,
    rows: impl Iterator<Item = LabelRow>,
    share: &'static str,
) -> Result<(), WriteError> {
    for row in rows {
        let mut object = json!({ "item": row.item });
        if let Some(field) = row.field {
            object["field"] = field.into();
        }
        object["label"] = row.label.into();
        object[share] = row.share.into();
        object["margin"] = row.margin.into();
        object["votes"] = row.votes.into();
        object["tie"] = row.tied.into();
        serde_json::to_writer(&mut *writer, &object).map_err(encode)?;
        writer.write_all(b"\n").map_err(encode)?;
    }
    Ok(())
}

fn schema(share: &'static str, has_fields: bool) -> Arc<Schema> {
    let columns = [
        ("item", DataType::Utf8),
        ("field", DataType::Utf8),
        ("label", DataType::Utf8),
        (share, DataType::Float64),
        ("margin", DataType::Float64),
        ("votes", DataType::UInt32),
        ("tie", DataType::Utf8),
    ];
    let columns = columns.into_iter().filter(|(name, _)| has_fields || *name != "field");
    let fields: Vec<Field> = columns
        .map(|(name, data_type)| Field::new(name, data_type, true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn batch(
    rows: impl Iterator<Item = LabelRow>,
    schema: &Arc<Schema>,
    has_fields: bool,
) -> Result<RecordBatch, WriteError> {
    let (mut items, mut fields, mut labels, mut ties) = (
        StringBuilder::new(),
        StringBuilder::new(),
        StringBuilder::new(),
        StringBuilder::new(),
    );
    let (mut shares, mut margins, mut votes) = (Float64Builder::new(), Float64Builder::new(), UInt32Builder::new());
    for row in rows {
        items.append_value(row.item);
        fields.append_option(row.field);
        labels.append_option(row.label);
        shares.append_value(row.share);
        margins.append_option(row.margin);
        votes.append_value(row.votes);
        ties.append_option((!row.tied.is_empty()).then(|| row.tied.join("|")));
    }
    let mut columns: Vec<ArrayRef> = vec![Arc::new(items.finish())];
    if has_fields {
        columns.push(Arc::new(fields.finish()));
    }
    columns.push(Arc::new(labels.finish()));
    columns.push(Arc::new(shares.finish()));
    columns.push(Arc::new(margins.finish()));
    columns.push(Arc::new(votes.finish()));
    columns.push(Arc::new(ties.finish()));
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(encode)
}
