//! An anytime-valid test of "the error rate is at most alpha".

use serde::{Deserialize, Serialize};

use super::alarm::AlarmState;
use crate::error::{InvalidInput, every, open_unit, probabilities};
use crate::numeric::sum::log_sum_exp;

/// Error rates, in multiples of alpha, that the default bets are best against.
const ALTERNATIVES: [f64; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];

/// What is tested, how it is bet against, and when the alarm is raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawSettings")]
pub struct MeanProcessSettings {
    alpha: f64,
    delta: f64,
    bets: Vec<f64>,
}

#[derive(Deserialize)]
struct RawSettings {
    alpha: f64,
    delta: f64,
    bets: Vec<f64>,
}

impl TryFrom<RawSettings> for MeanProcessSettings {
    type Error = InvalidInput;

    fn try_from(raw: RawSettings) -> Result<Self, InvalidInput> {
        Self::new(raw.alpha, raw.delta, raw.bets)
    }
}

impl MeanProcessSettings {
    /// Tests "the error rate is at most `alpha`" and alarms at `E >= 1 / delta`, with the grid `bets` of
    /// lambdas, each in `[0, 1/alpha)`.
    ///
    /// # Errors
    /// An alpha or delta outside (0, 1), no bets, a bet outside its range.
    pub fn new(alpha: f64, delta: f64, bets: Vec<f64>) -> Result<Self, InvalidInput> {
        open_unit("alpha", alpha)?;
        open_unit("delta", delta)?;
        if bets.is_empty() {
            return Err(InvalidInput::Empty { what: "bets" });
        }
        every("bets", &bets, "at least 0 and below 1/alpha", |bet| {
            (0.0..1.0 / alpha).contains(&bet)
        })?;
        Ok(Self { alpha, delta, bets })
    }

    /// With [`default_bets`].
    ///
    /// # Errors
    /// An alpha or delta outside (0, 1).
    pub fn standard(alpha: f64, delta: f64) -> Result<Self, InvalidInput> {
        open_unit("alpha", alpha)?;
        Self::new(alpha, delta, default_bets(alpha))
    }

    /// Largest error rate that is in order.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Probability of ever alarming falsely, at most.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// The grid of lambdas.
    pub fn bets(&self) -> &[f64] {
        &self.bets
    }
}

/// Lambdas that grow fastest where the error rate is 1.5, 2, 3, 5 or 10 times `alpha` (an alpha in (0, 1)):
/// `lambda = (r - alpha) / (alpha (1 - alpha))` for a rate `r`, those at or above 1/alpha left out.
pub fn default_bets(alpha: f64) -> Vec<f64> {
    let all = ALTERNATIVES.iter().map(|multiple| (multiple - 1.0) / (1.0 - alpha));
    let allowed: Vec<f64> = all.filter(|bet| *bet < 1.0 / alpha).collect();
    if allowed.is_empty() { vec![0.5 / alpha] } else { allowed }
}

/// A running e-process for the mean [Waudby-Smith & Ramdas, 2024, J. R. Stat. Soc. B]:
/// `E_t = mean over lambda of prod_s (1 + lambda (x_s - alpha))`.
///
/// While the error rate is at most alpha, `E` ever reaches `1/delta` with probability at most delta [Ville,
/// 1939], however often one looks and whenever one stops. Audits must be drawn with one probability; where it
/// varies, run one process a stratum ([`MeanProcessByStratum`](super::MeanProcessByStratum)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanProcess {
    settings: MeanProcessSettings,
    log_capitals: Vec<f64>,
    audits: u64,
    alarm: AlarmState,
}

impl MeanProcess {
    /// A process at `E = 1`.
    pub fn new(settings: MeanProcessSettings) -> Self {
        Self {
            log_capitals: vec![0.0; settings.bets.len()],
            settings,
            audits: 0,
            alarm: AlarmState::Quiet,
        }
    }

    /// Takes one audit: 1 for an error, 0 for none, or any loss between.
    ///
    /// # Errors
    /// A loss outside `[0, 1]`; the state is then unchanged.
    pub fn push(&mut self, loss: f64) -> Result<AlarmState, InvalidInput> {
        probabilities("loss", &[loss])?;
        for (capital, bet) in self.log_capitals.iter_mut().zip(&self.settings.bets) {
            *capital += (bet * (loss - self.settings.alpha)).ln_1p();
        }
        let is_over = self.log_e() >= -self.settings.delta.ln();
        self.alarm = self.alarm.after(self.audits, is_over);
        self.audits += 1;
        Ok(self.alarm)
    }

    /// `ln E_t`.
    pub fn log_e(&self) -> f64 {
        log_sum_exp(&self.log_capitals) - (self.log_capitals.len() as f64).ln()
    }

    /// Audits taken.
    pub fn audits(&self) -> u64 {
        self.audits
    }

    /// State of the alarm.
    pub fn alarm(&self) -> AlarmState {
        self.alarm
    }

    /// What is tested.
    pub fn settings(&self) -> &MeanProcessSettings {
        &self.settings
    }
}

/// The course of an e-process over a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EProcessCourse {
    /// `ln E` after every audit.
    pub log_e: Vec<f64>,
    /// State of the alarm at the end.
    pub alarm: AlarmState,
}

/// Runs a process over a batch of losses in the order of time.
///
/// # Errors
/// A loss outside `[0, 1]`.
pub fn run_mean_process(settings: MeanProcessSettings, losses: &[f64]) -> Result<EProcessCourse, InvalidInput> {
    probabilities("losses", losses)?;
    let mut process = MeanProcess::new(settings);
    let mut log_e = Vec::with_capacity(losses.len());
    for loss in losses {
        process.push(*loss)?;
        log_e.push(process.log_e());
    }
    Ok(EProcessCourse {
        log_e,
        alarm: process.alarm(),
    })
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::numeric::random::generator;

    #[test]
    fn settings_are_checked() {
        assert!(MeanProcessSettings::new(0.02, 0.05, vec![50.0]).is_err());
        assert!(MeanProcessSettings::new(0.02, 0.05, vec![]).is_err());
        assert!(MeanProcessSettings::standard(1.0, 0.05).is_err());
        for alpha in [0.005, 0.4, 0.9, 0.999] {
            let settings = MeanProcessSettings::standard(alpha, 0.05).unwrap();
            assert!(!settings.bets().is_empty());
        }
        let mut process = MeanProcess::new(MeanProcessSettings::standard(0.02, 0.05).unwrap());
        assert!(process.push(1.5).is_err());
        assert_eq!((process.audits(), process.log_e()), (0, 0.0));
    }

    #[test]
    fn false_alarms_are_rare_for_ever_and_true_ones_come() {
        let settings = MeanProcessSettings::standard(0.02, 0.05).unwrap();
        let alarms = |rate: f64| {
            let raised = (0..200).filter(|stream| {
                let mut random = generator(5, *stream);
                let losses: Vec<f64> = (0..2000)
                    .map(|_| f64::from(u8::from(random.random::<f64>() < rate)))
                    .collect();
                run_mean_process(settings.clone(), &losses).unwrap().alarm.is_raised()
            });
            raised.count()
        };
        assert!(alarms(0.02) <= 18, "{}", alarms(0.02));
        assert!(alarms(0.06) >= 195, "{}", alarms(0.06));
    }
}
