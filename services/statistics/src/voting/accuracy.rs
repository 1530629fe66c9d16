//! How often a voter is right, shrunk towards a prior.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter, positive};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::beta_function;
use crate::numeric::sum::{mean, sample_variance};

/// How a voter did on items whose truth is known.
///
/// The items must not include the one being scored (cross-fitting).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawTrackRecord")]
pub struct TrackRecord {
    correct: u64,
    scored: u64,
}

#[derive(Deserialize)]
struct RawTrackRecord {
    correct: u64,
    scored: u64,
}

impl TryFrom<RawTrackRecord> for TrackRecord {
    type Error = InvalidInput;

    fn try_from(raw: RawTrackRecord) -> Result<Self, InvalidInput> {
        Self::new(raw.correct, raw.scored)
    }
}

impl TrackRecord {
    /// A record of `correct` right votes out of `scored`.
    ///
    /// # Errors
    /// More right votes than votes.
    pub fn new(correct: u64, scored: u64) -> Result<Self, InvalidInput> {
        parameter(
            "correct",
            correct as f64,
            "at most the number of scored votes",
            correct <= scored,
        )?;
        Ok(Self { correct, scored })
    }

    /// Right votes.
    pub fn correct(self) -> u64 {
        self.correct
    }

    /// Votes with known truth.
    pub fn scored(self) -> u64 {
        self.scored
    }

    /// This record and one more vote.
    #[must_use]
    pub fn with_vote(self, is_correct: bool) -> Self {
        Self {
            correct: self.correct + u64::from(is_correct),
            scored: self.scored + 1,
        }
    }

    /// Both records together.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            correct: self.correct + other.correct,
            scored: self.scored + other.scored,
        }
    }
}

/// A Beta(a, b) distribution of a voter's accuracy before its votes are seen: `a` right and `b` wrong
/// votes are added to every record.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawBetaPrior")]
pub struct BetaPrior {
    a: f64,
    b: f64,
}

#[derive(Deserialize)]
struct RawBetaPrior {
    a: f64,
    b: f64,
}

impl TryFrom<RawBetaPrior> for BetaPrior {
    type Error = InvalidInput;

    fn try_from(raw: RawBetaPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.a, raw.b)
    }
}

impl BetaPrior {
    /// The prior where nothing better is known: 4 right, 1 wrong.
    pub const DEFAULT: Self = Self { a: 4.0, b: 1.0 };

    /// Strength with which a field's accuracy is drawn to the voter's overall accuracy.
    pub const DEFAULT_STRENGTH: f64 = 20.0;

    /// Beta(a, b).
    ///
    /// # Errors
    /// A parameter that is not finite and above 0.
    pub fn new(a: f64, b: f64) -> Result<Self, InvalidInput> {
        positive("prior a", a)?;
        positive("prior b", b)?;
        Ok(Self { a, b })
    }

    /// The prior `Beta(s * rate, s * (1 - rate))` that draws a field's accuracy to the voter's overall
    /// `rate` with the strength of `s` votes ([`Self::DEFAULT_STRENGTH`] by default).
    ///
    /// # Errors
    /// A rate outside the open interval (0, 1) (pass a shrunk rate, which never reaches its ends), or
    /// a strength that is not above 0.
    pub fn around(rate: f64, strength: f64) -> Result<Self, InvalidInput> {
        open_unit("rate", rate)?;
        positive("strength", strength)?;
        Self::new(strength * rate, strength * (1.0 - rate))
    }

