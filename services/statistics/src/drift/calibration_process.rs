//! Anytime-valid tests of calibration.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmState;
use crate::error::{InvalidInput, every, finite, open_unit};
use crate::numeric::logistic::{logit, sigmoid};
use crate::numeric::sum::log_sum_exp;

/// Shifts of the log-odds, where nothing else is chosen: too sure and too cautious by half and by one.
pub const DEFAULT_SHIFTS: [f64; 4] = [-1.0, -0.5, 0.5, 1.0];

/// A running e-process against "the probabilities are right" [Arnold, Henzi & Ziegel, 2023, Ann. Appl. Stat.]:
/// `E_t = prod_s (q_s/p_s)^{y_s} ((1-q_s)/(1-p_s))^{1-y_s}`. It grows where the alternative probabilities `q`
/// tell the outcomes better than `p`. It alarms at `E >= 1/delta`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawProcess")]
pub struct CalibrationProcess {
    delta: f64,
    log_e: f64,
    audits: u64,
    alarm: AlarmState,
}

#[derive(Deserialize)]
struct RawProcess {
    delta: f64,
    log_e: f64,
    audits: u64,
    alarm: AlarmState,
}

impl TryFrom<RawProcess> for CalibrationProcess {
    type Error = InvalidInput;

    fn try_from(raw: RawProcess) -> Result<Self, InvalidInput> {
        finite("log e", &[raw.log_e])?;
        Ok(Self {
            log_e: raw.log_e,
            audits: raw.audits,
            alarm: raw.alarm,
            ..Self::new(raw.delta)?
        })
    }
}

impl CalibrationProcess {
    /// A process at `E = 1` that ever alarms falsely with probability at most `delta`.
    ///
    /// # Errors
    /// A delta outside (0, 1).
    pub fn new(delta: f64) -> Result<Self, InvalidInput> {
        open_unit("delta", delta)?;
        Ok(Self {
            delta,
            log_e: 0.0,
            audits: 0,
            alarm: AlarmState::Quiet,
        })
    }

    /// Takes one audit: the probability given, an alternative computed from EARLIER audits alone, and whether
    /// the item was right.
    ///
    /// # Errors
    /// A probability outside (0, 1): clip certain ones beforehand. The state is then unchanged.
    pub fn push(&mut self, probability: f64, alternative: f64, is_correct: bool) -> Result<AlarmState, InvalidInput> {
        open_unit("probability", probability)?;
        open_unit("alternative", alternative)?;
        self.log_e += log_ratio(probability, alternative, is_correct);
        self.alarm = self.alarm.after(self.audits, self.log_e >= -self.delta.ln());
        self.audits += 1;
        Ok(self.alarm)
    }

    /// `ln E_t`.
    pub fn log_e(&self) -> f64 {
        self.log_e
    }

    /// Audits taken.
    pub fn audits(&self) -> u64 {
        self.audits
    }

    /// State of the alarm.
    pub fn alarm(&self) -> AlarmState {
        self.alarm
    }
}

fn log_ratio(probability: f64, alternative: f64, is_correct: bool) -> f64 {
    if is_correct {
        alternative.ln() - probability.ln()
    } else {
        (-alternative).ln_1p() - (-probability).ln_1p()
    }
}

/// A calibration e-process that brings its own alternatives: the log-odds of every probability shifted by each
/// of a fixed grid, the mean of the products being the e-process. Nothing needs to be learned first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShiftedCalibrationProcess {
    delta: f64,
    shifts: Vec<f64>,
    log_products: Vec<f64>,
    audits: u64,
    alarm: AlarmState,
}

impl ShiftedCalibrationProcess {
    /// A process at `E = 1` with these shifts of the log-odds ([`DEFAULT_SHIFTS`]), negative for probabilities
    /// that are too sure.
    ///
    /// # Errors
    /// A delta outside (0, 1), no shifts, a shift that is 0 or not finite.
    pub fn new(delta: f64, shifts: &[f64]) -> Result<Self, InvalidInput> {
        open_unit("delta", delta)?;
        if shifts.is_empty() {
            return Err(InvalidInput::Empty { what: "shifts" });
        }
        every("shifts", shifts, "a finite number other than 0", |shift| {
            shift.is_finite() && shift != 0.0
        })?;
        Ok(Self {
            delta,
            shifts: shifts.to_vec(),
            log_products: vec![0.0; shifts.len()],
            audits: 0,
            alarm: AlarmState::Quiet,
        })
    }

    /// Takes one audit: the probability given and whether the item was right.
    ///
    /// # Errors
    /// A probability outside (0, 1): clip certain ones beforehand. The state is then unchanged.
    pub fn push(&mut self, probability: f64, is_correct: bool) -> Result<AlarmState, InvalidInput> {
        open_unit("probability", probability)?;
        for (product, shift) in self.log_products.iter_mut().zip(&self.shifts) {
            let alternative = sigmoid(logit(probability) + shift).clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON);
            *product += log_ratio(probability, alternative, is_correct);
        }
        self.alarm = self.alarm.after(self.audits, self.log_e() >= -self.delta.ln());
        self.audits += 1;
        Ok(self.alarm)
    }

    /// `ln E_t`.
    pub fn log_e(&self) -> f64 {
        log_sum_exp(&self.log_products) - (self.log_products.len() as f64).ln()
    }

    /// Audits taken.
    pub fn audits(&self) -> u64 {
        self.audits
    }

    /// State of the alarm.
    pub fn alarm(&self) -> AlarmState {
        self.alarm
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::numeric::random::generator;

    #[test]
    fn input_is_checked() {
        let mut process = CalibrationProcess::new(0.05).unwrap();
        assert!(process.push(1.0, 0.5, true).is_err() && process.push(0.5, 0.0, true).is_err());
        assert_eq!(process.audits(), 0);
        assert!(CalibrationProcess::new(1.0).is_err());
        assert!(ShiftedCalibrationProcess::new(0.05, &[0.0]).is_err());
        assert!(
            serde_json::from_str::<CalibrationProcess>(r#"{"delta":2,"log_e":0,"audits":0,"alarm":"quiet"}"#).is_err()
        );
    }

    #[test]
    fn right_probabilities_rest_and_sure_ones_are_found_out() {
        let raised = |shift: f64| {
            let streams = (0..200).filter(|stream| {
                let mut random = generator(17, *stream);
                let mut process = ShiftedCalibrationProcess::new(0.05, &DEFAULT_SHIFTS).unwrap();
                for _ in 0..1000 {
                    let probability: f64 = random.random_range(0.6..0.98);
                    let is_correct = random.random::<f64>() < sigmoid(logit(probability) - shift);
                    process.push(probability, is_correct).unwrap();
                }
                process.alarm().is_raised()
            });
            streams.count()
        };
        assert!(raised(0.0) <= 18, "{}", raised(0.0));
        assert!(raised(0.7) >= 195, "{}", raised(0.7));
    }
}
