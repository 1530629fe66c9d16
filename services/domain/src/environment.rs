//! Time and chance as parameters: whoever needs them is handed an [`Environment`].

use crate::time::Timestamp;

/// Where the clock and randomness come from; the program uses the system's, tests a fixed one.
pub trait Environment: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Sixteen unpredictable bytes, fresh at every call.
    fn random_bytes(&self) -> [u8; 16];
}
