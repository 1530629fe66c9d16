//! The command line.

mod aggregate;
mod experiments;
mod files;
mod prompts;
mod runs;
mod scores;

use std::path::PathBuf;

use accord_domain::ConfidenceMethod;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::configuration::LogFormat;

pub(crate) use aggregate::{AggregateArguments, Method};
pub(crate) use experiments::{AnalyzeArguments, ExperimentCommand, SizeArguments, StoppingArguments};
pub(crate) use files::{AgreementArguments, InputArguments, LabelLevel};
pub(crate) use prompts::{PromptCommand, QuestionArguments};
pub(crate) use runs::{ItemArguments, RunCommand, RunReference, StartRunArguments};
pub(crate) use scores::{
    ApplyArguments, CalibrateCommand, CalibrationReportArguments, CertifyArguments, FitArguments, MeasuringArguments,
    SampleArguments, SampleDesign,
};

/// Where help lists the options that are the same for all commands.
const OF_EVERY_COMMAND: &str = "Options of every command";

/// What somebody new should type.
const FIRST_STEPS: &str = "First steps:
  accord demo                                   a project over sample invoices, to look at in a browser
  accord extract invoice.pdf                    the fields of one document, with votes
  accord project create --template invoice      a project of your own; then import, work and serve";

/// Annotation and trustworthy confidence: people and language models vote on the same items; votes become values whose
/// confidence is a probability you can act on.
#[derive(Debug, Parser)]
#[command(name = "accord", version, max_term_width = 110, after_help = FIRST_STEPS)]
pub(crate) struct Arguments {
    /// Configuration file (TOML); `accord configuration` prints one with every key explained.
    #[arg(long, global = true, env = "ACCORD_CONFIG", hide_env_values = true, value_name = "FILE", help_heading = OF_EVERY_COMMAND)]
    pub(crate) config: Option<PathBuf>,
    /// Database to use: sqlite:FILE or postgres://...; prefer the variable ACCORD__DATABASE__URL for addresses with passwords.
    #[arg(long, global = true, value_name = "URL", help_heading = OF_EVERY_COMMAND)]
    pub(crate) database: Option<String>,
    /// Folder of imported files.
    #[arg(long, global = true, value_name = "FOLDER", help_heading = OF_EVERY_COMMAND)]
    pub(crate) blobs: Option<PathBuf>,
    /// Form of log lines.
    #[arg(long, global = true, value_enum, value_name = "FORM", help_heading = OF_EVERY_COMMAND)]
    pub(crate) log_format: Option<LogFormat>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the web pages and the API, with workers unless told otherwise.
    Serve(ServeArguments),
    /// Run workers: automatic annotators, scoring, retention.
    Work(WorkArguments),
    /// Create, show and change projects.
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Import files, folders, JSONL or CSV into a project.
    Import(ImportArguments),
    /// Ask a panel of annotators about items as one run: start, watch, pause, resume, cancel.
    #[command(subcommand)]
    Run(RunCommand),
    /// Export votes or consensus of a project.
    Export(ExportArguments),
    /// Read one document and print its fields with votes, confidence and decision.
    Extract(ExtractArguments),
    /// Measure annotators and their consensus on documents with gold, cross-fitted.
    Evaluate(EvaluateArguments),
    /// Measure how far annotators agree, on a file of votes; needs no project.
    Agreement(AgreementArguments),
    /// Combine the votes of a file into one label for each item; needs no project.
    Aggregate(AggregateArguments),
    /// Turn scores into probabilities: fit, apply and measure calibrators on files; needs no project.
    #[command(subcommand)]
    Calibrate(CalibrateCommand),
    /// Find the score from which on a stated share at most is wrong, with a stated confidence; needs no project.
    Certify(CertifyArguments),
    /// Choose rows to label, with the probability each was chosen with; needs no project.
    Sample(SampleArguments),
    /// Plan and decide comparisons of two versions; needs no project.
    #[command(subcommand)]
    Experiment(ExperimentCommand),
    /// Train the reader that learns, on the gold of a project.
    TrainReader(TrainReaderArguments),
    /// Manage accounts of people.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage access tokens of the API.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Find out what the endpoints of language models can do.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// List, compare, render and try the prompts by which language models are asked.
    #[command(subcommand)]
    Prompt(PromptCommand),
    /// Write sample documents with gold.
    Samples(SamplesArguments),
    /// Set up a project over sample invoices, run the whole way, and serve it.
    Demo(DemoArguments),
    /// Print the configuration file with its defaults and explanations.
    Configuration,
    /// Say what is wrong with the configuration, the database, stored files, projects and providers.
    Doctor,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address and port to listen at.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Do not run workers in this process.
    #[arg(long)]
    pub(crate) no_workers: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Make one tiny call and tell what works: schemas, logprobs, seed, temperature, images, files.
    Check {
        /// Name of the provider in the configuration.
        name: String,
        /// The model to ask, instead of the provider's check_model.
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
        /// Print JSON; its fields are explained in the README.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// End when no task is left to do, instead of waiting for more.
    #[arg(long)]
    pub(crate) until_idle: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Create a project from a definition file (TOML or JSON) or from a template.
    #[command(group(ArgGroup::new("source").required(true).args(["file", "template"])))]
    Create {
        /// Definition file.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// A ready template: invoice, receipt or text-classification.
        #[arg(long, value_name = "TEMPLATE")]
        template: Option<String>,
        /// Name of the project, instead of the definition's.
        #[arg(long)]
        name: Option<String>,
    },
    /// Replace the definition of a project.
    Update {
        /// Name of the project.
        project: String,
        /// Definition file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the projects.
    List,
    /// Show how a project stands.
    Show {
        /// Name of the project.
        project: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a template's definition file.
    Template {
        /// invoice, receipt or text-classification.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Name of the project.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: String,
    /// Files (PDF, PNG, JPEG, text, XML invoices, JSONL, CSV) or folders of them. A file NAME.gold.json beside NAME.pdf
    /// is its gold.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Do not ask automatic annotators yet: a run does (`accord run start`).
    #[arg(long)]
    pub(crate) hold: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Name of the project.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: String,
    /// What to export.
    #[arg(value_enum)]
    pub(crate) what: ExportWhat,
    /// Format; taken from the file's ending when left out.
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportAs>,
    /// File to write; standard output when left out.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportWhat {
    /// One row for each answer of each annotation.
    Votes,
    /// One row for each item and field.
    Consensus,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportAs {
    Jsonl,
    Csv,
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct ExtractArguments {
    /// The document.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Take fields, annotators, weights and calibrators from this project.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// Take fields and annotators from this template, when no project is given.
    #[arg(long, default_value = "invoice", conflicts_with = "project", value_name = "NAME")]
    pub(crate) template: String,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("measured").required(true).args(["path", "project"]))]
pub(crate) struct EvaluateArguments {
    /// JSONL of documents with `gold`, or a folder with NAME.gold.json beside each document.
    #[arg(value_name = "PATH", requires = "template")]
    pub(crate) path: Option<PathBuf>,
    /// The template whose fields and readers are measured.
    #[arg(long, requires = "path")]
    pub(crate) template: Option<String>,
    /// Show every method that was tried for each field, with its out-of-fold scores.
    #[arg(long, requires = "path")]
    pub(crate) candidates: bool,
    /// Compare ways to be sure of a value on the gold and the votes of this project.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// The ways that are compared; all that the project has something for when none is named. `judge` asks the project's judge
    /// about values that it has not rated yet, which costs what its calls cost.
    #[arg(long, value_enum, value_delimiter = ',', requires = "project")]
    pub(crate) methods: Vec<EvaluatedMethod>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A way to be sure of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvaluatedMethod {
    /// How far the value leads among the votes.
    Voting,
    /// How probable one model found the tokens of its value.
    Logprobs,
    /// How probable the project's judge finds it that the value is right.
    Judge,
    /// All of them together.
    Combined,
}

impl From<EvaluatedMethod> for ConfidenceMethod {
    fn from(method: EvaluatedMethod) -> Self {
        match method {
            EvaluatedMethod::Voting => Self::Voting,
            EvaluatedMethod::Logprobs => Self::Logprobs,
            EvaluatedMethod::Judge => Self::Judge,
            EvaluatedMethod::Combined => Self::Combined,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrainReaderArguments {
    /// Name of the project whose gold is learned from.
    #[arg(long)]
    pub(crate) project: String,
    /// The annotator that gets the model; may be left out when only one of the project learns.
    #[arg(long, value_name = "NAME")]
    pub(crate) annotator: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create an account; asks for the password, or reads it from standard input.
    Create {
        /// The name to log in with.
        name: String,
        /// What the person may do: annotator, reviewer or administrator.
        #[arg(long, default_value = "annotator")]
        role: String,
    },
    /// Set a new password; ends the account's sessions.
    Password {
        /// The name to log in with.
        name: String,
    },
    /// List the accounts.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print its secret, once.
    Create {
        /// What it is for.
        name: String,
        /// What it may be used for: admin, annotate, read-data, extract; may be given several times.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// The only project it opens.
        #[arg(long)]
        project: Option<String>,
        /// Days until it stops to work.
        #[arg(long)]
        days: Option<u32>,
    },
    /// List the tokens.
    List,
    /// Withdraw a token.
    Revoke {
        /// Its identifier.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SamplesArguments {
    /// Folder to write to.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value = "invoices")]
    pub(crate) kind: SampleKind,
    /// How many.
    #[arg(long, default_value_t = 60)]
    pub(crate) count: usize,
    /// The same seed gives the same documents.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SampleKind {
    /// PDF invoices, each with its gold beside it.
    Invoices,
    /// Receipts as JSONL with gold.
    Receipts,
    /// Short texts with a label, as JSONL with gold.
    Texts,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder of the demonstration's data.
    #[arg(long, default_value = "demo")]
    pub(crate) folder: PathBuf,
    /// Sample invoices.
    #[arg(long, default_value_t = 60)]
    pub(crate) count: usize,
    /// Address and port to serve at.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// End after printing the table, without serving.
    #[arg(long)]
    pub(crate) no_serve: bool,
}
