//! Opens a file, finds out its format and sends its rows to whoever wants them.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use bytes::Bytes;

use super::cell::Cell;
use super::file_blocks::FileBlocks;
use super::integers::Integers;
use super::problem::{BadRows, ReadError, RowError};
use super::{FileFormat, MAXIMUM_ROWS, ReadOptions, csv_rows, json_rows, parquet_rows};

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Most columns that can be asked for at once.
pub(super) const MAXIMUM_WANTED: usize = 12;

/// A column that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether the file is of no use without it.
    pub(crate) required: bool,
}

/// Takes rows in.
pub(crate) trait RowSink {
    /// Told once, before the first row, which of the wanted columns there are.
    fn begin(&mut self, present: &[bool]);

    /// Told after that how many rows a file says it has, so that room for them can be made at once. It may not be true,
    /// but is never more than the file has bytes.
    fn expect_rows(&mut self, _rows: usize) {}

    /// Takes a row with one cell for each wanted column.
    fn row(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), RowError>;

    /// Takes rows of whole numbers at once, where that is quicker: `columns[k]` are those of wanted column `k`, `None` when
    /// the file has no such column; the first row is in `line`, the others in the lines that follow. Gives how many rows it
    /// took; the others come one by one.
    fn integer_rows(&mut self, _line: u64, _columns: &[Option<Integers<'_>>]) -> usize {
        0
    }
}

/// How a reading stands, and what it needs to know.
pub(super) struct Reading<'a, S> {
    pub(super) file: &'a str,
    pub(super) wanted: &'a [Wanted],
    pub(super) sink: &'a mut S,
    pub(super) bad: BadRows,
    pub(super) rows: u64,
    pub(super) progress: &'a mut dyn FnMut(u64),
}

impl<S: RowSink> Reading<'_, S> {
    /// Hands a row over; a bad one is noted.
    #[inline]
    pub(super) fn row(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), ReadError> {
        match self.sink.row(line, cells) {
            Ok(()) => {
                self.rows += 1;
                Ok(())
            }
            Err(error) => self.refused(line, error),
        }
    }

    /// Hands rows of whole numbers over; how many were taken.
    pub(super) fn integer_rows(&mut self, line: u64, columns: &[Option<Integers<'_>>]) -> usize {
        let taken = self.sink.integer_rows(line, columns);
        self.rows += taken as u64;
        taken
    }

    #[cold]
    fn refused(&mut self, line: u64, error: RowError) -> Result<(), ReadError> {
        match error {
            RowError::Bad(problem) => {
                self.bad.add(line, problem);
                Ok(())
            }
            RowError::Fatal(problem) => Err(self.form(problem)),
        }
    }

    /// Refuses files with more rows than can be numbered. Asked once a block.
    pub(super) fn check_rows(&self) -> Result<(), ReadError> {
        if self.rows > MAXIMUM_ROWS {
            return Err(self.form(format!("more than {MAXIMUM_ROWS} rows")));
        }
        Ok(())
    }

    pub(super) fn form(&self, problem: impl Into<String>) -> ReadError {
        ReadError::Form {
            file: self.file.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn input(&self, source: std::io::Error) -> ReadError {
        ReadError::Input {
            file: self.file.to_owned(),
            source,
        }
    }

    /// Where each wanted column is among those found.
    ///
    /// # Errors
    /// A required one is missing, or one is there twice.
    pub(super) fn places(&self, found: &[String]) -> Result<Vec<Option<usize>>, ReadError> {
        let mut places = Vec::with_capacity(self.wanted.len());
        for wanted in self.wanted {
            let mut holders = found.iter().enumerate().filter(|(_, name)| *name == wanted.name);
            let place = holders.next().map(|(place, _)| place);
            if holders.next().is_some() {
                return Err(self.form(format!("the header has column `{}` twice", wanted.name)));
            }
            if place.is_none() && wanted.required {
                return Err(self.missing(wanted.name, found));
            }
            places.push(place);
        }
        Ok(places)
    }

    /// Says which column is missing and which were found.
    pub(super) fn missing(&self, column: &str, found: &[String]) -> ReadError {
        let required: Vec<String> = self
            .wanted
            .iter()
            .filter(|wanted| wanted.required)
            .map(|wanted| format!("`{}`", wanted.name))
            .collect();
        let found: Vec<String> = found.iter().map(|name| format!("`{name}`")).collect();
        let found = if found.is_empty() {
            "none".to_owned()
        } else {
            found.join(", ")
        };
        self.form(format!(
            "column `{column}` is missing; needed: {}; found: {found}",
            required.join(", ")
        ))
    }
}

/// Whether a path stands for standard input, which is read once.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

/// How a file is called in messages.
pub(crate) fn name_of(path: &Path) -> String {
    if is_standard_input(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Sends every row of a file, or of standard input for `-`, to `sink`. `progress` is told the bytes read so far,
/// now and then. Bad rows are noted, whatever the options say about them.
pub(crate) fn read_rows<S: RowSink>(
    path: &Path,
    options: ReadOptions,
    wanted: &[Wanted],
    sink: &mut S,
    progress: &mut dyn FnMut(u64),
) -> Result<BadRows, ReadError> {
    let file = name_of(path);
    let mut reading = Reading {
        file: &file,
        wanted,
        sink,
        bad: BadRows::default(),
        rows: 0,
        progress,
    };
    let is_standard_input = is_standard_input(path);
    let mut input: Box<dyn Read> = if is_standard_input {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| reading.input(error))?)
    };
    let known = options.format.or_else(|| FileFormat::of_ending(path));
    let format = match known {
        Some(format) => format,
        None => {
            let (format, rest) = look(input).map_err(|error| reading.input(error))?;
            input = rest;
            format
        }
    };
    match format {
        FileFormat::Csv => csv_rows::read(&mut reading, input)?,
        FileFormat::JsonLines => json_rows::read(&mut reading, input)?,
        FileFormat::Parquet if is_standard_input => {
            let mut bytes = Vec::new();
            let read = input.read_to_end(&mut bytes);
            read.map_err(|error| reading.input(error))?;
            parquet_rows::read(&mut reading, Bytes::from(bytes))?;
        }
        FileFormat::Parquet => {
            let opened = File::open(path).and_then(FileBlocks::of);
            let blocks = opened.map_err(|error| reading.input(error))?;
            blocks.expect_columns(wanted.len());
            parquet_rows::read(&mut reading, blocks)?;
        }
    }
    Ok(reading.bad)
}

/// Tells the format from how the input begins, and gives the input back from its beginning.
fn look(mut input: Box<dyn Read>) -> std::io::Result<(FileFormat, Box<dyn Read>)> {
    const PARQUET_MARK: &[u8] = b"PAR1";
    const FEW: u64 = 64;
    let mut start = Vec::new();
    input.by_ref().take(FEW).read_to_end(&mut start)?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let format = if start.starts_with(PARQUET_MARK) {
        FileFormat::Parquet
    } else if text.trim_ascii_start().starts_with(b"{") {
        FileFormat::JsonLines
    } else {
        FileFormat::Csv
    };
    Ok((format, Box::new(Cursor::new(start).chain(input))))
}
