//! The course of an iterative fit.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, parameter};

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stopping {
    /// Iterations after which the run ends in any case.
    pub limit: usize,
    /// Relative change of the objective below which it has converged; 0 runs to the limit.
    pub relative_change: f64,
}

impl Default for Stopping {
    /// 500 iterations, relative change 1e-8.
    fn default() -> Self {
        Self {
            limit: 500,
            relative_change: 1e-8,
        }
    }
}

impl Stopping {
    /// Ends a fit while its truths still follow the votes: 100 iterations, relative change 1e-4. For [`fit_one_coin`],
    /// [`fit_glad`] and [`fit_mace`] on votes alone; for confusion matrices there is
    /// [`EarlyStopping`](super::EarlyStopping).
    ///
    /// Where voters share errors the likelihood goes on rising while the inferred truths get worse: on 766 judges of
    /// relevance GLAD falls from an accuracy of .533 to .507 when it converges, on 116 language models from .585 to .518.
    ///
    /// [`fit_one_coin`]: super::fit_one_coin()
    /// [`fit_glad`]: super::fit_glad()
    /// [`fit_mace`]: super::fit_mace()
    pub const EARLY: Self = Self {
        limit: 100,
        relative_change: 1e-4,
    };

    pub(super) fn check(&self) -> Result<(), InvalidInput> {
        parameter("iteration limit", self.limit as f64, "at least 1", self.limit > 0)?;
        parameter(
            "relative change",
            self.relative_change,
            "a finite number of at least 0",
            self.relative_change.is_finite() && self.relative_change >= 0.0,
        )
    }
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Log likelihood of the votes under the parameters before the last update.
    pub log_likelihood: f64,
    /// The same plus the prior's terms: what the iteration maximises.
    pub log_posterior: f64,
    /// Iterations done.
    pub iterations: usize,
    /// Whether the relative change fell below its limit.
    pub converged: bool,
    /// Largest fall of the log posterior between iterations. Above 1e-9, or above the rounding of a log posterior of
    /// this size (about 1e-15 of it), something is wrong.
    pub largest_fall: f64,
}

impl Course {
    pub(super) fn start() -> Self {
        Self {
            log_likelihood: f64::NEG_INFINITY,
            log_posterior: f64::NEG_INFINITY,
            iterations: 0,
            converged: false,
            largest_fall: 0.0,
        }
    }

    /// Whether another iteration is due.
    pub(super) fn goes_on(&self, stopping: Stopping) -> bool {
        self.iterations < stopping.limit && !self.converged
    }

    /// Notes one iteration.
    pub(super) fn note(&mut self, log_likelihood: f64, log_prior: f64, stopping: Stopping) {
        let log_posterior = log_likelihood + log_prior;
        let change = log_posterior - self.log_posterior;
        if self.iterations > 0 {
            self.largest_fall = self.largest_fall.max(-change);
            self.converged = change.abs() < stopping.relative_change * log_posterior.abs();
        }
        self.log_likelihood = log_likelihood;
        self.log_posterior = log_posterior;
        self.iterations += 1;
    }
}

/// Shares of counts; even where there are none.
pub(super) fn normalised(counts: &[f64]) -> Vec<f64> {
    let total: f64 = counts.iter().sum();
    if total > 0.0 {
        counts.iter().map(|count| count / total).collect()
    } else {
        vec![1.0 / counts.len() as f64; counts.len()]
    }
}

/// `weight * ln(value)`, 0 where the weight is 0 even if the value is.
pub(super) fn weighted_log(weight: f64, value: f64) -> f64 {
    if weight == 0.0 { 0.0 } else { weight * value.ln() }
}
