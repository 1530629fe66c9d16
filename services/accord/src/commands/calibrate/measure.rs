//! Metrics of probabilities, with intervals over documents.

use accord_statistics::metrics::{
    BinRule, CalibrationError, CorpDecomposition, LogLoss, NullBand, ReliabilityPoint, RiskCoverage, auroc,
    brier_score, calibration_error, corp_decomposition, log_loss, null_band, reliability_diagram, risk_coverage,
};
use accord_statistics::resampling::{Bootstrap, BootstrapPlan, bootstrap_documents};
use accord_statistics::{Estimate, Undefined};
use serde::{Deserialize, Serialize};

use crate::arguments::MeasuringArguments;

/// Rows up to which intervals are made unless told otherwise.
const ROWS_WITH_INTERVALS: usize = 20_000;
/// Replicates of the null band, and of intervals where nothing else is asked for.
const REPLICATES: usize = 1000;
/// Rows from which on fewer replicates are enough for the null band.
const LARGE: usize = 50_000;
/// As many then.
const FEWER_REPLICATES: usize = 200;
/// Distinct probabilities up to which each is a bin.
const LEVELS: usize = 15;
/// Two-sided confidence of intervals and bars.
const CONFIDENCE: f64 = 0.95;

/// How good probabilities are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) items: usize,
    pub(super) errors: usize,
    /// Share of right rows.
    pub(super) base_rate: f64,
    pub(super) mean_probability: f64,
    pub(super) log_loss: Estimate<LogLoss>,
    pub(super) brier: Estimate,
    /// CORP: Brier = miscalibration - discrimination + uncertainty.
    pub(super) decomposition: Estimate<CorpDecomposition>,
    /// Expected calibration error over the bins below.
    pub(super) calibration_error: Estimate,
    pub(super) largest_gap: Estimate,
    /// Calibration error that a perfect calibrator would show: 5 and 95 % quantiles.
    pub(super) null_band: Estimate<NullBand>,
    pub(super) auroc: Estimate,
    /// Area under the risk-coverage curve, and what it exceeds the best order's by.
    pub(super) area_under_risk_coverage: Estimate,
    pub(super) excess_area: Estimate,
    pub(super) bins: BinRule,
    pub(super) reliability: Vec<ReliabilityPoint>,
    /// Bootstrap intervals over documents; missing where none were made.
    pub(super) intervals: Option<Intervals>,
}

/// Bootstrap intervals over documents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intervals {
    pub(super) log_loss: Bootstrap,
    pub(super) brier: Bootstrap,
    pub(super) calibration_error: Bootstrap,
    pub(super) auroc: Bootstrap,
}

impl Measured {
    /// Whether the calibration error is what a perfect calibrator could show.
    pub(super) fn is_inside_band(&self) -> Option<bool> {
        let (error, band) = (self.calibration_error.value()?, self.null_band.value()?);
        Some(error <= band.upper)
    }
}

/// Measures probabilities against what happened.
pub(super) fn measure(
    probabilities: &[f64],
    correct: &[bool],
    documents: &[u32],
    arguments: MeasuringArguments,
) -> anyhow::Result<Measured> {
    let rule = bin_rule(probabilities);
    let items = probabilities.len();
    let error = calibration_error(probabilities, correct, rule)?;
    let replicates = if items > LARGE { FEWER_REPLICATES } else { REPLICATES };
    let curve = curve(probabilities, correct)?;
    let read = |part: fn(&RiskCoverage) -> f64| part_of(&curve, part);
    let gap = |part: fn(&CalibrationError) -> f64| part_of(&error, part);
    let right = correct.iter().filter(|is_correct| **is_correct).count();
    Ok(Measured {
        items,
        errors: items - right,
        base_rate: right as f64 / items.max(1) as f64,
        mean_probability: probabilities.iter().sum::<f64>() / items.max(1) as f64,
        log_loss: log_loss(probabilities, correct)?,
        brier: brier_score(probabilities, correct)?,
        decomposition: corp_decomposition(probabilities, correct)?,
        calibration_error: gap(|error| error.expected),
        largest_gap: gap(|error| error.maximum),
        null_band: null_band(probabilities, rule, replicates, arguments.seed)?,
        auroc: auroc(probabilities, correct)?,
        area_under_risk_coverage: read(|curve| curve.area),
        excess_area: read(|curve| curve.excess_area),
        bins: rule,
        reliability: reliability_diagram(probabilities, correct, rule, CONFIDENCE)?,
        intervals: intervals(probabilities, correct, documents, rule, arguments)?,
    })
}

/// Risk against coverage, for the chart.
pub(super) fn curve(probabilities: &[f64], correct: &[bool]) -> anyhow::Result<Estimate<RiskCoverage>> {
    let errors: Vec<bool> = correct.iter().map(|is_correct| !is_correct).collect();
    Ok(risk_coverage(probabilities, &errors)?)
}

fn part_of<T>(whole: &Estimate<T>, part: fn(&T) -> f64) -> Estimate {
    match whole {
        Estimate::Value(whole) => Estimate::Value(part(whole)),
        Estimate::Undefined(reason) => Estimate::Undefined(*reason),
    }
}

/// Few distinct probabilities are their own bins.
fn bin_rule(probabilities: &[f64]) -> BinRule {
    let mut levels: Vec<f64> = Vec::with_capacity(LEVELS + 1);
    for probability in probabilities {
        if !levels.contains(probability) {
            if levels.len() == LEVELS {
                return BinRule::for_continuous(probabilities.len());
            }
            levels.push(*probability);
        }
    }
    BinRule::DistinctLevels
}

fn intervals(
    probabilities: &[f64],
    correct: &[bool],
    documents: &[u32],
    rule: BinRule,
    arguments: MeasuringArguments,
) -> anyhow::Result<Option<Intervals>> {
    let standard = if probabilities.len() > ROWS_WITH_INTERVALS {
        0
    } else {
        REPLICATES
    };
    let replicates = arguments.replicates.unwrap_or(standard);
    if replicates == 0 {
        return Ok(None);
    }
    let plan = BootstrapPlan::new(replicates, CONFIDENCE, arguments.seed)?;
    let of = |statistic: &(dyn Fn(&[f64], &[bool]) -> Estimate + Sync)| {
        bootstrap_documents(documents, plan, |positions| {
            let drawn: Vec<f64> = positions.iter().map(|row| probabilities[*row]).collect();
            let labels: Vec<bool> = positions.iter().map(|row| correct[*row]).collect();
            statistic(&drawn, &labels)
        })
    };
    let none = Estimate::Undefined(Undefined::TooFewItems);
    let spinner = crate::output::spinner("intervals");
    let found = Intervals {
        log_loss: of(&|p, y| log_loss(p, y).map_or(none, |loss| loss.map(|loss| loss.clipped))),
        brier: of(&|p, y| brier_score(p, y).unwrap_or(none)),
        calibration_error: of(&|p, y| {
            calibration_error(p, y, rule).map_or(none, |error| error.map(|error| error.expected))
        }),
        auroc: of(&|p, y| auroc(p, y).unwrap_or(none)),
    };
    spinner.finish_and_clear();
    Ok(Some(found))
}
