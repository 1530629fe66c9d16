//! A call that gave no usable reply, and whether to try again.

use std::time::Duration;

use super::HoldReason;

/// A call that gave no usable reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The provider answered with an error.
    #[error("provider answered {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
        /// What it said, shortened.
        message: String,
    },
    /// The provider did not answer in time.
    #[error("no complete answer within the time limit: {0}")]
    TimedOut(String),
    /// The connection failed or was cut.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// The reply is not JSON, or larger than any reply may be.
    #[error("the reply cannot be read: {0}")]
    Unreadable(String),
    /// The call was not made: it is not its turn.
    #[error("it {reason}; the call was not made")]
    Held {
        /// Why.
        reason: HoldReason,
        /// When to ask again.
        wait: Duration,
    },
    /// The request could not be built; trying again cannot help.
    #[error("the request cannot be made: {0}")]
    Request(String),
}

impl CallError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(*status, 408 | 409 | 425 | 429 | 500..=599),
            Self::TimedOut(_) | Self::Connection(_) | Self::Unreadable(_) | Self::Held { .. } => true,
            Self::Request(_) => false,
        }
    }

    /// How long the provider asks to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Held { wait, .. } => Some(*wait),
            _ => None,
        }
    }
}
