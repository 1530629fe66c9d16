//! How long what could not be done waits before it is tried again, so that what failed together does not come back
//! together.

use std::time::Duration;

use accord_domain::Environment;

/// The longest pause that a provider may ask for; some ask for a day.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Doublings of a pause that can be counted without overflow.
const MOST_DOUBLINGS: u32 = 16;

/// Pauses that double with every failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    /// The longest pause after the first failure.
    pub(crate) first: Duration,
    /// The longest pause of our own choosing.
    pub(crate) longest: Duration,
}

impl Backoff {
    /// Exponential with full jitter, after so many failures; never sooner than a provider asks, within reason.
    pub(crate) fn pause(self, failures: i64, retry_after: Option<Duration>, environment: &dyn Environment) -> Duration {
        let [high, low, ..] = environment.random_bytes();
        let chance = f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX);
        let floor = retry_after.unwrap_or_default().min(LONGEST_ASKED_PAUSE);
        floor + self.ceiling(failures).mul_f64(chance)
    }

    /// The longest pause of our own choosing after so many failures.
    pub(crate) fn ceiling(self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1).max(0)).unwrap_or(MOST_DOUBLINGS);
        let doubled = self.first.saturating_mul(1 << doublings.min(MOST_DOUBLINGS));
        doubled.min(self.longest)
    }
}

/// How long a parked task waits: as long as it was told, within reason, and up to a tenth longer.
pub(crate) fn pause_of_parked(wait: Duration, environment: &dyn Environment) -> Duration {
    let [chance, ..] = environment.random_bytes();
    let wait = wait.min(LONGEST_ASKED_PAUSE);
    wait + wait.mul_f64(f64::from(chance) / 2550.0)
}

/// A duration in milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::Timestamp;

    struct Chance(u8);

    impl Environment for Chance {
        fn now(&self) -> Timestamp {
            Timestamp::from_microseconds(0)
        }

        fn random_bytes(&self) -> [u8; 16] {
            [self.0; 16]
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn parked_tasks_come_back_when_told_and_not_all_at_once() {
        assert_eq!(pause_of_parked(SECOND * 10, &Chance(0)), SECOND * 10);
        assert_eq!(pause_of_parked(SECOND * 10, &Chance(255)), SECOND * 11);
        assert_eq!(pause_of_parked(SECOND * 86_400, &Chance(0)), SECOND * 900);
    }

    #[test]
    fn pauses_grow_are_capped_and_obey_the_provider() {
        let backoff = Backoff {
            first: SECOND,
            longest: SECOND * 60,
        };
        let longest = Chance(255);
        assert_eq!(backoff.pause(1, None, &longest), SECOND);
        assert_eq!(backoff.pause(3, None, &longest), SECOND * 4);
        assert_eq!(backoff.pause(100, None, &longest), SECOND * 60);
        assert_eq!(backoff.pause(i64::MAX, None, &longest), SECOND * 60);
        assert_eq!(backoff.pause(1, None, &Chance(0)), Duration::ZERO);
        assert_eq!(backoff.pause(1, Some(SECOND * 3), &Chance(0)), SECOND * 3);
        assert_eq!(backoff.pause(1, Some(SECOND * 86_400), &Chance(0)), SECOND * 900);
    }
}
