//! A figure with its interval in the cell of a table.

use serde::Serialize;

use crate::figures::Figure;

/// A figure with its interval, or why there is none.
#[derive(Debug, Serialize)]
pub(super) struct FigureCell {
    value: Option<String>,
    interval: Option<String>,
    why: &'static str,
}

impl FigureCell {
    /// The figure as `write` writes numbers.
    pub(super) fn new(measured: Figure, write: impl Fn(f64) -> String) -> Self {
        let interval = match (measured.lower, measured.upper) {
            (Some(lower), Some(upper)) => Some(format!("[{}, {}]", write(lower), write(upper))),
            _ => None,
        };
        Self {
            value: measured.value.map(&write),
            interval,
            why: measured.undefined.or(measured.interval_undefined).map_or("", reason),
        }
    }
}

/// Why there is no figure, in words.
pub(super) fn reason(code: &str) -> &'static str {
    match code {
        "no_variation" => "votes do not vary",
        "no_pairable_votes" => "no item has two votes",
        "being_measured" => "interval is being measured",
        "too_few_items" => "too few items for an interval",
        _ => "not determined by the votes",
    }
}
