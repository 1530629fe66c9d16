//! Bars: a few named numbers side by side.

use crate::check::{InvalidChart, number, some};
use crate::numbers::whole;
use crate::svg::{Anchor, Drawing, WIDTH, fitted, has_room, wrapped};

/// The most bars of a chart.
pub const MAXIMUM_BARS: usize = 20;

const LINE: f64 = 22.0;
const NAMES: f64 = 130.0;
const NUMBERS: f64 = 70.0;

/// From a line of a name to the next, and from the last to its bar.
const NAME_LINE: f64 = 15.0;

/// The most lines of a name above its bar.
const NAME_LINES: usize = 2;

/// A named number.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// How long it is; finite and not below 0.
    pub value: f64,
    /// What is written at its end: the number with its unit.
    pub text: String,
    /// Whether it stands out, such as the one that was chosen.
    pub chosen: bool,
}

/// Draws bars below each other, in the order given, the longest as wide as there is room. Names stand beside their bars
/// where all of them have room there, else each above its bar, over two lines at most. More than [`MAXIMUM_BARS`] are
/// cut, and the chart says so.
///
/// # Errors
/// No bars, a value that is negative or not finite.
pub fn bars(title: &str, bars: &[Bar]) -> Result<String, InvalidChart> {
    some("bars", bars.len())?;
    for (position, bar) in bars.iter().enumerate() {
        let holds = bar.value.is_finite() && bar.value >= 0.0;
        number("value", position, bar.value, "a finite number from 0", holds)?;
    }
    let longest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let drawn = || bars.iter().take(MAXIMUM_BARS);
    let beside = drawn().all(|bar| has_room(&bar.name, NAMES - 6.0));
    let mut drawing = Drawing::default();
    let mut down = 12.0;
    for bar in drawn() {
        let part = if longest > 0.0 { bar.value / longest } else { 0.0 };
        drawing.with_words(&format!("{}: {}", bar.name, bar.text), |drawing| {
            if beside {
                drawing.text("name", (0.0, down), Anchor::Start, &fitted(&bar.name, NAMES - 6.0));
                draw_bar(drawing, bar, part, (NAMES, down));
            } else {
                for line in wrapped(&bar.name, WIDTH, NAME_LINES) {
                    drawing.text("name", (0.0, down), Anchor::Start, &line);
                    down += NAME_LINE;
                }
                draw_bar(drawing, bar, part, (0.0, down));
            }
        });
        down += LINE;
    }
    if bars.len() > MAXIMUM_BARS {
        let count = |number: usize| whole(u64::try_from(number).unwrap_or(u64::MAX));
        let words = format!("{} of {} shown", count(MAXIMUM_BARS), count(bars.len()));
        drawing.text("note", (0.0, down), Anchor::Start, &words);
        down += LINE;
    }
    let each: Vec<String> = drawn().map(|bar| format!("{} {}", bar.name, bar.text)).collect();
    Ok(drawing.finish("bars", down - 8.0, title, &format!("{}.", each.join("; "))))
}

/// The bar, so long a part of the room right of `from`, and its number at its end.
fn draw_bar(drawing: &mut Drawing, bar: &Bar, part: f64, from: (f64, f64)) {
    let (across, down) = from;
    let class = if bar.chosen { "bar chosen" } else { "bar" };
    let width = part * (WIDTH - across - NUMBERS);
    drawing.rectangle(class, (across, down - 6.0), (width, 12.0), None);
    let words = fitted(&bar.text, NUMBERS - 6.0);
    drawing.text("count", (across + width + 6.0, down), Anchor::Start, &words);
}
