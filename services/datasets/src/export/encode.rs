//! Rows to bytes, batch by batch, so that memory does not grow with the size of the export.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::table::{Cell, Column, ColumnType, Row};
use super::{ExportError, ExportFormat};

/// Rows of one Parquet row group; what is held in memory at most.
const ROWS_PER_GROUP: usize = 50_000;

/// Turns batches of rows into bytes of one format.
pub(super) enum Encoder {
    JsonLines(&'static [Column]),
    Csv { columns: &'static [Column], headed: bool },
    Parquet(Box<ParquetEncoder>),
}

impl Encoder {
    /// Begins an export.
    pub(super) fn begin(format: ExportFormat, columns: &'static [Column]) -> Result<Self, ExportError> {
        Ok(match format {
            ExportFormat::JsonLines => Self::JsonLines(columns),
            ExportFormat::Csv => Self::Csv { columns, headed: false },
            ExportFormat::Parquet => Self::Parquet(Box::new(ParquetEncoder::begin(columns)?)),
        })
    }

    /// Takes rows in and gives out what bytes are ready.
    pub(super) fn encode(&mut self, rows: &[Row]) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::JsonLines(columns) => encode_json_lines(columns, rows),
            Self::Csv { columns, headed } => {
                let head = !std::mem::replace(headed, true);
                encode_csv(columns, rows, head)
            }
            Self::Parquet(encoder) => encoder.encode(rows),
        }
    }

    /// Gives out the last bytes. An export without rows is still a valid file.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::JsonLines(_) => Ok(Vec::new()),
            Self::Csv { columns, headed } if !headed => encode_csv(columns, &[], true),
            Self::Csv { .. } => Ok(Vec::new()),
            Self::Parquet(encoder) => encoder.finish(),
        }
    }
}

fn encode_json_lines(columns: &[Column], rows: &[Row]) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::with_capacity(rows.len() * 256);
    for row in rows {
        let object: serde_json::Map<String, serde_json::Value> = columns
            .iter()
            .zip(row)
            .map(|(column, cell)| (column.name.to_owned(), json_of(cell)))
            .collect();
        serde_json::to_writer(&mut bytes, &object).map_err(|error| ExportError::Encode(error.to_string()))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn json_of(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Empty => serde_json::Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Number(number) => (*number).into(),
        Cell::Boolean(value) => (*value).into(),
    }
}

fn encode_csv(columns: &[Column], rows: &[Row], head: bool) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::with_capacity(rows.len() * 200));
    if head {
        writer
            .write_record(columns.iter().map(|column| column.name))
            .map_err(ExportError::encode)?;
    }
    for row in rows {
        writer
            .write_record(row.iter().map(csv_text))
            .map_err(ExportError::encode)?;
    }
    writer.into_inner().map_err(ExportError::encode)
}

/// Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers are left alone.
fn csv_text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) if text.starts_with(['=', '+', '@', '\t', '\r']) => format!("'{text}"),
        Cell::Text(text) if text.starts_with('-') && text.parse::<f64>().is_err() => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Boolean(value) => value.to_string(),
    }
}

/// Writes row groups into a buffer that is drained after every batch.
pub(super) struct ParquetEncoder {
    columns: &'static [Column],
    schema: Arc<Schema>,
    writer: ArrowWriter<SharedBuffer>,
    buffer: SharedBuffer,
}

impl ParquetEncoder {
    fn begin(columns: &'static [Column]) -> Result<Self, ExportError> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(column.name, data_type(column.column_type), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .build();
        let buffer = SharedBuffer::default();
        let writer =
            ArrowWriter::try_new(buffer.clone(), Arc::clone(&schema), Some(properties)).map_err(ExportError::encode)?;
        Ok(Self {
            columns,
            schema,
            writer,
            buffer,
        })
    }

    fn encode(&mut self, rows: &[Row]) -> Result<Vec<u8>, ExportError> {
        if !rows.is_empty() {
            let arrays: Vec<ArrayRef> = self
                .columns
                .iter()
                .enumerate()
                .map(|(position, column)| array_of(*column, position, rows))
                .collect();
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(ExportError::encode)?;
            self.writer.write(&batch).map_err(ExportError::encode)?;
        }
        Ok(self.buffer.take())
    }

    fn finish(self) -> Result<Vec<u8>, ExportError> {
        let buffer = self.buffer;
        self.writer.close().map_err(ExportError::encode)?;
        Ok(buffer.take())
    }
}

const fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        ColumnType::Boolean => DataType::Boolean,
    }
}

fn array_of(column: Column, position: usize, rows: &[Row]) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(position));
    match column.column_type {
        ColumnType::Text => {
            let mut builder = StringBuilder::new();
            for cell in cells {
                builder.append_option(if let Some(Cell::Text(text)) = cell {
                    Some(text)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        ColumnType::Integer => {
            let mut builder = Int64Builder::new();
            for cell in cells {
                builder.append_option(if let Some(Cell::Integer(number)) = cell {
                    Some(*number)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        ColumnType::Number => {
            let mut builder = Float64Builder::new();
            for cell in cells {
                builder.append_option(if let Some(Cell::Number(number)) = cell {
                    Some(*number)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        ColumnType::Boolean => {
            let mut builder = BooleanBuilder::new();
            for cell in cells {
                builder.append_option(if let Some(Cell::Boolean(value)) = cell {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
    }
}

/// A growing buffer that the writer fills and the encoder empties.
#[derive(Clone, Default)]
pub(super) struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::super::table::columns;
    use super::*;

    const COLUMNS: &[Column] = columns! { "number": Integer, "name": Text };

    #[test]
    fn row_groups_leave_the_encoder_as_they_are_filled() {
        let mut encoder = Encoder::begin(ExportFormat::Parquet, COLUMNS).unwrap();
        let (mut bytes, mut ready) = (Vec::new(), Vec::new());
        for page in 0..260_i64 {
            let rows: Vec<Row> = (0..500)
                .map(|row| vec![Cell::from(page * 500 + row), Cell::Empty])
                .collect();
            bytes.extend(encoder.encode(&rows).unwrap());
            ready.push(bytes.len());
        }
        assert!(
            ready[99] > ready[98] && ready[199] > ready[198],
            "a full group is given out at once"
        );
        bytes.extend(encoder.finish().unwrap());
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let sizes: Vec<i64> = reader
            .metadata()
            .row_groups()
            .iter()
            .map(|group| group.num_rows())
            .collect();
        assert_eq!(sizes, [50_000, 50_000, 30_000]);
    }

    #[test]
    fn only_what_a_spreadsheet_would_run_gets_an_apostrophe() {
        for (text, expected) in [
            ("=A1", "'=A1"),
            ("+49 221", "'+49 221"),
            ("@import", "'@import"),
            ("\tx", "'\tx"),
            ("-x", "'-x"),
            ("-12.50", "-12.50"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(csv_text(&Cell::from(text)), expected);
        }
        assert_eq!(csv_text(&Cell::from(-1.5)), "-1.5");
    }
}
