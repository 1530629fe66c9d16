//! From a counted ballot to a confidence and a decision.

use accord_domain::{Answer, CalibratorId, Confidence, Decision, Field, FittedFold, Policy, ReviewReason, Rung};

/// What a field is scored with.
#[derive(Debug, Clone, Copy)]
pub struct Calibration<'a> {
    /// The calibrator.
    pub calibrator_id: CalibratorId,
    /// Where its curve comes from.
    pub rung: Rung,
    /// How many labels the curve was fitted on.
    pub gold_count: u32,
    /// Weights and curve that never saw the item's own label.
    pub fitted: &'a FittedFold,
}

/// The confidence of a winner with this share, to which what was fitted gives this probability.
#[must_use]
pub fn confidence(calibration: Option<Calibration<'_>>, share: Option<f64>, probability: Option<f64>) -> Confidence {
    match (calibration, share, probability) {
        (Some(calibration), Some(_), Some(probability)) => Confidence::Calibrated {
            probability,
            calibrator_id: calibration.calibrator_id,
            rung: calibration.rung,
            gold_count: calibration.gold_count,
        },
        _ => Confidence::Uncalibrated { share },
    }
}

/// What won the vote.
#[derive(Debug, Clone, Copy)]
pub enum Won<'a> {
    /// This answer.
    Answer(&'a Answer),
    /// Several answers are equally heavy.
    Tie,
    /// Nobody voted.
    Nothing,
}

/// Decides: a value is accepted only when its calibrated confidence reaches the field's target, or the policy's where
/// the field has none.
#[must_use]
pub fn decide(field: &Field, policy: &Policy, won: Won<'_>, confidence: &Confidence, inverted: bool) -> Decision {
    let threshold = field.target.unwrap_or(policy.accept_at);
    let obstacle = obstacle_in_answer(field, won).or(match confidence {
        Confidence::Uncalibrated { .. } => Some(ReviewReason::Uncalibrated),
        Confidence::Calibrated { .. } if inverted => Some(ReviewReason::InvertedCalibrator),
        Confidence::Calibrated { probability, .. } if *probability >= threshold => None,
        Confidence::Calibrated { .. } => Some(ReviewReason::BelowThreshold),
    });
    match obstacle {
        Some(reason) => Decision::NeedsReview { reason, threshold },
        None => Decision::Accepted { threshold },
    }
}

fn obstacle_in_answer(field: &Field, won: Won<'_>) -> Option<ReviewReason> {
    match won {
        Won::Nothing => Some(ReviewReason::NoVotes),
        Won::Tie => Some(ReviewReason::Tie),
        Won::Answer(Answer::Absent) if field.required => Some(ReviewReason::RequiredAbsent),
        Won::Answer(Answer::Value(value)) if !value.parsed => Some(ReviewReason::Unparsed),
        Won::Answer(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use accord_domain::NormalisedValue;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::fixture::{code, field, value};

    fn calibrated(probability: f64) -> Confidence {
        Confidence::Calibrated {
            probability,
            calibrator_id: CalibratorId::from_uuid(Uuid::nil()),
            rung: Rung::Field,
            gold_count: 40,
        }
    }

    fn policy(accept_at: f64) -> Policy {
        Policy {
            accept_at,
            ..Policy::default()
        }
    }

    fn reason(decision: Decision) -> Option<ReviewReason> {
        match decision {
            Decision::Accepted { .. } => None,
            Decision::NeedsReview { reason, .. } => Some(reason),
        }
    }

    #[test]
    fn every_obstacle_in_an_answer_leads_to_review_with_its_reason() {
        let (optional, required) = (
            code(),
            field(json!({"name": "total", "type": "money", "required": true})),
        );
        let unread = Answer::Value(NormalisedValue {
            raw: "12..5".to_owned(),
            canonical: "12..5".to_owned(),
            parsed: false,
            valid: None,
        });
        let good = value("A");
        for (field, won, expected) in [
            (&optional, Won::Answer(&good), None),
            (&optional, Won::Answer(&Answer::Absent), None),
            (
                &required,
                Won::Answer(&Answer::Absent),
                Some(ReviewReason::RequiredAbsent),
            ),
            (&required, Won::Answer(&good), None),
            (&optional, Won::Answer(&unread), Some(ReviewReason::Unparsed)),
            (&optional, Won::Tie, Some(ReviewReason::Tie)),
            (&optional, Won::Nothing, Some(ReviewReason::NoVotes)),
        ] {
            let decision = decide(field, &policy(0.9), won, &calibrated(1.0), false);
            assert_eq!(reason(decision), expected, "{won:?}");
        }
    }

    #[test]
    fn every_obstacle_in_a_confidence_leads_to_review_with_its_reason() {
        let good = value("A");
        for (confidence, inverted, expected) in [
            (calibrated(0.9), false, None),
            (calibrated(0.8999), false, Some(ReviewReason::BelowThreshold)),
            (calibrated(f64::NAN), false, Some(ReviewReason::BelowThreshold)),
            (calibrated(1.0), true, Some(ReviewReason::InvertedCalibrator)),
            (
                Confidence::Uncalibrated { share: Some(1.0) },
                false,
                Some(ReviewReason::Uncalibrated),
            ),
        ] {
            let decision = decide(&code(), &policy(0.9), Won::Answer(&good), &confidence, inverted);
            assert_eq!(reason(decision), expected, "{confidence:?}");
        }
    }

    #[test]
    fn a_share_is_never_accepted_even_where_anything_is() {
        let answer = value("A");
        let decision = decide(
            &code(),
            &policy(0.0),
            Won::Answer(&answer),
            &Confidence::Uncalibrated { share: Some(1.0) },
            false,
        );
        assert_eq!(reason(decision), Some(ReviewReason::Uncalibrated));
    }

    #[test]
    fn a_target_of_the_field_stands_in_place_of_the_policys() {
        let strict = field(json!({"name": "total", "type": "money", "target": 0.99}));
        let answer = value("A");
        let decision = decide(&strict, &policy(0.5), Won::Answer(&answer), &calibrated(0.98), false);
        assert_eq!(
            decision,
            Decision::NeedsReview {
                reason: ReviewReason::BelowThreshold,
                threshold: 0.99
            }
        );
    }

    #[test]
    fn a_winner_without_curve_and_a_curve_without_winner_have_no_probability() {
        let fitted = FittedFold {
            weights: std::collections::BTreeMap::new(),
            default_weight: 1.0,
            slope: 2.0,
            intercept: -1.0,
            inverted: false,
            pipeline: None,
        };
        let calibration = Calibration {
            calibrator_id: CalibratorId::from_uuid(Uuid::nil()),
            rung: Rung::FieldType,
            gold_count: 77,
            fitted: &fitted,
        };
        assert_eq!(
            confidence(None, Some(0.9), Some(1.0)),
            Confidence::Uncalibrated { share: Some(0.9) }
        );
        assert_eq!(
            confidence(Some(calibration), None, Some(1.0)),
            Confidence::Uncalibrated { share: None }
        );
        match confidence(Some(calibration), Some(0.9), Some(0.875)) {
            Confidence::Calibrated {
                probability,
                rung: Rung::FieldType,
                gold_count: 77,
                ..
            } => {
                assert!((probability - 0.875).abs() < 1e-12);
            }
            other => panic!("{other:?}"),
        }
    }
}
