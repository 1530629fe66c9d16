//! Gold that is set apart for certifying thresholds and takes no part in any fitting (methods 5.6, 10.5).

use accord_domain::{CertificationSet, Field, FieldType, FittedFold, Policy, is_set_apart};
use accord_statistics::InvalidInput;
use accord_statistics::risk_control::{DEFAULT_START_ERRORS, smallest_sample};

use crate::fit::{FieldGold, levels_of};
use crate::report::OutOfFold;
use crate::tally::score;
use crate::weights::LabelledBallot;

/// The probability of a broken promise by which it is judged whether the part set apart is large enough.
const DELTA: f64 = 0.05;

/// Takes out what is set apart for certification: everything that was drawn for it, once that alone can certify the
/// field's own promise with two errors; nothing before, when thresholds rest on out-of-fold scores of all gold.
#[must_use]
pub fn set_apart<'a>(gold: FieldGold<'a>, policy: &Policy) -> (FieldGold<'a>, Vec<LabelledBallot<'a>>) {
    let Some(needed) = labels_needed(gold.field, policy) else {
        return (gold, Vec::new());
    };
    let is_drawn = |item: &LabelledBallot<'_>| is_set_apart(item.document);
    let drawn = gold.labelled.iter().filter(|item| is_drawn(item));
    let count = drawn.filter(|item| !item.ballot.classes.is_empty()).count();
    if count < needed {
        return (gold, Vec::new());
    }
    let (apart, labelled) = gold.labelled.into_iter().partition(is_drawn);
    (FieldGold { labelled, ..gold }, apart)
}

/// The fewest labels with which a threshold for the field's promise can be certified; none where it promises nothing
/// that can be tested.
fn labels_needed(field: &Field, policy: &Policy) -> Option<usize> {
    let alpha = 1.0 - field.target.unwrap_or(policy.accept_at);
    let needed = smallest_sample(DEFAULT_START_ERRORS, alpha, DELTA).ok()?;
    usize::try_from(needed).ok()
}

/// What production makes of the part that was set apart; none without one.
///
/// # Errors
/// None that well-formed ballots cause.
pub fn score_set_apart(
    field: &Field,
    apart: &[LabelledBallot<'_>],
    production: &FittedFold,
) -> Result<Option<CertificationSet>, InvalidInput> {
    if apart.is_empty() {
        return Ok(None);
    }
    let scored = apart.iter().map(|item| {
        let correct = item.correct_classes(field);
        outcome(item, &correct, production, &field.field_type)
    });
    let scored: Vec<OutOfFold> = scored.collect::<Result<_, _>>()?;
    let unanswered = scored.iter().filter(|item| matches!(item, OutOfFold::NoWinner)).count();
    Ok(Some(CertificationSet {
        levels: levels_of(&scored),
        unanswered_count: u32::try_from(unanswered).unwrap_or(u32::MAX),
    }))
}

fn outcome(
    item: &LabelledBallot<'_>,
    correct: &[bool],
    production: &FittedFold,
    field_type: &FieldType,
) -> Result<OutOfFold, InvalidInput> {
    let scored = score(&item.ballot, Some(production), field_type)?;
    let winner = scored.counted.tally.as_ref().and_then(|tally| tally.outcome.winner());
    Ok(match (winner, scored.counted.raw_score, scored.probability) {
        (Some(winner), Some(score), Some(probability)) => OutOfFold::Winner {
            score,
            probability,
            correct: correct[winner],
        },
        _ => OutOfFold::NoWinner,
    })
}
