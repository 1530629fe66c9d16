//! Accord: annotation and trustworthy confidence, in one program.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod arguments;
mod commands;
mod configuration;
mod documents_with_gold;
mod logging;
mod output;
mod report;
mod wiring;
mod workers;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match commands::run_on_files(Arguments::parse()) {
        Ok(ended) => return code_of(ended),
        Err(arguments) => *arguments,
    };
    // One provider of cryptography for the database, the server and the calls to models.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        output::complain("another provider of cryptography is installed already");
        return ExitCode::FAILURE;
    }
    code_of(run(arguments))
}

fn code_of(ended: anyhow::Result<ExitCode>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        output::complain(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(commands::run(arguments))
}
