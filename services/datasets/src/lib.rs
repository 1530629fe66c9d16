//! Import and export: files, JSONL and CSV in; JSONL, CSV and Parquet out.
#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

pub mod content;
pub mod export;
pub mod intake;
