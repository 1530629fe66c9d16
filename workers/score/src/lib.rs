//! From votes to decisions: classes of equal votes, weights, shares, calibrated confidence, decisions; and the fitting of all that on gold.
#![cfg_attr(test, expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking"))]

pub mod ballot;
pub mod certification;
pub mod chosen;
pub mod curve;
pub mod decide;
pub mod evaluate;
pub mod fit;
#[cfg(test)]
mod fixture;
pub mod gold;
pub mod item;
pub mod methods;
pub mod numbered;
pub mod panel;
pub mod report;
mod scene;
pub mod stopping;
pub mod tally;
pub mod unlabelled;
pub mod weights;
pub mod worker;

/// The version of the code that scores, stored with everything it computes.
pub const CODE_VERSION: &str = concat!("score ", env!("CARGO_PKG_VERSION"));
