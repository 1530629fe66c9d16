//! `accord prompt`: the templates by which language models are asked, and what comes of them.

mod asked;
mod diff;
mod list;
mod render;
mod show;
mod texts;
mod try_out;

use std::process::ExitCode;

use crate::arguments::PromptCommand;
use crate::configuration::Configuration;

/// Digits of a hash that are shown where a whole one is too long.
const SHOWN_DIGITS: usize = 12;

pub(crate) async fn run(command: PromptCommand, configuration: &Configuration) -> anyhow::Result<ExitCode> {
    match command {
        PromptCommand::List { json } => list::run(configuration, json)?,
        PromptCommand::Show { prompt, json } => show::run(configuration, &prompt, json).await?,
        PromptCommand::Diff { old, new, json } => diff::run(configuration, &old, &new, json).await?,
        PromptCommand::Render(arguments) => render::run(configuration, &arguments).await?,
        PromptCommand::Try(arguments) => return try_out::run(configuration, &arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn short(hash: &str) -> &str {
    hash.get(..SHOWN_DIGITS).unwrap_or(hash)
}
