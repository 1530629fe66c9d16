//! `accord calibrate report`.

use std::path::Path;

use accord_statistics::metrics::RiskCoverage;
use anyhow::{Context, bail};
use serde::Serialize;

use super::fit::out_of_fold;
use super::measure::{Measured, curve, measure};
use super::model::{FieldModel, ModelFile, hash};
use super::page;
use super::print::{METRIC_HEADINGS, metric_row};
use crate::arguments::CalibrationReportArguments;
use crate::commands::score_rows::{FieldScores, by_field, scores_of};
use crate::output::{say, table};

/// The metrics of one field.
#[derive(Debug, Serialize)]
struct FieldReport {
    field: Option<String>,
    /// The scores themselves; missing where they are no probabilities.
    before: Option<Measured>,
    /// The model's probabilities.
    after: Option<Measured>,
    /// Whether the rows are those the model was fitted on, and are measured out of fold.
    out_of_fold: bool,
    #[serde(skip)]
    curve: Option<RiskCoverage>,
}

pub(super) fn run(arguments: &CalibrationReportArguments) -> anyhow::Result<()> {
    let (model, scores) = match arguments.files.as_slice() {
        [scores] => (None, scores.as_path()),
        [model, scores] => (Some(ModelFile::read(model)?), scores.as_path()),
        _ => bail!("give a file of scores, or a model and a file of scores"),
    };
    let fields = by_field(scores_of(scores, &arguments.input)?);
    let mut reports = Vec::with_capacity(fields.len());
    for rows in &fields {
        let report = report(rows, model.as_ref(), arguments);
        reports.push(report.with_context(|| format!("field `{}`", rows.name()))?);
    }
    if let Some(file) = &arguments.result.report {
        page::of_measured(source(scores, &reports), &for_page(&reports)).write(file)?;
    }
    if arguments.result.json {
        say(&serde_json::to_string_pretty(&reports)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = reports
        .iter()
        .flat_map(|report| {
            let name = report.field.as_deref().unwrap_or("score");
            let before = report
                .before
                .as_ref()
                .map(|measured| metric_row(name, "before", measured));
            let after = report
                .after
                .as_ref()
                .map(|measured| metric_row(name, "after", measured));
            before.into_iter().chain(after)
        })
        .collect();
    say(&table(&METRIC_HEADINGS, 2, rows));
    for report in &reports {
        say(&verdict(report));
    }
    Ok(())
}

fn report(
    rows: &FieldScores,
    model: Option<&ModelFile>,
    arguments: &CalibrationReportArguments,
) -> anyhow::Result<FieldReport> {
    let data = rows.labelled()?;
    let measured = |probabilities: &[f64]| measure(probabilities, data.correct(), &rows.documents, arguments.measuring);
    let before = if data.are_shares() {
        Some(measured(data.scores())?)
    } else {
        None
    };
    let Some(model) = model else {
        let Some(before) = before else {
            bail!("the scores are no probabilities: give a model before them, or scores from 0 to 1");
        };
        return Ok(FieldReport {
            field: rows.field.clone(),
            curve: curve(data.scores(), data.correct())?.value(),
            before: Some(before),
            after: None,
            out_of_fold: false,
        });
    };
    let own = model
        .of_field(rows.field.as_deref())
        .context("the model does not know it")?;
    let is_own_data = own.data_sha256 == hash(rows);
    let probabilities = if is_own_data {
        out_of_fold(own.method, rows, &data, model.seed)?
            .context("too few documents to measure the model on the rows it was fitted on")?
    } else {
        predict(own, rows)?
    };
    Ok(FieldReport {
        field: rows.field.clone(),
        before,
        after: Some(measured(&probabilities)?),
        out_of_fold: is_own_data,
        curve: curve(&probabilities, data.correct())?.value(),
    })
}

fn predict(model: &FieldModel, rows: &FieldScores) -> anyhow::Result<Vec<f64>> {
    let scores = rows.scores.iter().enumerate();
    let predicted = scores.map(|(row, score)| {
        let votes = rows.votes.as_ref().and_then(|votes| votes.get(row)).copied();
        Ok(model.fitted.calibrator.predict(*score, votes)?)
    });
    predicted.collect()
}

fn verdict(report: &FieldReport) -> String {
    let name = report.field.as_deref().unwrap_or("score");
    let Some(measured) = report.after.as_ref().or(report.before.as_ref()) else {
        return format!("{name}: nothing to measure");
    };
    let where_from = match (&report.after, report.out_of_fold) {
        (None, _) => "as given",
        (Some(_), true) => "out of fold: these are the rows the model was fitted on",
        (Some(_), false) => "on rows the model was not fitted on",
    };
    match measured.is_inside_band() {
        Some(true) => format!("{name}: no sign of miscalibration ({where_from})"),
        Some(false) => format!("{name}: miscalibrated, beyond what chance explains ({where_from})"),
        None => format!("{name}: too little data to judge ({where_from})"),
    }
}

fn source(scores: &Path, reports: &[FieldReport]) -> String {
    let out_of_fold = reports.iter().any(|report| report.out_of_fold);
    let how = if out_of_fold { "out of fold" } else { "as they are" };
    format!("Probabilities on {}, measured {how}.", scores.display())
}

fn for_page(reports: &[FieldReport]) -> Vec<(String, Measured, Option<RiskCoverage>)> {
    let mut sections = Vec::new();
    for report in reports {
        let name = report.field.as_deref().unwrap_or("score");
        match (&report.before, &report.after) {
            (before, Some(after)) => {
                sections.extend(
                    before
                        .as_ref()
                        .map(|before| (format!("{name}: before"), before.clone(), None)),
                );
                sections.push((format!("{name}: after"), after.clone(), report.curve.clone()));
            }
            (Some(before), None) => sections.push((name.to_owned(), before.clone(), report.curve.clone())),
            (None, None) => {}
        }
    }
    sections
}
