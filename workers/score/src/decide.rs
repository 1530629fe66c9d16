//! From a counted ballot to a confidence and a decision.

use accord_domain::{Answer, CalibratorId, Confidence, Decision, Field, FittedFold, Policy, ReviewReason, Rung};
use accord_statistics::calibration::PlattCurve;

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

/// The confidence of a winner with this share and raw score.
#[must_use]
pub fn confidence(calibration: Option<Calibration<'_>>, share: Option<f64>, raw_score: Option<f64>) -> Confidence {
    match (calibration, share, raw_score) {
        (Some(calibration), Some(_), Some(score)) => {
            let curve = PlattCurve {
                slope: calibration.fitted.slope,
                intercept: calibration.fitted.intercept,
            };
            Confidence::Calibrated {
                probability: curve.predict(score),
                calibrator_id: calibration.calibrator_id,
                rung: calibration.rung,
                gold_count: calibration.gold_count,
            }
        }
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
        Confidence::Calibrated { probability, .. } if *probability < threshold => Some(ReviewReason::BelowThreshold),
        Confidence::Calibrated { .. } => None,
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
