//! From which confidence on values may be accepted with a promise kept, or how much gold is missing to say.

use accord_domain::{CERTIFICATION_PERCENT, Field, Policy};
use accord_statistics::InvalidInput;
use accord_statistics::metrics::{RiskLevel, risk_coverage};
use accord_statistics::risk_control::{
    DEFAULT_START_ERRORS, LevelTest, RiskTarget, certify_threshold, coverage_steps, error_upper_bound,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemKind};

/// The probability of breaking the promise that is allowed where none is asked for.
pub const DEFAULT_DELTA: f64 = 0.05;

/// How many thresholds are tried: steps of 5 % of the items.
const STEPS: usize = 20;

/// What is assumed, in words for people, of a sample that took no part in any fitting.
const ASSUMPTION: &str = "The next items are like those with gold (exchangeable): a new supplier, template or language \
     is not covered. The sample took no part in fitting weights, method or curve.";

/// The same of out-of-fold scores.
const ASSUMPTION_OUT_OF_FOLD: &str = "The next items are like those with gold (exchangeable): a new supplier, template \
     or language is not covered. The scores are out of fold, but the method was fitted on labels of the same items; once \
     there is gold enough, three labels in ten are set apart for this and take no part in any fitting.";

/// The gold that thresholds are tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificationBasis {
    /// Gold that took no part in any fitting, scored by what is in production.
    SetApart,
    /// All gold, each item scored by what was fitted without its fold: while there is too little to set any apart.
    OutOfFold,
}

/// Among accepted values at most a share `alpha` is wrong, with a probability of at least `1 - delta`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Promise {
    /// The largest share of errors among accepted values.
    pub alpha: f64,
    /// The probability of breaking the promise.
    pub delta: f64,
}

impl Promise {
    /// What is asked for; else what the field's threshold promises on average, to be kept in 95 % of cases.
    ///
    /// # Errors
    /// A number that is not above 0 and below 1, which it names.
    pub fn of(field: &Field, policy: &Policy, alpha: Option<f64>, delta: Option<f64>) -> Result<Self, Problem> {
        for (name, value) in [("alpha", alpha), ("delta", delta)] {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && *value < 1.0)) {
                let detail = format!("`{name}` must lie above 0 and below 1, it is {value}");
                return Err(Problem::new(ProblemKind::Invalid, detail));
            }
        }
        Ok(Self {
            alpha: alpha.unwrap_or_else(|| 1.0 - field.target.unwrap_or(policy.accept_at)),
            delta: delta.unwrap_or(DEFAULT_DELTA),
        })
    }

    /// What tells promises apart.
    pub(super) const fn key(self) -> (u64, u64) {
        (self.alpha.to_bits(), self.delta.to_bits())
    }
}

/// From which confidence on values can be accepted with the promise kept.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Acceptance {
    /// What is promised.
    pub promise: Promise,
    /// What came of it.
    pub outcome: AcceptanceOutcome,
    /// The gold that it rests on.
    pub basis: CertificationBasis,
    /// Items of it that have a confidence.
    pub item_count: u64,
    /// Wrong ones among them.
    pub error_count: u64,
    /// Every threshold that was tested, strictest first: learn-then-test in a fixed sequence, started where enough items
    /// are accepted for two errors to pass.
    pub tests: Vec<ThresholdTest>,
    /// What accepting from each confidence on would give, strictest first, in at most 20 steps. Point estimates: they
    /// certify nothing.
    pub curve: Vec<RiskStep>,
    /// What is assumed.
    pub assumption: &'static str,
}

