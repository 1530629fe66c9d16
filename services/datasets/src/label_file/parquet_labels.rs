//! Labels as Parquet.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{LabelRow, WriteError, columns};
use crate::table_file::Name;

/// Rows that are encoded at once.
const ROWS_PER_BATCH: usize = 64 << 10;

pub(super) struct ParquetLabels {
    writer: ArrowWriter<File>,
    schema: Arc<Schema>,
    waiting: Columns,
    has_fields: bool,
}

/// Rows that wait to be encoded.
#[derive(Default)]
struct Columns {
    items: StringBuilder,
    fields: StringBuilder,
    labels: StringBuilder,
    shares: Float64Builder,
    margins: Float64Builder,
    votes: UInt32Builder,
    ties: StringBuilder,
    rows: usize,
}

impl ParquetLabels {
    pub(super) fn begin(file: File, share: &'static str, has_fields: bool) -> Result<Self, WriteError> {
        let fields: Vec<Field> = columns(share, has_fields)
            .map(|name| Field::new(name, type_of(name, share), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(WriteError::encode)?;
        Ok(Self {
            writer,
            schema,
            waiting: Columns::default(),
            has_fields,
        })
    }

    pub(super) fn write(&mut self, row: &LabelRow<'_>) -> Result<(), WriteError> {
        let waiting = &mut self.waiting;
        append(&mut waiting.items, Some(row.item));
        waiting.fields.append_option(row.field);
        append(&mut waiting.labels, row.label);
        waiting.shares.append_value(row.share);
        waiting.margins.append_option(row.margin);
        waiting.votes.append_value(row.votes);
        waiting.ties.append_option(row.tie());
        waiting.rows += 1;
        if waiting.rows == ROWS_PER_BATCH {
            self.encode()?;
        }
        Ok(())
    }

    fn encode(&mut self) -> Result<(), WriteError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(waiting.items.finish())];
        if self.has_fields {
            columns.push(Arc::new(waiting.fields.finish()));
        }
        columns.push(Arc::new(waiting.labels.finish()));
        columns.push(Arc::new(waiting.shares.finish()));
        columns.push(Arc::new(waiting.margins.finish()));
        columns.push(Arc::new(waiting.votes.finish()));
        columns.push(Arc::new(waiting.ties.finish()));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(WriteError::encode)?;
        self.writer.write(&batch).map_err(WriteError::encode)
    }

    pub(super) fn finish(mut self) -> Result<(), WriteError> {
        if self.waiting.rows > 0 {
            self.encode()?;
        }
        self.writer.close().map(drop).map_err(WriteError::encode)
    }
}

fn type_of(column: &str, share: &str) -> DataType {
    match column {
        "votes" => DataType::UInt32,
        "margin" => DataType::Float64,
        other if other == share => DataType::Float64,
        _ => DataType::Utf8,
    }
}

fn append(column: &mut StringBuilder, name: Option<Name<'_>>) {
    match name {
        None => column.append_null(),
        Some(Name::Text(text)) => column.append_value(text),
        Some(Name::Integer(number)) => column.append_value(itoa::Buffer::new().format(number)),
    }
}
