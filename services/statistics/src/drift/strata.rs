//! One e-process a stratum, for audits drawn with unequal probabilities.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmState;
use super::mean_process::{MeanProcess, MeanProcessSettings};
use crate::error::InvalidInput;

/// Tests "the error rate is at most alpha in every stratum". Each of the `H` strata has its own process that
/// alarms at `E >= H / delta`, so that all together ever alarm falsely with probability at most delta.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanProcessByStratum {
    processes: Vec<MeanProcess>,
}

impl MeanProcessByStratum {
    /// `strata` processes with the same alpha and bets.
    ///
    /// # Errors
    /// No strata.
    pub fn new(settings: &MeanProcessSettings, strata: usize) -> Result<Self, InvalidInput> {
        if strata == 0 {
            return Err(InvalidInput::Empty { what: "strata" });
        }
        let delta = settings.delta() / strata as f64;
        let own = MeanProcessSettings::new(settings.alpha(), delta, settings.bets().to_vec())?;
        Ok(Self {
            processes: vec![MeanProcess::new(own); strata],
        })
    }

    /// Takes one audit of a stratum and returns that stratum's state.
    ///
    /// # Errors
    /// An unknown stratum or a loss outside `[0, 1]`.
    pub fn push(&mut self, stratum: usize, loss: f64) -> Result<AlarmState, InvalidInput> {
        let bound = self.processes.len();
        let unknown = InvalidInput::Index {
            what: "strata",
            index: 0,
            found: stratum,
            bound,
        };
        self.processes.get_mut(stratum).ok_or(unknown)?.push(loss)
    }

    /// The processes, by stratum; positions in their alarms count the audits of the stratum alone.
    pub fn processes(&self) -> &[MeanProcess] {
        &self.processes
    }

    /// Strata whose alarm was raised.
    pub fn raised(&self) -> Vec<usize> {
        let all = self.processes.iter().enumerate();
        all.filter(|(_, process)| process.alarm().is_raised())
            .map(|(stratum, _)| stratum)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_stratum_is_named() {
        let settings = MeanProcessSettings::standard(0.02, 0.05).unwrap();
        let mut strata = MeanProcessByStratum::new(&settings, 3).unwrap();
        for audit in 0..200 {
            strata.push(0, 0.0).unwrap();
            strata.push(2, if audit % 5 == 0 { 1.0 } else { 0.0 }).unwrap();
        }
        assert_eq!(strata.raised(), vec![2]);
        assert_eq!(strata.processes()[0].settings().delta(), 0.05 / 3.0);
        assert!(strata.push(3, 0.0).is_err() && MeanProcessByStratum::new(&settings, 0).is_err());
    }
}
