//! Matrices: agreement of pairs, correlation of errors, confusion of classes.

use crate::check::{InvalidChart, number, shape, some};
use crate::numbers::{figure, whole};
use crate::square::{Cell, Square};
use crate::svg::Drawing;

/// What two annotators have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairCell {
    /// A coefficient from -1 to 1; none where it is undefined.
    pub value: Option<f64>,
    /// Items that both voted on.
    pub items: u64,
}

/// Draws the agreement of every pair of annotators: above the diagonal the coefficient (from -1 to 1, negative ones in
/// another colour), below it the number of items that it rests on.
///
/// `cells[i][j]` belongs to `names[i]` and `names[j]`; it is read above the diagonal, where `i < j`. More than
/// [`MAXIMUM_SIDE`](crate::MAXIMUM_SIDE) annotators are cut to the first ones, and the chart says so: order them by
/// what matters.
///
/// # Errors
/// Fewer than two names, rows or columns of another number, a coefficient outside -1 to 1.
pub fn agreement_matrix(title: &str, names: &[String], cells: &[Vec<PairCell>]) -> Result<String, InvalidChart> {
    let square = Square {
        names,
        noun: "annotators",
        sides: None,
        legend: "above the diagonal: coefficient; below: items in common",
    };
    pairs(&square, "agreement", title, cells)
}

/// Draws the correlation of the errors of every pair of voters: above the diagonal the coefficient, below it the number
/// of labelled items that it rests on. Shapes, limits and errors as [`agreement_matrix`].
///
/// # Errors
/// As [`agreement_matrix`].
pub fn correlation_matrix(title: &str, names: &[String], cells: &[Vec<PairCell>]) -> Result<String, InvalidChart> {
    let square = Square {
        names,
        noun: "voters",
        sides: None,
        legend: "above the diagonal: correlation of errors; below: items with gold",
    };
    pairs(&square, "correlation", title, cells)
}

fn pairs(square: &Square<'_>, kind: &str, title: &str, cells: &[Vec<PairCell>]) -> Result<String, InvalidChart> {
    some("pairs", square.names.len().saturating_sub(1))?;
    check_square(square.names, cells)?;
    let coefficients = cells.iter().flatten().filter_map(|cell| cell.value);
    for (position, value) in coefficients.enumerate() {
        let holds = (-1.0..=1.0).contains(&value);
        number("value", position, value, "a number from -1 to 1", holds)?;
    }
    let cell_at = |row: usize, column: usize| cells.get(row).and_then(|row| row.get(column)).copied();
    let mut drawing = Drawing::default();
    let height = square.draw(&mut drawing, |row, column| {
        let (first, second) = (row.min(column), row.max(column));
        let Some(pair) = cell_at(first, second).filter(|_| first != second) else {
            return Cell {
                look: "empty",
                ..Cell::default()
            };
        };
        let words = pair_words(square.name(first), square.name(second), pair);
        if row > column {
            return Cell {
                text: whole(pair.items),
                look: "plain",
                strength: 0.0,
                words,
            };
        }
        Cell {
            text: pair.value.map_or_else(|| "–".to_owned(), figure),
            look: match pair.value {
                Some(value) if value < 0.0 => "negative",
                Some(_) => "positive",
                None => "plain",
            },
            strength: pair.value.map_or(0.0, f64::abs),
            words,
        }
    });
    Ok(drawing.finish(kind, height, title, &pairs_description(square, &cell_at)))
}

fn pair_words(first: &str, second: &str, pair: PairCell) -> String {
    let value = pair.value.map_or_else(|| "undefined".to_owned(), figure);
    format!("{first} and {second}: {value} on {} items", whole(pair.items))
}

/// The number of pairs, and the least and the greatest value with their pairs.
fn pairs_description(square: &Square<'_>, cell_at: &impl Fn(usize, usize) -> Option<PairCell>) -> String {
    let side = square.side();
    let mut defined: Vec<(f64, usize, usize)> = (0..side)
        .flat_map(|first| (first + 1..side).map(move |second| (first, second)))
        .filter_map(|(first, second)| Some((cell_at(first, second)?.value?, first, second)))
        .collect();
    defined.sort_by(|left, right| left.0.total_cmp(&right.0));
    let shown = square.left_out();
    let (Some(least), Some(most)) = (defined.first(), defined.last()) else {
        return format!("{shown}; no pair has a value.");
    };
    let pair = |of: &(f64, usize, usize)| format!("{} ({} and {})", figure(of.0), square.name(of.1), square.name(of.2));
    format!("{shown}; from {} to {}.", pair(least), pair(most))
}

/// Draws how often each class was given where another was true: rows are the truth, columns what was given, each shaded
/// by its share of its row, right ones and wrong ones in different colours.
///
/// `counts[truth][given]` belongs to `names`. More than [`MAXIMUM_SIDE`](crate::MAXIMUM_SIDE) classes are cut to the
/// first ones, and the chart says so.
///
/// # Errors
/// No names, rows or columns of another number.
pub fn confusion_matrix(title: &str, names: &[String], counts: &[Vec<u64>]) -> Result<String, InvalidChart> {
    some("classes", names.len())?;
    check_square(names, counts)?;
    let square = Square {
        names,
        noun: "classes",
        sides: Some(("true", "given")),
        legend: "shade: share of the row",
    };
    let count = |truth: usize, given: usize| counts.get(truth).and_then(|row| row.get(given)).copied().unwrap_or(0);
    let sum = |truth: usize| counts.get(truth).map_or(0, |row| row.iter().sum::<u64>());
    let mut drawing = Drawing::default();
    let height = square.draw(&mut drawing, |truth, given| {
        let (number, all) = (count(truth, given), sum(truth));
        Cell {
            text: whole(number),
            look: match number {
                0 => "plain",
                _ if truth == given => "positive",
                _ => "negative",
            },
            strength: part(number, all),
            words: format!(
                "true {}, given {}: {} of {}",
                square.name(truth),
                square.name(given),
                whole(number),
                whole(all)
            ),
        }
    });
    let all: u64 = (0..names.len()).map(sum).sum();
    let right: u64 = (0..names.len()).map(|class| count(class, class)).sum();
    let description = format!("{}; {} of {} right.", square.left_out(), whole(right), whole(all));
    Ok(drawing.finish("confusion", height, title, &description))
}

fn check_square<T>(names: &[String], rows: &[Vec<T>]) -> Result<(), InvalidChart> {
    shape("rows", names.len(), rows.len())?;
    rows.iter().try_for_each(|row| shape("columns", names.len(), row.len()))
}

#[expect(clippy::cast_precision_loss, reason = "a shade needs few digits")]
fn part(number: u64, all: u64) -> f64 {
    number as f64 / all.max(1) as f64
}
