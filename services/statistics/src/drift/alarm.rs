//! The state of an alarm.

use serde::{Deserialize, Serialize};

/// Whether a monitor has raised its alarm. An alarm stays: it is for people to look into, not to fade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Nothing speaks against the calibrator so far.
    #[default]
    Quiet,
    /// The alarm was raised by the audit at this position, from 0.
    Raised(u64),
}

impl AlarmState {
    /// Whether the alarm was raised.
    pub fn is_raised(self) -> bool {
        matches!(self, Self::Raised(_))
    }

    /// Position of the audit that raised it, from 0.
    pub fn raised_at(self) -> Option<u64> {
        match self {
            Self::Quiet => None,
            Self::Raised(position) => Some(position),
        }
    }

    /// The state after the audit at `position`.
    pub(super) fn after(self, position: u64, is_over: bool) -> Self {
        match self {
            Self::Quiet if is_over => Self::Raised(position),
            other => other,
        }
    }
}
