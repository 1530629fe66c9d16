//! Risk-adjusted cumulative sums.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmState;
use crate::error::{InvalidInput, parameter, positive, probabilities, same_length};

/// The odds of an error under the alternative, in units of the predicted odds, where nothing else is chosen.
pub const DEFAULT_ODDS_RATIO: f64 = 2.0;

/// What the sum looks for and when it alarms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawSettings")]
pub struct CusumSettings {
    odds_ratio: f64,
    threshold: f64,
}

#[derive(Deserialize)]
struct RawSettings {
    odds_ratio: f64,
    threshold: f64,
}

impl TryFrom<RawSettings> for CusumSettings {
    type Error = InvalidInput;

    fn try_from(raw: RawSettings) -> Result<Self, InvalidInput> {
        Self::new(raw.odds_ratio, raw.threshold)
    }
}

impl CusumSettings {
    /// `odds_ratio` above 1 looks for more errors than predicted, below 1 for fewer; `threshold` comes from
    /// [`simulate_cusum_threshold`](super::simulate_cusum_threshold).
    ///
    /// # Errors
    /// An odds ratio that is not finite and above 0, or is 1; a threshold that is not finite and above 0.
    pub fn new(odds_ratio: f64, threshold: f64) -> Result<Self, InvalidInput> {
        check_odds_ratio(odds_ratio)?;
        positive("threshold", threshold)?;
        Ok(Self { odds_ratio, threshold })
    }

    /// Odds of an error under the alternative, in units of the predicted odds.
    pub fn odds_ratio(self) -> f64 {
        self.odds_ratio
    }

    /// Statistic at which the alarm is raised.
    pub fn threshold(self) -> f64 {
        self.threshold
    }
}

pub(super) fn check_odds_ratio(odds_ratio: f64) -> Result<(), InvalidInput> {
    positive("odds ratio", odds_ratio)?;
    parameter("odds ratio", odds_ratio, "a number other than 1", odds_ratio != 1.0)
}

/// Log likelihood ratio of one audit: `e ln R - ln(1 - q + R q)`.
pub(super) fn weight(odds_ratio: f64, predicted_error: f64, is_error: bool) -> f64 {
    let evidence = if is_error { odds_ratio.ln() } else { 0.0 };
    evidence - ((odds_ratio - 1.0) * predicted_error).ln_1p()
}

/// A running risk-adjusted sum [Steiner, Cook, Farewell & Treasure, 2000, Biostatistics; Page, 1954,
/// Biometrika]: `S_t = max(0, S_{t-1} + e_t ln R - ln(1 - q_t + R q_t))` with `e_t = 1` for an error and `q_t`
/// its predicted probability. It alarms at `S_t >= threshold`. Quick to see a change, but at some time it
/// alarms falsely: how often is what its threshold was simulated for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskAdjustedCusum {
    settings: CusumSettings,
    statistic: f64,
    audits: u64,
    alarm: AlarmState,
}

impl RiskAdjustedCusum {
    /// A sum at 0.
    pub fn new(settings: CusumSettings) -> Self {
        Self {
            settings,
            statistic: 0.0,
            audits: 0,
            alarm: AlarmState::Quiet,
        }
    }

    /// Takes one audit: `predicted_error` is one minus the calibrated confidence at decision time.
    ///
    /// # Errors
    /// A predicted error outside `[0, 1]`; the state is then unchanged.
    pub fn push(&mut self, predicted_error: f64, is_error: bool) -> Result<AlarmState, InvalidInput> {
        probabilities("predicted error", &[predicted_error])?;
        let step = weight(self.settings.odds_ratio, predicted_error, is_error);
        self.statistic = (self.statistic + step).max(0.0);
        self.alarm = self.alarm.after(self.audits, self.statistic >= self.settings.threshold);
        self.audits += 1;
        Ok(self.alarm)
    }

    /// `S_t`; it goes on after an alarm.
    pub fn statistic(&self) -> f64 {
        self.statistic
    }

    /// Audits taken.
    pub fn audits(&self) -> u64 {
        self.audits
    }

    /// State of the alarm.
    pub fn alarm(&self) -> AlarmState {
        self.alarm
    }

    /// What it looks for.
    pub fn settings(&self) -> CusumSettings {
        self.settings
    }
}

/// The course of a sum over a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CusumCourse {
    /// Statistic after every audit.
    pub statistics: Vec<f64>,
    /// State of the alarm at the end.
    pub alarm: AlarmState,
}

/// Runs a sum over a batch of audits in the order of time.
///
/// # Errors
/// Arrays of unequal length, a predicted error outside `[0, 1]`.
pub fn run_cusum(
    settings: CusumSettings,
    predicted_errors: &[f64],
    errors: &[bool],
) -> Result<CusumCourse, InvalidInput> {
    same_length("errors", predicted_errors.len(), errors.len())?;
    probabilities("predicted errors", predicted_errors)?;
    let mut sum = RiskAdjustedCusum::new(settings);
    let mut statistics = Vec::with_capacity(errors.len());
    for (predicted, is_error) in predicted_errors.iter().zip(errors) {
        sum.push(*predicted, *is_error)?;
        statistics.push(sum.statistic());
    }
    Ok(CusumCourse {
        statistics,
        alarm: sum.alarm(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn settings_are_checked() {
        assert!(CusumSettings::new(1.0, 2.0).is_err());
        assert!(CusumSettings::new(2.0, 0.0).is_err());
        assert!(serde_json::from_str::<CusumSettings>(r#"{"odds_ratio":-2,"threshold":1}"#).is_err());
        let settings = CusumSettings::new(2.0, 2.0).unwrap();
        assert!(RiskAdjustedCusum::new(settings).push(1.1, true).is_err());
        assert!(run_cusum(settings, &[0.1], &[]).is_err());
    }

    proptest! {
        #[test]
        fn one_at_a_time_is_the_batch_and_an_alarm_stays(
            audits in prop::collection::vec((0.0..=1.0_f64, any::<bool>()), 0..60),
        ) {
            let settings = CusumSettings::new(2.0, 1.2).unwrap();
            let (predicted, errors): (Vec<f64>, Vec<bool>) = audits.iter().copied().unzip();
            let batch = run_cusum(settings, &predicted, &errors).unwrap();
            let mut sum = RiskAdjustedCusum::new(settings);
            for (position, (predicted, is_error)) in audits.into_iter().enumerate() {
                let before = sum.alarm();
                let text = serde_json::to_string(&sum).unwrap();
                sum = serde_json::from_str(&text).unwrap();
                let after = sum.push(predicted, is_error).unwrap();
                prop_assert!(sum.statistic() >= 0.0);
                prop_assert_eq!(sum.statistic(), batch.statistics[position]);
                prop_assert!(!before.is_raised() || before == after);
            }
            prop_assert_eq!(sum.alarm(), batch.alarm);
            let first = batch.statistics.iter().position(|value| *value >= 1.2);
            prop_assert_eq!(batch.alarm.raised_at(), first.map(|position| position as u64));
        }
    }
}
