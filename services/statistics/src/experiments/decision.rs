//! Ship or not: what the tests of an experiment say together.

use serde::{Deserialize, Serialize};

use super::rule_levels::DecisionRule;
use crate::error::{InvalidInput, open_unit, parameter, probabilities};

/// P-values of all tests; every one is one-sided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionTests {
    /// Superiority of each success metric.
    pub success: Vec<f64>,
    /// Non-inferiority of each guardrail.
    pub guardrails: Vec<f64>,
    /// Inferiority of each metric that may deteriorate: success metrics, guardrails and others.
    pub deterioration: Vec<f64>,
    /// Quality checks, such as the sample ratio.
    pub quality: Vec<f64>,
}

/// The decision and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether a success metric won at `alpha / S`; true where none is declared.
    pub success: bool,
    /// Whether every guardrail is shown not to be worse, each at alpha; true where none is declared.
    pub guardrails: bool,
    /// Whether a deterioration test rejects at its share of `alpha_minus`.
    pub deteriorated: bool,
    /// Whether a quality check rejects at its share of `alpha_minus`.
    pub quality_failed: bool,
    /// Whether to ship. Not to ship is no proof of harm.
    pub ship: bool,
}

/// Decides by rule 1 or 2 [Schultzberg, Ankargren & Franberg, 2024, arXiv:2402.11609]. Success metrics share
/// alpha (one of them is enough), guardrails do not (all must pass), deterioration tests and quality checks
/// share `alpha_minus`. Both rules report deterioration and quality; only rule 2 is blocked by them.
///
/// # Errors
/// Neither success metrics nor guardrails, a p-value outside `[0, 1]`, alpha outside (0, 1), alpha_minus
/// outside `[0, 1)`.
pub fn decide(
    tests: &DecisionTests,
    rule: DecisionRule,
    alpha: f64,
    alpha_minus: f64,
) -> Result<Decision, InvalidInput> {
    open_unit("alpha", alpha)?;
    let accepted = (0.0..1.0).contains(&alpha_minus);
    parameter("alpha minus", alpha_minus, "at least 0 and below 1", accepted)?;
    let groups = [
        ("p-values of success metrics", &tests.success),
        ("p-values of guardrails", &tests.guardrails),
        ("p-values of deterioration tests", &tests.deterioration),
        ("p-values of quality checks", &tests.quality),
    ];
    for (what, values) in groups {
        probabilities(what, values)?;
    }
    if tests.success.is_empty() && tests.guardrails.is_empty() {
        return Err(InvalidInput::Empty {
            what: "success metrics and guardrails",
        });
    }
    let any_at = |values: &[f64], level: f64| values.iter().any(|p| *p <= level);
    let success = tests.success.is_empty() || any_at(&tests.success, alpha / tests.success.len() as f64);
    let guardrails = tests.guardrails.iter().all(|p| *p <= alpha);
    let blocking = tests.deterioration.len() + tests.quality.len();
    let own = alpha_minus / blocking.max(1) as f64;
    let deteriorated = any_at(&tests.deterioration, own);
    let quality_failed = any_at(&tests.quality, own);
    let is_blocked = rule == DecisionRule::Rule2 && (deteriorated || quality_failed);
    Ok(Decision {
        success,
        guardrails,
        deteriorated,
        quality_failed,
        ship: success && guardrails && !is_blocked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rule_2_is_blocked() {
        let tests = DecisionTests {
            success: vec![0.001],
            guardrails: vec![],
            deterioration: vec![0.001],
            quality: vec![],
        };
        assert!(decide(&tests, DecisionRule::Rule1, 0.05, 0.01).unwrap().ship);
        let second = decide(&tests, DecisionRule::Rule2, 0.05, 0.01).unwrap();
        assert!(!second.ship && second.deteriorated);
        let nothing = DecisionTests {
            success: vec![],
            ..tests.clone()
        };
        assert!(decide(&nothing, DecisionRule::Rule1, 0.05, 0.01).is_err());
        assert!(decide(&tests, DecisionRule::Rule1, 0.05, 1.0).is_err());
    }
}
