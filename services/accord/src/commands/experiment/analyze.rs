//! `accord experiment analyze`.

use accord_statistics::experiments::{
    ClusteredDifference, Decision, DecisionRule, DecisionTests, ErrorRates, FixedPowerPlan, Learning, MetricCounts,
    MetricPower, PairedBinary, PairedCounts, RuleLevels, SetUp, analyse_paired_binary, bootstrap_paired_mean, classify,
    clustered_mean, decide, rule_levels,
};
use accord_statistics::resampling::{Bootstrap, BootstrapPlan};
use serde::Serialize;

use super::pairs::{Pairs, read};
use super::print;
use crate::arguments::AnalyzeArguments;
use crate::output::say;

/// Two-sided confidence of intervals.
const CONFIDENCE: f64 = 0.95;

/// All that is printed: with `--json`, these names are the fields.
#[derive(Debug, Serialize)]
pub(super) struct Analysis {
    pub(super) rows: usize,
    pub(super) documents: usize,
    /// Share of rows without an answer of the old version, and of the new.
    pub(super) missing: [f64; 2],
    /// All rows together: the success metric.
    pub(super) overall: Metric,
    /// Each field: a guardrail.
    pub(super) guardrails: Vec<Metric>,
    pub(super) margin: f64,
    pub(super) levels: RuleLevels,
    /// Rule 2 on these tests.
    pub(super) decision: Decision,
    pub(super) learning: Learning,
}

/// One comparison.
#[derive(Debug, Serialize)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) old_mean: f64,
    pub(super) new_mean: f64,
    /// Difference with an error over documents.
    pub(super) difference: ClusteredDifference,
    /// Counts, tests and intervals where results are right or wrong and every row is its own document.
    pub(super) binary: Option<PairedBinary>,
    /// Interval of scores over documents.
    pub(super) bootstrap: Option<Bootstrap>,
    /// One-sided p-values that the decision uses.
    pub(super) superiority_p: f64,
    pub(super) non_inferiority_p: f64,
    pub(super) deterioration_p: f64,
    /// Rows needed at this variance for the wanted difference (or margin), level and power; unknown where
    /// nothing varies.
    pub(super) required_rows: Option<f64>,
    /// Whether there are as many.
    pub(super) is_powered: bool,
}

pub(super) fn run(arguments: &AnalyzeArguments) -> anyhow::Result<()> {
    let pairs = read(arguments)?;
    let analysis = analyse(&pairs, arguments)?;
    if let Some(file) = &arguments.result.report {
        print::report(&analysis, arguments).write(file)?;
    }
    if arguments.result.json {
        say(&serde_json::to_string_pretty(&analysis)?);
    } else {
        print::print(&analysis, arguments);
    }
    Ok(())
}

fn analyse(pairs: &Pairs, arguments: &AnalyzeArguments) -> anyhow::Result<Analysis> {
    let fields = pairs.fields.as_ref().map_or(0, |fields| fields.names.len());
    let counts = MetricCounts {
        success: 1,
        guardrails: fields,
        deterioration: fields + 1,
        quality: 0,
    };
    let chosen = arguments.levels;
    let levels = rule_levels(counts, chosen.alpha, chosen.beta, chosen.alpha_minus)?;
    let beta = levels.beta(DecisionRule::Rule2);
    let everything: Vec<usize> = (0..pairs.old.len()).collect();
    let success = ErrorRates::new(levels.success.value().unwrap_or(chosen.alpha), beta)?;
    let overall = compare("all rows", pairs, &everything, success, arguments.difference, arguments)?;
    let guard = ErrorRates::new(levels.guardrail, beta)?;
    let mut guardrails = Vec::with_capacity(fields);
    if let Some(column) = &pairs.fields {
        for field in 0..fields as u32 {
            let rows: Vec<usize> = everything
                .iter()
                .copied()
                .filter(|row| column.ids.get(*row) == Some(&field))
                .collect();
            if !rows.is_empty() {
                let name = column.names.text(field);
                guardrails.push(compare(&name, pairs, &rows, guard, arguments.margin, arguments)?);
            }
        }
    }
    let tests = DecisionTests {
        success: vec![overall.superiority_p],
        guardrails: guardrails.iter().map(|metric| metric.non_inferiority_p).collect(),
        deterioration: [&overall]
            .into_iter()
            .chain(&guardrails)
            .map(|metric| metric.deterioration_p)
            .collect(),
        quality: Vec::new(),
    };
    let decision = decide(&tests, DecisionRule::Rule2, chosen.alpha, chosen.alpha_minus)?;
    let power: Vec<MetricPower> = [&overall]
        .into_iter()
        .chain(&guardrails)
        .map(|metric| MetricPower {
            documents: metric.difference.items as f64,
            required: metric.required_rows.unwrap_or(f64::MAX),
        })
        .collect();
    // Both versions were given the same rows; who labelled them cannot be seen from here.
    let set_up = SetUp {
        same_items: true,
        labels_blind: true,
        missing_old: pairs.missing[0],
        missing_new: pairs.missing[1],
        ratio_p: None,
    };
    Ok(Analysis {
        rows: pairs.old.len(),
        documents: overall.difference.documents,
        missing: pairs.missing,
        learning: classify(&set_up, &decision, &power)?,
        overall,
        guardrails,
        margin: arguments.margin,
        levels,
        decision,
    })
}

