//! The outcome as a report.

use accord_charts::{Bar, MAXIMUM_BARS, bars};

use super::Aggregation;
use super::judge::Judged;
use super::print::{
    CANDIDATE_HEADINGS, HEADINGS, annotator_headings, annotator_row, candidate_rows, hardest, headline, name, ranked,
    rows, taken,
};
use crate::output::{count, percent};
use crate::report::{Fact, Report, ReportTable, Section};

/// Annotators that are listed from each end.
const ANNOTATORS_LISTED: usize = 20;

pub(super) fn report(aggregation: &Aggregation) -> Report {
    let mut sections = vec![Section {
        tables: vec![ReportTable::new("", &HEADINGS, 1, rows(aggregation))],
        ..Section::new("Labels")
    }];
    sections.extend(aggregation.fields.iter().map(field_section));
    sections.push(Section {
        paragraphs: vec![
            "Where several labels share first place nothing is chosen: the label stays empty and the tied labels are \
             listed. Accuracy counts a tie as drawing one of its labels would on average; the bounds say what losing and \
             winning all ties gives."
                .to_owned(),
            "Shares and probabilities are scores, not confidences: annotators that share errors make them too sure. \
             Calibrate them on gold before anything is accepted by them."
                .to_owned(),
        ],
        ..Section::new("How to read this")
    });
    let ties: usize = aggregation.fields.iter().map(|field| field.ties).sum();
    Report {
        title: format!("Labels from {}", aggregation.file),
        source: headline(aggregation),
        command: format!("accord aggregate --method {}", aggregation.method),
        facts: vec![
            Fact::new("items", count(aggregation.items)),
            Fact::new("votes", count(aggregation.votes)),
            Fact::new("annotators", count(aggregation.annotators)),
            Fact::new("ties", count(ties)),
            Fact::new("rows left out", aggregation.skipped.total().to_string()),
        ],
        sections,
    }
}

fn field_section(field: &Judged) -> Section {
    let mut section = Section::new(format!("Annotators of field {}", name(field)));
    section.warnings.clone_from(&field.warnings);
    if let Some(choice) = &field.choice {
        section.paragraphs.push(taken(choice));
        if !choice.candidates.is_empty() {
            let caption = "All that was weighed, judged on gold that had no part in fitting it";
            let rows = candidate_rows(choice);
            section
                .tables
                .push(ReportTable::new(caption, &CANDIDATE_HEADINGS, 1, rows));
        }
    }
    section.paragraphs.extend(field.difficulty.as_ref().map(hardest));
    let ranked = ranked(field);
    let has_gold = field.accuracy.is_some();
    let measured = |place: usize| {
        ranked.get(place).map(|annotator| {
            let quality = if has_gold {
                annotator.accuracy()
            } else {
                annotator.agrees_with_result
            };
            (annotator.annotator.clone(), quality.unwrap_or_default())
        })
    };
    let drawn: Vec<Bar> = (0..ranked.len().min(MAXIMUM_BARS))
        .filter_map(measured)
        .map(|(name, value)| Bar {
            name,
            value,
            text: percent(Some(value)),
            chosen: false,
        })
        .collect();
    let title = if has_gold {
        "Accuracy on gold"
    } else {
        "Votes with the result"
    };
    section.draw(title, bars(title, &drawn));
    let worst = ranked.len().saturating_sub(ANNOTATORS_LISTED).max(ANNOTATORS_LISTED);
    let best = ranked.iter().take(ANNOTATORS_LISTED);
    let listed = best
        .chain(ranked.iter().skip(worst))
        .map(|annotator| annotator_row(annotator));
    let caption = if ranked.len() > 2 * ANNOTATORS_LISTED {
        format!(
            "The best and the worst {ANNOTATORS_LISTED} of {} annotators",
            count(ranked.len())
        )
    } else {
        "Annotators, best first".to_owned()
    };
    section.tables.push(ReportTable::new(
        &caption,
        &annotator_headings(field),
        1,
        listed.collect(),
    ));
    section
}
