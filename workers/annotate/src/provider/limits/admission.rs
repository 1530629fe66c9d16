//! The gate with a clock: calls wait here for a little while, and are told when to come again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use accord_domain::Environment;
use accord_store::Store;
use tokio::sync::Notify;

use super::breaker::State;
use super::gate::{Allowed, Gate, Hold, HoldReason, Outcome, Room, Ticket, Wanted};
use super::headers::Headers;
use super::shared::SharedLimits;

/// The gate of one endpoint for all workers of this process.
pub(in crate::provider) struct Admission {
    provider: String,
    environment: Arc<dyn Environment>,
    gate: Mutex<Gate>,
    /// Tells all who wait that something has changed.
    changed: Notify,
    /// Tells one of those who wait for a place that one is free.
    freed: Notify,
    /// How many wait.
    waiting: AtomicUsize,
    allowed: Allowed,
    shared: OnceLock<SharedLimits>,
}

/// A call that may go. It must be told what became of it; one that is dropped is taken for one whose end nobody saw.
pub(in crate::provider) struct Permit {
    admission: Arc<Admission>,
    ticket: Option<Ticket>,
}

impl Admission {
    pub(in crate::provider) fn new(provider: &str, allowed: Allowed, environment: Arc<dyn Environment>) -> Self {
        // Nobody shares before a store is there to share by.
        let alone = Allowed {
            shared: false,
            ..allowed
        };
        Self {
            provider: provider.to_owned(),
            environment,
            gate: Mutex::new(Gate::new(alone, Instant::now())),
            changed: Notify::new(),
            freed: Notify::new(),
            waiting: AtomicUsize::new(0),
            allowed,
            shared: OnceLock::new(),
        }
    }

    /// Takes limits that are shared from this store.
    pub(in crate::provider) fn share(&self, store: Arc<dyn Store>) {
        if !self.allowed.shared {
            return;
        }
        let limits = SharedLimits::new(&self.provider, self.allowed, store);
        if self.shared.set(limits).is_ok() {
            *self.gate() = Gate::new(self.allowed, Instant::now());
        }
    }

    /// Fetches a slice of shared limits, when that is what the call lacks. Whoever comes while one is fetched goes by it.
    async fn fetch(&self, wanted: Wanted) -> bool {
        let Some(shared) = self.shared.get() else {
            return false;
        };
        if self.gate().wants_slice(Instant::now(), wanted).is_none() {
            return false;
        }
        let _turn = shared.turn.lock().await;
        let slice = self.gate().wants_slice(Instant::now(), wanted);
        if let Some(slice) = slice {
            let (requests, tokens, wait) = shared.fetch(slice).await;
            self.gate().fill(Instant::now(), requests, tokens, wait);
            self.changed.notify_waiters();
        }
        true
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the call's turn, as long as that may be within `patience`.
    pub(in crate::provider) async fn admit(
        self: &Arc<Self>,
        wanted: Wanted,
        patience: Duration,
    ) -> Result<Permit, Hold> {
        let end = Instant::now() + patience;
        let mut waiting = None;
        loop {
            let changed = self.changed.notified();
            let mut freed = Box::pin(self.freed.notified());
            freed.as_mut().enable();
            let now = Instant::now();
            let asked = self.gate().ask(now, wanted);
            let hold = match asked {
                Ok(ticket) => {
                    self.show();
                    return Ok(Permit {
                        admission: Arc::clone(self),
                        ticket: Some(ticket),
                    });
                }
                Err(hold) => hold,
            };
            if hold.reason == HoldReason::Shared && self.fetch(wanted).await {
                continue;
            }
            // Where calls under way decide, any of their ends may let this one go.
            let is_for_a_place = hold.reason.may_end_any_time();
            if now >= end || (hold.until > end && !is_for_a_place) {
                metrics::counter!(
                    "accord_model_calls_held_total", "provider" => self.provider.clone(), "reason" => hold.reason.word()
                )
                .increment(1);
                return Err(hold);
            }
            waiting.get_or_insert_with(|| Waiting::among(&self.waiting));
            let moment = tokio::time::sleep_until(hold.until.min(end).into());
            if is_for_a_place {
                tokio::select! {
                    () = moment => {}
                    () = freed => {}
                }
            } else {
                // Whoever does not wait for a place leaves it to others.
                drop(freed);
                tokio::select! {
                    () = moment => {}
                    () = changed => {}
                }
            }
        }
    }

    pub(in crate::provider) fn observe(&self, headers: &Headers) {
        self.gate().observe(Instant::now(), headers);
    }

    pub(in crate::provider) fn room(&self) -> Room {
        let room = self.gate().room(Instant::now());
        // Those who wait come first.
        let calls = room.calls.saturating_sub(self.waiting.load(Ordering::Relaxed));
        Room {
            calls,
            repeated: room.repeated.min(calls),
        }
    }

    /// How long until a call may go; none when that depends on calls under way.
    pub(in crate::provider) fn opens_in(&self) -> Option<Duration> {
        let now = Instant::now();
        let opens_at = self.gate().opens_at(now);
        opens_at.map(|moment| moment.saturating_duration_since(now))
    }

    pub(in crate::provider) fn is_in_trouble(&self) -> bool {
        self.gate().is_in_trouble()
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) {
        let [high, low, ..] = self.environment.random_bytes();
        let chance = f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX);
        let (before, after) = {
            let mut gate = self.gate();
            let before = gate.state();
            gate.settle(Instant::now(), ticket, outcome, chance);
            (before, gate.state())
        };
        match (before, after) {
            (State::Closed | State::HalfOpen { .. }, State::Open { .. }) => {
                tracing::warn!(provider = %self.provider, "nearly all calls fail, the provider is left alone for a while");
            }
            (State::HalfOpen { .. }, State::Closed) => {
                tracing::info!(provider = %self.provider, "the provider answers again");
            }
            _ => {}
        }
        self.show();
        self.freed.notify_one();
        self.changed.notify_waiters();
    }

