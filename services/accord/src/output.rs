//! What commands print: results to standard output, everything else to standard error.

use std::io::Write;

use comfy_table::modifiers::UTF8_ROUND_CORNERS;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line of the result. A reader that has gone away ends the printing, not the program.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Prints a line about the work, beside the result.
pub(crate) fn complain(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// A table with these headings; columns from `numbers_from` on are aligned to the right.
pub(crate) fn table(headings: &[&str], numbers_from: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_BORDERS_ONLY)
        .apply_modifier(UTF8_ROUND_CORNERS)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width())
        .set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(numbers_from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// The terminal's width; what is read from a file or a pipe gets a moderate one.
fn width() -> u16 {
    const WITHOUT_TERMINAL: u16 = 150;
    terminal_size::terminal_size().map_or(WITHOUT_TERMINAL, |(width, _)| width.0)
}

/// A bar for so many steps, on standard error; silent when that is no terminal.
pub(crate) fn bar(steps: u64, label: &str) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    let style = ProgressStyle::with_template("{prefix:>12} {bar:30} {human_pos}/{human_len} {per_sec} {eta} {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(label.to_owned());
    bar
}

/// A sign that something is going on whose length is not known, on standard error; silent when that is no terminal.
pub(crate) fn spinner(label: &str) -> ProgressBar {
    const TICK: std::time::Duration = std::time::Duration::from_millis(120);
    let spinner = ProgressBar::new_spinner().with_message(label.to_owned());
    if !spinner.is_hidden() {
        spinner.enable_steady_tick(TICK);
    }
    spinner
}

/// A bar that counts bytes.
pub(crate) fn byte_bar(bytes: u64, label: &str) -> ProgressBar {
    let bar = bar(bytes, label);
    let style = ProgressStyle::with_template("{prefix:>12} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// A number with three decimals, or a dash.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// A count with its thousands set apart.
pub(crate) fn count(number: usize) -> String {
    accord_charts::numbers::whole(number as u64)
}

/// A share in percent, or a dash.
pub(crate) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", value * 100.0))
}
