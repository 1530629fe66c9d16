//! `accord experiment`: how large, and what came of it.

mod analyze;
mod pairs;
mod panel;
mod print;
mod size;
mod stopping;

use std::process::ExitCode;

use crate::arguments::ExperimentCommand;

pub(crate) fn run(command: &ExperimentCommand) -> anyhow::Result<ExitCode> {
    match command {
        ExperimentCommand::Size(arguments) => size::run(arguments)?,
        ExperimentCommand::Analyze(arguments) => analyze::run(arguments)?,
        ExperimentCommand::Stopping(arguments) => stopping::run(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
