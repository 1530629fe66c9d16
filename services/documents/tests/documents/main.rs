//! Real and hostile files, through the public entries only.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod builder;
mod gold;
mod hostile;
mod mutations;
mod scans;
mod shared;
mod text_layers;
mod transcripts;