/// What came of the search for a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum AcceptanceOutcome {
    /// Values from this confidence on keep the promise.
    Certified {
        /// The least confidence.
        threshold: f64,
        /// The share of items that it accepts.
        coverage: f64,
        /// Items that it accepts.
        accepted: u64,
        /// Errors among them.
        errors: u64,
    },
    /// Too few items have gold for any threshold to be tested.
    NotEnoughGold {
        /// The fewest accepted items at which a test can start.
        needed: u64,
        /// How many more items must have gold at least; where a part is set apart, so many that this part suffices.
        missing: u64,
    },
    /// Enough items have gold, but already the strictest threshold does not keep the promise.
    TooManyErrors {
        /// The strictest threshold that could be tested.
        threshold: f64,
        /// Items that it accepts.
        accepted: u64,
        /// Errors among them.
        errors: u64,
        /// The upper bound of the share of errors among them.
        upper_bound: f64,
    },
    /// The threshold promises no errors at all, or allows any number: nothing can be tested.
    NoTarget,
}

/// The test of one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ThresholdTest {
    /// The least confidence that would be accepted.
    pub threshold: f64,
    /// Items that it accepts.
    pub accepted: u64,
    /// Errors among them.
    pub errors: u64,
    /// Exact p-value against "the share of errors exceeds alpha".
    pub p_value: f64,
    /// The upper bound of the share of errors at this threshold alone.
    pub upper_bound: f64,
    /// Whether this threshold and all stricter ones passed.
    pub certified: bool,
}

/// What accepting from one confidence on would give.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RiskStep {
    /// The least confidence that would be accepted.
    pub threshold: f64,
    /// The share of items accepted.
    pub coverage: f64,
    /// The share of errors among them.
    pub risk: f64,
    /// Items accepted.
    pub accepted: usize,
    /// Errors among them.
    pub errors: usize,
}

impl From<LevelTest> for ThresholdTest {
    fn from(test: LevelTest) -> Self {
        Self {
            threshold: test.threshold,
            accepted: test.accepted,
            errors: test.errors,
            p_value: test.p_value,
            upper_bound: test.upper_bound,
            certified: test.certified,
        }
    }
}

impl From<RiskLevel> for RiskStep {
    fn from(level: RiskLevel) -> Self {
        Self {
            threshold: level.threshold,
            coverage: level.coverage,
            risk: level.risk,
            accepted: level.accepted,
            errors: level.errors,
        }
    }
}

/// Looks for the loosest confidence that keeps the promise on these items.
pub(super) fn acceptance(
    basis: CertificationBasis,
    probabilities: &[f64],
    correct: &[bool],
    promise: Promise,
) -> Result<Acceptance, InvalidInput> {
    let scores = coverage_steps(probabilities, STEPS)?;
    let errors: Vec<bool> = correct.iter().map(|is_right| !is_right).collect();
    let curve = risk_coverage(&scores, &errors)?.value();
    let mut acceptance = Acceptance {
        promise,
        outcome: AcceptanceOutcome::NoTarget,
        basis,
        item_count: scores.len() as u64,
        error_count: errors.iter().filter(|is_error| **is_error).count() as u64,
        tests: Vec::new(),
        curve: curve.map_or_else(Vec::new, |curve| curve.levels.into_iter().map(RiskStep::from).collect()),
        assumption: match basis {
            CertificationBasis::SetApart => ASSUMPTION,
            CertificationBasis::OutOfFold => ASSUMPTION_OUT_OF_FOLD,
        },
    };
    let Ok(target) = RiskTarget::new(promise.alpha, promise.delta) else {
        return Ok(acceptance);
    };
    let found = certify_threshold(&scores, &errors, target, DEFAULT_START_ERRORS)?;
    let certified = found.levels.iter().rfind(|level| level.certified);
    acceptance.outcome = match (certified, found.levels.first()) {
        (Some(level), _) => AcceptanceOutcome::Certified {
            threshold: level.threshold,
            coverage: found.coverage,
            accepted: level.accepted,
            errors: level.errors,
        },
        (None, Some(first)) => AcceptanceOutcome::TooManyErrors {
            threshold: first.threshold,
            accepted: first.accepted,
            errors: first.errors,
            upper_bound: error_upper_bound(first.errors, first.accepted, promise.delta)?,
        },
        (None, None) => AcceptanceOutcome::NotEnoughGold {
            needed: found.smallest_sample,
            missing: missing(basis, found.smallest_sample.saturating_sub(acceptance.item_count)),
        },
    };
    acceptance.tests = found.levels.into_iter().map(ThresholdTest::from).collect();
    Ok(acceptance)
}

