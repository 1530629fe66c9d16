//! Scoring as a whole: cross-fitting, items, and the worker on a database.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod choosing;
mod cross_fitting;
mod fixture;
mod full_votes;
mod methods;
mod project_gold;
mod scoring;
mod stopping;
mod stopping_of_runs;
mod worker;
