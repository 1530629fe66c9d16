//! The outcome on the terminal: a summary, since the labels are in the file.

use super::Aggregation;
use super::automatic::{Candidate, Choice};
use super::judge::{Accuracy, AnnotatorQuality, Difficulty, Judged};
use crate::output::{complain, count, number, percent, say, table};

/// Annotators that are shown from each end.
const ANNOTATORS_SHOWN: usize = 5;

/// Fewer votes say little about an annotator.
const FEWEST_VOTES: u64 = 10;

pub(super) fn print(aggregation: &Aggregation) {
    say(&headline(aggregation));
    say(&table(&HEADINGS, 1, rows(aggregation)));
    for field in &aggregation.fields {
        if let Some(choice) = &field.choice {
            print_choice(field, aggregation.fields.len(), choice);
        }
        print_annotators(field, aggregation.fields.len());
        if let Some(difficulty) = &field.difficulty {
            say(&of_field(field, aggregation.fields.len(), &hardest(difficulty)));
        }
        for warning in &field.warnings {
            complain(&format!(
                "warning: {}",
                of_field(field, aggregation.fields.len(), warning)
            ));
        }
    }
    match &aggregation.output {
        Some(file) => complain(&format!("labels written to {file}")),
        None => complain("no file was named for the labels: -o labels.csv writes them"),
    }
}

fn of_field(field: &Judged, fields: usize, text: &str) -> String {
    if fields == 1 {
        text.to_owned()
    } else {
        format!("field {}: {text}", name(field))
    }
}

pub(super) fn headline(aggregation: &Aggregation) -> String {
    format!(
        "{}: {} votes of {} annotators on {} items, by {}",
        aggregation.file,
        count(aggregation.votes),
        count(aggregation.annotators),
        count(aggregation.items),
        aggregation.method
    )
}

pub(super) fn name(field: &Judged) -> String {
    field.field.clone().unwrap_or_else(|| "label".to_owned())
}

pub(super) const HEADINGS: [&str; 9] = [
    "field",
    "items",
    "votes",
    "ties",
    "mean share",
    "with gold",
    "accuracy",
    "ties lost – won",
    "iterations",
];

pub(super) fn rows(aggregation: &Aggregation) -> Vec<Vec<String>> {
    aggregation.fields.iter().map(row).collect()
}

fn row(field: &Judged) -> Vec<String> {
    let dash = || "–".to_owned();
    vec![
        name(field),
        count(field.items),
        count(field.votes),
        count(field.ties),
        number(Some(field.mean_share)),
        field
            .accuracy
            .as_ref()
            .map_or_else(dash, |accuracy| count(accuracy.scored)),
        percent(field.accuracy.as_ref().map(|accuracy| accuracy.ties_drawn)),
        field.accuracy.as_ref().map_or_else(dash, bounds),
        field.course.map_or_else(dash, |course| course.iterations.to_string()),
    ]
}

fn bounds(accuracy: &Accuracy) -> String {
    format!(
        "{}–{}",
        percent(Some(accuracy.ties_lost)),
        percent(Some(accuracy.ties_won))
    )
}

/// Headings over annotators; the last says what the method takes them for.
pub(super) fn annotator_headings(field: &Judged) -> [&'static str; 6] {
    let skill = field.skill.words();
    ["annotator", "votes", "with the result", "with gold", "accuracy", skill]
}

/// Candidates that are shown.
const CANDIDATES_SHOWN: usize = 10;

pub(super) const CANDIDATE_HEADINGS: [&str; 6] = [
    "counting, curve",
    "log loss",
    "above the least",
    "Brier score",
    "accuracy",
    "",
];

fn print_choice(field: &Judged, fields: usize, choice: &Choice) {
    say(&of_field(field, fields, &taken(choice)));
    if choice.candidates.is_empty() {
        return;
    }
    let mut shown = candidate_rows(choice);
    let left_out = shown.split_off(shown.len().min(CANDIDATES_SHOWN)).len();
    say(&table(&CANDIDATE_HEADINGS, 1, shown));
    if left_out > 0 {
        say(&format!(
            "and {left_out} more with a larger log loss: --json and --report have all"
        ));
    }
}

/// What was taken and why, as a sentence.
pub(super) fn taken(choice: &Choice) -> String {
    format!("taken: {} ({})", choice.taken, choice.because)
}

/// All candidates, the least log loss first.
pub(super) fn candidate_rows(choice: &Choice) -> Vec<Vec<String>> {
    let row = |candidate: &Candidate| {
        let above = match candidate.standard_error {
            Some(error) => format!("{:.4} ± {error:.4}", candidate.above_best),
            None => format!("{:.4}", candidate.above_best),
        };
        vec![
            candidate.method.clone(),
            format!("{:.4}", candidate.log_loss),
            above,
            format!("{:.4}", candidate.brier),
            percent(Some(candidate.accuracy)),
            if candidate.taken { "taken" } else { "" }.to_owned(),
        ]
    };
    choice.candidates.iter().map(row).collect()
}

/// The hardest items, as a sentence.
pub(super) fn hardest(difficulty: &Difficulty) -> String {
    let items = difficulty.hardest.iter();
    let items: Vec<String> = items.map(|item| format!("{} ({:.2})", item.item, item.ease)).collect();
    format!(
        "hardest items by ease: {}; the median is {:.2}",
        items.join(", "),
        difficulty.median_ease
    )
}

fn print_annotators(field: &Judged, fields: usize) {
    let ranked = ranked(field);
    if ranked.is_empty() {
        return;
    }
    let (shown, what) = if ranked.len() <= 2 * ANNOTATORS_SHOWN {
        (ranked.clone(), format!("{} annotators, best first", ranked.len()))
    } else {
        let best = ranked.iter().take(ANNOTATORS_SHOWN);
        let worst = ranked.iter().skip(ranked.len() - ANNOTATORS_SHOWN);
        let what = format!(
            "the best and the worst {ANNOTATORS_SHOWN} of {} annotators",
            ranked.len()
        );
        (best.chain(worst).copied().collect(), what)
    };
    say(&of_field(field, fields, &format!("{what}:")));
    say(&table(
        &annotator_headings(field),
        1,
        shown.into_iter().map(annotator_row).collect(),
    ));
}

/// Annotators with enough votes, the best first: by accuracy on gold, else by agreement with the result.
pub(super) fn ranked(field: &Judged) -> Vec<&AnnotatorQuality> {
    let has_gold = field.accuracy.is_some();
    let quality = |annotator: &AnnotatorQuality| {
        let measured = if has_gold {
            annotator.accuracy()
        } else {
            annotator.agrees_with_result
        };
        measured.unwrap_or(-1.0)
    };
    let evidence = |annotator: &AnnotatorQuality| if has_gold { annotator.scored } else { annotator.votes };
    let mut ranked: Vec<&AnnotatorQuality> = field.annotators.iter().collect();
    if ranked.iter().any(|annotator| evidence(annotator) >= FEWEST_VOTES) {
        ranked.retain(|annotator| evidence(annotator) >= FEWEST_VOTES);
    }
    ranked.sort_by(|left, right| quality(right).total_cmp(&quality(left)));
    ranked
}

pub(super) fn annotator_row(annotator: &AnnotatorQuality) -> Vec<String> {
    vec![
        annotator.annotator.clone(),
        accord_charts::numbers::whole(annotator.votes),
        percent(annotator.agrees_with_result),
        match annotator.scored {
            0 => "–".to_owned(),
            scored => accord_charts::numbers::whole(scored),
        },
        percent(annotator.accuracy()),
        number(annotator.skill),
    ]
}
