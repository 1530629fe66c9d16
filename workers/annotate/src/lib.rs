//! Automatic annotators: offline readers, the reader of electronic invoices and language models; the workers that let them
//! vote and carry runs on; and the judge that rates what wins.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

pub mod annotators;
mod assignment;
pub mod batches;
pub mod factory;
mod folding;
pub mod holds;
pub mod judging;
mod pauses;
pub mod prompt;
pub mod provider;
pub mod question;
pub mod readers;
pub mod runs;
pub mod worker;
