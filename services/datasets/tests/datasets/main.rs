//! Import into and export from a real database.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod contents;
mod export;
mod files;
mod house;
mod item_by_item;
mod label_files;
mod lines;
mod score_files;
mod vote_files;
