//! The course of an expectation-maximisation run.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, parameter};
use crate::numeric::sum::{Sum, log_sum_exp};
use crate::votes::{VoteRow, VoteTable};

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
    /// Largest fall of the log posterior between iterations; above 1e-9 something is wrong.
    pub largest_fall: f64,
}

/// A model that the iteration fits.
pub(super) trait Model {
    /// `ln P(vote | truth)` for every truth.
    fn log_vote(&self, voter: usize, class: usize) -> &[f64];
    /// `ln P(truth)`.
    fn log_class(&self) -> &[f64];
    /// Logarithm of the prior density of the parameters, up to a constant.
    fn log_prior(&self) -> f64;
}

/// Alternates the expectation of the truths under a model with `update`, which fits a model to them.
/// Starts from vote shares, which keeps the meaning of the labels.
pub(super) fn iterate<M: Model>(
    votes: &VoteTable,
    known: &[Option<usize>],
    stopping: Stopping,
    update: impl Fn(&[Vec<f64>]) -> M,
) -> (M, Vec<Vec<f64>>, Course) {
    let mut posteriors = vote_shares(votes, known);
    let mut model = update(&posteriors);
    let mut course = Course {
        log_likelihood: f64::NEG_INFINITY,
        log_posterior: f64::NEG_INFINITY,
        iterations: 0,
        converged: false,
        largest_fall: 0.0,
    };
    while course.iterations < stopping.limit && !course.converged {
        let (expected, log_likelihood) = expect(votes, known, &model);
        let log_posterior = log_likelihood + model.log_prior();
        let change = log_posterior - course.log_posterior;
        if course.iterations > 0 {
            course.largest_fall = course.largest_fall.max(-change);
            course.converged = change.abs() < stopping.relative_change * log_posterior.abs();
        }
        course.log_likelihood = log_likelihood;
        course.log_posterior = log_posterior;
        course.iterations += 1;
        posteriors = expected;
        model = update(&posteriors);
    }
    (model, posteriors, course)
}

/// Posterior of every item's truth, and the log likelihood of the votes.
fn expect<M: Model>(votes: &VoteTable, known: &[Option<usize>], model: &M) -> (Vec<Vec<f64>>, f64) {
    let mut log_likelihood = Sum::default();
    let classes = votes.classes();
    let posteriors = votes
        .rows()
        .zip(known)
        .map(|(row, known)| {
            let mut scores = model.log_class().to_vec();
            for (voter, class) in row.pairs() {
                for (score, log) in scores.iter_mut().zip(model.log_vote(voter, class)) {
                    *score += log;
                }
            }
            if let Some(class) = known {
                log_likelihood.add(scores[*class]);
                return certain(*class, classes);
            }
            let total = log_sum_exp(&scores);
            if total == f64::NEG_INFINITY {
                // Only where every class has been ruled out by rounding: nothing can be said.
                return vec![1.0 / classes as f64; classes];
            }
            log_likelihood.add(total);
            scores.iter().map(|score| (score - total).exp()).collect()
        })
        .collect();
    (posteriors, log_likelihood.total())
}

/// Vote shares per item: the start of the iteration. Known items are certain, items without votes even.
pub(super) fn vote_shares(votes: &VoteTable, known: &[Option<usize>]) -> Vec<Vec<f64>> {
    let classes = votes.classes();
    let share = |(row, known): (VoteRow<'_>, &Option<usize>)| {
        if let Some(class) = known {
            return certain(*class, classes);
        }
        if row.is_empty() {
            return vec![1.0 / classes as f64; classes];
        }
        let mut shares = vec![0.0; classes];
        for class in row.classes {
            shares[usize::from(*class)] += 1.0 / row.len() as f64;
        }
        shares
    };
    votes.rows().zip(known).map(share).collect()
}

/// All probability on one class.
fn certain(class: usize, classes: usize) -> Vec<f64> {
    let mut row = vec![0.0; classes];
    row[class] = 1.0;
    row
}

/// Class shares with `addition` counts added to each class.
pub(super) fn class_shares(posteriors: &[Vec<f64>], classes: usize, addition: f64) -> Vec<f64> {
    let mut totals = vec![Sum::default(); classes];
    for row in posteriors {
        for (total, probability) in totals.iter_mut().zip(row) {
            total.add(*probability);
        }
    }
    let counts: Vec<f64> = totals.into_iter().map(|total| total.total() + addition).collect();
    normalised(&counts)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_the_vote_shares() {
        let votes = VoteTable::from_triples(&[(0, 0, 1), (0, 1, 1), (0, 2, 0)], 3, 3, 2).unwrap();
        let shares = vote_shares(&votes, &[None, None, Some(1)]);
        assert!((shares[0][1] - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(shares[1], vec![0.5, 0.5]);
        assert_eq!(shares[2], vec![0.0, 1.0]);
    }
}
