//! Rows with named, typed columns: the one shape that every export format is written from.

/// The type of a column's cells. Every cell may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

/// A column of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, in every format.
    pub name: &'static str,
    /// The type of its cells.
    pub column_type: ColumnType,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Nothing is known.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// One row, with as many cells as the table has columns.
pub(super) type Row = Vec<Cell>;

macro_rules! cell_from {
    ($type:ty, $variant:ident, $convert:expr) => {
        impl From<$type> for Cell {
            fn from(value: $type) -> Self {
                let convert: fn($type) -> _ = $convert;
                Self::$variant(convert(value))
            }
        }
    };
}

cell_from!(String, Text, |value| value);
cell_from!(&str, Text, str::to_owned);
cell_from!(i64, Integer, |value| value);
cell_from!(u32, Integer, i64::from);
cell_from!(f64, Number, |value| value);
cell_from!(bool, Boolean, |value| value);

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// Shorthand for a list of columns.
macro_rules! columns {
    ($($name:literal: $column_type:ident),+ $(,)?) => {
        &[$($crate::export::table::Column { name: $name, column_type: $crate::export::table::ColumnType::$column_type }),+]
    };
}

pub(crate) use columns;
