//! Tables of names, numbers and flags, held column by column.

use std::path::Path;

use super::cell::Cell;
use super::name_table::NameTable;
use super::problem::{BadRows, Problem, ReadError, RowError};
use super::source::{MAXIMUM_WANTED, RowSink, Wanted, name_of, read_rows};
use super::{Name, ReadOptions};

/// A column that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ColumnRequest {
    name: &'static str,
    kind: Kind,
    required: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Names {
        expected: &'static str,
    },
    Numbers {
        expected: &'static str,
        accept: fn(f64) -> bool,
    },
    Flags,
}

impl ColumnRequest {
    /// A required column of names: text, whole numbers or booleans.
    pub const fn names(name: &'static str) -> Self {
        let expected = "a name";
        Self::new(name, Kind::Names { expected })
    }

    /// A required column of finite numbers that `accept` takes; `expected` describes them, as in "a number from 0 to 1".
    pub const fn numbers(name: &'static str, expected: &'static str, accept: fn(f64) -> bool) -> Self {
        Self::new(name, Kind::Numbers { expected, accept })
    }

    /// A required column of flags: 1 and 0, or true and false.
    pub const fn flags(name: &'static str) -> Self {
        Self::new(name, Kind::Flags)
    }

    /// The same column, which the file need not have. Where it has it, no cell may be empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            required: true,
        }
    }

    fn expected(&self) -> &'static str {
        match self.kind {
            Kind::Names { expected } | Kind::Numbers { expected, .. } => expected,
            Kind::Flags => "1 or 0, or true or false",
        }
    }
}

/// One name for each row.
#[derive(Debug, Clone, Default)]
pub struct NameColumn {
    /// For each row the number of its name.
    pub ids: Vec<u32>,
    /// The names, numbered in the order in which they first came.
    pub names: NameTable,
}

impl NameColumn {
    /// The name in a row; `None` past the last.
    pub fn get(&self, row: usize) -> Option<Name<'_>> {
        self.ids.get(row).and_then(|id| self.names.get(*id))
    }
}

/// The values of one column, one for each row.
#[derive(Debug, Clone)]
pub enum Column {
    /// Names.
    Names(NameColumn),
    /// Finite numbers.
    Numbers(Vec<f64>),
    /// Flags.
    Flags(Vec<bool>),
}

/// A table: columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Its rows, without the bad ones.
    pub rows: usize,
    /// The bad rows that were left out; empty unless that was asked for.
    pub skipped: BadRows,
    columns: Vec<(&'static str, Column)>,
}

impl Table {
    /// Takes the column of names out; `None` when the file has no such column.
    pub fn take_names(&mut self, name: &str) -> Option<NameColumn> {
        match self.take(name)? {
            Column::Names(names) => Some(names),
            _ => None,
        }
    }

    /// Takes the column of numbers out; `None` when the file has no such column.
    pub fn take_numbers(&mut self, name: &str) -> Option<Vec<f64>> {
        match self.take(name)? {
            Column::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// Takes the column of flags out; `None` when the file has no such column.
    pub fn take_flags(&mut self, name: &str) -> Option<Vec<bool>> {
        match self.take(name)? {
            Column::Flags(flags) => Some(flags),
            _ => None,
        }
    }

    fn take(&mut self, name: &str) -> Option<Column> {
        let place = self.columns.iter().position(|(known, _)| *known == name)?;
        Some(self.columns.swap_remove(place).1)
    }
}

/// Reads the requested columns (at most 12) of a file, or of standard input for the path `-`. `progress` is told the
/// bytes read so far, now and then.
///
/// # Errors
/// The file cannot be read, has not a required column, or has bad rows that were not to be skipped.
pub fn read_table(
    path: &Path,
    requests: &[ColumnRequest],
    options: ReadOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<Table, ReadError> {
    let requests = requests.get(..MAXIMUM_WANTED).unwrap_or(requests);
    let wanted: Vec<Wanted> = requests
        .iter()
        .map(|request| Wanted {
            name: request.name,
            required: request.required,
        })
        .collect();
    let mut builder = Builder {
        requests,
        columns: Vec::new(),
        rows: 0,
    };
    let bad = read_rows(path, options, &wanted, &mut builder, progress)?;
    let skipped = refuse_bad_rows(path, options, bad)?;
    let columns = requests.iter().zip(builder.columns);
    Ok(Table {
        rows: builder.rows,
        skipped,
        columns: columns
            .filter_map(|(request, column)| Some((request.name, column?)))
            .collect(),
    })
}

/// Bad rows end the reading unless they are to be skipped.
pub(crate) fn refuse_bad_rows(path: &Path, options: ReadOptions, bad: BadRows) -> Result<BadRows, ReadError> {
    if bad.is_empty() || options.skip_bad_rows {
        return Ok(bad);
    }
    Err(ReadError::BadRows {
        file: name_of(path),
        rows: bad,
    })
}

struct Builder<'a> {
    requests: &'a [ColumnRequest],
    columns: Vec<Option<Column>>,
    rows: usize,
}

impl RowSink for Builder<'_> {
    fn begin(&mut self, present: &[bool]) {
        let columns = self.requests.iter().zip(present).map(|(request, is_there)| {
            is_there.then(|| match request.kind {
                Kind::Names { .. } => Column::Names(NameColumn::default()),
                Kind::Numbers { .. } => Column::Numbers(Vec::new()),
                Kind::Flags => Column::Flags(Vec::new()),
            })
        });
        self.columns = columns.collect();
    }

    fn row(&mut self, _line: u64, cells: &[Cell<'_>]) -> Result<(), RowError> {
        let rows = self.rows;
        for ((request, column), cell) in self.requests.iter().zip(&mut self.columns).zip(cells) {
            if let Some(column) = column
                && let Err(error) = put(request, column, cell)
            {
                // What the row has put into the columns before is taken back.
                self.columns
                    .iter_mut()
                    .flatten()
                    .for_each(|column| column.truncate(rows));
                return Err(error);
            }
        }
        self.rows += 1;
        Ok(())
    }
}

impl Column {
    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Names(names) => names.ids.truncate(rows),
            Self::Numbers(numbers) => numbers.truncate(rows),
            Self::Flags(flags) => flags.truncate(rows),
        }
    }
}

fn put(request: &ColumnRequest, column: &mut Column, cell: &Cell<'_>) -> Result<(), RowError> {
    match (column, request.kind) {
        (Column::Names(names), Kind::Names { expected }) => {
            let interned = names.names.intern(cell);
            let id = interned.map_err(|problem| Problem::of_name(problem, request.name, expected, cell))?;
            names.ids.push(id);
        }
        (Column::Numbers(numbers), Kind::Numbers { accept, .. }) => {
            let number = cell.number().filter(|number| accept(*number));
            numbers.push(number.ok_or_else(|| unfit(request, cell))?);
        }
        (Column::Flags(flags), Kind::Flags) => flags.push(cell.flag().ok_or_else(|| unfit(request, cell))?),
        _ => {}
    }
    Ok(())
}

fn unfit(request: &ColumnRequest, cell: &Cell<'_>) -> RowError {
    let (column, expected) = (request.name, request.expected());
    RowError::Bad(match cell {
        Cell::Missing => Problem::Empty { column, expected },
        other => Problem::Unexpected {
            column,
            found: other.shown(),
            expected,
        },
    })
}
