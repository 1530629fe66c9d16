//! Calibration as tables.

use accord_statistics::Estimate;
use accord_statistics::calibration::CandidateResult;

use super::measure::Measured;
use super::model::{FieldModel, ModelFile};
use crate::output::{complain, count, number, say, table};

pub(super) const METRIC_HEADINGS: [&str; 12] = [
    "field",
    "probabilities",
    "rows",
    "errors",
    "mean",
    "right",
    "log loss",
    "Brier",
    "ECE",
    "null band",
    "AUROC",
    "E-AURC",
];

pub(super) const CANDIDATE_HEADINGS: [&str; 6] = ["field", "candidate", "log loss", "above best", "±", "Brier"];

pub(super) fn model(model: &ModelFile) {
    let fitted = model.fields.iter().map(|field| {
        vec![
            name(field),
            method(field),
            count(field.items),
            count(field.errors),
            count(field.documents),
            field.data_sha256.chars().take(12).collect(),
        ]
    });
    let headings = ["field", "method", "rows", "errors", "documents", "data"];
    say(&table(&headings, 2, fitted.collect()));
    let rows: Vec<Vec<String>> = model.fields.iter().flat_map(metric_rows).collect();
    if !rows.is_empty() {
        say(&table(&METRIC_HEADINGS, 2, rows));
        say("after: on rows the calibrator did not see (5 folds by document); the model itself is fitted on all rows");
    }
    let candidates: Vec<Vec<String>> = model.fields.iter().flat_map(candidate_rows).collect();
    if !candidates.is_empty() {
        say(&table(&CANDIDATE_HEADINGS, 2, candidates));
    }
    for field in &model.fields {
        for warning in field.warnings() {
            complain(&format!("{}: {warning}", name(field)));
        }
        if field.trimmed_weights > 0 {
            let trimmed = count(field.trimmed_weights);
            complain(&format!(
                "{}: {trimmed} weights were cut at 20 times the median",
                name(field)
            ));
        }
    }
}

pub(super) fn name(field: &FieldModel) -> String {
    field.field.clone().unwrap_or_else(|| "score".to_owned())
}

fn method(field: &FieldModel) -> String {
    let chosen = if field.chosen { " (chosen)" } else { "" };
    format!("{}{chosen}", field.method.name())
}

pub(super) fn metric_rows(field: &FieldModel) -> Vec<Vec<String>> {
    let before = field
        .before
        .as_ref()
        .map(|measured| metric_row(&name(field), "before", measured));
    let after = field.out_of_fold.as_ref();
    let after = after.map(|measured| metric_row(&name(field), "after", measured));
    before.into_iter().chain(after).collect()
}

pub(super) fn metric_row(field: &str, which: &str, measured: &Measured) -> Vec<String> {
    let band = measured.null_band.value();
    let band = band.map_or_else(|| "–".to_owned(), |band| format!("{:.3}–{:.3}", band.lower, band.upper));
    let with = |estimate: Estimate, interval: Option<&accord_statistics::resampling::Bootstrap>| {
        let value = number(estimate.value());
        match interval.and_then(|bootstrap| bootstrap.interval.value()) {
            Some(interval) => format!("{value} ({:.3}–{:.3})", interval.lower, interval.upper),
            None => value,
        }
    };
    let intervals = measured.intervals.as_ref();
    let log_loss = measured.log_loss.map(|loss| loss.clipped);
    vec![
        field.to_owned(),
        which.to_owned(),
        count(measured.items),
        count(measured.errors),
        number(Some(measured.mean_probability)),
        number(Some(measured.base_rate)),
        with(log_loss, intervals.map(|intervals| &intervals.log_loss)),
        with(measured.brier, intervals.map(|intervals| &intervals.brier)),
        with(
            measured.calibration_error,
            intervals.map(|intervals| &intervals.calibration_error),
        ),
        band,
        with(measured.auroc, intervals.map(|intervals| &intervals.auroc)),
        number(measured.excess_area.value()),
    ]
}

pub(super) fn candidate_rows(field: &FieldModel) -> Vec<Vec<String>> {
    let rows = field.candidates.iter().map(|candidate| {
        let taken = if candidate.method == field.method { " ←" } else { "" };
        let label = format!("{}{taken}", candidate.method.name());
        match candidate.result {
            CandidateResult::Scored { log_loss, brier } => vec![
                name(field),
                label,
                format!("{:.4}", log_loss.loss),
                format!("{:.4}", log_loss.excess),
                log_loss
                    .excess_error
                    .value()
                    .map_or_else(|| "–".to_owned(), |error| format!("{error:.4}")),
                format!("{brier:.4}"),
            ],
            CandidateResult::NotApplicable(reason) => {
                vec![
                    name(field),
                    label,
                    "–".to_owned(),
                    reason.to_string(),
                    String::new(),
                    String::new(),
                ]
            }
        }
    });
    rows.collect()
}
