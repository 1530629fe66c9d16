//! The levels at which a decision rule tests and powers each metric.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter};
use crate::estimate::{Estimate, Undefined};

/// How many metrics a decision weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricCounts {
    /// Success metrics: at least one must win.
    pub success: usize,
    /// Guardrails: all must be shown not to be worse.
    pub guardrails: usize,
    /// Tests for deterioration: any blocks.
    pub deterioration: usize,
    /// Quality checks: any failure blocks.
    pub quality: usize,
}

/// Which rule ships.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionRule {
    /// At least one success metric won and every guardrail passed.
    Rule1,
    /// In addition nothing deteriorated and no quality check failed: the default.
    #[default]
    Rule2,
}

/// Levels of every single test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RuleLevels {
    /// Level of each success metric, `alpha / S`; undefined (`too_few_items`) without success metrics.
    pub success: Estimate,
    /// Level of each guardrail: alpha itself, because all of them must pass.
    pub guardrail: f64,
    /// Level of each deterioration test and quality check, `alpha_minus` over their number; undefined
    /// (`too_few_items`) without any.
    pub deterioration: Estimate,
    /// Probability of a miss to power each test with under rule 1: `beta / (G + 1)`, or `beta / G` without
    /// success metrics.
    pub beta_rule1: f64,
    /// The same under rule 2 by the union bound, `(beta - alpha_minus) / (G + 1)`: valid under any dependence,
    /// our default.
    pub beta_rule2: f64,
    /// `(beta - alpha_minus) / ((1 - alpha_minus) (G + 1))`, the form for independent tests.
    pub beta_rule2_product: f64,
}

impl RuleLevels {
    /// The probability of a miss to power each test with.
    pub fn beta(&self, rule: DecisionRule) -> f64 {
        match rule {
            DecisionRule::Rule1 => self.beta_rule1,
            DecisionRule::Rule2 => self.beta_rule2,
        }
    }
}

/// Levels of the risk-aware decision rules [Schultzberg, Ankargren & Franberg, 2024, arXiv:2402.11609].
///
/// `alpha`: largest probability of shipping without a win; `beta`: of not shipping a good version;
/// `alpha_minus`: of being blocked by a false deterioration or quality alarm, 0 where there are no such tests.
///
/// # Errors
/// Neither success metrics nor guardrails, alpha or beta outside (0, 1), an alpha_minus that is negative or not
/// below beta, or 0 with tests to spend it on.
pub fn rule_levels(counts: MetricCounts, alpha: f64, beta: f64, alpha_minus: f64) -> Result<RuleLevels, InvalidInput> {
    open_unit("alpha", alpha)?;
    open_unit("beta", beta)?;
    let blocking = counts.deterioration + counts.quality;
    let is_spent = alpha_minus > 0.0 || (alpha_minus == 0.0 && blocking == 0);
    parameter(
        "alpha minus",
        alpha_minus,
        "above 0 (0 without deterioration tests and quality checks) and below beta",
        is_spent && alpha_minus < beta,
    )?;
    let must_pass = counts.guardrails + usize::from(counts.success > 0);
    parameter(
        "success metrics and guardrails",
        must_pass as f64,
        "at least 1",
        must_pass > 0,
    )?;
    let share = |total: f64, tests: usize| match tests {
        0 => Estimate::Undefined(Undefined::TooFewItems),
        tests => Estimate::Value(total / tests as f64),
    };
    let must_pass = must_pass as f64;
    let left = beta - alpha_minus;
    Ok(RuleLevels {
        success: share(alpha, counts.success),
        guardrail: alpha,
        deterioration: share(alpha_minus, blocking),
        beta_rule1: beta / must_pass,
        beta_rule2: left / must_pass,
        beta_rule2_product: left / ((1.0 - alpha_minus) * must_pass),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_decide_on_is_refused() {
        let counts = |success, guardrails, quality| MetricCounts {
            success,
            guardrails,
            deterioration: 0,
            quality,
        };
        assert!(rule_levels(counts(0, 0, 1), 0.05, 0.2, 0.01).is_err());
        assert!(rule_levels(counts(1, 0, 1), 0.05, 0.2, 0.2).is_err());
        assert!(rule_levels(counts(1, 0, 1), 0.05, 0.2, 0.0).is_err());
        let levels = rule_levels(counts(1, 1, 1), 0.05, 0.2, 0.01).unwrap();
        assert!(levels.beta(DecisionRule::Rule2) < levels.beta(DecisionRule::Rule1));
        assert!(levels.beta_rule2 < levels.beta_rule2_product);
    }
}
