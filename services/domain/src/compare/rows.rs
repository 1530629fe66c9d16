//! Comparison of tables: rows are paired one to one, and pairs whose deciding columns are equal count.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::answer::{Answer, NormalisedValue};
use crate::compare::match_gold;
use crate::compare::similarity::{sorted_words, word_f1};
use crate::field::{Comparison, Field, FieldType};

/// The columns of line items that decide whether two lines are equal.
const DECIDING_COLUMNS: [&str; 2] = ["line_total", "quantity"];

/// How many rows of two tables are equal, once paired one to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Pairs whose deciding columns are equal.
    pub equal: usize,
    /// Rows of the first table, the prediction.
    pub predicted: usize,
    /// Rows of the second table, the gold.
    pub gold: usize,
}

impl RowCounts {
    /// Share of the predicted rows that are right; 1 when there are none.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.equal, self.predicted)
    }

    /// Share of the gold rows that were found; 1 when there are none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.equal, self.gold)
    }

    /// The harmonic mean of precision and recall; 1 when neither table has a row.
    #[must_use]
    pub fn f1(&self) -> f64 {
        share(2 * self.equal, self.predicted + self.gold)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Pairs the rows of two canonical tables of a field and counts the equal ones.
///
/// Two rows are equal when `line_total` and `quantity` are, by the rules of these columns; in tables without them, when
/// all columns are. Rows are paired by the words they share and by the number of deciding columns that agree, the
/// closest first. None when the field is no table or a text is none.
#[must_use]
pub fn row_counts(field: &Field, predicted_canonical: &str, gold_canonical: &str) -> Option<RowCounts> {
    let FieldType::Table { columns } = &field.field_type else {
        return None;
    };
    let layout = Layout::of(columns);
    let predicted = layout.rows(predicted_canonical)?;
    let gold = layout.rows(gold_canonical)?;
    let pairs = pair(&layout, &predicted, &gold);
    Some(RowCounts {
        equal: pairs
            .iter()
            .filter(|pair| pair.agreeing == layout.deciding.len())
            .count(),
        predicted: predicted.len(),
        gold: gold.len(),
    })
}

/// The columns of a table by their part in the comparison.
struct Layout<'a> {
    deciding: Vec<&'a Field>,
    describing: Vec<&'a Field>,
}

/// The cells of one row that take part.
struct Row {
    deciding: Vec<Answer>,
    description: Vec<String>,
}

impl<'a> Layout<'a> {
    fn of(columns: &'a [Field]) -> Self {
        let named: Vec<&Field> = columns
            .iter()
            .filter(|column| DECIDING_COLUMNS.contains(&column.name.as_str()))
            .collect();
        let describes = |column: &&Field| {
            matches!(
                column.field_type,
                FieldType::Text | FieldType::Name | FieldType::Address
            ) || matches!(
                column.comparison,
                Comparison::Similarity { .. } | Comparison::Tokens { .. }
            )
        };
        Self {
            deciding: if named.is_empty() {
                columns.iter().collect()
            } else {
                named
            },
            describing: columns.iter().filter(describes).collect(),
        }
    }

    fn rows(&self, canonical: &str) -> Option<Vec<Row>> {
        let rows: Vec<Map<String, Value>> = serde_json::from_str(canonical).ok()?;
        Some(rows.iter().map(|row| self.row(row)).collect())
    }

    fn row(&self, cells: &Map<String, Value>) -> Row {
        let text = |column: &Field| cells.get(column.name.as_str()).and_then(Value::as_str);
        let described: Vec<&str> = self.describing.iter().filter_map(|column| text(column)).collect();
        Row {
            deciding: self.deciding.iter().map(|column| cell_answer(text(column))).collect(),
            description: sorted_words(&described.join(" ")),
        }
    }

    fn agreeing(&self, left: &Row, right: &Row) -> usize {
        let agrees = |(column, (left, right)): (&&Field, (&Answer, &Answer))| {
            match_gold(column, left, right).is_some_and(|found| found.correct)
        };
        self.deciding
            .iter()
            .zip(left.deciding.iter().zip(&right.deciding))
            .filter(|cells| agrees(*cells))
            .count()
    }
}

fn cell_answer(canonical: Option<&str>) -> Answer {
    canonical.map_or(Answer::Absent, |canonical| {
        Answer::Value(NormalisedValue {
            raw: canonical.to_owned(),
            canonical: canonical.to_owned(),
            parsed: true,
            valid: None,
        })
    })
}

/// One row of each table.
struct Pair {
    left: usize,
    right: usize,
    agreeing: usize,
    closeness: f64,
}

