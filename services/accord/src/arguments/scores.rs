//! Arguments of the commands that work on files of scores.

use std::path::PathBuf;

use accord_statistics::calibration::CalibrationMethod;
use clap::{Args, Subcommand, ValueEnum};

use super::files::{InputArguments, ResultArguments};

const AFTER_CALIBRATE: &str = "Examples:
  accord calibrate fit scores.csv -o model.json           choose a calibrator by nested cross-validation, measure it out of fold
  accord calibrate fit scores.csv --method platt --no-metrics -o model.json
  accord calibrate apply model.json new.csv -o probabilities.csv
  accord calibrate report model.json audit.csv --report calibration.html

Columns: score; correct (1 or 0); if you like votes (how many votes a share comes from), document (held out and resampled
together), field (a calibrator each), propensity (the probability with which the row was chosen to be labelled), id.";

#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_CALIBRATE)]
pub(crate) enum CalibrateCommand {
    /// Learn how often scores are right; measure it on rows that the calibrator did not see.
    Fit(FitArguments),
    /// Turn scores into probabilities with a fitted model.
    Apply(ApplyArguments),
    /// Measure probabilities: those of a file itself, or of a model on it.
    Report(CalibrationReportArguments),
}

/// A calibrator by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodChoice {
    /// The simplest within one standard error of the best, by nested cross-validation.
    Auto,
    /// The share of correct rows, whatever the score.
    BaseRate,
    /// Temperature scaling.
    Temperature,
    /// Platt scaling: of the add-half logit where there is a column `votes`, else of the score itself.
    Platt,
    /// Platt scaling of the logit of scores from 0 to 1.
    PlattLogit,
    /// Platt scaling of the score itself.
    PlattRaw,
    /// Beta calibration.
    Beta,
    /// Isotonic regression, from 200 labels with 30 errors on.
    Isotonic,
    /// One probability for each distinct score.
    Levels,
    /// Ten bins of equal width.
    Histogram,
}

impl MethodChoice {
    /// The method; `None` leaves it to the data.
    pub(crate) fn method(self, has_votes: bool) -> Option<CalibrationMethod> {
        match self {
            Self::Auto => None,
            Self::BaseRate => Some(CalibrationMethod::BaseRate),
            Self::Temperature => Some(CalibrationMethod::Temperature),
            Self::Platt if has_votes => Some(CalibrationMethod::PlattAddHalf),
            Self::Platt | Self::PlattRaw => Some(CalibrationMethod::PlattRaw),
            Self::PlattLogit => Some(CalibrationMethod::PlattLogit),
            Self::Beta => Some(CalibrationMethod::Beta),
            Self::Isotonic => Some(CalibrationMethod::Isotonic),
            Self::Levels => Some(CalibrationMethod::Levels),
            Self::Histogram => Some(CalibrationMethod::Histogram),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct FitArguments {
    /// Scores with labels: CSV, JSONL or Parquet with the columns score and correct; `-` is standard input.
    #[arg(value_name = "SCORES")]
    pub(crate) scores: PathBuf,
    /// How scores become probabilities.
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) method: MethodChoice,
    /// Where to write the model.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Fit only: no cross-fitting and no metrics. Cross-fitting fits five times more, a choice some two hundred times.
    #[arg(long, conflicts_with = "report")]
    pub(crate) no_metrics: bool,
    #[command(flatten)]
    pub(crate) measuring: MeasuringArguments,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

/// Seed and replicates of what is measured on scores.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct MeasuringArguments {
    /// Bootstrap replicates over documents for intervals, 0 for none; 1000 up to 20,000 rows, none above, unless given.
    #[arg(long, value_name = "N")]
    pub(crate) replicates: Option<usize>,
    /// The same seed gives the same folds and intervals.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// A model that `accord calibrate fit` wrote.
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Scores; labels are not needed. `-` is standard input.
    #[arg(value_name = "SCORES")]
    pub(crate) scores: PathBuf,
    /// Where to write the probabilities as CSV; else to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CalibrationReportArguments {
    /// Scores with labels, or a model and such scores. On the rows it was fitted on a model is measured out of fold.
    #[arg(value_name = "[MODEL] SCORES", num_args = 1..=2, required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) measuring: MeasuringArguments,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

const AFTER_CERTIFY: &str = "Examples:
  accord certify audit.csv --alpha 0.01                   the lowest score from which on at most 1 % is wrong, with 95 % confidence
  accord certify audit.csv --alpha 0.02 --delta 0.1 --first-errors 0
  accord certify audit.csv --alpha 0.01 --conformal       a bound on the expected share of all rows, instead

Columns: score and correct; if you like field (all fields hold together), document (a document is wrong when any of its rows
is), propensity (few distinct values: strata). The rows must be a random sample that nothing was fitted on. Ends with 2 when
some field has no threshold.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_CERTIFY)]
pub(crate) struct CertifyArguments {
    /// Scores with labels that nothing was fitted on; `-` is standard input.
    #[arg(value_name = "SCORES")]
    pub(crate) scores: PathBuf,
    /// Largest share of errors among what is accepted.
    #[arg(long, value_name = "SHARE")]
    pub(crate) alpha: f64,
    /// Probability of breaking the promise, shared by all fields.
    #[arg(long, default_value_t = 0.05, value_name = "PROBABILITY")]
    pub(crate) delta: f64,
    /// Errors with which the first threshold that is tried can still pass; more start later and stop later.
    #[arg(long, default_value_t = accord_statistics::risk_control::DEFAULT_START_ERRORS, value_name = "N")]
    pub(crate) first_errors: u64,
    /// Thresholds to try where scores take more values than that.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) steps: usize,
    /// Conformal risk control instead: the EXPECTED share of all rows that is accepted and wrong.
    #[arg(long)]
    pub(crate) conformal: bool,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

const AFTER_SAMPLE: &str = "Examples:
  accord sample probabilities.csv --budget 300 -o audit.csv             by confidence and field, for the best estimate
  accord sample probabilities.csv --budget 300 --design uncertainty     where a label teaches most

Columns: probability, or score from 0 to 1; if you like id, field, document; for the design `poisson` priority. The output has
the rows drawn with propensity, stratum, design and seed: add a column `correct` and give it to calibrate or certify.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_SAMPLE)]
pub(crate) struct SampleArguments {
    /// Probabilities of being right; `-` is standard input.
    #[arg(value_name = "SCORES")]
    pub(crate) scores: PathBuf,
    /// Rows to draw: exactly so many for neyman, so many on average for the others.
    #[arg(long, value_name = "N")]
    pub(crate) budget: u64,
    /// How rows are chosen.
    #[arg(long, value_enum, default_value = "neyman")]
    pub(crate) design: SampleDesign,
    /// Neyman: fewest rows of each stratum, or all it has.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) minimum: u64,
    /// Uncertainty and poisson: least probability of any row.
    #[arg(long, default_value_t = 0.01, value_name = "PROBABILITY")]
    pub(crate) floor: f64,
    /// The same seed draws the same rows of the same file.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Where to write the rows as CSV; else to standard output, and the summary to standard error.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

/// A design by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SampleDesign {
    /// Strata of confidence and field, sized for the best estimate of the error rate.
    Neyman,
    /// Each row by itself, the likelier the less certain it is.
    Uncertainty,
    /// Each row by itself, by its column `priority`.
    Poisson,
}
