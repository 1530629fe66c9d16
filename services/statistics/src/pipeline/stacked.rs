//! Counting by stacking: one logistic regression of "this value is right" on who voted for and against it.

use serde::{Deserialize, Serialize};

use super::ballots::{Ballot, LabelledBallots, Panel};
use super::belief::Belief;
use super::posterior::may_win;
use crate::error::InvalidInput;
use crate::numeric::logistic::sigmoid;
use crate::voting::{Agreement, fit_stacker};

/// Log-odds of a value: an intercept, and every voter's coefficient with the sign of its vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StackedModel {
    intercept: f64,
    coefficients: Vec<f64>,
}

impl StackedModel {
    /// Learns from every value voted for on the labelled items; none where all of them are right or all wrong.
    pub(super) fn fit(data: &LabelledBallots, items: &[usize], l2: f64) -> Result<Option<Self>, InvalidInput> {
        let mut rows = Vec::new();
        let mut correct = Vec::new();
        for item in items {
            let ballot = data.ballot(*item);
            for class in 0..ballot.classes() {
                let mut row = vec![Agreement::Abstains; data.panel().voters()];
                for (voter, said) in ballot.votes() {
                    row[*voter] = if *said == class {
                        Agreement::Agrees
                    } else {
                        Agreement::Disagrees
                    };
                }
                rows.push(row);
                correct.push(data.is_right(*item, class));
            }
        }
        if correct.iter().all(|right| *right) || !correct.iter().any(|right| *right) {
            return Ok(None);
        }
        let fit = fit_stacker(&rows, &correct, l2)?;
        Ok(Some(Self {
            intercept: fit.intercept,
            coefficients: fit.coefficients,
        }))
    }

    pub(super) fn belief(&self, panel: &Panel, ballot: &Ballot) -> Belief {
        let against: f64 = ballot.votes().iter().map(|(voter, _)| self.influence(*voter)).sum();
        let mut logs = vec![self.intercept - against; ballot.classes()];
        for (voter, class) in ballot.votes() {
            logs[*class] += 2.0 * self.influence(*voter);
        }
        let leader = Belief::of_logs(&logs, f64::NEG_INFINITY, may_win(panel, ballot));
        let probabilities: Vec<f64> = logs.iter().map(|log| sigmoid(*log)).collect();
        let total: f64 = probabilities.iter().sum();
        let whole = total.max(1.0);
        Belief {
            shares: probabilities.iter().map(|value| value / whole).collect(),
            none: 1.0 - total / whole,
            winner: leader.winner,
            score: leader.winner.map_or(0.0, |class| logs[class]),
            votes: None,
        }
    }

    /// What a vote adds to the log-odds of its class.
    pub(super) fn influence(&self, voter: usize) -> f64 {
        self.coefficients.get(voter).copied().unwrap_or(0.0)
    }
}
