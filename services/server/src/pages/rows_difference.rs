//! Where one table differs from another, row by row and in a changed row cell by cell.

use accord_domain::Field;
use accord_domain::normalise::fold::fold;
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::pages::difference::{Difference, Piece, difference, whole};

/// The most rows of a table that are compared and shown.
const MAXIMUM_ROWS: usize = 300;

/// A table beside another of the same columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RowsDifference {
    columns: Vec<String>,
    rows: Vec<RowDifference>,
    /// How many rows are shown, where not all of them are.
    cut_after: Option<usize>,
}

/// A row in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct RowDifference {
    /// The pieces of each cell.
    cells: Vec<Vec<Piece>>,
}

/// Where the rows differ from the other rows.
pub(super) fn rows_difference(
    columns: &[Field],
    titles: Vec<String>,
    other: &[Vec<String>],
    rows: &[Vec<String>],
) -> RowsDifference {
    let is_cut = rows.len().max(other.len()) > MAXIMUM_ROWS;
    let other = &other[..other.len().min(MAXIMUM_ROWS)];
    let rows = &rows[..rows.len().min(MAXIMUM_ROWS)];
    let mut shown = Vec::new();
    for change in capture_diff_slices(Algorithm::Patience, &keys(other), &keys(rows)) {
        match change {
            DiffOp::Equal { new_index, len, .. } => {
                shown.extend(rows[new_index..new_index + len].iter().map(|row| same(columns, row)));
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                shown.extend(other[old_index..old_index + old_len].iter().map(|row| missing(row)));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                shown.extend(rows[new_index..new_index + new_len].iter().map(|row| added(row)));
            }
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                let (old, new) = (
                    &other[old_index..old_index + old_len],
                    &rows[new_index..new_index + new_len],
                );
                shown.extend(old.iter().zip(new).map(|(old, new)| changed(columns, old, new)));
                shown.extend(old.iter().skip(new.len()).map(|row| missing(row)));
                shown.extend(new.iter().skip(old.len()).map(|row| added(row)));
            }
        }
    }
    RowsDifference {
        columns: titles,
        rows: shown,
        cut_after: is_cut.then_some(MAXIMUM_ROWS),
    }
}

fn keys(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| row.iter().map(|cell| fold(cell)).collect())
        .collect()
}

fn same(columns: &[Field], row: &[String]) -> RowDifference {
    let cells = columns.iter().zip(row);
    RowDifference {
        cells: cells.map(|(column, cell)| whole(column, cell).pieces).collect(),
    }
}

fn changed(columns: &[Field], old: &[String], new: &[String]) -> RowDifference {
    let cells = columns.iter().zip(old.iter().zip(new));
    let cell = |(column, (old, new)): (&Field, (&String, &String))| -> Difference { difference(column, old, new) };
    RowDifference {
        cells: cells.map(|cells| cell(cells).pieces).collect(),
    }
}

fn missing(row: &[String]) -> RowDifference {
    marked(row, |text| Piece::Missing { text })
}

fn added(row: &[String]) -> RowDifference {
    marked(row, |text| Piece::Added { text })
}

fn marked(row: &[String], piece: impl Fn(String) -> Piece) -> RowDifference {
    let cell = |cell: &String| (!cell.is_empty()).then(|| piece(cell.clone()));
    RowDifference {
        cells: row.iter().map(|text| cell(text).into_iter().collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns() -> Vec<Field> {
        [
            json!({ "name": "what", "type": "text" }),
            json!({ "name": "count", "type": "integer" }),
        ]
        .map(|column| serde_json::from_value(column).unwrap())
        .into()
    }

    fn table(rows: &[[&str; 2]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.map(str::to_owned).into()).collect()
    }

    fn marked(found: &RowsDifference) -> Vec<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Same { text } | Piece::Folded { text, .. } => text.clone(),
            Piece::Missing { text } => format!("[-{text}-]"),
            Piece::Added { text } => format!("[+{text}+]"),
        };
        let cell = |cell: &Vec<Piece>| cell.iter().map(piece).collect::<String>();
        let rows = found.rows.iter();
        rows.map(|row| row.cells.iter().map(cell).collect::<Vec<_>>().join("|"))
            .collect()
    }

    #[test]
    fn rows_are_matched_and_changed_cells_marked() {
        let old = table(&[["Tea", "2"], ["Milk", "1"], ["Salt", "1"]]);
        let new = table(&[["TEA", "2"], ["Milk", "3"], ["Salt", "1"], ["Rice", "4"]]);
        let found = rows_difference(&columns(), vec!["What".to_owned(), "Count".to_owned()], &old, &new);
        assert_eq!(marked(&found), ["TEA|2", "Milk|[-1-][+3+]", "Salt|1", "[+Rice+]|[+4+]"]);
        let back = rows_difference(&columns(), Vec::new(), &new, &old);
        assert_eq!(marked(&back)[3], "[-Rice-]|[-4-]");
    }

    #[test]
    fn long_tables_are_cut_and_say_so() {
        let rows = table(&[["Tea", "2"]; MAXIMUM_ROWS + 1]);
        let found = rows_difference(&columns(), Vec::new(), &rows, &rows);
        assert_eq!((found.rows.len(), found.cut_after), (MAXIMUM_ROWS, Some(MAXIMUM_ROWS)));
    }
}
