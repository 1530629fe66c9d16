//! Squares of cells with a number each: names at the left, the same numbered names above.

use crate::numbers::whole;
use crate::svg::{Anchor, Drawing, WIDTH, fitted};

/// The most rows and columns of a matrix: with more, the numbers could not be read on a phone.
pub const MAXIMUM_SIDE: usize = 12;

/// The palest and the strongest shade of a cell: to be seen at all, and its number to be read in both themes.
const SHADE: (f64, f64) = (0.08, 0.5);

/// Below this width a cell has no room for the zero before the point.
const ZERO_FROM: f64 = 38.0;

/// How large a cell is at most and at least.
const CELL: (f64, f64) = (28.0, 44.0);

/// The least room for names at the left; with less they stand below.
const NAMES_FROM: f64 = 86.0;

const LINE: f64 = 18.0;
const TOP: f64 = 24.0;

/// What a cell shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cell {
    /// The number in it.
    pub(crate) text: String,
    /// How it looks: `positive`, `negative`, `plain` or `empty`.
    pub(crate) look: &'static str,
    /// How strong its shade is, 0 to 1.
    pub(crate) strength: f64,
    /// What it says in full.
    pub(crate) words: String,
}

/// Names around a square of cells, at most [`MAXIMUM_SIDE`] of them.
#[derive(Debug)]
pub(crate) struct Square<'a> {
    /// All names, the first of which are shown.
    pub(crate) names: &'a [String],
    /// What one name is, in the plural.
    pub(crate) noun: &'static str,
    /// What the rows and the columns are, where they differ.
    pub(crate) sides: Option<(&'static str, &'static str)>,
    /// What the shades and halves mean.
    pub(crate) legend: &'static str,
}

impl Square<'_> {
    /// How many rows and columns are shown.
    pub(crate) fn side(&self) -> usize {
        self.names.len().min(MAXIMUM_SIDE)
    }

    /// Draws the square with the cells that `cell(row, column)` gives; returns how high it is.
    pub(crate) fn draw(&self, drawing: &mut Drawing, cell: impl Fn(usize, usize) -> Cell) -> f64 {
        let side = self.side();
        let size = ((WIDTH - 120.0) / length(side)).clamp(CELL.0, CELL.1);
        let beside = WIDTH - size * length(side);
        let names_beside = beside >= NAMES_FROM;
        let left = if names_beside { beside } else { 24.0 };
        let mut down = 8.0;
        if let Some((rows, columns)) = self.sides {
            drawing.text(
                "axis",
                (0.0, down),
                Anchor::Start,
                &format!("rows: {rows} · columns: {columns}"),
            );
            down += LINE;
        }
        let top = down + TOP - 8.0;
        for index in 0..side {
            let number = (index + 1).to_string();
            let middle = length(index) * size + size / 2.0;
            drawing.text("tick", (left + middle, top - 9.0), Anchor::Middle, &number);
            let row_name = if names_beside {
                fitted(self.name(index), beside - 26.0)
            } else {
                String::new()
            };
            drawing.text("name", (left - 24.0, top + middle), Anchor::End, &row_name);
            drawing.text("tick", (left - 5.0, top + middle), Anchor::End, &number);
            for column in 0..side {
                let corner = (left + length(column) * size, top + length(index) * size);
                draw_cell(drawing, corner, size, &cell(index, column));
            }
        }
        down = top + size * length(side) + 14.0;
        self.draw_below(drawing, names_beside, down)
    }

    /// Writes the names that had no room at the left, how many are left out, and the legend.
    fn draw_below(&self, drawing: &mut Drawing, names_beside: bool, mut down: f64) -> f64 {
        if !names_beside {
            for index in 0..self.side() {
                let name = format!("{} {}", index + 1, fitted(self.name(index), WIDTH - 30.0));
                drawing.text("name", (0.0, down), Anchor::Start, &name);
                down += LINE;
            }
        }
        if self.names.len() > self.side() {
            drawing.text("note", (0.0, down), Anchor::Start, &self.left_out());
            down += LINE;
        }
        drawing.text("note", (0.0, down), Anchor::Start, self.legend);
        down + LINE - 8.0
    }

    /// How many are shown of how many.
    pub(crate) fn left_out(&self) -> String {
        let count = |number: usize| whole(u64::try_from(number).unwrap_or(u64::MAX));
        format!(
            "{} of {} {} shown",
            count(self.side()),
            count(self.names.len()),
            self.noun
        )
    }

    /// The name of a row.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }
}

fn draw_cell(drawing: &mut Drawing, corner: (f64, f64), size: f64, cell: &Cell) {
    drawing.with_words(&cell.words, |drawing| {
        let shade = cell.strength.clamp(0.0, 1.0).mul_add(SHADE.1 - SHADE.0, SHADE.0);
        let opacity = matches!(cell.look, "positive" | "negative").then_some(shade);
        let class = format!("cell {}", cell.look);
        drawing.rectangle(&class, corner, (size - 1.0, size - 1.0), opacity);
        let middle = (corner.0 + (size - 1.0) / 2.0, corner.1 + (size - 1.0) / 2.0);
        let class = if cell.look == "plain" { "plain-number" } else { "number" };
        let text = if size < ZERO_FROM {
            without_zero(&cell.text)
        } else {
            cell.text.clone()
        };
        drawing.text(class, middle, Anchor::Middle, &text);
    });
}

/// `.81` for `0.81`, `−.12` for `−0.12`.
fn without_zero(number: &str) -> String {
    match number.split_once("0.") {
        Some((sign @ ("" | "−"), digits)) => format!("{sign}.{digits}"),
        _ => number.to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a side has at most a dozen cells")]
const fn length(cells: usize) -> f64 {
    cells as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_zero_before_the_point_goes() {
        for (number, short) in [
            ("0.81", ".81"),
            ("−0.12", "−.12"),
            ("1.00", "1.00"),
            ("10.5", "10.5"),
            ("120", "120"),
        ] {
            assert_eq!(without_zero(number), short);
        }
    }
}
