//! Charts as inline SVG, from plain numbers: nothing is computed here that could be a finding.
//!
//! - Every function gives one `<svg>` element to put into a page or a report as it is. Text is escaped, nothing is
//!   loaded, nothing runs. `<title>` and `<desc>` say what a chart shows to whoever does not see it; the figures behind
//!   it belong into a table beside it.
//! - Colours come from [`STYLE`], which follows the page's own tokens (`--accent`, `--person`, `--text-muted`, `--line`,
//!   `--line-strong`) where there are any, and light and dark by itself where there are none. No colour carries a
//!   meaning alone: numbers are printed.
//! - A chart is drawn about [`WIDTH`] units wide with type of 11 and 12 units, so that it is legible where it is as wide
//!   as a phone.
//! - Numbers without a meaning are an [`InvalidChart`], which names the number.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod bars;
mod check;
mod matrix;
pub mod numbers;
mod plane;
mod reliability;
mod risk_comparison;
mod risk_coverage;
mod square;
mod svg;

pub use bars::{Bar, MAXIMUM_BARS, bars};
pub use check::InvalidChart;
pub use matrix::{PairCell, agreement_matrix, confusion_matrix, correlation_matrix};
pub use reliability::{ReliabilityPoint, reliability_diagram};
pub use risk_comparison::{MAXIMUM_CURVES, NamedCurve, risk_coverage_comparison};
pub use risk_coverage::{CertifiedThreshold, RiskPoint, risk_coverage_curve};
pub use square::MAXIMUM_SIDE;
pub use svg::WIDTH;

/// The style sheet that all charts need once on a page.
pub const STYLE: &str = include_str!("charts.css");
