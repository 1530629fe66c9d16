//! Planning audits: how likely one is to pass, and how large it must be.

use serde::{Deserialize, Serialize};

use super::fixed_sequence::RiskTarget;
use crate::Undefined;
use crate::error::{InvalidInput, open_unit, parameter};
use crate::estimate::Estimate;
use crate::numeric::beta_function::binomial_cumulative;
use crate::risk_control::smallest_sample;

/// Most errors that a plan allows for; beyond, the true rate is too near the promise to be audited at all.
const MOST_ERRORS: u64 = 1_000;

/// An audit that certifies a promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AuditPlan {
    /// Items to audit: a simple random sample of what was accepted.
    pub items: u64,
    /// Most errors with which the promise still holds.
    pub allowed_errors: u64,
    /// Probability that the audit passes at the true error rate of the plan.
    pub pass_probability: f64,
}

/// Probability that an audit of `items` items finds at most `allowed_errors` errors when a share `error_rate`
/// of all items is wrong. An audit that is passed in half of all months is of little use: run at a true rate
/// of at most a fifth of the promise, or audit more.
///
/// # Errors
/// More allowed errors than items, an error rate outside (0, 1).
pub fn audit_pass_probability(items: u64, allowed_errors: u64, error_rate: f64) -> Result<f64, InvalidInput> {
    let fits = allowed_errors <= items;
    parameter(
        "allowed errors",
        allowed_errors as f64,
        "at most the number of items",
        fits,
    )?;
    open_unit("error rate", error_rate)?;
    Ok(binomial_cumulative(allowed_errors, items, error_rate))
}

/// The smallest audit that certifies `target` and passes with at least the probability `power` when the true
/// error rate is `error_rate`. Undefined (`not_identifiable`) where the true rate lies so near the promise that
/// more than 1,000 errors would have to be allowed for.
///
/// # Errors
/// A power outside (0, 1), an error rate that is not above 0 and below the promised one.
pub fn plan_audit(target: RiskTarget, error_rate: f64, power: f64) -> Result<Estimate<AuditPlan>, InvalidInput> {
    open_unit("power", power)?;
    let is_below = error_rate > 0.0 && error_rate < target.alpha();
    parameter(
        "true error rate",
        error_rate,
        "above 0 and below the promised rate",
        is_below,
    )?;
    let plan = |allowed_errors: u64| -> Result<AuditPlan, InvalidInput> {
        let items = smallest_sample(allowed_errors, target.alpha(), target.delta())?;
        let pass_probability = audit_pass_probability(items, allowed_errors, error_rate)?;
        Ok(AuditPlan {
            items,
            allowed_errors,
            pass_probability,
        })
    };
    // The chance to pass wavers a little with the number of errors allowed, so they are tried one by one.
    for allowed_errors in 0..=MOST_ERRORS {
        let found = plan(allowed_errors)?;
        if found.pass_probability >= power {
            return Ok(Estimate::Value(found));
        }
    }
    Ok(Estimate::Undefined(Undefined::NotIdentifiable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_audits_pass_as_often_as_they_should() {
        let known = [
            (598, 0, 0.001, 0.55),
            (598, 0, 0.002, 0.30),
            (598, 0, 0.003, 0.17),
            (1258, 2, 0.001, 0.87),
            (2000, 4, 0.001, 0.95),
            (3000, 8, 0.002, 0.85),
        ];
        for (items, allowed, rate, expected) in known {
            let found = audit_pass_probability(items, allowed, rate).unwrap();
            assert!((found - expected).abs() < 0.006, "{items} {allowed} {rate}: {found}");
        }
        assert!(audit_pass_probability(5, 6, 0.1).is_err());
    }

    #[test]
    fn a_plan_certifies_and_passes() {
        let target = RiskTarget::new(0.005, 0.05).unwrap();
        let plan = plan_audit(target, 0.001, 0.85).unwrap().value().unwrap();
        assert_eq!((plan.items, plan.allowed_errors), (1258, 2));
        assert!(plan_audit(target, 0.005, 0.8).is_err());
        let hopeless = plan_audit(target, 0.004_999, 0.999).unwrap();
        assert_eq!(hopeless.reason(), Some(Undefined::NotIdentifiable));
    }
}
