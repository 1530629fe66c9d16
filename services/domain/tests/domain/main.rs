//! Tests of the domain through its public face: real documents' gold, written definitions, properties.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking and say on standard error what they skip"
)]

mod answers;
mod contracts;
mod definitions;
#[cfg(feature = "openapi")]
mod openapi;
mod properties;
mod receipts;
mod shared;
