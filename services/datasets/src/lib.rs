//! Import and export: files, JSONL and CSV in; JSONL, CSV and Parquet out; and readers of plain files of votes and scores.
#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

pub mod content;
pub mod export;
pub mod intake;
pub mod label_file;
pub mod score_file;
pub mod table_file;
pub mod turns;
pub mod vote_file;
