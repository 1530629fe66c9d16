//! Tables: rows of columns, such as the line items of an invoice.

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::field::Field;
use crate::normalise::answer_json::answer_from_json;
use crate::normalise::fold::fold;
use crate::normalise::{Reading, unread};

/// The most rows of a table; a longer one is not read.
pub const MAXIMUM_ROWS: usize = 1000;

/// The property of a row that says what kind of line it is, in the words of Factur-X (LineStatusReasonCode).
const LINE_STATUS: &str = "line_status";
/// The folded line status of subtotals, which are no lines of their own.
const SUBTOTAL_STATUS: &str = "group";

/// Reads a JSON list of objects into a JSON list of objects with every column in declared order, each cell its canonical
/// text or `null`.
///
/// Properties that are no columns are left out, and so are subtotals (rows whose `line_status` is `GROUP`). The table
/// counts as read only when every cell could be read. None when it is no such list or has more than [`MAXIMUM_ROWS`] rows.
#[must_use]
pub(crate) fn read(raw: &str, columns: &[Field]) -> Option<Reading> {
    let rows: Vec<Map<String, Value>> = serde_json::from_str(raw).ok()?;
    if rows.len() > MAXIMUM_ROWS {
        return None;
    }
    let mut parsed = true;
    let mut canonical_rows = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| !is_subtotal(row)) {
        let mut cells = Map::new();
        for column in columns {
            let cell = read_cell(column, row.get(column.name.as_str()), &mut parsed);
            cells.insert(column.name.to_string(), cell.map_or(Value::Null, Value::String));
        }
        canonical_rows.push(Value::Object(cells));
    }
    Some(Reading {
        canonical: Value::Array(canonical_rows).to_string(),
        parsed,
        valid: None,
    })
}

fn read_cell(column: &Field, cell: Option<&Value>, parsed: &mut bool) -> Option<String> {
    let cell = cell?;
    match answer_from_json(column, cell) {
        Ok(Answer::Value(value)) => {
            *parsed &= value.parsed;
            Some(value.canonical)
        }
        Ok(_) => None,
        Err(_) => {
            *parsed = false;
            Some(unread(&cell.to_string()))
        }
    }
}

fn is_subtotal(row: &Map<String, Value>) -> bool {
    row.get(LINE_STATUS)
        .and_then(Value::as_str)
        .is_some_and(|status| fold(status) == SUBTOTAL_STATUS)
}
