//! An analysis as table, words and report.

use accord_statistics::experiments::{InvalidReason, Learning};

use super::analyze::{Analysis, Metric};
use crate::arguments::AnalyzeArguments;
use crate::output::{count, number, say, table};
use crate::report::{Fact, Report, ReportTable, Section};

const HEADINGS: [&str; 9] = [
    "metric",
    "rows",
    "old",
    "new",
    "difference",
    "95 % interval",
    "p better",
    "p not worse",
    "rows needed",
];

pub(super) fn print(analysis: &Analysis, arguments: &AnalyzeArguments) {
    say(&table(&HEADINGS, 1, rows(analysis)));
    for line in words(analysis, arguments) {
        say(&line);
    }
}

fn rows(analysis: &Analysis) -> Vec<Vec<String>> {
    let metrics = [&analysis.overall].into_iter().chain(&analysis.guardrails);
    let rows = metrics.map(|metric| {
        vec![
            metric.name.clone(),
            count(metric.difference.items),
            number(Some(metric.old_mean)),
            number(Some(metric.new_mean)),
            format!("{:+.4}", metric.difference.mean),
            interval(metric),
            format!("{:.4}", metric.superiority_p),
            format!("{:.4}", metric.non_inferiority_p),
            metric
                .required_rows
                .map_or_else(|| "–".to_owned(), |rows| count(rows.ceil() as usize)),
        ]
    });
    rows.collect()
}

fn interval(metric: &Metric) -> String {
    let binary = metric.binary.as_ref().map(|binary| binary.interval);
    let bootstrap = metric
        .bootstrap
        .as_ref()
        .and_then(|bootstrap| bootstrap.interval.value());
    binary.or(bootstrap).map_or_else(
        || "–".to_owned(),
        |interval| format!("{:+.4} to {:+.4}", interval.lower, interval.upper),
    )
}

/// The decision in words and numbers.
fn words(analysis: &Analysis, arguments: &AnalyzeArguments) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(binary) = &analysis.overall.binary {
        lines.push(format!(
            "{} rows only the new version got right, {} only the old; two-sided mid-p {:.4} (McNemar), exact {:.4}",
            binary.counts.only_new(),
            binary.counts.only_old(),
            binary.test.mid_p,
            binary.test.exact_p
        ));
    } else {
        lines.push(format!(
            "{} rows in {} documents; the error counts documents (design effect {})",
            count(analysis.rows),
            count(analysis.documents),
            number(analysis.overall.difference.design_effect.value())
        ));
    }
    let verdict = |holds: bool, yes: &str, no: &str| if holds { yes.to_owned() } else { no.to_owned() };
    let decision = &analysis.decision;
    lines.push(verdict(decision.success, "better: yes", "better: not shown"));
    if !analysis.guardrails.is_empty() {
        let margin = arguments.margin;
        lines.push(verdict(
            decision.guardrails,
            &format!("no field worse by {margin} or more: shown for all"),
            &format!("no field worse by {margin} or more: not shown for all"),
        ));
    }
    if decision.deteriorated {
        lines.push("worse: yes, a test of deterioration rejects".to_owned());
    }
    lines.push(format!(
        "decision (rule 2): {}; {}",
        if decision.ship { "ship" } else { "do not ship" },
        learned(analysis)
    ));
    lines
}

fn learned(analysis: &Analysis) -> String {
    match &analysis.learning {
        Learning::Win => "the new version wins".to_owned(),
        Learning::Regression => "the new version is worse".to_owned(),
        Learning::PoweredNeutral => "no difference that matters, and there were enough rows to see one".to_owned(),
        Learning::NotDecisionReady => "not enough rows to tell: no proof of harm, and none of equality".to_owned(),
        Learning::Invalid(reasons) => {
            let reasons: Vec<&str> = reasons.iter().map(|reason| reason_text(*reason)).collect();
            format!("the experiment is not valid: {}", reasons.join(", "))
        }
    }
}

fn reason_text(reason: InvalidReason) -> &'static str {
    match reason {
        InvalidReason::DifferentItems => "the versions saw different items",
        InvalidReason::LabelsNotBlind => "labels were not blind",
        InvalidReason::OldMissing => "1 % or more of the old version's answers are missing",
        InvalidReason::NewMissing => "1 % or more of the new version's answers are missing",
        InvalidReason::RatioMismatch => "the arms have the wrong sizes",
    }
}

pub(super) fn report(analysis: &Analysis, arguments: &AnalyzeArguments) -> Report {
    let files = arguments.second.as_ref().map_or_else(
        || arguments.first.display().to_string(),
        |second| format!("{} and {}", arguments.first.display(), second.display()),
    );
    Report {
        title: format!("Experiment in {files}"),
        source: "New less old on the same rows.".to_owned(),
        command: "accord experiment analyze".to_owned(),
        facts: vec![
            Fact::new("rows", count(analysis.rows)),
            Fact::new("documents", count(analysis.documents)),
            Fact::new("decision", if analysis.decision.ship { "ship" } else { "do not ship" }),
        ],
        sections: vec![Section {
            paragraphs: words(analysis, arguments),
            tables: vec![ReportTable::new("", &HEADINGS, 1, rows(analysis))],
            ..Section::new("Comparison")
        }],
    }
}
