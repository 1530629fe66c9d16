//! The one-standard-error rule: the simplest candidate that is not clearly worse than the best.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, same_length};
use crate::numeric::clustered::{ClusteredMean, mean};
use crate::{Estimate, Undefined};

/// A candidate's mean loss and its distance from the best one's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossComparison {
    /// Weighted mean loss.
    pub loss: f64,
    /// Standard error of the mean loss over documents; undefined (`too_few_items`) below two documents.
    pub loss_error: Estimate,
    /// Mean loss less that of the best candidate; 0 for the best.
    pub excess: f64,
    /// Standard error of that paired difference over documents; undefined (`too_few_items`) below two.
    pub excess_error: Estimate,
}

impl LossComparison {
    /// Whether the excess is within one standard error of 0.
    pub fn is_as_good_as_best(&self) -> bool {
        self.excess <= 0.0 || self.excess_error.value().is_some_and(|error| self.excess <= error)
    }
}

/// Which candidate to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneStandardErrorChoice {
    /// Position of the simplest candidate within one standard error of the best.
    pub chosen: usize,
    /// Position of the candidate of least mean loss.
    pub best: usize,
    /// All candidates, in the order given.
    pub comparisons: Vec<LossComparison>,
}

/// Takes the simplest candidate whose loss exceeds the best one's by at most one standard error [Breiman,
/// Friedman, Olshen & Stone, 1984, Classification and Regression Trees]. The error is that of the paired
/// difference, over documents: all candidates are judged on the same items, and what makes a document hard for
/// all of them says nothing about which is better.
///
/// `losses[c][i]` is the out-of-fold loss of candidate `c` on item `i`, simplest candidate first;
/// `documents[i]` names the document of item `i`, `weights[i]` is its sample weight. Below two documents the
/// best candidate is taken.
///
/// # Errors
/// No candidates or items, arrays of unequal length, a loss that is not finite.
pub fn simplest_within_one_standard_error<D: Ord>(
    losses: &[&[f64]],
    weights: &[f64],
    documents: &[D],
) -> Result<OneStandardErrorChoice, InvalidInput> {
    same_length("documents", weights.len(), documents.len())?;
    let mut means: Vec<ClusteredMean> = Vec::with_capacity(losses.len());
    for loss in losses {
        same_length("losses", weights.len(), loss.len())?;
        finite("losses", loss)?;
        means.push(mean(loss, weights, documents).ok_or(InvalidInput::Empty { what: "losses" })?);
    }
    let by_loss = |left: &usize, right: &usize| means[*left].mean.total_cmp(&means[*right].mean);
    let best = (0..means.len())
        .min_by(by_loss)
        .ok_or(InvalidInput::Empty { what: "candidates" })?;
    let comparisons: Vec<LossComparison> = losses
        .iter()
        .zip(&means)
        .map(|(loss, own)| compare(own, loss, losses[best], weights, documents))
        .collect();
    let chosen = comparisons.iter().position(LossComparison::is_as_good_as_best);
    Ok(OneStandardErrorChoice {
        chosen: chosen.unwrap_or(best),
        best,
        comparisons,
    })
}

fn compare<D: Ord>(
    own: &ClusteredMean,
    loss: &[f64],
    best: &[f64],
    weights: &[f64],
    documents: &[D],
) -> LossComparison {
    let differences: Vec<f64> = loss.iter().zip(best).map(|(loss, best)| loss - best).collect();
    let paired = mean(&differences, weights, documents);
    let error = |error: Option<f64>| Estimate::from(error.ok_or(Undefined::TooFewItems));
    LossComparison {
        loss: own.mean,
        loss_error: error(own.standard_error),
        excess: paired.map_or(0.0, |paired| paired.mean),
        excess_error: error(paired.and_then(|paired| paired.standard_error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_unless_clearly_worse() {
        let weights = [1.0; 6];
        let documents = [0, 1, 2, 3, 4, 5];
        let best = [0.1, 0.3, 0.2, 0.4, 0.1, 0.3];
        // Worse by 0.01 on average, but by turns better and worse.
        let noisy = [0.2, 0.2, 0.3, 0.3, 0.2, 0.26];
        // Worse by 0.01 everywhere.
        let steady: Vec<f64> = best.iter().map(|loss| loss + 0.01).collect();
        let choice = simplest_within_one_standard_error(&[&noisy, &best], &weights, &documents).unwrap();
        assert_eq!((choice.chosen, choice.best), (0, 1));
        let choice = simplest_within_one_standard_error(&[&steady, &best], &weights, &documents).unwrap();
        assert_eq!((choice.chosen, choice.best), (1, 1));
        assert_eq!(choice.comparisons[1].excess, 0.0);
        // All items in one document: no error is known.
        let choice = simplest_within_one_standard_error(&[&noisy, &best], &weights, &[0; 6]).unwrap();
        assert_eq!(choice.chosen, 1);
        assert!(simplest_within_one_standard_error(&[], &weights, &documents).is_err());
        assert!(simplest_within_one_standard_error(&[&best[..2]], &weights, &documents).is_err());
    }
}
