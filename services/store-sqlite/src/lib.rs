#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]
//! Persistence on SQLite: one file in write-ahead mode, one writer that waits its turn, several readers.

mod accounts;
mod annotations;
mod annotators;
mod batches;
mod calibrators;
mod calls;
mod consensus;
mod failure;
mod gold;
mod idempotency;
mod items;
mod judgements;
mod method_comparisons;
mod page;
mod projects;
mod rates;
mod reader;
mod ruled_items;
mod run_history;
mod runs;
mod spending;
mod sql;
mod store;
mod tasks;
mod transaction;

pub use store::{SqliteOptions, SqliteStore};
