//! The certified threshold in words, as a curve and as tables.

use accord_charts::{CertifiedThreshold, RiskPoint, risk_coverage_curve};
use accord_domain::Field;
use serde::Serialize;

use crate::figures::{Acceptance, AcceptanceOutcome, CertificationBasis, Promise};
use crate::pages::numbers::{count, percent, probability, rate};
use crate::problem::Problem;

/// From which confidence on values may be accepted.
#[derive(Debug, Serialize)]
pub(super) struct AcceptanceShown {
    /// What came of it in one line.
    pub(super) sentence: String,
    /// What to do about it.
    advice: String,
    /// Which look it has: accepted, person.
    look: &'static str,
    /// The state in a word or two.
    pub(super) word: &'static str,
    promise: String,
    /// What is in the form, as percent.
    error: String,
    risk: String,
    basis: String,
    assumption: &'static str,
    svg: Option<String>,
    tests: Vec<TestLine>,
    curve: Vec<CurveLine>,
}

#[derive(Debug, Serialize)]
struct TestLine {
    threshold: String,
    accepted: String,
    errors: String,
    p_value: String,
    bound: String,
    certified: bool,
}

#[derive(Debug, Serialize)]
struct CurveLine {
    threshold: String,
    coverage: String,
    accepted: String,
    errors: String,
    risk: String,
}

/// The search for a threshold in words.
pub(super) fn acceptance(field: &Field, found: &Acceptance) -> Result<AcceptanceShown, Problem> {
    let promise = found.promise;
    let (look, word) = match found.outcome {
        AcceptanceOutcome::Certified { .. } => ("accepted", "certified"),
        AcceptanceOutcome::NotEnoughGold { .. } => ("pending", "not enough gold yet"),
        AcceptanceOutcome::TooManyErrors { .. } => ("person", "too many errors"),
        AcceptanceOutcome::NoTarget => ("pending", "nothing to test"),
    };
    Ok(AcceptanceShown {
        sentence: sentence(found),
        advice: advice(found),
        look,
        word,
        promise: format!(
            "Among accepted values at most {} are wrong, with {} confidence.",
            rate(promise.alpha),
            percent(1.0 - promise.delta)
        ),
        error: plain_percent(promise.alpha),
        risk: plain_percent(promise.delta),
        basis: basis(found),
        assumption: found.assumption,
        svg: draw(field, found)?,
        tests: found
            .tests
            .iter()
            .map(|test| TestLine {
                threshold: probability(test.threshold),
                accepted: whole(test.accepted),
                errors: whole(test.errors),
                p_value: probability(test.p_value),
                bound: rate(test.upper_bound),
                certified: test.certified,
            })
            .collect(),
        curve: found
            .curve
            .iter()
            .map(|step| CurveLine {
                threshold: probability(step.threshold),
                coverage: percent(step.coverage),
                accepted: whole(step.accepted as u64),
                errors: whole(step.errors as u64),
                risk: rate(step.risk),
            })
            .collect(),
    })
}

fn basis(found: &Acceptance) -> String {
    let what = match found.basis {
        CertificationBasis::SetApart => "items whose gold was set apart for this, scored as in production",
        CertificationBasis::OutOfFold => "items with gold and an out-of-fold confidence",
    };
    let (items, errors) = (whole(found.item_count), whole(found.error_count));
    format!("{items} {what}, {errors} of them wrong")
}

fn sentence(found: &Acceptance) -> String {
    let Promise { alpha, delta } = found.promise;
    match found.outcome {
        AcceptanceOutcome::Certified {
            threshold,
            coverage,
            accepted,
            errors,
        } => format!(
            "threshold {} → {} accepted, error ≤ {} with {} ({} of {})",
            probability(threshold),
            percent(coverage),
            rate(alpha),
            percent(1.0 - delta),
            whole(errors),
            whole(accepted)
        ),
        AcceptanceOutcome::NotEnoughGold { missing, .. } => {
            let noun = if missing == 1 { "label" } else { "labels" };
            format!("{} more {noun} needed", whole(missing))
        }
        AcceptanceOutcome::TooManyErrors { accepted, errors, .. } => format!(
            "no threshold holds error ≤ {}: {} of {} are wrong at the strictest",
            rate(alpha),
            whole(errors),
            whole(accepted)
        ),
        AcceptanceOutcome::NoTarget => "the field's threshold promises nothing that can be tested".to_owned(),
    }
}

fn advice(found: &Acceptance) -> String {
    match found.outcome {
        AcceptanceOutcome::Certified { .. } => {
            "Set the field's threshold to it, audit a random part of what is accepted, and certify again when anything changes.".to_owned()
        }
        AcceptanceOutcome::NotEnoughGold { needed, .. } => format!(
            "A first test needs {} items at or above a confidence, of which two may be wrong. Resolve reviews, import gold, or allow more errors.",
            whole(needed)
        ),
        AcceptanceOutcome::TooManyErrors { upper_bound, .. } => format!(
            "The share of errors may be as high as {} there. Better annotators or another prompt help, more gold alone does not; or allow more errors.",
            rate(upper_bound)
        ),
        AcceptanceOutcome::NoTarget => "Ask for a share of errors above 0 and below 100 %.".to_owned(),
    }
}

fn draw(field: &Field, found: &Acceptance) -> Result<Option<String>, Problem> {
    if found.curve.is_empty() {
        return Ok(None);
    }
    let points: Vec<RiskPoint> = found
        .curve
        .iter()
        .map(|step| RiskPoint {
            coverage: step.coverage,
            risk: step.risk,
        })
        .collect();
    let certified = match found.outcome {
        AcceptanceOutcome::Certified {
            threshold,
            coverage,
            accepted,
            errors,
        } => Some(CertifiedThreshold {
            threshold,
            coverage,
            confidence: 1.0 - found.promise.delta,
            errors,
            accepted,
        }),
        _ => None,
    };
    let title = format!("Risk and coverage of {}", field.title);
    let svg = risk_coverage_curve(&title, &points, found.promise.alpha, certified);
    svg.map(Some).map_err(|error| Problem::internal(&error))
}

/// A share as percent for a form: `1`, `0.5`.
fn plain_percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn whole(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_in_forms_are_plain() {
        assert_eq!(
            [0.01, 0.005, 0.05, 0.123_45].map(plain_percent),
            ["1", "0.5", "5", "12.345"]
        );
    }
}
