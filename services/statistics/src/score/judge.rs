//! Scores that a judge model gives.

use serde::{Deserialize, Serialize};

use super::add_half_logit;
use crate::Undefined;
use crate::error::{InvalidInput, every, parameter};
use crate::estimate::Estimate;
use crate::numeric::sum::{sample_variance, sum};

/// Fewest calls whose mean is a score: a single call moves by more than a tenth of the scale.
pub const FEWEST_JUDGE_CALLS: usize = 3;

/// The ends of a judge's scale, such as 0 and 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawScale")]
pub struct JudgeScale {
    lowest: f64,
    highest: f64,
}

#[derive(Deserialize)]
struct RawScale {
    lowest: f64,
    highest: f64,
}

impl TryFrom<RawScale> for JudgeScale {
    type Error = InvalidInput;

    fn try_from(raw: RawScale) -> Result<Self, InvalidInput> {
        Self::new(raw.lowest, raw.highest)
    }
}

impl JudgeScale {
    /// Probabilities as they are.
    pub const UNIT: Self = Self {
        lowest: 0.0,
        highest: 1.0,
    };

    /// From the lowest and the highest rating that may be given.
    ///
    /// # Errors
    /// Ends that are not finite, or a highest that is not above the lowest.
    pub fn new(lowest: f64, highest: f64) -> Result<Self, InvalidInput> {
        parameter("lowest rating", lowest, "a finite number", lowest.is_finite())?;
        let is_above = highest.is_finite() && highest > lowest && (highest - lowest).is_finite();
        parameter(
            "highest rating",
            highest,
            "a finite number above the lowest rating",
            is_above,
        )?;
        Ok(Self { lowest, highest })
    }

    fn position(self, rating: f64) -> f64 {
        ((rating - self.lowest) / (self.highest - self.lowest)).clamp(0.0, 1.0)
    }
}

/// What several calls of a judge say of one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct JudgeScore {
    /// Mean rating on the scale from 0 to 1.
    pub mean: f64,
    /// Variance of the calls on that scale, divisor `calls - 1`: show it beside the mean.
    pub variance: f64,
    /// Calls that gave a rating.
    pub calls: usize,
}

impl JudgeScore {
    /// The input of a calibrator: the add-half logit of the mean at the number of calls, finite at both ends of
    /// the scale.
    ///
    /// # Errors
    /// None that a score of [`judge_score`] causes.
    pub fn logit(&self) -> Result<f64, InvalidInput> {
        add_half_logit(self.mean, self.calls as f64)
    }
}

/// Mean and variance of a judge's ratings of one value, `None` for a call without a readable rating.
/// Undefined (`too_few_items`) below [`FEWEST_JUDGE_CALLS`] ratings. Ratings of different models are not
/// comparable: calibrate each judge by itself.
///
/// # Errors
/// A rating outside the scale.
pub fn judge_score(ratings: &[Option<f64>], scale: JudgeScale) -> Result<Estimate<JudgeScore>, InvalidInput> {
    let given: Vec<f64> = ratings.iter().flatten().copied().collect();
    every("ratings", &given, "a number on the judge's scale", |rating| {
        (scale.lowest..=scale.highest).contains(&rating)
    })?;
    let positions: Vec<f64> = given.iter().map(|rating| scale.position(*rating)).collect();
    let (Some(variance), true) = (sample_variance(&positions), positions.len() >= FEWEST_JUDGE_CALLS) else {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    };
    Ok(Estimate::Value(JudgeScore {
        mean: (sum(positions.iter().copied()) / positions.len() as f64).clamp(0.0, 1.0),
        variance,
        calls: positions.len(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mean_needs_three_ratings() {
        let scale = JudgeScale::new(0.0, 100.0).unwrap();
        let few = judge_score(&[Some(80.0), None, Some(90.0)], scale).unwrap();
        assert_eq!(few.reason(), Some(Undefined::TooFewItems));
        let enough = judge_score(&[Some(80.0), Some(100.0), None, Some(90.0)], scale).unwrap();
        let score = enough.value().unwrap();
        assert!((score.mean - 0.9).abs() < 1e-15 && (score.variance - 0.01).abs() < 1e-15);
        assert_eq!(score.calls, 3);
    }

    #[test]
    fn the_ends_of_the_scale_stay_finite() {
        let certain = judge_score(&[Some(1.0); 3], JudgeScale::UNIT).unwrap().value().unwrap();
        assert!((certain.logit().unwrap() - 7.0_f64.ln()).abs() < 1e-12);
        let surer = judge_score(&[Some(1.0); 5], JudgeScale::UNIT).unwrap().value().unwrap();
        assert!(surer.logit().unwrap() > certain.logit().unwrap());
    }

    #[test]
    fn ratings_off_the_scale_are_refused() {
        let scale = JudgeScale::new(1.0, 5.0).unwrap();
        let error = judge_score(&[Some(3.0), Some(6.0)], scale).unwrap_err();
        assert!(error.to_string().contains("ratings at position 1 is 6"), "{error}");
        assert!(judge_score(&[Some(f64::NAN)], scale).is_err());
        assert!(JudgeScale::new(5.0, 5.0).is_err());
        assert!(serde_json::from_str::<JudgeScale>(r#"{"lowest":2,"highest":1}"#).is_err());
    }

    proptest! {
        #[test]
        fn the_scale_does_not_show(
            positions in prop::collection::vec(0.0..=1.0_f64, 3..8),
            lowest in -100.0..100.0_f64,
            width in 0.1..100.0_f64,
        ) {
            let scale = JudgeScale::new(lowest, lowest + width).unwrap();
            let rate = |position: &f64| Some((lowest + position * width).clamp(lowest, lowest + width));
            let ratings: Vec<Option<f64>> = positions.iter().map(rate).collect();
            let unit: Vec<Option<f64>> = positions.iter().copied().map(Some).collect();
            let scaled = judge_score(&ratings, scale).unwrap().value().unwrap();
            let plain = judge_score(&unit, JudgeScale::UNIT).unwrap().value().unwrap();
            prop_assert!((scaled.mean - plain.mean).abs() < 1e-9);
            prop_assert!((scaled.variance - plain.variance).abs() < 1e-9);
        }
    }
}
