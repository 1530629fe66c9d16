//! Weights from accuracies.

use serde::{Deserialize, Serialize};

use super::accuracy::{BetaPrior, TrackRecord};
use crate::error::{InvalidInput, open_unit, parameter};

/// How an accuracy becomes a weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightRule {
    /// Every voter 1.
    Even,
    /// The accuracy itself.
    Accuracy,
    /// `ln(p (K-1) / (1-p))`, optimal for independent voters with errors spread evenly over the other
    /// classes [Nitzan & Paroush, 1982, Int. Econ. Rev.].
    LogOdds {
        /// Number of classes `K >= 2`; for open fields the effective number of
        /// [`effective_classes`](super::effective_classes()).
        classes: f64,
    },
}

/// Which accuracy stands for a voter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccuracyRule {
    /// Posterior mean.
    #[default]
    Mean,
    /// Posterior quantile at this level, such as 0.05: voters with few labels weigh less.
    Quantile(f64),
}

impl AccuracyRule {
    /// Accuracy of one voter under this rule.
    ///
    /// # Errors
    /// A quantile level outside the open interval (0, 1).
    pub fn accuracy(self, record: TrackRecord, prior: BetaPrior) -> Result<f64, InvalidInput> {
        match self {
            Self::Mean => Ok(prior.mean_accuracy(record)),
            Self::Quantile(level) => prior.accuracy_quantile(record, level),
        }
    }
}

/// Weight of a voter of the given accuracy, strictly between 0 and 1.
///
/// A log-odds weight is negative for a voter worse than chance (`p < 1/K`), which is right inside a
/// posterior; pass it through [`clip_for_shares`] before counting shares.
///
/// # Errors
/// An accuracy outside the open interval (0, 1), or fewer than two classes.
pub fn voter_weight(accuracy: f64, rule: WeightRule) -> Result<f64, InvalidInput> {
    open_unit("accuracy", accuracy)?;
    match rule {
        WeightRule::Even => Ok(1.0),
        WeightRule::Accuracy => Ok(accuracy),
        WeightRule::LogOdds { classes } => {
            parameter(
                "classes",
                classes,
                "a finite number of at least 2",
                classes.is_finite() && classes >= 2.0,
            )?;
            Ok((accuracy * (classes - 1.0) / (1.0 - accuracy)).ln())
        }
    }
}

/// The weight as a share may use it: never negative.
pub fn clip_for_shares(weight: f64) -> f64 {
    weight.max(0.0)
}

/// Weights of all voters of a panel, ready for [`weighted_vote`](super::weighted_vote): clipped at 0.
///
/// `records[v]` holds voter `v`'s labelled votes, the items to be scored left out; `prior` is shared.
///
/// # Errors
/// As [`voter_weight`] and [`AccuracyRule::accuracy`].
pub fn voter_weights(
    records: &[TrackRecord],
    prior: BetaPrior,
    accuracy_rule: AccuracyRule,
    weight_rule: WeightRule,
) -> Result<Vec<f64>, InvalidInput> {
    records
        .iter()
        .map(|record| {
            let accuracy = accuracy_rule.accuracy(*record, prior)?;
            voter_weight(accuracy, weight_rule).map(clip_for_shares)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_three_stays_finite_and_cautious_weights_are_smaller() {
        let records = [TrackRecord::new(3, 3).unwrap(), TrackRecord::new(95, 100).unwrap()];
        let rule = WeightRule::LogOdds { classes: 2.0 };
        let plain = voter_weights(&records, BetaPrior::DEFAULT, AccuracyRule::Mean, rule).unwrap();
        let cautious = AccuracyRule::Quantile(0.05);
        let careful = voter_weights(&records, BetaPrior::DEFAULT, cautious, rule).unwrap();
        assert!(plain.iter().all(|weight| weight.is_finite()));
        assert!(careful[0] < plain[0] && careful[1] < plain[1]);
        // Few labels cost more than many.
        assert!(careful[0] / plain[0] < careful[1] / plain[1]);
    }

    #[test]
    fn refuses_impossible_parameters() {
        assert!(voter_weight(1.0, WeightRule::Accuracy).is_err());
        assert!(voter_weight(0.5, WeightRule::LogOdds { classes: 1.0 }).is_err());
        assert!(voter_weight(f64::NAN, WeightRule::Even).is_err());
    }
}
