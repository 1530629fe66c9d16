//! Certification as a report.

use accord_charts::{CertifiedThreshold, RiskPoint, risk_coverage_curve};

use super::decide::{Candidate, FieldCertificate};
use super::{Certificate, HEADINGS, promise, rows};
use crate::output::{count, percent};
use crate::report::{Fact, Report, ReportTable, Section};

pub(super) fn report(certificate: &Certificate) -> Report {
    let mut sections = vec![Section {
        paragraphs: vec![promise(certificate)],
        tables: vec![ReportTable::new("", &HEADINGS, 1, rows(certificate))],
        ..Section::new("Thresholds")
    }];
    sections.extend(certificate.fields.iter().map(|field| section(field, certificate)));
    let labels: usize = certificate.fields.iter().map(|field| field.labels).sum();
    Report {
        title: format!("Certification on {}", certificate.file),
        source: "Labels that nothing was fitted on, drawn at random.".to_owned(),
        command: "accord certify".to_owned(),
        facts: vec![
            Fact::new("most that may be wrong", percent(Some(certificate.target.alpha()))),
            Fact::new("confidence", percent(Some(1.0 - certificate.target.delta()))),
            Fact::new("labels", count(labels)),
            Fact::new("first errors allowed", certificate.first_errors.to_string()),
        ],
        sections,
    }
}

fn section(field: &FieldCertificate, certificate: &Certificate) -> Section {
    let headings = [
        "from score",
        "labels accepted",
        "errors",
        "share",
        "bound",
        "p",
        "certified",
    ];
    let levels = field.candidates.iter().map(|level| {
        vec![
            format!("{:.4}", level.threshold),
            level.accepted.to_string(),
            level.errors.to_string(),
            percent(Some(risk_of(level))),
            percent(Some(level.bound)),
            level.p_value.map_or_else(|| "–".to_owned(), |p| format!("{p:.4}")),
            if level.certified { "yes" } else { "no" }.to_owned(),
        ]
    });
    let mut section = Section {
        paragraphs: vec![format!(
            "{}. Candidates are tested strictest first and testing stops at the first failure; a later level is not certified \
             however good it looks.",
            field.result
        )],
        tables: vec![ReportTable::new("Candidates", &headings, 0, levels.collect())],
        ..Section::new(format!("Field {}", field.field.as_deref().unwrap_or("score")))
    };
    if field.units_are_documents {
        section.warnings.push(
            "Documents have several rows here: a document counts as wrong when any of its rows is, and its score is the lowest."
                .to_owned(),
        );
    }
    draw_risk(&mut section, field, certificate);
    section
}

fn risk_of(level: &Candidate) -> f64 {
    level.errors as f64 / level.accepted.max(1) as f64
}

fn draw_risk(section: &mut Section, field: &FieldCertificate, certificate: &Certificate) {
    let points: Vec<RiskPoint> = field
        .candidates
        .iter()
        .map(|level| RiskPoint {
            coverage: level.accepted as f64 / field.labels as f64,
            risk: risk_of(level),
        })
        .collect();
    let certified = field.chosen().map(|level| CertifiedThreshold {
        threshold: level.threshold,
        coverage: field.coverage,
        confidence: 1.0 - certificate.target_of_a_field.delta(),
        errors: level.errors,
        accepted: level.accepted,
    });
    let certified = certified.filter(|_| !field.is_conformal);
    let title = "Errors among the accepted";
    let target = certificate.target.alpha();
    section.draw(title, risk_coverage_curve(title, &points, target, certified));
}
