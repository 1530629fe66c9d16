//! `accord calibrate`: from scores to probabilities, on files.

mod apply;
mod fit;
mod measure;
mod model;
mod page;
mod print;
mod report;

use std::process::ExitCode;

use crate::arguments::CalibrateCommand;

pub(crate) fn run(command: &CalibrateCommand) -> anyhow::Result<ExitCode> {
    match command {
        CalibrateCommand::Fit(arguments) => fit::run(arguments)?,
        CalibrateCommand::Apply(arguments) => apply::run(arguments)?,
        CalibrateCommand::Report(arguments) => report::run(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
