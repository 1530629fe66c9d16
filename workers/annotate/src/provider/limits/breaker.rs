//! The circuit breaker of an endpoint: closed while it answers, open while it does not, half open while a few calls try
//! whether it answers again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Calls whose fate is remembered.
const REMEMBERED: usize = 20;

/// The fewest calls to judge by.
const FEWEST: usize = 5;

/// The share of them, in percent, that has to go wrong.
const TROUBLE_PERCENT: usize = 80;

/// How long the breaker stays open at first; it doubles with every probe that fails.
const FIRST_OPEN: Duration = Duration::from_secs(2);

/// The longest it stays open.
const LONGEST_OPEN: Duration = Duration::from_secs(60);

/// Calls at the same time that try whether the endpoint answers again; so many in a row have to succeed.
const PROBES: usize = 2;

/// What a call says about its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It answers.
    Good,
    /// It answers that it is busy.
    Busy,
    /// It does not answer, or with an error of its own.
    Bad,
}

/// Where the breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Closed,
    HalfOpen { probing: usize, good: usize },
    Open { until: Instant },
}

/// The circuit breaker of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Breaker {
    state: State,
    recent: VecDeque<Mark>,
    /// How often it opened without closing in between.
    openings: u32,
}

impl Breaker {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Closed,
            recent: VecDeque::new(),
            openings: 0,
        }
    }

    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// From when on a call may go; none while probes are under way whose outcome decides.
    pub(super) fn ready_at(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Open { until } => Some(until.max(now)),
            State::HalfOpen { probing, .. } if probing >= PROBES => None,
            State::Closed | State::HalfOpen { .. } => Some(now),
        }
    }

    /// How many calls may go now.
    pub(super) fn count(&self, now: Instant) -> usize {
        match self.state {
            State::Closed => usize::MAX,
            State::HalfOpen { probing, .. } => PROBES.saturating_sub(probing),
            State::Open { until } if now >= until => PROBES,
            State::Open { .. } => 0,
        }
    }

    /// Lets a call go that may go; true when it is a probe.
    pub(super) const fn take(&mut self) -> bool {
        match &mut self.state {
            State::Closed => false,
            State::HalfOpen { probing, .. } => {
                *probing += 1;
                true
            }
            State::Open { .. } => {
                self.state = State::HalfOpen { probing: 1, good: 0 };
                true
            }
        }
    }

    /// Notes what became of a call; none when nothing is known. `chance` lies between 0 and 1.
    pub(super) fn record(&mut self, now: Instant, probe: bool, mark: Option<Mark>, chance: f64) {
        match &mut self.state {
            State::Closed => {
                let Some(mark) = mark else { return };
                if self.recent.len() == REMEMBERED {
                    self.recent.pop_front();
                }
                self.recent.push_back(mark);
                if self.is_mostly(|mark| mark == Mark::Bad) {
                    self.open(now, chance);
                }
            }
            State::HalfOpen { probing, good } if probe => {
                *probing = probing.saturating_sub(1);
                match mark {
                    Some(Mark::Bad) => self.open(now, chance),
                    Some(Mark::Good | Mark::Busy) => {
                        *good += 1;
                        if *good >= PROBES {
                            *self = Self::new();
                        }
                    }
                    None => {}
                }
            }
            // What began before it opened says nothing new.
            State::HalfOpen { .. } | State::Open { .. } => {}
        }
    }

    /// Whether what goes wrong is the endpoint's doing and not that of single calls.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.state != State::Closed || self.is_mostly(|mark| mark != Mark::Good)
    }

    fn is_mostly(&self, wrong: impl Fn(Mark) -> bool) -> bool {
        let count = self.recent.iter().filter(|mark| wrong(**mark)).count();
        self.recent.len() >= FEWEST && count * 100 >= self.recent.len() * TROUBLE_PERCENT
    }

    fn open(&mut self, now: Instant, chance: f64) {
        let longest = FIRST_OPEN.saturating_mul(1 << self.openings.min(10)).min(LONGEST_OPEN);
        // Between half of it and all of it, so that processes do not try together.
        let until = now + longest.mul_f64(0.5 + chance / 2.0);
        self.state = State::Open { until };
        self.openings = self.openings.saturating_add(1);
        self.recent.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open(breaker: &mut Breaker, now: Instant) -> Instant {
        for _ in 0..REMEMBERED {
            breaker.record(now, false, Some(Mark::Bad), 1.0);
        }
        breaker.ready_at(now).unwrap()
    }

    #[test]
    fn opens_when_nearly_everything_fails_and_not_for_single_failures() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        for round in 0..1000 {
            let mark = if round % 2 == 0 { Mark::Bad } else { Mark::Good };
            breaker.record(now, false, Some(mark), 0.0);
        }
        assert_eq!(breaker.state(), State::Closed);
        for _ in 0..REMEMBERED {
            breaker.record(now, false, Some(Mark::Busy), 0.0);
        }
        assert_eq!(
            breaker.state(),
            State::Closed,
            "an endpoint that says it is busy answers"
        );
        assert!(breaker.is_in_trouble());
        let until = open(&mut breaker, now);
        assert_eq!(breaker.count(now), 0);
        assert_eq!(breaker.ready_at(now), Some(until));
    }

    #[test]
    fn few_calls_probe_and_successes_close_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        let until = open(&mut breaker, now);
        assert_eq!(until.duration_since(now), FIRST_OPEN);
        assert_eq!(breaker.count(until), PROBES);
        assert!(breaker.take() && breaker.take());
        assert_eq!((breaker.count(until), breaker.ready_at(until)), (0, None));
        breaker.record(until, false, Some(Mark::Bad), 0.0);
        breaker.record(until, true, Some(Mark::Good), 0.0);
        assert_eq!(breaker.count(until), 1, "calls from before do not count");
        assert!(breaker.take());
        breaker.record(until, true, None, 0.0);
        breaker.record(until, true, Some(Mark::Good), 0.0);
        assert_eq!(breaker.state(), State::Closed);
        assert!(!breaker.take() && !breaker.is_in_trouble());
    }

    #[test]
    fn a_failed_probe_doubles_the_time_up_to_a_minute() {
        let mut now = Instant::now();
        let mut breaker = Breaker::new();
        let mut times = vec![open(&mut breaker, now).duration_since(now)];
        for _ in 0..8 {
            now = breaker.ready_at(now).unwrap();
            assert!(breaker.take());
            breaker.record(now, true, Some(Mark::Bad), 1.0);
            times.push(breaker.ready_at(now).unwrap().duration_since(now));
        }
        let seconds: Vec<u64> = times.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    proptest! {
        /// Whatever happens, no more probes are out than allowed, none goes before its time, and calls that end with
        /// success bring the endpoint back.
        #[test]
        fn probes_stay_few(steps in prop::collection::vec((0u8..4, 0u64..4000, 0.0f64..1.0), 1..400)) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new();
            let mut out: Vec<bool> = Vec::new();
            for (what, pause, chance) in steps {
                now += Duration::from_millis(pause);
                if what == 0 && breaker.ready_at(now) == Some(now) {
                    out.push(breaker.take());
                } else if let Some(probe) = out.pop() {
                    let mark = [None, Some(Mark::Good), Some(Mark::Busy), Some(Mark::Bad)][usize::from(what)];
                    breaker.record(now, probe, mark, chance);
                }
                if let State::HalfOpen { probing, .. } = breaker.state() {
                    prop_assert!(probing <= PROBES);
                }
            }
            for _ in 0..100 {
                now += LONGEST_OPEN;
                if breaker.state() == State::Closed {
                    break;
                }
                let probe = if breaker.ready_at(now) == Some(now) { breaker.take() } else { true };
                breaker.record(now, probe, Some(Mark::Good), 0.5);
            }
            prop_assert_eq!(breaker.state(), State::Closed);
        }
    }
}
