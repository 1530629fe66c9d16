//! Language models and the worker against a real endpoint on this machine and a real database.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod checks;
mod endpoint;
mod exchanges;
mod hostile;
mod house;
mod judging;
mod limits;
mod logprobs;
mod paying;
mod permutations;
mod requests;
mod tasks;
