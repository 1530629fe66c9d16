//! One line for each field: how much is accepted, how sure, how much voters agree, how right it is on gold.

use accord_domain::{Calibrator, ConfidenceMethod, Field, FieldMethods, MethodComparison, Project, Rung};
use accord_store::FieldSummary;
use serde::Serialize;

use crate::figures::{Agreement, FieldAgreement};
use crate::pages::figure_cell::FigureCell;
use crate::pages::numbers::{count, counted, figure, percent, percent_of, probability};
use crate::pages::shown::type_word;

#[derive(Debug, Serialize)]
pub(super) struct FieldLine {
    name: String,
    title: String,
    type_word: &'static str,
    required: bool,
    target: String,
    scored: String,
    accepted: Option<String>,
    confidence: Option<ConfidenceCell>,
    alpha: Option<FigureCell>,
    percent_agreement: Option<FigureCell>,
    compared: String,
    quality: Option<QualityCell>,
    /// That voting has too few levels to choose a threshold from.
    few_levels: Option<String>,
}

#[derive(Debug, Serialize)]
struct ConfidenceCell {
    mean: String,
    /// On how much gold, and whose.
    basis: String,
}

/// How right the consensus is on gold it was not fitted on.
#[derive(Debug, Serialize)]
struct QualityCell {
    accuracy: String,
    count: String,
    calibration_error: String,
    null_band: String,
    brier: String,
    auroc: Option<String>,
    inverted: bool,
}

/// The lines of all fields in the project's order.
pub(super) fn field_lines(
    project: &Project,
    summaries: &[FieldSummary],
    agreement: &Agreement,
    calibrators: &[Calibrator],
    compared: Option<&MethodComparison>,
) -> Vec<FieldLine> {
    let policy = &project.definition.policy;
    project
        .definition
        .fields
        .iter()
        .map(|field| {
            let summary = summaries.iter().find(|summary| summary.field == field.name);
            let agreement = agreement.fields.iter().find(|known| known.field == field.name);
            let calibrator = calibrators.iter().find(|calibrator| calibrator.field == field.name);
            FieldLine {
                few_levels: compared.and_then(|compared| few_levels(compared.of_field(&field.name)?)),
                ..line(field, policy.accept_at, summary, agreement, calibrator)
            }
        })
        .collect()
}

fn line(
    field: &Field,
    accept_at: f64,
    summary: Option<&FieldSummary>,
    agreement: Option<&FieldAgreement>,
    calibrator: Option<&Calibrator>,
) -> FieldLine {
    FieldLine {
        name: field.name.to_string(),
        title: field.title.clone(),
        type_word: type_word(&field.field_type),
        required: field.required,
        target: probability(field.target.unwrap_or(accept_at)),
        scored: count(summary.map_or(0, |summary| summary.count)),
        accepted: summary.and_then(|summary| percent_of(summary.accepted_count, summary.count)),
        confidence: summary.and_then(|summary| confidence(summary, calibrator)),
        alpha: agreement.map(|agreement| FigureCell::new(agreement.alpha, figure)),
        percent_agreement: agreement.map(|agreement| FigureCell::new(agreement.percent_agreement, percent)),
        compared: count(agreement.map_or(0, |agreement| i64::try_from(agreement.item_count).unwrap_or(i64::MAX))),
        quality: calibrator.and_then(quality),
        few_levels: None,
    }
}

fn few_levels(field: &FieldMethods) -> Option<String> {
    field.advice_on_levels()?;
    let levels = field.evaluation(ConfidenceMethod::Voting)?.levels;
    Some(format!("only {}", counted(i64::try_from(levels).ok()?, "level")))
}

fn confidence(summary: &FieldSummary, calibrator: Option<&Calibrator>) -> Option<ConfidenceCell> {
    let mean = summary.mean_probability?;
    let basis = match calibrator {
        Some(calibrator) => {
            let of_what = match calibrator.rung {
                Rung::Field => "",
                Rung::FieldType => " of its type",
                Rung::Workspace => " of all projects",
            };
            format!("calibrated on {}{of_what}", count(i64::from(calibrator.gold_count)))
        }
        None => "calibrated".to_owned(),
    };
    Some(ConfidenceCell {
        mean: probability(mean),
        basis: if summary.calibrated_count < summary.count {
            format!(
                "{basis} · {} of {} items",
                count(summary.calibrated_count),
                count(summary.count)
            )
        } else {
            basis
        },
    })
}

fn quality(calibrator: &Calibrator) -> Option<QualityCell> {
    let report = calibrator.report?;
    Some(QualityCell {
        accuracy: percent(report.accuracy),
        count: count(i64::from(report.count)),
        calibration_error: probability(report.calibration_error),
        null_band: format!(
            "{}–{}",
            probability(report.null_band[0]),
            probability(report.null_band[1])
        ),
        brier: probability(report.brier),
        auroc: report.auroc.map(figure),
        inverted: calibrator.production.inverted,
    })
}
