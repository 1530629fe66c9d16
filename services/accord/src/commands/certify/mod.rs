//! `accord certify`: from which score on may rows be accepted without a look?

mod decide;
mod page;

use std::process::ExitCode;

use accord_datasets::table_file::BadRows;
use accord_statistics::risk_control::RiskTarget;
use anyhow::Context;
use serde::Serialize;

use self::decide::{FieldCertificate, certify_field};
use super::score_rows::{by_field, scores_of};
use crate::arguments::CertifyArguments;
use crate::output::{count, percent, say, table};

/// How a field without a threshold ends the command.
const NOT_CERTIFIED: u8 = 2;

/// All that is printed: with `--json`, these names are the fields.
#[derive(Debug, Serialize)]
struct Certificate {
    file: String,
    skipped: BadRows,
    /// What is promised of all fields together.
    target: RiskTarget,
    /// What is promised of each.
    target_of_a_field: RiskTarget,
    /// Errors with which the first tested threshold can pass.
    first_errors: u64,
    fields: Vec<FieldCertificate>,
}

pub(crate) fn run(arguments: &CertifyArguments) -> anyhow::Result<ExitCode> {
    let target = RiskTarget::new(arguments.alpha, arguments.delta)?;
    let mut file = scores_of(&arguments.scores, &arguments.input)?;
    let skipped = std::mem::take(&mut file.skipped);
    let fields = by_field(file);
    let own = target.shared_by(fields.len())?;
    let mut certificate = Certificate {
        file: arguments.scores.display().to_string(),
        skipped,
        target,
        target_of_a_field: own,
        first_errors: arguments.first_errors,
        fields: Vec::with_capacity(fields.len()),
    };
    for rows in &fields {
        let found = certify_field(rows, own, arguments).with_context(|| format!("field `{}`", rows.name()))?;
        certificate.fields.push(found);
    }
    if let Some(file) = &arguments.result.report {
        page::report(&certificate).write(file)?;
    }
    if arguments.result.json {
        say(&serde_json::to_string_pretty(&certificate)?);
    } else {
        print(&certificate);
    }
    let is_complete = certificate.fields.iter().all(|field| field.threshold.is_some());
    Ok(if is_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_CERTIFIED)
    })
}

const HEADINGS: [&str; 8] = [
    "field",
    "labels",
    "errors",
    "threshold",
    "accepts",
    "errors there",
    "at most wrong",
    "result",
];

fn print(certificate: &Certificate) {
    say(&table(&HEADINGS, 1, rows(certificate)));
    say(&promise(certificate));
}

/// The promise in words.
fn promise(certificate: &Certificate) -> String {
    let fields = certificate.fields.len();
    let (alpha, delta) = (certificate.target.alpha(), certificate.target.delta());
    if certificate.fields.iter().any(|field| field.is_conformal) {
        return format!(
            "accepting from the threshold on, the EXPECTED share of all rows that is accepted and wrong is at most {}: no promise \
             about the accepted rows alone, and none with confidence",
            percent(Some(alpha))
        );
    }
    let together = if fields > 1 {
        format!(" in all {fields} fields together")
    } else {
        String::new()
    };
    format!(
        "with {} confidence{together}, at most {} of what is accepted is wrong, if the next rows are like these; a new source, \
         template or language is not covered",
        percent(Some(1.0 - delta)),
        percent(Some(alpha))
    )
}

fn rows(certificate: &Certificate) -> Vec<Vec<String>> {
    let rows = certificate.fields.iter().map(|field| {
        let chosen = field.chosen();
        vec![
            field.field.clone().unwrap_or_else(|| "score".to_owned()),
            count(field.labels),
            count(field.errors),
            field
                .threshold
                .map_or_else(|| "–".to_owned(), |threshold| format!("{threshold:.4}")),
            percent(field.threshold.map(|_| field.coverage)),
            chosen.map_or_else(
                || "–".to_owned(),
                |level| format!("{} of {}", level.errors, level.accepted),
            ),
            chosen.map_or_else(|| "–".to_owned(), |level| percent(Some(level.bound))),
            field.result.clone(),
        ]
    });
    rows.collect()
}
