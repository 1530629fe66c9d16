//! Arguments of `accord aggregate`.

use std::path::PathBuf;

use accord_datasets::table_file::FileFormat;
use clap::{Args, ValueEnum};

use super::files::{InputArguments, ResultArguments};

const AFTER_AGGREGATE: &str = "Examples:
  accord aggregate votes.csv -o labels.csv                              the majority, ties left open
  accord aggregate votes.csv --method dawid-skene --gold gold.csv       a model of who confuses what, judged on gold
  accord aggregate votes.csv --method auto --gold gold.csv              what predicts gold best, with calibrated probabilities
  accord aggregate votes.parquet --method weighted --weights weights.csv -o labels.parquet";

#[derive(Debug, Args)]
#[command(after_help = AFTER_AGGREGATE)]
pub(crate) struct AggregateArguments {
    /// Votes: CSV, JSONL or Parquet with the columns item, annotator, label, and if you like field and weight; `-` is
    /// standard input.
    #[arg(value_name = "VOTES")]
    pub(crate) votes: PathBuf,
    /// How votes become labels.
    #[arg(long, value_enum, default_value = "majority")]
    pub(crate) method: Method,
    /// For --method weighted: a file with the columns annotator and weight, or the word `column` for the column weight of
    /// the votes; else annotators weigh as much as they agree with the majority.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Known labels to judge by: a file with the columns item and label (and field). They influence the result of
    /// --method auto alone, which labels items with gold by what it learned without them.
    #[arg(long, value_name = "FILE")]
    pub(crate) gold: Option<PathBuf>,
    /// Iterate exactly so often, instead of until nothing changes.
    #[arg(long, value_name = "N")]
    pub(crate) iterations: Option<usize>,
    /// Seed of the methods that start at random.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// File to write the labels to, one row for each item: CSV, JSONL or Parquet by its ending.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Format of the labels, instead of what the ending of the file says.
    #[arg(long, value_name = "FORMAT", value_parser = str::parse::<FileFormat>)]
    pub(crate) output_format: Option<FileFormat>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

/// How votes become labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The label with most votes.
    Majority,
    /// The label with most weight.
    Weighted,
    /// Dawid-Skene: learns who confuses which labels; needs 3 annotators and 50 items.
    DawidSkene,
    /// One skill for each annotator: for few votes or many labels.
    OneCoin,
    /// One ability for each annotator, one difficulty for each item: with at least five votes an item.
    Glad,
    /// Finds who answers without looking, and what they then say.
    Mace,
    /// With 50 items of gold, 25 of them wrong by an even vote, and at most 128 annotators: the way of counting and the curve
    /// that predict gold best, by cross-validated log loss. Otherwise dawid-skene, or one-coin with fewer than 50 items or
    /// 10 votes for each annotator and label, or the majority with fewer than 3 annotators or where annotators err together.
    Auto,
}
