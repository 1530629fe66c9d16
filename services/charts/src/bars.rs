//! Bars: a few named numbers side by side.

use crate::check::{InvalidChart, number, some};
use crate::numbers::whole;
use crate::svg::{Anchor, Drawing, WIDTH, fitted};

/// The most bars of a chart.
pub const MAXIMUM_BARS: usize = 20;

const LINE: f64 = 22.0;
const NAMES: f64 = 130.0;
const NUMBERS: f64 = 70.0;

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

/// Draws bars below each other, in the order given, the longest as wide as there is room. More than [`MAXIMUM_BARS`]
/// are cut, and the chart says so.
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
    let mut drawing = Drawing::default();
    let mut down = 12.0;
    for bar in bars.iter().take(MAXIMUM_BARS) {
        let part = if longest > 0.0 { bar.value / longest } else { 0.0 };
        let class = if bar.chosen { "bar chosen" } else { "bar" };
        drawing.with_words(&format!("{}: {}", bar.name, bar.text), |drawing| {
            drawing.text("name", (0.0, down), Anchor::Start, &fitted(&bar.name, NAMES - 6.0));
            let width = part * (WIDTH - NAMES - NUMBERS);
            drawing.rectangle(class, (NAMES, down - 6.0), (width, 12.0), None);
            let words = fitted(&bar.text, NUMBERS - 6.0);
            drawing.text("count", (NAMES + width + 6.0, down), Anchor::Start, &words);
        });
        down += LINE;
    }
    if bars.len() > MAXIMUM_BARS {
        let count = |number: usize| whole(u64::try_from(number).unwrap_or(u64::MAX));
        let words = format!("{} of {} shown", count(MAXIMUM_BARS), count(bars.len()));
        drawing.text("note", (0.0, down), Anchor::Start, &words);
        down += LINE;
    }
    let each: Vec<String> = bars
        .iter()
        .take(MAXIMUM_BARS)
        .map(|bar| format!("{} {}", bar.name, bar.text))
        .collect();
    Ok(drawing.finish("bars", down - 8.0, title, &format!("{}.", each.join("; "))))
}
