//! Tables in files, read row by row with flat memory: CSV, JSONL and Parquet.
//!
//! The readers of [votes](crate::vote_file) and [scores](crate::score_file) stand on this; [`read_table`] reads any
//! other table of names, numbers and flags.
//!
//! - Columns come in any order; columns that nobody asked for are ignored.
//! - CSV is read as the `csv` crate reads it: quoted cells may hold commas, doubled quotes and line breaks; lines end
//!   with LF, CRLF or CR; blank lines are left out; a byte order mark is left out. Every row has as many cells as the
//!   header.
//! - JSONL has one object a line. Columns that may be missing are there in every row or in none.
//! - Parquet columns may hold integers of any width, floats, booleans, text or dictionaries of text.
//! - A bad row never passes unseen: [`ReadOptions::skip_bad_rows`] says whether it ends the reading with
//!   [`ReadError::BadRows`] or is counted.

mod cell;
mod csv_rows;
mod file_blocks;
mod integers;
mod json_rows;
mod name_table;
mod parquet_rows;
mod problem;
mod source;
mod split;
mod table;

use std::path::Path;
use std::str::FromStr;

pub(crate) use cell::Cell;
pub(crate) use integers::Integers;
pub use name_table::{MAXIMUM_NAME_BYTES, MAXIMUM_NAMES, Name, NameTable};
pub(crate) use problem::RowError;
pub use problem::{BadRow, BadRows, Problem, ReadError, SHOWN_BAD_ROWS};
pub(crate) use source::{RowSink, Wanted, is_standard_input, name_of, read_rows};
pub use table::{Column, ColumnRequest, NameColumn, Table, read_table};

/// The longest line of CSV or JSONL, in bytes; a quoted cell makes one line of many.
pub const MAXIMUM_LINE_BYTES: usize = 8 << 20;

/// The most rows of one file.
pub const MAXIMUM_ROWS: u64 = u32::MAX as u64 - 1;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
}

impl FileFormat {
    /// What a file's ending says; `None` when it says nothing.
    pub fn of_ending(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.to_ascii_lowercase().parse().ok()
    }
}

impl FromStr for FileFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            "parquet" => Ok(Self::Parquet),
            other => Err(format!(
                "`{other}` is not a format of tables: use csv, jsonl or parquet"
            )),
        }
    }
}

/// How to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format; `None` takes it from the file's ending, else from how the file begins.
    pub format: Option<FileFormat>,
    /// Whether bad rows are left out and counted, instead of ending the reading.
    pub skip_bad_rows: bool,
}
