//! The program as its users meet it: what it prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod accounts;
mod configuration;
mod data;
mod evaluation;
mod program;
mod prompts;
mod scores;
mod stopping;
mod vote_files;