    fn show(&self) {
        let (state, under_way) = {
            let gate = self.gate();
            (gate.state(), gate.under_way())
        };
        let state = match state {
            State::Closed => 0.0,
            State::HalfOpen { .. } => 1.0,
            State::Open { .. } => 2.0,
        };
        metrics::gauge!("accord_model_circuit_state", "provider" => self.provider.clone()).set(state);
        metrics::gauge!("accord_model_calls_under_way", "provider" => self.provider.clone()).set(under_way as f64);
    }
}

/// One who waits, as long as this value lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(all: &'a AtomicUsize) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(all)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Permit {
    /// Notes what became of the call.
    pub(in crate::provider) fn settle(mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.admission.settle(ticket, outcome);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.admission.settle(ticket, Outcome::Unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use accord_store::SystemEnvironment;

    use super::*;

    /// Many ask at once from many threads: no more calls than allowed are under way at any moment, each gets its turn, and
    /// turns that are dropped come back.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn turns_are_given_to_as_many_as_are_allowed() {
        const ALLOWED: usize = 3;
        let allowed = Allowed {
            concurrency: ALLOWED,
            requests_per_minute: None,
            tokens_per_minute: None,
            shared: false,
            retries_per_minute: 0,
        };
        let admission = Arc::new(Admission::new("p", allowed, Arc::new(SystemEnvironment)));
        let under_way = Arc::new(AtomicUsize::new(0));
        let wanted = Wanted {
            tokens: 1,
            repeated: false,
        };
        let asking = (0..600).map(|number| {
            let (admission, under_way) = (Arc::clone(&admission), Arc::clone(&under_way));
            tokio::spawn(async move {
                let permit = admission.admit(wanted, Duration::from_secs(60)).await.unwrap();
                let others = under_way.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                under_way.fetch_sub(1, Ordering::SeqCst);
                if number % 3 == 0 {
                    drop(permit);
                } else {
                    permit.settle(Outcome::Replied { tokens: None });
                }
                others
            })
        });
        let mut most = 0;
        for one in asking.collect::<Vec<_>>() {
            most = most.max(one.await.unwrap() + 1);
        }
        assert!((1..=ALLOWED).contains(&most), "{most}");
        assert_eq!(admission.room().calls, ALLOWED);
        let held = admission
            .admit(
                Wanted {
                    repeated: true,
                    ..wanted
                },
                Duration::ZERO,
            )
            .await;
        assert_eq!(
            held.err().map(|hold| hold.reason),
            None,
            "sixty repetitions are allowed by six hundred calls"
        );
    }
}
