//! Arguments of the commands that work on files of votes and scores.

use std::path::PathBuf;

use accord_datasets::table_file::{FileFormat, ReadOptions};
use clap::{Args, ValueEnum};

/// What is read, and what happens to bad rows.
#[derive(Debug, Args)]
pub(crate) struct InputArguments {
    /// Format of the files: csv, jsonl or parquet; taken from each file's ending, else from how it begins.
    #[arg(long, value_name = "FORMAT", value_parser = str::parse::<FileFormat>)]
    pub(crate) input_format: Option<FileFormat>,
    /// Leave bad rows out and say how many there were, instead of stopping.
    #[arg(long)]
    pub(crate) skip_bad_rows: bool,
}

impl InputArguments {
    pub(crate) fn options(&self) -> ReadOptions {
        ReadOptions {
            format: self.input_format,
            skip_bad_rows: self.skip_bad_rows,
        }
    }
}

/// How results are given.
#[derive(Debug, Args)]
pub(crate) struct ResultArguments {
    /// Print JSON; its fields are explained in the README.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a report to look at, too: one HTML file with charts that needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// How an interval is made.
#[derive(Debug, Args)]
pub(crate) struct ReplicateArguments {
    /// Bootstrap replicates for intervals; 0 for none.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) replicates: usize,
    /// The same seed gives the same intervals.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
}

const AFTER_AGREEMENT: &str = "Examples:
  accord agreement votes.csv                              one row for each field, the pairs that agree least
  accord agreement votes.csv --gold gold.csv              with error correlation: what so many votes are worth
  accord agreement votes.csv --models 'gpt*,llama*'       people against models
  accord agreement ratings.csv --level ordinal --order low,middle,high --report agreement.html";

#[derive(Debug, Args)]
#[command(after_help = AFTER_AGREEMENT)]
pub(crate) struct AgreementArguments {
    /// Votes: CSV, JSONL or Parquet with the columns item, annotator, label, and if you like field; `-` is standard input.
    #[arg(value_name = "VOTES")]
    pub(crate) votes: PathBuf,
    /// What the labels are: names, ranks, or numbers with or without a true zero.
    #[arg(long, value_enum, default_value = "nominal")]
    pub(crate) level: LabelLevel,
    /// The labels in their order, all of them; else by size when all are numbers, and by text when not.
    #[arg(long, value_delimiter = ',', value_name = "LABEL,LABEL")]
    pub(crate) order: Vec<String>,
    /// Known labels: a file with the columns item and label (and field); shows how far errors are shared.
    #[arg(long, value_name = "FILE")]
    pub(crate) gold: Option<PathBuf>,
    /// A pool of annotators to compare with the other pools: its name and who is in it, `*` for anything.
    #[arg(long = "pool", value_name = "NAME=ANNOTATOR,ANNOTATOR")]
    pub(crate) pools: Vec<String>,
    /// The people: the pool `humans`; whoever is in no pool is a model.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "ANNOTATOR,ANNOTATOR",
        conflicts_with = "pools"
    )]
    pub(crate) humans: Vec<String>,
    /// The models: the pool `models`; whoever is in no pool is a person.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "ANNOTATOR,ANNOTATOR",
        conflicts_with = "pools"
    )]
    pub(crate) models: Vec<String>,
    /// Compare all pairs of the N annotators with most votes; else all pairs of up to 200 annotators, and none of more.
    #[arg(long, value_name = "N")]
    pub(crate) pairs: Option<usize>,
    #[command(flatten)]
    pub(crate) replicates: ReplicateArguments,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

/// Level of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelLevel {
    /// Names: different is different.
    Nominal,
    /// Ranks: their order counts.
    Ordinal,
    /// Numbers: their distance counts.
    Interval,
    /// Numbers from 0 on: their ratio counts.
    Ratio,
}
