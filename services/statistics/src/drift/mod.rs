//! Drift: does a calibrator still hold on a stream of audits, ordered by time?
//!
//! An audit is an accepted item that was labelled independently, chosen at random with a recorded probability.
//! An alarm means: the calibrator is invalid and automatic acceptance is off until it is certified again.
//! Everything here can be fed one audit at a time and keeps a small serialisable state.

mod alarm;
mod calibration_process;
mod cusum;
mod cusum_threshold;
mod mean_process;
mod strata;

pub use alarm::AlarmState;
pub use calibration_process::{CalibrationProcess, DEFAULT_SHIFTS, ShiftedCalibrationProcess};
pub use cusum::{CusumCourse, CusumSettings, DEFAULT_ODDS_RATIO, RiskAdjustedCusum, run_cusum};
pub use cusum_threshold::{CusumThreshold, FalseAlarms, simulate_cusum_threshold};
pub use mean_process::{EProcessCourse, MeanProcess, MeanProcessSettings, default_bets, run_mean_process};
pub use strata::MeanProcessByStratum;
