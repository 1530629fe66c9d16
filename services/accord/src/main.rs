//! Accord: annotation and trustworthy confidence, in one program.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod arguments;
mod commands;
mod configuration;
mod documents_with_gold;
mod logging;
mod output;
mod wiring;
mod workers;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One provider of cryptography for the database, the server and the calls to models.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        output::complain("another provider of cryptography is installed already");
        return ExitCode::FAILURE;
    }
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(commands::run(arguments))
}
