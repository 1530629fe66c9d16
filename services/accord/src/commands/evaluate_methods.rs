//! How each field's votes became a confidence: the part of an evaluation that shows what was chosen among what.

use accord_domain::{AnnotatorId, CandidateScore, FitWarning, MethodSelection};
use accord_score::evaluate::FieldEvaluation;

use crate::output::{percent, say, table};

/// Prints the method of each field, and what a person should know of it.
pub(crate) fn print_methods(evaluation: &[FieldEvaluation]) {
    let rows = evaluation
        .iter()
        .map(|field| vec![field.field.to_string(), method(field), reason(field.selection.as_ref())]);
    say(&table(&["field", "method", "why"], 3, rows.collect()));
    for field in evaluation {
        for warning in &field.warnings {
            say(&format!("{}: {}", field.field, sentence(field, warning)));
        }
    }
}

/// Prints everything that was tried for the fields that had a choice.
pub(crate) fn print_candidates(evaluation: &[FieldEvaluation]) {
    let headings = [
        "field", "method", "log loss", "± SE", "excess", "± SE", "Brier", "accuracy", "",
    ];
    let rows: Vec<Vec<String>> = evaluation
        .iter()
        .filter_map(|field| Some((field, field.selection.as_ref()?.choice()?)))
        .flat_map(|(field, choice)| {
            let candidates = choice.candidates.iter();
            candidates.map(|candidate| row(&field.field.to_string(), candidate))
        })
        .collect();
    if rows.is_empty() {
        say("no field has gold enough for a choice of methods");
    } else {
        say(&table(&headings, 2, rows));
    }
}

fn row(field: &str, candidate: &CandidateScore) -> Vec<String> {
    let mark = match (candidate.chosen, candidate.best) {
        (true, true) => "chosen, best",
        (true, false) => "chosen",
        (false, true) => "best",
        (false, false) => "",
    };
    vec![
        field.to_owned(),
        candidate.name.clone(),
        format!("{:.4}", candidate.log_loss),
        format!("{:.4}", candidate.log_loss_error),
        format!("{:.4}", candidate.excess),
        format!("{:.4}", candidate.excess_error),
        format!("{:.4}", candidate.brier),
        percent(Some(candidate.accuracy)),
        mark.to_owned(),
    ]
}

fn method(field: &FieldEvaluation) -> String {
    field.method.clone().unwrap_or_else(|| "–".to_owned())
}

fn reason(selection: Option<&MethodSelection>) -> String {
    match selection {
        None => "too little gold for any calibration".to_owned(),
        Some(MethodSelection::Given) => "the policy names the weighting".to_owned(),
        Some(MethodSelection::TooLittleGold {
            label_count,
            error_count,
            labels_needed,
            errors_needed,
        }) => format!(
            "{label_count} labels with {error_count} errors of an even vote; a choice takes {labels_needed} with {errors_needed}"
        ),
        Some(MethodSelection::Chosen { choice }) => format!(
            "the simplest within one standard error of the best of {}, on {} labels",
            choice.candidates.len(),
            choice.label_count
        ),
    }
}

fn sentence(field: &FieldEvaluation, warning: &FitWarning) -> String {
    match warning {
        FitWarning::EvenVoteBelowAnnotator {
            annotator_id,
            annotator_accuracy,
            even_vote_accuracy,
        } => format!(
            "{} alone is right at {}, an even vote of all on the same items at {}",
            name(field, *annotator_id),
            percent(Some(*annotator_accuracy)),
            percent(Some(*even_vote_accuracy))
        ),
        FitWarning::AnnotatorBelowChance {
            annotator_id,
            accuracy,
            chance,
        } => format!(
            "{} is right at {}, guessing would be at {}",
            name(field, *annotator_id),
            percent(Some(*accuracy)),
            percent(Some(*chance))
        ),
    }
}

/// An evaluation numbers its annotators from 1, in their order.
fn name(field: &FieldEvaluation, annotator: AnnotatorId) -> String {
    let number = usize::try_from(annotator.as_uuid().as_u128()).ok();
    let position = number.and_then(|number| number.checked_sub(1));
    position
        .and_then(|position| field.annotators.get(position))
        .map_or_else(|| annotator.to_string(), |annotator| annotator.name.clone())
}