    /// Prior fitted over the voters of one field by the method of moments: the spread of their
    /// accuracies beyond what counting explains sets its strength.
    ///
    /// With mean `m` and sample variance `v` of the raw accuracies, and mean binomial noise
    /// `e = mean(m(1-m)/n_v)`, the true spread is `v - e` and `a + b = m(1-m)/(v - e) - 1`.
    /// Undefined (`too_few_items`) below two voters with votes and (`not_identifiable`) where the
    /// spread is no larger than the noise or all votes agree.
    pub fn fit_by_moments(records: &[TrackRecord]) -> Estimate<Self> {
        let scored: Vec<&TrackRecord> = records.iter().filter(|record| record.scored > 0).collect();
        let rates: Vec<f64> = scored
            .iter()
            .map(|record| record.correct as f64 / record.scored as f64)
            .collect();
        let (Some(mean_rate), Some(variance)) = (mean(&rates), sample_variance(&rates)) else {
            return Estimate::Undefined(Undefined::TooFewItems);
        };
        let bernoulli = mean_rate * (1.0 - mean_rate);
        let noise: Vec<f64> = scored.iter().map(|record| bernoulli / record.scored as f64).collect();
        let spread = variance - mean(&noise).unwrap_or(0.0);
        let strength = bernoulli / spread - 1.0;
        if spread <= 0.0 || strength <= 0.0 {
            return Estimate::Undefined(Undefined::NotIdentifiable);
        }
        Self::new(strength * mean_rate, strength * (1.0 - mean_rate))
            .map_err(|_| Undefined::NotIdentifiable)
            .into()
    }

    /// [`Self::fit_by_moments`], or [`Self::DEFAULT`] where that is undefined.
    pub fn fitted_or_default(records: &[TrackRecord]) -> Self {
        Self::fit_by_moments(records).value().unwrap_or(Self::DEFAULT)
    }

    /// Right votes added.
    pub fn a(self) -> f64 {
        self.a
    }

    /// Wrong votes added.
    pub fn b(self) -> f64 {
        self.b
    }

    /// Posterior mean accuracy `(correct + a) / (scored + a + b)`, strictly between 0 and 1.
    pub fn mean_accuracy(self, record: TrackRecord) -> f64 {
        (record.correct as f64 + self.a) / (record.scored as f64 + self.a + self.b)
    }

    /// Posterior quantile of the accuracy at `level`, for example 0.05 for a cautious weight.
    ///
    /// # Errors
    /// A level outside the open interval (0, 1).
    pub fn accuracy_quantile(self, record: TrackRecord, level: f64) -> Result<f64, InvalidInput> {
        open_unit("level", level)?;
        let wrong = record.scored - record.correct;
        Ok(beta_function::quantile(
            record.correct as f64 + self.a,
            wrong as f64 + self.b,
            level,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(correct: u64, scored: u64) -> TrackRecord {
        TrackRecord::new(correct, scored).unwrap()
    }

    #[test]
    fn records_are_checked_and_merge() {
        assert!(TrackRecord::new(2, 1).is_err());
        assert!(serde_json::from_str::<TrackRecord>(r#"{"correct":2,"scored":1}"#).is_err());
        let merged = record(2, 3).merged(record(1, 5)).with_vote(true);
        assert_eq!(merged, record(4, 9));
    }

    #[test]
    fn moments_recover_a_wide_prior() {
        // Accuracies 0.5, 0.7, 0.9 on very many items: mean 0.7, variance 0.04, strength 4.25.
        let records = [
            record(500_000, 1_000_000),
            record(700_000, 1_000_000),
            record(900_000, 1_000_000),
        ];
        let prior = BetaPrior::fit_by_moments(&records).value().unwrap();
        assert!((prior.a() - 0.7 * 4.25).abs() < 1e-3);
        assert!((prior.b() - 0.3 * 4.25).abs() < 1e-3);
    }

    #[test]
    fn moments_fall_back() {
        assert_eq!(BetaPrior::fitted_or_default(&[record(3, 4)]), BetaPrior::DEFAULT);
        let alike = [record(3, 4), record(3, 4)];
        assert_eq!(
            BetaPrior::fit_by_moments(&alike).reason(),
            Some(Undefined::NotIdentifiable)
        );
        let perfect = [record(4, 4), record(9, 9)];
        assert_eq!(BetaPrior::fitted_or_default(&perfect), BetaPrior::DEFAULT);
    }

    #[test]
    fn a_field_without_labels_takes_the_overall_rate() {
        let prior = BetaPrior::around(0.83, BetaPrior::DEFAULT_STRENGTH).unwrap();
        assert!((prior.mean_accuracy(TrackRecord::default()) - 0.83).abs() < 1e-15);
        assert!(BetaPrior::around(1.0, 20.0).is_err());
    }
}
