//! Calibration as a report.

use accord_charts::{Bar, ReliabilityPoint, RiskPoint, bars, reliability_diagram, risk_coverage_curve};
use accord_statistics::calibration::CandidateResult;
use accord_statistics::metrics::RiskCoverage;

use super::measure::Measured;
use super::model::{FieldModel, ModelFile};
use super::print::{CANDIDATE_HEADINGS, METRIC_HEADINGS, candidate_rows, metric_rows, name};
use crate::output::count;
use crate::report::{Fact, Report, ReportTable, Section};

/// Points of a curve that are drawn.
const POINTS: usize = 400;
/// The share of errors that the curve is held against: a mark, not a promise.
const TARGET: f64 = 0.05;

pub(super) fn of_model(model: &ModelFile, curves: &[Option<RiskCoverage>]) -> Report {
    let fields = model.fields.iter().zip(curves);
    let mut sections: Vec<Section> = fields.map(|(field, curve)| section(field, curve.as_ref())).collect();
    sections.push(explanation());
    let total = |part: fn(&FieldModel) -> usize| count(model.fields.iter().map(part).sum());
    Report {
        title: format!("Calibration on {}", model.file),
        source: format!("Seed {}; everything called after is out of fold.", model.seed),
        command: "accord calibrate fit".to_owned(),
        facts: vec![
            Fact::new("rows", total(|field| field.items)),
            Fact::new("errors", total(|field| field.errors)),
            Fact::new("fields", count(model.fields.len())),
        ],
        sections,
    }
}

fn section(field: &FieldModel, curve: Option<&RiskCoverage>) -> Section {
    let mut section = Section {
        warnings: field.warnings().into_iter().map(str::to_owned).collect(),
        paragraphs: vec![format!(
            "Calibrator: {}. Fitted on {} rows with {} errors from {} documents; data {}.",
            field.method.name(),
            count(field.items),
            count(field.errors),
            count(field.documents),
            field.data_sha256
        )],
        tables: vec![ReportTable::new(
            "Before and after",
            &METRIC_HEADINGS,
            2,
            metric_rows(field),
        )],
        ..Section::new(format!("Field {}", name(field)))
    };
    if !field.candidates.is_empty() {
        let rows = candidate_rows(field);
        section
            .tables
            .push(ReportTable::new("Candidates", &CANDIDATE_HEADINGS, 2, rows));
        draw_candidates(&mut section, field);
    }
    for (title, measured) in [("Before", &field.before), ("After, out of fold", &field.out_of_fold)] {
        if let Some(measured) = measured {
            draw_reliability(&mut section, title, measured);
        }
    }
    if let Some(curve) = curve {
        draw_risk(&mut section, curve);
    }
    section
}

/// Measured probabilities, one section each.
pub(super) fn of_measured(source: String, measured: &[(String, Measured, Option<RiskCoverage>)]) -> Report {
    let sections = measured.iter().map(|(field, measured, curve)| {
        let row = super::print::metric_row(field, "as given", measured);
        let mut section = Section {
            tables: vec![ReportTable::new("", &METRIC_HEADINGS, 2, vec![row])],
            ..Section::new(field.clone())
        };
        draw_reliability(&mut section, "Reliability", measured);
        if let Some(curve) = curve {
            draw_risk(&mut section, curve);
        }
        section
    });
    Report {
        title: "Calibration".to_owned(),
        source,
        command: "accord calibrate report".to_owned(),
        facts: Vec::new(),
        sections: sections.chain([explanation()]).collect(),
    }
}

fn draw_candidates(section: &mut Section, field: &FieldModel) {
    let scored = field.candidates.iter().filter_map(|candidate| match candidate.result {
        CandidateResult::Scored { log_loss, .. } => Some(Bar {
            name: candidate.method.name().to_owned(),
            value: log_loss.loss,
            text: format!("{:.4}", log_loss.loss),
            chosen: candidate.method == field.method,
        }),
        CandidateResult::NotApplicable(_) => None,
    });
    let title = "Log loss out of fold";
    section.draw(title, bars(title, &scored.collect::<Vec<_>>()));
}

fn draw_reliability(section: &mut Section, title: &str, measured: &Measured) {
    let points: Vec<ReliabilityPoint> = measured
        .reliability
        .iter()
        .map(|point| ReliabilityPoint {
            mean_probability: point.mean_probability,
            observed: point.observed,
            interval: [point.interval.lower, point.interval.upper],
            consistency: [point.consistency.lower, point.consistency.upper],
            count: point.count as u64,
        })
        .collect();
    section.draw(title, reliability_diagram(title, &points));
}

fn draw_risk(section: &mut Section, curve: &RiskCoverage) {
    let step = curve.levels.len().div_ceil(POINTS).max(1);
    let last = curve.levels.len().saturating_sub(1);
    let levels = curve.levels.iter().enumerate();
    let points: Vec<RiskPoint> = levels
        .filter(|(index, _)| index.is_multiple_of(step) || *index == last)
        .map(|(_, level)| RiskPoint {
            coverage: level.coverage,
            risk: level.risk,
        })
        .collect();
    let title = "Risk and coverage";
    section.draw(title, risk_coverage_curve(title, &points, TARGET, None));
}

fn explanation() -> Section {
    Section {
        paragraphs: vec![
            "ECE is the mean distance between probability and share of right rows; a perfect calibrator shows one too, inside the \
             null band. Calibrators are compared by log loss, not by ECE. E-AURC is what the order of the scores loses against \
             the best order. Intervals are 95 % bootstrap intervals over documents."
                .to_owned(),
        ],
        ..Section::new("How to read this")
    }
}
