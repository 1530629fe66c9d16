//! Agreement as a report.

use accord_charts::{MAXIMUM_SIDE, PairCell, agreement_matrix, correlation_matrix};
use accord_statistics::Estimate;

use super::Agreement;
use super::measure::{FieldAgreement, Pairs, interval_text};
use super::panel::Panel;
use super::print::{PANEL_HEADINGS, POOL_HEADINGS, headline, name, panel_rows, pool_rows, value, worst_pairs};
use crate::output::{count, percent};
use crate::report::{Fact, Report, ReportTable, Section};

/// Pairs that are listed under the matrix.
const PAIRS_LISTED: usize = 10;

/// A share of votes for one label above which kappa and alpha say little.
const PREVALENT: f64 = 0.9;

pub(super) fn report(agreement: &Agreement) -> Report {
    let mut sections = vec![overview(agreement)];
    sections.extend(agreement.fields.iter().map(|field| field_section(field, agreement)));
    sections.extend(pools_section(agreement));
    sections.push(explanation(agreement));
    Report {
        title: format!("Agreement in {}", agreement.file),
        source: headline(agreement),
        command: "accord agreement".to_owned(),
        facts: vec![
            Fact::new("votes", count(agreement.votes)),
            Fact::new("items", count(agreement.items)),
            Fact::new("annotators", count(agreement.annotators)),
            Fact::new("rows left out", agreement.skipped.total().to_string()),
        ],
        sections,
    }
}

fn overview(agreement: &Agreement) -> Section {
    let headings = [
        "field",
        "items",
        "votes",
        "annotators",
        "agreement",
        "alpha",
        "95 % interval",
        "Fleiss",
        "AC1",
    ];
    let rows = agreement.fields.iter().map(|field| {
        vec![
            name(field),
            count(field.items),
            count(field.votes),
            count(field.annotators),
            percent(field.percent_agreement.value()),
            value(field.alpha),
            interval_text(field.alpha_bootstrap.as_ref()),
            value(field.fleiss_kappa.coefficient),
            value(field.gwet_ac1.coefficient),
        ]
    });
    Section {
        tables: vec![ReportTable::new("", &headings, 1, rows.collect())],
        ..Section::new("Agreement")
    }
}

fn field_section(field: &FieldAgreement, agreement: &Agreement) -> Section {
    let mut section = Section::new(format!("Field {}", name(field)));
    let largest = field
        .labels
        .iter()
        .max_by(|left, right| left.share.total_cmp(&right.share));
    if let Some(label) = largest.filter(|label| label.share > PREVALENT && field.labels.len() > 1) {
        section.warnings.push(format!(
            "{} of the votes are for `{}`. Where one label prevails, alpha and kappa are low even when annotators agree: \
             read them beside the share of agreement and AC1.",
            percent(Some(label.share)),
            label.label
        ));
    }
    let labels = field.labels.iter().map(|label| {
        vec![
            label.label.clone(),
            accord_charts::numbers::whole(label.votes),
            percent(Some(label.share)),
        ]
    });
    section.tables.push(ReportTable::new(
        "Votes by label",
        &["label", "votes", "share"],
        1,
        labels.collect(),
    ));
    if let Some(pairs) = &field.pairs {
        pairs_into(&mut section, pairs);
    }
    if let Some(panel) = &field.panel {
        panel_into(&mut section, panel, agreement);
    }
    section
}

fn pairs_into(section: &mut Section, pairs: &Pairs) {
    let kappa_of = |row: usize, column: usize| pairs.kappa.get(row).and_then(|row| row.get(column)).copied();
    let items_of = |row: usize, column: usize| pairs.items.get(row).and_then(|row| row.get(column)).copied();
    let cells = cells_of(pairs.annotators.len(), |row, column| PairCell {
        value: kappa_of(row, column).and_then(Estimate::value),
        items: items_of(row, column).unwrap_or_default(),
    });
    let title = "Cohen's kappa of every pair";
    section.draw(title, agreement_matrix(title, &pairs.annotators, &cells));
    let left_out = match pairs.left_out {
        0 => String::new(),
        left_out => format!(
            " Only the {} annotators with most votes are compared; {left_out} are not.",
            pairs.annotators.len()
        ),
    };
    section.paragraphs.push(format!(
        "The mean kappa of all pairs is {}; a mean hides one bad annotator, so look at the pairs.{left_out}",
        value(pairs.mean_kappa)
    ));
    let worst = worst_pairs(pairs, PAIRS_LISTED);
    let headings = ["annotator", "and", "items", "kappa"];
    section
        .tables
        .push(ReportTable::new("Pairs that agree least", &headings, 2, worst));
}

fn panel_into(section: &mut Section, panel: &Panel, agreement: &Agreement) {
    let rows = panel_rows(agreement);
    let own = rows
        .into_iter()
        .filter(|row| section.heading.ends_with(row.first().map_or("", String::as_str)));
    section.tables.push(ReportTable::new(
        "What the votes are worth",
        &PANEL_HEADINGS,
        1,
        own.collect(),
    ));
    let cells = cells_of(panel.annotators.len(), |row, column| PairCell {
        value: panel
            .error_correlations
            .get(row)
            .and_then(|row| row.get(column))
            .copied()
            .and_then(Estimate::value),
        items: panel
            .pair_items
            .get(row)
            .and_then(|row| row.get(column))
            .map_or(0, |items| *items as u64),
    });
    let title = "Correlation of errors";
    section.draw(title, correlation_matrix(title, &panel.annotators, &cells));
    let errors = panel.annotators.iter().zip(&panel.error_rates).take(MAXIMUM_SIDE);
    let errors = errors.map(|(annotator, rate)| vec![annotator.clone(), percent(rate.value())]);
    section.tables.push(ReportTable::new(
        "Wrong votes on items with gold",
        &["annotator", "wrong"],
        1,
        errors.collect(),
    ));
}

fn cells_of(side: usize, cell: impl Fn(usize, usize) -> PairCell) -> Vec<Vec<PairCell>> {
    (0..side)
        .map(|row| (0..side).map(|column| cell(row, column)).collect())
        .collect()
}

fn pools_section(agreement: &Agreement) -> Option<Section> {
    let rows = pool_rows(agreement);
    if rows.is_empty() {
        return None;
    }
    Some(Section {
        paragraphs: vec![
            "High agreement within one pool with low agreement across means that its members share an error."
                .to_owned(),
        ],
        tables: vec![ReportTable::new("", &POOL_HEADINGS, 2, rows)],
        ..Section::new("Pools")
    })
}

fn explanation(agreement: &Agreement) -> Section {
    let replicates = agreement.fields.iter().find_map(|field| field.alpha_bootstrap.as_ref()).map_or_else(
        || "No interval was asked for.".to_owned(),
        |bootstrap| {
            let plan = bootstrap.plan;
            format!(
                "The interval comes from {} bootstrap replicates over items with all their votes, seed {}; it is left out \
                 below 20 items.",
                plan.replicates(),
                plan.seed()
            )
        },
    );
    Section {
        paragraphs: vec![
            "Agreement is the share of pairs of votes on an item that are alike, averaged over items with two votes. Alpha \
             (Krippendorff), Fleiss' kappa and AC1 (Gwet) set it against what chance would give, each with another idea of \
             chance: 1 is perfect, 0 is chance, below 0 is worse. Judge by the share of agreement and alpha together, \
             never by one number."
                .to_owned(),
            replicates,
        ],
        ..Section::new("How to read this")
    }
}