/// Pairs rows one to one, the closest pair first; of equally close ones those whose places in the tables are nearest.
fn pair(layout: &Layout<'_>, left: &[Row], right: &[Row]) -> Vec<Pair> {
    let mut candidates = Vec::new();
    for (left_position, left_row) in left.iter().enumerate() {
        for (right_position, right_row) in right.iter().enumerate() {
            let agreeing = layout.agreeing(left_row, right_row);
            let closeness = closeness(agreeing, &left_row.description, &right_row.description);
            if closeness > 0.0 {
                candidates.push(Pair {
                    left: left_position,
                    right: right_position,
                    agreeing,
                    closeness,
                });
            }
        }
    }
    candidates.sort_by(by_closeness);
    let (mut left_taken, mut right_taken) = (vec![false; left.len()], vec![false; right.len()]);
    candidates.retain(
        |pair| match (left_taken.get_mut(pair.left), right_taken.get_mut(pair.right)) {
            (Some(left), Some(right)) if !*left && !*right => {
                *left = true;
                *right = true;
                true
            }
            _ => false,
        },
    );
    candidates
}

#[expect(clippy::cast_precision_loss, reason = "a table has few columns")]
fn closeness(agreeing: usize, left: &[String], right: &[String]) -> f64 {
    agreeing as f64 + word_f1(left, right)
}

fn by_closeness(left: &Pair, right: &Pair) -> Ordering {
    let distance = |pair: &Pair| pair.left.abs_diff(pair.right);
    let order = right.closeness.total_cmp(&left.closeness);
    order
        .then_with(|| distance(left).cmp(&distance(right)))
        .then_with(|| left.left.cmp(&right.left))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::normalise::answer_from_json;

    fn line_items() -> Field {
        let definition = json!({
            "name": "line_items", "type": "table", "columns": [
                { "name": "description", "type": "text" },
                { "name": "quantity", "type": "decimal" },
                { "name": "line_total", "type": "money" },
            ],
        });
        serde_json::from_value(definition).unwrap()
    }

    fn counts(predicted: &Value, gold: &Value) -> RowCounts {
        let field = line_items();
        let canonical = |value| answer_from_json(&field, value).unwrap().class().unwrap().to_owned();
        row_counts(&field, &canonical(predicted), &canonical(gold)).unwrap()
    }

    #[test]
    fn lines_count_by_total_and_quantity_whatever_their_order() {
        let gold = json!([
            { "description": "Folder A4", "quantity": 20, "line_total": "198.00" },
            { "description": "Yoghurt banana", "quantity": 50, "line_total": "275.00" },
        ]);
        let predicted = json!([
            { "description": "Yoghurt Banana 125 g", "quantity": "50,0", "line_total": "275,00" },
            { "description": "Folder", "quantity": "20", "line_total": "199.00" },
            { "description": "Shipping", "quantity": "1", "line_total": "5.00" },
        ]);
        let found = counts(&predicted, &gold);
        assert_eq!(
            found,
            RowCounts {
                equal: 1,
                predicted: 3,
                gold: 2
            }
        );
        assert!((found.precision() - 1.0 / 3.0).abs() < 1e-12);
        assert!((found.recall() - 0.5).abs() < 1e-12);
        assert!((found.f1() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn subtotals_are_left_out_on_both_sides() {
        let gold = json!([
            { "description": "Group", "quantity": 1, "line_total": "30.00", "line_status": "GROUP" },
            { "description": "Part", "quantity": 3, "line_total": "30.00", "line_status": "DETAIL" },
        ]);
        let predicted = json!([{ "description": "Part", "quantity": 3, "line_total": "30.00" }]);
        assert_eq!(
            counts(&predicted, &gold),
            RowCounts {
                equal: 1,
                predicted: 1,
                gold: 1
            }
        );
        assert_eq!(
            counts(&gold, &predicted),
            RowCounts {
                equal: 1,
                predicted: 1,
                gold: 1
            }
        );
    }

    #[test]
    fn one_line_is_paired_once() {
        let line = json!({ "description": "Bolt", "quantity": 1, "line_total": "1.00" });
        let found = counts(&json!([line, line, line]), &json!([line]));
        assert_eq!(
            found,
            RowCounts {
                equal: 1,
                predicted: 3,
                gold: 1
            }
        );
    }

    #[test]
    fn tables_without_lines_are_equal() {
        assert!((counts(&json!([]), &json!([])).f1() - 1.0).abs() < 1e-12);
        assert_eq!(row_counts(&line_items(), "no table", "[]"), None);
    }

    #[test]
    fn hundreds_of_reversed_lines_find_their_partners() {
        let line = |number: usize| json!({ "description": format!("part {number}"), "quantity": number, "line_total": number });
        let forwards: Vec<Value> = (1..=300).map(line).collect();
        let backwards: Vec<Value> = forwards.iter().rev().cloned().collect();
        assert_eq!(counts(&json!(backwards), &json!(forwards)).equal, 300);
    }
}
