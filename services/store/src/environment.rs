//! The system's clock and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use accord_domain::{Environment, Timestamp};
use rand::RngCore;

/// The system's clock, and the thread's cryptographic generator, which the operating system seeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    fn now(&self) -> Timestamp {
        let microseconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |microseconds| -microseconds),
        };
        Timestamp::from_microseconds(microseconds)
    }

    fn random_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::ItemId;

    #[test]
    fn gives_a_plausible_time_and_fresh_bytes() {
        let environment = SystemEnvironment;
        // 2025-01-01
        assert!(environment.now().as_microseconds() > 1_735_689_600_000_000);
        assert_ne!(environment.random_bytes(), environment.random_bytes());
        assert_ne!(ItemId::generate(&environment), ItemId::generate(&environment));
    }
}