fn compare(
    name: &str,
    pairs: &Pairs,
    rows: &[usize],
    rates: ErrorRates,
    to_see: f64,
    arguments: &AnalyzeArguments,
) -> anyhow::Result<Metric> {
    let old: Vec<f64> = rows.iter().map(|row| pairs.old[*row]).collect();
    let new: Vec<f64> = rows.iter().map(|row| pairs.new[*row]).collect();
    let documents: Vec<u32> = rows.iter().map(|row| pairs.documents[*row]).collect();
    let differences: Vec<f64> = new.iter().zip(&old).map(|(new, old)| new - old).collect();
    let difference = clustered_mean(&differences, &documents)?;
    let independent = difference.documents == difference.items;
    let binary = if pairs.are_flags() && independent {
        let flags = |values: &[f64]| -> Vec<bool> { values.iter().map(|value| *value == 1.0).collect() };
        let counts = PairedCounts::count(&flags(&old), &flags(&new))?;
        Some(analyse_paired_binary(counts, arguments.margin, CONFIDENCE)?)
    } else {
        None
    };
    let bootstrap = if binary.is_none() && arguments.replicates > 0 {
        let plan = BootstrapPlan::new(arguments.replicates, CONFIDENCE, arguments.seed)?;
        Some(bootstrap_paired_mean(&differences, &documents, plan)?)
    } else {
        None
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    // Where nothing varies nothing is shown: neither a gain nor a loss.
    let superiority_p = difference.p_above(0.0).value().unwrap_or(1.0);
    let deterioration_p = difference.p_above(0.0).value().map_or(1.0, |p| 1.0 - p);
    let variance = difference
        .standard_error
        .value()
        .map_or(0.0, |error| error.powi(2) * differences.len() as f64);
    let required_rows = if variance > 0.0 {
        Some(FixedPowerPlan::new(rates, to_see, 2, 1)?.required(variance)?)
    } else {
        None
    };
    Ok(Metric {
        name: name.to_owned(),
        old_mean: mean(&old),
        new_mean: mean(&new),
        non_inferiority_p: non_inferiority(&difference, binary.as_ref(), arguments.margin),
        is_powered: required_rows.is_some_and(|required| differences.len() as f64 >= required),
        required_rows,
        difference,
        binary,
        bootstrap,
        superiority_p,
        deterioration_p,
    })
}

/// Versions that never differ have no error to divide by; their Bonett-Price interval tells instead.
fn non_inferiority(difference: &ClusteredDifference, binary: Option<&PairedBinary>, margin: f64) -> f64 {
    match (difference.p_above(margin).value(), binary) {
        (Some(p), _) => p,
        (None, Some(binary)) if binary.interval.lower > -margin => (1.0 - CONFIDENCE) / 2.0,
        _ => 1.0,
    }
}
