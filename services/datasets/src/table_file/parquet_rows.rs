//! Rows of Parquet, batch by batch.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use super::cell::{Cell, canonical_integer};
use super::integers::Integers;
use super::problem::ReadError;
use super::source::{MAXIMUM_WANTED, Reading, RowSink};

/// Rows that are decoded at once: few enough to stay in the processor's cache.
const ROWS_PER_BATCH: usize = 16 << 10;

/// Sends every row to the sink.
pub(super) fn read<S: RowSink>(
    reading: &mut Reading<'_, S>,
    input: impl ChunkReader + 'static,
) -> Result<(), ReadError> {
    reading.bad.counts_rows = true;
    let bytes = input.len();
    let broken = |reading: &Reading<'_, S>, error: String| reading.form(format!("not readable as Parquet: {error}"));
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(input).map_err(|error| broken(reading, error.to_string()))?;
    let found: Vec<String> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let places = reading.places(&found)?;
    for (wanted, place) in reading.wanted.iter().zip(&places) {
        let Some(field) = place.and_then(|place| builder.schema().fields().get(place)) else {
            continue;
        };
        if !is_readable(field.data_type()) {
            return Err(reading.form(format!(
                "column `{}` has type {}, expected integers, floats, booleans or text",
                wanted.name,
                field.data_type()
            )));
        }
    }
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows())
        .unwrap_or(0)
        .max(1);
    let present: Vec<bool> = places.iter().map(Option::is_some).collect();
    reading.sink.begin(&present);
    reading.sink.expect_rows(usize::try_from(rows.min(bytes)).unwrap_or(0));
    let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().flatten().copied());
    let batches = builder
        .with_projection(mask)
        .with_batch_size(ROWS_PER_BATCH)
        .build()
        .map_err(|error| broken(reading, error.to_string()))?;
    let mut row = 0;
    for batch in batches {
        let batch = batch.map_err(|error: ArrowError| broken(reading, error.to_string()))?;
        read_batch(reading, &batch, row)?;
        row += batch.num_rows() as u64;
        let share = u128::from(bytes) * u128::from(row) / u128::from(rows);
        (reading.progress)(u64::try_from(share).unwrap_or(bytes));
        reading.check_rows()?;
    }
    Ok(())
}

fn read_batch<S: RowSink>(reading: &mut Reading<'_, S>, batch: &RecordBatch, before: u64) -> Result<(), ReadError> {
    let mut columns = [const { Values::Absent }; MAXIMUM_WANTED];
    for (column, wanted) in columns.iter_mut().zip(reading.wanted) {
        if let Some(array) = batch.column_by_name(wanted.name) {
            *column = Values::of(array);
        }
    }
    let width = reading.wanted.len();
    let columns = columns.get(..width).unwrap_or_default();
    let mut cells = [Cell::Missing; MAXIMUM_WANTED];
    let cells = cells.get_mut(..width).unwrap_or_default();
    let at_once = integers_of(columns).map_or(0, |integers| reading.integer_rows(before + 1, &integers));
    for row in at_once..batch.num_rows() {
        for (cell, column) in cells.iter_mut().zip(columns) {
            *cell = column.cell(row);
        }
        reading.row(before + row as u64 + 1, cells)?;
    }
    Ok(())
}

/// The columns as whole numbers, if that is what all of them are that the file has.
fn integers_of<'a>(columns: &[Values<'a>]) -> Option<Vec<Option<Integers<'a>>>> {
    let integers = columns.iter().map(|column| match column {
        Values::Absent => Some(None),
        Values::Integers(integers) => Some(Some(*integers)),
        _ => None,
    });
    integers.collect()
}

fn is_readable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_readable(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean | DataType::Null => true,
        other => other.is_integer() || matches!(other, DataType::Float32 | DataType::Float64),
    }
}

