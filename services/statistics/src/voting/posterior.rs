//! Posterior of the truth under independent one-coin voters.

use serde::{Deserialize, Serialize};

use super::tally::check_classes;
use crate::error::{InvalidInput, every, non_negative, parameter, same_length};
use crate::numeric::sum::{Sum, log_sum_exp, sum};

/// Posterior over classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// Probability of every class, by class index; they sum to 1.
    pub probabilities: Vec<f64>,
    /// `ln prior_c` plus the log-odds weights of the voters for `c`: the posterior's logarithm up to a
    /// constant. Negative infinity for a class of prior 0.
    pub log_odds_scores: Vec<f64>,
}

/// `P(c | votes)` with `ln P = ln prior_c + sum_v [ln p_v if y_v = c else ln((1-p_v)/(K-1))]`.
///
/// `votes[v]` is a class index or `None` for an abstention, `accuracies[v]` lies strictly between 0 and
/// 1, and `prior` has one probability per class (`K >= 2`). Worked in logarithms, so hundreds of
/// voters do not underflow. Shared errors make it overconfident: it is a score to calibrate, not a
/// confidence.
///
/// # Errors
/// Arrays of unequal length, values out of range, a prior that does not sum to 1 within 1e-9.
pub fn one_coin_posterior(
    votes: &[Option<usize>],
    accuracies: &[f64],
    prior: &[f64],
) -> Result<Posterior, InvalidInput> {
    same_length("accuracies", votes.len(), accuracies.len())?;
    every("accuracies", accuracies, "between 0 and 1, both excluded", |p| {
        p > 0.0 && p < 1.0
    })?;
    check_prior(prior)?;
    check_classes(votes, prior.len())?;
    let others = (prior.len() - 1) as f64;
    let mut scores = vec![Sum::default(); prior.len()];
    for (vote, accuracy) in votes.iter().zip(accuracies) {
        if let Some(class) = vote {
            // (1-p)/(K-1) of every class is a common factor: only the odds of the voted class remain.
            scores[*class].add((accuracy * others / (1.0 - accuracy)).ln());
        }
    }
    let log_odds_scores: Vec<f64> = prior
        .iter()
        .zip(&scores)
        .map(|(probability, score)| probability.ln() + score.total())
        .collect();
    let total = log_sum_exp(&log_odds_scores);
    let probabilities = log_odds_scores.iter().map(|score| (score - total).exp()).collect();
    Ok(Posterior {
        probabilities,
        log_odds_scores,
    })
}

fn check_prior(prior: &[f64]) -> Result<(), InvalidInput> {
    parameter("number of classes", prior.len() as f64, "at least 2", prior.len() >= 2)?;
    non_negative("prior", prior)?;
    let total = sum(prior.iter().copied());
    parameter("sum of the prior", total, "1 within 1e-9", (total - 1.0).abs() <= 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_votes_the_prior_stands() {
        let posterior = one_coin_posterior(&[None], &[0.9], &[0.25, 0.75]).unwrap();
        assert!((posterior.probabilities[0] - 0.25).abs() < 1e-15);
    }

    #[test]
    fn refuses_bad_priors_and_accuracies() {
        assert!(one_coin_posterior(&[Some(0)], &[0.9], &[0.5, 0.4]).is_err());
        assert!(one_coin_posterior(&[Some(0)], &[1.0], &[0.5, 0.5]).is_err());
        assert!(one_coin_posterior(&[Some(0)], &[0.9], &[1.0]).is_err());
    }
}
