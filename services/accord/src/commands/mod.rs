//! The commands, one a file.

mod aggregate;
mod agreement;
mod annotator_numbers;
mod ask_judge;
mod calibrate;
mod certify;
mod csv_rows;
mod demo;
mod doctor;
mod evaluate;
mod evaluate_methods;
mod evaluate_project;
mod experiment;
mod export;
mod extract;
mod import;
mod project;
mod prompt;
mod provider;
mod run;
mod sample;
mod samples;
mod score_rows;
mod serve;
mod token;
mod train_reader;
mod user;
mod vote_files;
mod work;

use std::process::ExitCode;

use secrecy::SecretString;

use crate::arguments::{Arguments, Command};
use crate::configuration::{Configuration, DEFAULTS};
use crate::wiring::House;
use crate::{logging, output};

/// Runs a command that works on files alone: it needs no configuration, no database and no runtime. Gives any other
/// command back.
pub(crate) fn run_on_files(arguments: Arguments) -> Result<anyhow::Result<ExitCode>, Box<Arguments>> {
    match &arguments.command {
        Command::Agreement(arguments) => Ok(agreement::run(arguments)),
        Command::Aggregate(arguments) => Ok(aggregate::run(arguments)),
        Command::Calibrate(command) => Ok(calibrate::run(command)),
        Command::Certify(arguments) => Ok(certify::run(arguments)),
        Command::Sample(arguments) => Ok(sample::run(arguments)),
        Command::Experiment(command) => Ok(experiment::run(command)),
        _ => Err(Box::new(arguments)),
    }
}

/// Runs a command; the code tells scripts how it went.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if let Command::Configuration = arguments.command {
        output::say(DEFAULTS.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let mut configuration = Configuration::read(arguments.config.as_deref())?;
    if let Some(url) = arguments.database {
        configuration.database.set_url(SecretString::from(url));
    }
    if let Some(folder) = arguments.blobs {
        configuration.blobs.folder = folder;
    }
    if let Some(format) = arguments.log_format {
        configuration.logging.format = format;
    }
    let serves = match &arguments.command {
        Command::Serve(_) => true,
        Command::Work(work) => !work.until_idle,
        _ => false,
    };
    logging::start(&configuration.logging, !serves)?;
    dispatch(arguments.command, configuration).await
}

async fn dispatch(command: Command, mut configuration: Configuration) -> anyhow::Result<ExitCode> {
    match command {
        Command::Configuration => {}
        Command::Samples(arguments) => samples::run(&arguments)?,
        Command::Evaluate(mut arguments) => match (arguments.path.take(), arguments.project.take()) {
            (Some(path), _) => evaluate::run(path, arguments, &configuration).await?,
            (None, Some(project)) => {
                evaluate_project::run(&project, arguments, &House::open(configuration).await?).await?
            }
            (None, None) => anyhow::bail!("name documents with gold, or a --project"),
        },
        Command::Prompt(command) => return prompt::run(command, &configuration).await,
        Command::Provider(command) => return provider::run(command, &configuration).await,
        Command::Doctor => return doctor::run(configuration).await,
        Command::Demo(arguments) => demo::run(arguments, configuration).await?,
        Command::Project(crate::arguments::ProjectCommand::Template { name }) => project::print_template(&name)?,
        Command::Serve(arguments) => {
            if let Some(listen) = arguments.listen {
                configuration.server.listen = listen;
            }
            configuration.server.workers &= !arguments.no_workers;
            serve::run(House::open(configuration).await?).await?;
        }
        Command::Extract(arguments) => extract::run(arguments, configuration).await?,
        other => return with_house(other, House::open(configuration).await?).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_house(command: Command, house: House) -> anyhow::Result<ExitCode> {
    match command {
        Command::Work(arguments) => work::run(&arguments, &house).await?,
        Command::Project(command) => project::run(command, &house).await?,
        Command::Import(arguments) => return import::run(&arguments, &house).await,
        Command::Run(command) => return run::run(command, &house).await,
        Command::Export(arguments) => export::run(&arguments, &house).await?,
        Command::TrainReader(arguments) => train_reader::run(&arguments, &house).await?,
        Command::User(command) => user::run(command, &house).await?,
        Command::Token(command) => token::run(command, &house).await?,
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}
