//! What is wrong with rows, and why a file cannot be read.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::name_table::{MAXIMUM_NAME_BYTES, NameProblem};

/// Bad rows that are kept with their words; the others are counted.
pub const SHOWN_BAD_ROWS: usize = 10;

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing in a column where something is needed.
    #[error("column `{column}` is empty, expected {expected}")]
    Empty {
        /// The column.
        column: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// Something else than what is needed.
    #[error("column `{column}` is `{found}`, expected {expected}")]
    Unexpected {
        /// The column.
        column: &'static str,
        /// What is there, shortened.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A name that is too long.
    #[error("column `{column}` is longer than {MAXIMUM_NAME_BYTES} bytes")]
    TooLong {
        /// The column.
        column: &'static str,
    },
    /// Bytes that are no UTF-8.
    #[error("column `{column}` is not valid UTF-8 (`{found}`): save the file as UTF-8")]
    NotUtf8 {
        /// The column.
        column: &'static str,
        /// What is there, with a mark for what cannot be read.
        found: String,
    },
    /// A row of CSV with more or fewer cells than the header.
    #[error("{found} cells, but the header has {expected}")]
    CellCount {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// A line that is too long to be held.
    #[error("longer than {limit} MiB: is a quote left open?")]
    LineTooLong {
        /// The longest that is read.
        limit: usize,
    },
    /// A quoted cell that has no end.
    #[error("a quoted cell is not closed before the end of the input")]
    OpenQuote,
    /// A line that is no JSON object.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// A column that the first row has not.
    #[error("`{column}` is there, but not in the first row: give it in every row or in none")]
    Late {
        /// The column.
        column: &'static str,
    },
    /// A second vote of one annotator on one item.
    #[error("a second vote of annotator `{annotator}` on item `{item}`{}", earlier(*.first))]
    SecondVote {
        /// The item.
        item: String,
        /// The annotator.
        annotator: String,
        /// Where the first one stands, when that is known.
        first: Option<u64>,
    },
    /// A second row about what may have only one.
    #[error("a second row for {what} `{name}`")]
    SecondRow {
        /// What may have only one.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

fn earlier(first: Option<u64>) -> String {
    first.map_or_else(String::new, |line| format!("; the first is in line {line}"))
}

impl Problem {
    /// The kind it is counted under.
    pub fn kind(&self) -> String {
        match self {
            Self::Empty { column, .. } => format!("column `{column}` is empty"),
            Self::Unexpected { column, expected, .. } => format!("column `{column}` is not {expected}"),
            Self::TooLong { column } => format!("column `{column}` is too long"),
            Self::NotUtf8 { column, .. } => format!("column `{column}` is not valid UTF-8"),
            Self::CellCount { .. } => "other number of cells than the header".to_owned(),
            Self::LineTooLong { .. } => "line too long".to_owned(),
            Self::OpenQuote => "quoted cell not closed".to_owned(),
            Self::Json(_) => "not a JSON object".to_owned(),
            Self::Late { column } => format!("column `{column}` is not in the first row"),
            Self::SecondVote { .. } => "second vote of an annotator on an item".to_owned(),
            Self::SecondRow { what, .. } => format!("second row for the same {what}"),
        }
    }

    /// Why a cell of `column` is no name.
    pub(crate) fn of_name(
        problem: NameProblem,
        column: &'static str,
        expected: &'static str,
        cell: &super::cell::Cell<'_>,
    ) -> RowError {
        let found = cell.shown();
        RowError::Bad(match problem {
            NameProblem::Empty => Self::Empty { column, expected },
            NameProblem::TooLong => Self::TooLong { column },
            NameProblem::NotUtf8 => Self::NotUtf8 { column, found },
            NameProblem::NotFinite => Self::Unexpected {
                column,
                found,
                expected,
            },
            NameProblem::TooMany => {
                let limit = format!("more different values in column `{column}` than can be kept");
                return RowError::Fatal(limit);
            }
        })
    }
}

/// What a consumer of rows says to a row it cannot take.
pub(crate) enum RowError {
    /// The row is bad; others may be good.
    Bad(Problem),
    /// Nothing more can be read, for this reason.
    Fatal(String),
}

impl From<Problem> for RowError {
    fn from(problem: Problem) -> Self {
        Self::Bad(problem)
    }
}

/// A bad row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its line, or its row in a format without lines, counted from 1; `None` where the line is not known any more.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// The rows that could not be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BadRows {
    /// The first of them, in the order of the file.
    pub first: Vec<BadRow>,
    /// How many there are of each kind.
    pub kinds: BTreeMap<String, u64>,
    /// Whether places are rows (Parquet) and not lines.
    pub counts_rows: bool,
}

impl BadRows {
    /// How many there are.
    pub fn total(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Takes note of one. They need not come in order.
    pub(crate) fn add(&mut self, line: impl Into<Option<u64>>, problem: Problem) {
        let line = line.into();
        *self.kinds.entry(problem.kind()).or_insert(0) += 1;
        let in_order = |line: Option<u64>| line.unwrap_or(u64::MAX);
        let place = self.first.partition_point(|row| in_order(row.line) <= in_order(line));
        if place < SHOWN_BAD_ROWS {
            self.first.insert(place, BadRow { line, problem });
            self.first.truncate(SHOWN_BAD_ROWS);
        }
    }

    /// What a place is called.
    fn place(&self) -> &'static str {
        if self.counts_rows { "row" } else { "line" }
    }

    /// One line for each kind, such as `3 rows: column `label` is empty`.
    pub fn summary(&self) -> Vec<String> {
        self.kinds
            .iter()
            .map(|(kind, count)| {
                let rows = if *count == 1 { "row" } else { "rows" };
                format!("{count} {rows}: {kind}")
            })
            .collect()
    }

    /// The first bad rows, one a line, each with the file's name.
    pub fn listing(&self, file: &str) -> Vec<String> {
        let mut lines: Vec<String> = self
            .first
            .iter()
            .map(|row| match row.line {
                Some(line) => format!("{file} {} {line}: {}", self.place(), row.problem),
                None => format!("{file}: {}", row.problem),
            })
            .collect();
        let shown = u64::try_from(self.first.len()).unwrap_or(u64::MAX);
        let more = self.total().saturating_sub(shown);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

impl Serialize for BadRows {
    /// As `{"total": 3, "kinds": {"…": 3}}`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut state = serializer.serialize_struct("BadRows", 2)?;
        state.serialize_field("total", &self.total())?;
        state.serialize_field("kinds", &self.kinds)?;
        state.end()
    }
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be opened or read.
    #[error("{file} cannot be read: {source}")]
    Input {
        /// Its name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// As a whole it has not the expected form.
    #[error("{file}: {problem}")]
    Form {
        /// Its name.
        file: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// Some of its rows are bad, and they were not to be skipped.
    #[error("{}", of_bad_rows(.file, .rows))]
    BadRows {
        /// Its name.
        file: String,
        /// The bad rows.
        rows: BadRows,
    },
}

fn of_bad_rows(file: &str, rows: &BadRows) -> impl fmt::Display + use<> {
    let count = rows.total();
    let (noun, are) = if count == 1 { ("row", "is") } else { ("rows", "are") };
    let mut text = format!("{count} {noun} of {file} {are} bad, so nothing was computed");
    for line in rows.listing(file) {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    text
}