/// How many more labels there must be so that so many more can be tested on.
const fn missing(basis: CertificationBasis, tested: u64) -> u64 {
    match basis {
        CertificationBasis::SetApart => (tested * 100).div_ceil(CERTIFICATION_PERCENT as u64),
        CertificationBasis::OutOfFold => tested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_new_labels_only_a_part_is_tested_on() {
        assert_eq!(missing(CertificationBasis::SetApart, 3), 10);
        assert_eq!(missing(CertificationBasis::SetApart, 4), 14);
        assert_eq!(missing(CertificationBasis::SetApart, 0), 0);
        assert_eq!(missing(CertificationBasis::OutOfFold, 4), 4);
    }

    fn outcome(levels: &[(f64, usize, usize)], alpha: f64) -> Acceptance {
        let mut probabilities = Vec::new();
        let mut correct = Vec::new();
        for (probability, count, errors) in levels {
            probabilities.extend(std::iter::repeat_n(*probability, *count));
            correct.extend((0..*count).map(|position| position >= *errors));
        }
        let promise = Promise { alpha, delta: 0.05 };
        acceptance(CertificationBasis::OutOfFold, &probabilities, &correct, promise).unwrap()
    }

    #[test]
    fn the_loosest_threshold_that_keeps_the_promise_is_found() {
        let found = outcome(&[(0.97, 628, 2), (0.8, 177, 12)], 0.01);
        assert_eq!(
            found.outcome,
            AcceptanceOutcome::Certified {
                threshold: 0.97,
                coverage: 628.0 / 805.0,
                accepted: 628,
                errors: 2
            }
        );
        assert_eq!((found.item_count, found.error_count, found.tests.len()), (805, 14, 2));
        assert!(!found.tests[1].certified);
    }

    #[test]
    fn too_little_gold_says_how_much_more() {
        let found = outcome(&[(0.97, 412, 0)], 0.01);
        assert_eq!(
            found.outcome,
            AcceptanceOutcome::NotEnoughGold {
                needed: 628,
                missing: 216
            }
        );
        let nothing = outcome(&[], 0.05);
        assert_eq!(
            nothing.outcome,
            AcceptanceOutcome::NotEnoughGold {
                needed: 124,
                missing: 124
            }
        );
        assert!(nothing.curve.is_empty());
    }

    #[test]
    fn errors_at_the_strictest_threshold_are_told_from_too_little_gold() {
        let found = outcome(&[(0.97, 200, 40)], 0.05);
        let AcceptanceOutcome::TooManyErrors {
            accepted: 200,
            errors: 40,
            upper_bound,
            ..
        } = found.outcome
        else {
            panic!("{found:?}");
        };
        assert!(upper_bound > 0.2);
    }

    #[test]
    fn a_promise_of_no_errors_cannot_be_tested() {
        assert_eq!(outcome(&[(0.97, 200, 0)], 0.0).outcome, AcceptanceOutcome::NoTarget);
    }

    #[test]
    fn many_scores_are_tested_in_few_steps() {
        let levels: Vec<(f64, usize, usize)> = (0..1000).map(|index| (0.9 + f64::from(index) * 1e-4, 1, 0)).collect();
        let found = outcome(&levels, 0.05);
        assert!(found.curve.len() <= STEPS && found.tests.len() <= STEPS);
        assert!(matches!(
            found.outcome,
            AcceptanceOutcome::Certified { accepted: 1000, .. }
        ));
    }
}
