//! The gate with a clock: calls wait here for a little while, and are told when to come again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use accord_domain::Environment;
use tokio::sync::Notify;

use super::breaker::State;
use super::gate::{Allowed, Gate, Hold, Outcome, Room, Ticket, Wanted};
use super::headers::Headers;

/// The gate of one endpoint for all workers of this process.
pub(in crate::provider) struct Admission {
    provider: String,
    environment: Arc<dyn Environment>,
    gate: Mutex<Gate>,
    changed: Notify,
}

/// A call that may go. It must be told what became of it; one that is dropped is taken for one whose end nobody saw.
pub(in crate::provider) struct Permit {
    admission: Arc<Admission>,
    ticket: Option<Ticket>,
}

impl Admission {
    pub(in crate::provider) fn new(provider: &str, allowed: Allowed, environment: Arc<dyn Environment>) -> Self {
        Self {
            provider: provider.to_owned(),
            environment,
            gate: Mutex::new(Gate::new(allowed, Instant::now())),
            changed: Notify::new(),
        }
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
        loop {
            let changed = self.changed.notified();
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
            // Where calls under way decide, any of their ends may let this one go.
            if now >= end || (hold.until > end && !hold.reason.may_end_any_time()) {
                metrics::counter!(
                    "accord_model_calls_held_total", "provider" => self.provider.clone(), "reason" => hold.reason.word()
                )
                .increment(1);
                return Err(hold);
            }
            tokio::select! {
                () = tokio::time::sleep_until(hold.until.min(end).into()) => {}
                () = changed => {}
            }
        }
    }

    pub(in crate::provider) fn observe(&self, headers: &Headers) {
        self.gate().observe(Instant::now(), headers);
    }

    pub(in crate::provider) fn room(&self) -> Room {
        self.gate().room(Instant::now())
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
