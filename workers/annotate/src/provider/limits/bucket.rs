//! A token bucket: so much a minute, a little of it at once.

use std::time::{Duration, Instant};

/// How much of a minute's amount may be used at once, so that a minute sees at most a tenth more than its amount.
const BURST: f64 = 0.1;

/// Guards against the last digit of sums.
const TINY: f64 = 1e-6;

/// So much a minute. An amount larger than what may be used at once is let through when the bucket is full, and what comes
/// after it waits until it is paid off.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bucket {
    per_second: f64,
    capacity: f64,
    level: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(per_minute: u64, now: Instant) -> Self {
        let per_minute = per_minute as f64;
        let capacity = (per_minute * BURST).max(1.0);
        Self {
            per_second: per_minute / 60.0,
            capacity,
            level: capacity,
            filled_at: now,
        }
    }

    fn level_at(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        elapsed.mul_add(self.per_second, self.level).min(self.capacity)
    }

    /// From when on this amount may be taken.
    pub(super) fn ready_at(&self, now: Instant, amount: u64) -> Instant {
        let missing = (amount as f64).min(self.capacity) - self.level_at(now);
        if missing <= TINY {
            return now;
        }
        let seconds = missing / self.per_second;
        now + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600))
    }

    /// How many calls of this amount may go at once.
    pub(super) fn count(&self, now: Instant, amount: u64) -> usize {
        let amount = (amount.max(1) as f64).min(self.capacity);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and what is too large is cut"
        )]
        let count = ((self.level_at(now) + TINY) / amount).floor().max(0.0) as usize;
        count
    }

    /// Takes an amount, whether it is there or not.
    pub(super) fn take(&mut self, now: Instant, amount: u64) {
        self.level = self.level_at(now) - amount as f64;
        self.filled_at = now;
    }

    /// Gives back what was taken too much.
    pub(super) fn give_back(&mut self, now: Instant, amount: u64) {
        self.level = (self.level_at(now) + amount as f64).min(self.capacity);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn large_amounts_are_paid_off_afterwards() {
        let start = Instant::now();
        let mut bucket = Bucket::new(600, start);
        assert_eq!(bucket.ready_at(start, 1000), start, "a full bucket lets it through");
        bucket.take(start, 1000);
        assert_eq!(
            bucket.ready_at(start, 60).duration_since(start),
            Duration::from_secs(100)
        );
        bucket.give_back(start, 970);
        assert_eq!(bucket.ready_at(start, 30), start);
        bucket.give_back(start, 500);
        assert_eq!(bucket.count(start, 10), 6, "it holds no more than fits");
    }

    proptest! {
        /// Whoever waits as told never takes more in any minute than the amount of a minute and the burst.
        #[test]
        fn no_minute_sees_more(per_minute in 1u64..5_000, wants in prop::collection::vec((1u64..40, 0u64..400), 1..300)) {
            let start = Instant::now();
            let mut bucket = Bucket::new(per_minute, start);
            let (mut now, mut taken) = (start, Vec::new());
            let most = ((per_minute as f64 * BURST).max(1.0)) as u64;
            for (amount, pause) in wants {
                let amount = amount.min(most);
                now = bucket.ready_at(now + Duration::from_millis(pause), amount);
                prop_assert_eq!(bucket.ready_at(now, amount), now, "the moment that was told is right");
                bucket.take(now, amount);
                taken.push((now, amount));
            }
            for (first, (from, _)) in taken.iter().enumerate() {
                let minute = taken[first..].iter().take_while(|(at, _)| at.duration_since(*from) < Duration::from_secs(60));
                let sum: u64 = minute.map(|(_, amount)| amount).sum();
                prop_assert!(sum as f64 <= per_minute as f64 + (per_minute as f64 * BURST).max(1.0) + 0.01);
            }
        }
    }
}
