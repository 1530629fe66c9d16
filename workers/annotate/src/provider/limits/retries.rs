//! The retry budget: of the calls of the last minute at most a tenth are repetitions, so that an outage is not made worse by
//! those who ask again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long calls count.
const WINDOW_SECONDS: u64 = 60;

/// Repetitions among so many calls: one.
const CALLS_PER_RETRY: u64 = 10;

/// The longest to wait before looking again; every new call may make room.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The retry budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RetryBudget {
    start: Instant,
    /// Calls and repetitions by second since the start.
    seconds: VecDeque<Second>,
    calls: u64,
    retries: u64,
    /// Repetitions that are allowed however few calls there are.
    least: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Second {
    number: u64,
    calls: u64,
    retries: u64,
}

impl RetryBudget {
    pub(super) const fn new(least: u64, start: Instant) -> Self {
        Self {
            start,
            seconds: VecDeque::new(),
            calls: 0,
            retries: 0,
            least,
        }
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs()
    }

    fn forget(&mut self, now: Instant) {
        let number = self.second(now);
        while let Some(oldest) = self
            .seconds
            .front()
            .filter(|oldest| oldest.number + WINDOW_SECONDS <= number)
        {
            self.calls -= oldest.calls;
            self.retries -= oldest.retries;
            self.seconds.pop_front();
        }
    }

    /// How many repetitions may go now.
    pub(super) fn count(&mut self, now: Instant) -> usize {
        self.forget(now);
        let allowed = self.least.max((self.calls + 1) / CALLS_PER_RETRY);
        usize::try_from(allowed.saturating_sub(self.retries)).unwrap_or(usize::MAX)
    }

    /// From when on a repetition may go, as far as can be told.
    pub(super) fn ready_at(&mut self, now: Instant) -> Instant {
        if self.count(now) > 0 {
            return now;
        }
        let oldest = self.seconds.iter().find(|second| second.retries > 0);
        let leaves = oldest.map(|oldest| self.start + Duration::from_secs(oldest.number + WINDOW_SECONDS));
        let latest = now + LOOK_AGAIN;
        leaves.map_or(latest, |leaves| leaves.min(latest))
    }

    /// Notes a call that goes.
    pub(super) fn take(&mut self, now: Instant, is_retry: bool) {
        self.forget(now);
        let (number, retries) = (self.second(now), u64::from(is_retry));
        match self.seconds.back_mut().filter(|last| last.number >= number) {
            Some(last) => {
                last.calls += 1;
                last.retries += retries;
            }
            None => self.seconds.push_back(Second {
                number,
                calls: 1,
                retries,
            }),
        }
        self.calls += 1;
        self.retries += retries;
    }

    /// Forgets a call that was not made after all.
    pub(super) fn give_back(&mut self, is_retry: bool) {
        let retries = u64::from(is_retry);
        let mut latest_first = self.seconds.iter_mut().rev();
        if let Some(second) = latest_first.find(|second| second.calls > 0 && second.retries >= retries) {
            second.calls -= 1;
            second.retries -= retries;
            self.calls -= 1;
            self.retries -= retries;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slow_run_can_retry_and_a_fast_one_more() {
        let start = Instant::now();
        let mut budget = RetryBudget::new(2, start);
        for _ in 0..2 {
            assert_eq!(budget.ready_at(start), start);
            budget.take(start, true);
        }
        assert!(budget.ready_at(start) > start);
        for _ in 0..27 {
            budget.take(start, false);
        }
        assert_eq!(budget.count(start), 1, "the thirtieth call may be the third repetition");
        budget.take(start, true);
        assert_eq!(budget.count(start), 0);
        budget.give_back(true);
        assert_eq!(budget.count(start), 1, "what was not made is not counted");
        budget.take(start, true);
        assert_eq!(budget.count(start + Duration::from_secs(59)), 0);
        assert_eq!(budget.count(start + Duration::from_secs(60)), 2);
    }

    proptest! {
        /// At no moment are more than a tenth of the calls of the last minute repetitions, beyond the least.
        #[test]
        fn never_exceeds_a_tenth(least in 0u64..5, steps in prop::collection::vec((any::<bool>(), 0u64..2000), 1..600)) {
            let start = Instant::now();
            let mut budget = RetryBudget::new(least, start);
            let mut gone: Vec<(u64, bool)> = Vec::new();
            let mut now = start;
            for (is_retry, pause) in steps {
                now += Duration::from_millis(pause);
                if is_retry && budget.ready_at(now) > now {
                    continue;
                }
                budget.take(now, is_retry);
                let second = now.duration_since(start).as_secs();
                gone.push((second, is_retry));
                if is_retry {
                    let inside = gone.iter().filter(|(at, _)| at + WINDOW_SECONDS > second);
                    let (calls, retries) = inside.fold((0, 0), |(calls, retries), (_, retry)| {
                        (calls + 1, retries + u64::from(*retry))
                    });
                    prop_assert!(retries <= least.max(calls / CALLS_PER_RETRY), "{retries} of {calls}");
                }
            }
        }
    }
}
