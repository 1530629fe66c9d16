//! Arguments of the commands on experiments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::files::{InputArguments, ResultArguments};

const AFTER_EXPERIMENT: &str = "Examples:
  accord experiment size --discordant 0.1 --difference 0.02 --margin 0.02
  accord experiment analyze both.csv --margin 0.01        columns old and new: right (1) or wrong (0), or scores
  accord experiment analyze old.csv new.csv               columns id and correct (or score), joined by id
  accord experiment stopping votes.csv --gold gold.csv    what asking fewer models would have saved, and lost";

#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_EXPERIMENT)]
pub(crate) enum ExperimentCommand {
    /// How many documents a comparison of two versions needs.
    Size(SizeArguments),
    /// Compare two versions on the same rows and say what it means.
    Analyze(AnalyzeArguments),
    /// Replay votes under rules that stop asking early: calls saved against accuracy lost.
    Stopping(StoppingArguments),
}

/// Levels of a decision.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LevelArguments {
    /// Probability of shipping without a win, one-sided.
    #[arg(long, default_value_t = 0.05, value_name = "PROBABILITY")]
    pub(crate) alpha: f64,
    /// Probability of not shipping a version that is as good as hoped.
    #[arg(long, default_value_t = 0.2, value_name = "PROBABILITY")]
    pub(crate) beta: f64,
    /// Probability of being blocked by a false sign of deterioration.
    #[arg(long, default_value_t = 0.01, value_name = "PROBABILITY")]
    pub(crate) alpha_minus: f64,
}

#[derive(Debug, Args)]
pub(crate) struct SizeArguments {
    /// Share of documents on which the versions differ, from a pilot.
    #[arg(long, value_name = "SHARE")]
    pub(crate) discordant: f64,
    /// Gain that must not be missed.
    #[arg(long, value_name = "SHARE")]
    pub(crate) difference: f64,
    /// How much worse a guardrail may get.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub(crate) margin: f64,
    /// Success metrics: one must win.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) success: usize,
    /// Guardrails: all must be shown not to be worse.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) guardrails: usize,
    #[command(flatten)]
    pub(crate) levels: LevelArguments,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyzeArguments {
    /// Both versions: columns old and new, if you like document and field. Or the old version: columns id and correct or score.
    #[arg(value_name = "FILE")]
    pub(crate) first: PathBuf,
    /// The new version: columns id and correct or score.
    #[arg(value_name = "NEW")]
    pub(crate) second: Option<PathBuf>,
    /// How much worse each field may get.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub(crate) margin: f64,
    /// Gain that must not be missed; says how many documents are needed.
    #[arg(long, default_value_t = 0.02, value_name = "SHARE")]
    pub(crate) difference: f64,
    #[command(flatten)]
    pub(crate) levels: LevelArguments,
    /// Bootstrap replicates over documents for the interval of scores; 0 for none.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) replicates: usize,
    /// The same seed gives the same interval.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

#[derive(Debug, Args)]
pub(crate) struct StoppingArguments {
    /// Votes of a panel: CSV, JSONL or Parquet with the columns item, annotator, label, and if you like field; `-` is
    /// standard input.
    #[arg(value_name = "VOTES")]
    pub(crate) votes: PathBuf,
    /// Known labels: a file with the columns item and label (and field). Order and weights of the annotators are learned
    /// on the other folds.
    #[arg(long, value_name = "FILE")]
    pub(crate) gold: PathBuf,
    /// The annotators that make up the panel; else everybody who voted. Who has no vote on an item counts as asked without
    /// an answer.
    #[arg(long, value_delimiter = ',', value_name = "ANNOTATOR,ANNOTATOR")]
    pub(crate) panel: Vec<String>,
    /// Prices of a call: a file with the columns annotator and price, in any unit; else all are alike.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Levels of the Beta rule: how likely the first label has to be ahead of the second, whoever voted.
    #[arg(long, value_delimiter = ',', default_values_t = [0.85, 0.9, 0.95], value_name = "PROBABILITY")]
    pub(crate) beta: Vec<f64>,
    /// Levels of the posterior rule: how probable the first label has to be, given how good its voters are.
    #[arg(long, value_delimiter = ',', default_values_t = [0.9, 0.99, 0.999], value_name = "PROBABILITY")]
    pub(crate) posterior: Vec<f64>,
    /// Folds of items.
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub(crate) folds: usize,
    /// The same seed gives the same folds.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    /// Print JSON; its fields are explained in the README.
    #[arg(long)]
    pub(crate) json: bool,
}
