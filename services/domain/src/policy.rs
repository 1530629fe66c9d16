//! Policies: what happens at which confidence, and how many people look at an item.

use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::stopping::{Stopping, StoppingRule};

/// When people vote on an item, blind, beside the machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PeopleVote {
    /// Every item is voted on by `overlap` people.
    Always,
    /// People only resolve what the machines leave in doubt.
    #[default]
    Never,
}

/// The policy of a project. Thresholds of single fields are the fields' own targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The least calibrated confidence at which a value is accepted, for fields without a target of their own.
    pub accept_at: f64,
    /// Whether people vote beside the machines.
    pub people: PeopleVote,
    /// How many different people vote on one item, when people vote.
    pub overlap: u32,
    /// How long a person's reservation of a task lasts without a sign of life.
    pub reservation_minutes: u32,
    /// How often a task is tried before it is set aside with its reason.
    pub maximum_attempts: u32,
    /// How the weights of annotators are found.
    pub weighting: Weighting,
    /// What language models may cost.
    #[serde(skip_serializing_if = "Budget::is_unlimited")]
    pub budget: Budget,
    /// How many language models are asked about an item, and in which order.
    #[serde(skip_serializing_if = "Stopping::is_default")]
    pub stopping: Stopping,
}

/// How votes are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// Chosen for each field, with counting and curve, by what predicts gold best; log-odds until there is gold enough.
    #[default]
    Automatic,
    /// Every vote weighs the same.
    Even,
    /// The annotator's shrunken accuracy on gold.
    Accuracy,
    /// The log-odds of the annotator's shrunken accuracy on gold.
    LogOdds,
}

impl Weighting {
    /// The words for it, before `weights`.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Accuracy => "accuracy",
            Self::Automatic | Self::LogOdds => "log-odds",
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            accept_at: 0.95,
            people: PeopleVote::Never,
            overlap: 1,
            reservation_minutes: 15,
            maximum_attempts: 4,
            weighting: Weighting::Automatic,
            budget: Budget::default(),
            stopping: Stopping::default(),
        }
    }
}

impl Policy {
    /// Checks the numbers.
    ///
    /// # Errors
    /// Names the first number out of range and the range.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.accept_at) {
            return Err(format!(
                "`accept_at` must lie between 0 and 1, it is {}",
                self.accept_at
            ));
        }
        let ranges = [
            ("overlap", self.overlap, 1, 100),
            ("reservation_minutes", self.reservation_minutes, 1, 24 * 60),
            ("maximum_attempts", self.maximum_attempts, 1, 100),
        ];
        self.budget.check()?;
        self.stopping.check()?;
        self.check_posterior()?;
        match ranges.iter().find(|(_, value, low, high)| value < low || value > high) {
            Some((name, value, low, high)) => Err(format!("`{name}` must lie between {low} and {high}, it is {value}")),
            None => Ok(()),
        }
    }

    /// The posterior of a value is the sum of its voters' log-odds.
    fn check_posterior(&self) -> Result<(), String> {
        let has_log_odds = matches!(self.weighting, Weighting::Automatic | Weighting::LogOdds);
        if matches!(self.stopping.rule, StoppingRule::Posterior(_)) && !has_log_odds {
            return Err(
                "`stopping.rule.posterior` needs log-odds weights: set `weighting` to automatic or log_odds".to_owned(),
            );
        }
        Ok(())
    }
}