/// One column of a batch.
enum Values<'a> {
    Absent,
    /// Signed integers without nulls.
    Integers(Integers<'a>),
    Float64(&'a [f64]),
    /// A dictionary, taken apart: where each row's value is.
    Dictionary(Vec<usize>, Vec<Cell<'a>>),
    /// Everything else, one cell a row.
    Cells(Vec<Cell<'a>>),
}

macro_rules! integer_cells {
    ($array:expr, $type:ty) => {
        $array
            .as_primitive::<$type>()
            .iter()
            .map(|value| value.map_or(Cell::Missing, |value| Cell::Integer(i64::from(value))))
            .collect()
    };
}

impl<'a> Values<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        if let Some(dictionary) = array.as_any_dictionary_opt()
            && dictionary.null_count() == 0
        {
            return Self::Dictionary(dictionary.normalized_keys(), cells_of(dictionary.values()));
        }
        if array.null_count() == 0 {
            match array.data_type() {
                DataType::Int8 => {
                    return Self::Integers(Integers::Int8(array.as_primitive::<Int8Type>().values()));
                }
                DataType::Int16 => {
                    return Self::Integers(Integers::Int16(array.as_primitive::<Int16Type>().values()));
                }
                DataType::Int32 => {
                    return Self::Integers(Integers::Int32(array.as_primitive::<Int32Type>().values()));
                }
                DataType::Int64 => {
                    return Self::Integers(Integers::Int64(array.as_primitive::<Int64Type>().values()));
                }
                DataType::Float64 => return Self::Float64(array.as_primitive::<Float64Type>().values()),
                _ => {}
            }
        }
        Self::Cells(cells_of(array))
    }

    #[inline]
    fn cell(&self, row: usize) -> Cell<'a> {
        let cell = match self {
            Self::Integers(integers) => integers.get(row).map(Cell::Integer),
            Self::Float64(values) => values.get(row).copied().map(Cell::Number),
            Self::Cells(cells) => cells.get(row).copied(),
            Self::Dictionary(keys, values) => keys.get(row).and_then(|key| values.get(*key)).copied(),
            Self::Absent => None,
        };
        cell.unwrap_or(Cell::Missing)
    }
}

/// The cells of a column, whatever its type.
fn cells_of(array: &dyn Array) -> Vec<Cell<'_>> {
    match array.data_type() {
        DataType::Int8 => integer_cells!(array, Int8Type),
        DataType::Int16 => integer_cells!(array, Int16Type),
        DataType::Int32 => integer_cells!(array, Int32Type),
        DataType::Int64 => integer_cells!(array, Int64Type),
        DataType::UInt8 => integer_cells!(array, UInt8Type),
        DataType::UInt16 => integer_cells!(array, UInt16Type),
        DataType::UInt32 => integer_cells!(array, UInt32Type),
        DataType::UInt64 => array
            .as_primitive::<UInt64Type>()
            .iter()
            .map(|value| value.map_or(Cell::Missing, unsigned))
            .collect(),
        DataType::Float32 => floats(
            array
                .as_primitive::<Float32Type>()
                .iter()
                .map(|value| value.map(f64::from)),
        ),
        DataType::Float64 => floats(array.as_primitive::<Float64Type>().iter()),
        DataType::Boolean => array
            .as_boolean()
            .iter()
            .map(|value| value.map_or(Cell::Missing, Cell::Boolean))
            .collect(),
        DataType::Utf8 => array.as_string::<i32>().iter().map(text).collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().map(text).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(text).collect(),
        DataType::Dictionary(_, _) => array.as_any_dictionary_opt().map_or_else(Vec::new, |dictionary| {
            let values = cells_of(dictionary.values());
            let keys = dictionary.normalized_keys();
            (0..array.len())
                .map(|row| match keys.get(row) {
                    Some(key) if dictionary.keys().is_valid(row) => values.get(*key).copied().unwrap_or(Cell::Missing),
                    _ => Cell::Missing,
                })
                .collect()
        }),
        _ => vec![Cell::Missing; array.len()],
    }
}

/// A number beyond 64 signed bits is too large for any count or index: it is taken as a float.
fn unsigned(value: u64) -> Cell<'static> {
    i64::try_from(value).map_or(Cell::Number(value as f64), Cell::Integer)
}

/// Tables of floats mark what is missing by NaN as often as by null.
fn floats<'a>(values: impl Iterator<Item = Option<f64>>) -> Vec<Cell<'a>> {
    values
        .map(|value| match value {
            Some(number) if !number.is_nan() => Cell::Number(number),
            _ => Cell::Missing,
        })
        .collect()
}

fn text(value: Option<&str>) -> Cell<'_> {
    match value {
        None | Some("") => Cell::Missing,
        Some(text) => canonical_integer(text.as_bytes()).map_or(Cell::Text(text.as_bytes()), Cell::Integer),
    }
}
