//! Did an experiment teach anything?

use serde::{Deserialize, Serialize};

use super::decision::Decision;
use crate::error::{InvalidInput, non_negative, parameter, probabilities};
use crate::estimate::{Estimate, Undefined};

/// Share of items missing on one side from which on an experiment is invalid.
pub const LARGEST_MISSING_SHARE: f64 = 0.01;
/// P-value of the sample ratio below which the assignment is broken.
pub const RATIO_P_VALUE: f64 = 0.001;

/// What makes an experiment valid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SetUp {
    /// Whether both versions saw the same items.
    pub same_items: bool,
    /// Whether whoever labelled did not know the version.
    pub labels_blind: bool,
    /// Share of items without an answer of the old version.
    pub missing_old: f64,
    /// Share of items without an answer of the new version.
    pub missing_new: f64,
    /// P-value of the sample ratio, where items were randomised.
    pub ratio_p: Option<f64>,
}

/// How far one success or guardrail metric has come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricPower {
    /// Documents so far.
    pub documents: f64,
    /// Documents needed at the metric's own level and power, from its variance, never from the effect seen.
    pub required: f64,
}

/// Why an experiment is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvalidReason {
    /// The versions saw different items.
    DifferentItems,
    /// Whoever labelled knew the version.
    LabelsNotBlind,
    /// Too many answers of the old version are missing.
    OldMissing,
    /// Too many answers of the new version are missing.
    NewMissing,
    /// The arms have not the sizes they were meant to have.
    RatioMismatch,
}

/// What an experiment taught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learning {
    /// It says nothing, for these reasons.
    Invalid(Vec<InvalidReason>),
    /// The new version ships.
    Win,
    /// The new version is worse.
    Regression,
    /// No difference that matters, and the experiment could have seen one.
    PoweredNeutral,
    /// It cannot tell yet.
    NotDecisionReady,
}

impl Learning {
    /// Whether the experiment counts as having taught something.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Win | Self::Regression | Self::PoweredNeutral)
    }
}

/// Classifies an experiment [after Spotify Engineering, 2025, "Beyond Winning"]: valid and then a win, a
/// regression or a neutral result with enough power; otherwise not ready. `decision` is that of rule 2; `power`
/// lists EVERY success metric and guardrail.
///
/// # Errors
/// A share or p-value outside `[0, 1]`, a number of documents that is negative or not finite.
pub fn classify(set_up: &SetUp, decision: &Decision, power: &[MetricPower]) -> Result<Learning, InvalidInput> {
    probabilities("missing shares", &[set_up.missing_old, set_up.missing_new])?;
    if let Some(p) = set_up.ratio_p {
        probabilities("p-value of the sample ratio", &[p])?;
    }
    for metric in power {
        non_negative("documents", &[metric.documents, metric.required])?;
    }
    let checks = [
        (!set_up.same_items, InvalidReason::DifferentItems),
        (!set_up.labels_blind, InvalidReason::LabelsNotBlind),
        (set_up.missing_old >= LARGEST_MISSING_SHARE, InvalidReason::OldMissing),
        (set_up.missing_new >= LARGEST_MISSING_SHARE, InvalidReason::NewMissing),
        (
            set_up.ratio_p.is_some_and(|p| p < RATIO_P_VALUE),
            InvalidReason::RatioMismatch,
        ),
    ];
    let failed = checks.into_iter().filter(|(fails, _)| *fails);
    let reasons: Vec<InvalidReason> = failed.map(|(_, reason)| reason).collect();
    let is_powered = !power.is_empty() && power.iter().all(|metric| metric.documents >= metric.required);
    Ok(if !reasons.is_empty() {
        Learning::Invalid(reasons)
    } else if decision.ship {
        Learning::Win
    } else if decision.deteriorated {
        Learning::Regression
    } else if is_powered {
        Learning::PoweredNeutral
    } else {
        Learning::NotDecisionReady
    })
}

/// Share of started experiments that taught something; invalid and abandoned ones count as started. Undefined
/// (`too_few_items`) where none was started.
///
/// # Errors
/// More that counted than were started.
pub fn learning_rate(counted: u64, started: u64) -> Result<Estimate, InvalidInput> {
    parameter(
        "counted",
        counted as f64,
        "at most the number started",
        counted <= started,
    )?;
    Ok(if started == 0 {
        Estimate::Undefined(Undefined::TooFewItems)
    } else {
        Estimate::Value(counted as f64 / started as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: SetUp = SetUp {
        same_items: true,
        labels_blind: true,
        missing_old: 0.0,
        missing_new: 0.009,
        ratio_p: Some(0.3),
    };
    const NOTHING: Decision = Decision {
        success: false,
        guardrails: true,
        deteriorated: false,
        quality_failed: false,
        ship: false,
    };

    #[test]
    fn the_classes() {
        let enough = MetricPower {
            documents: 900.0,
            required: 850.5,
        };
        let short = MetricPower {
            documents: 800.0,
            ..enough
        };
        let learned = |set_up, decision, power: &[MetricPower]| classify(&set_up, &decision, power).unwrap();
        assert_eq!(learned(VALID, NOTHING, &[enough]), Learning::PoweredNeutral);
        assert_eq!(learned(VALID, NOTHING, &[enough, short]), Learning::NotDecisionReady);
        assert_eq!(learned(VALID, NOTHING, &[]), Learning::NotDecisionReady);
        let ships = Decision { ship: true, ..NOTHING };
        assert_eq!(learned(VALID, ships, &[]), Learning::Win);
        let worse = Decision {
            deteriorated: true,
            ..NOTHING
        };
        assert_eq!(learned(VALID, worse, &[]), Learning::Regression);
        let broken = SetUp {
            missing_new: 0.01,
            ratio_p: Some(1e-6),
            ..VALID
        };
        let expected = vec![InvalidReason::NewMissing, InvalidReason::RatioMismatch];
        let result = learned(broken, ships, &[enough]);
        assert_eq!(result, Learning::Invalid(expected));
        assert!(!result.counts() && Learning::Regression.counts());
        assert!(
            classify(
                &SetUp {
                    missing_old: 2.0,
                    ..VALID
                },
                &NOTHING,
                &[]
            )
            .is_err()
        );
    }

    #[test]
    fn the_rate_counts_everything_started() {
        assert_eq!(learning_rate(16, 25).unwrap(), Estimate::Value(0.64));
        assert!(!learning_rate(0, 0).unwrap().is_defined());
        assert!(learning_rate(2, 1).is_err());
    }
}
