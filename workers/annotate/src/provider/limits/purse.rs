//! What this process holds of limits that all processes share: slices, fetched now and then, of which calls are made.

use std::time::{Duration, Instant};

use super::gate::Wanted;

/// How long a slice may be used; what is left of it then was other processes' to use.
const LIFE: Duration = Duration::from_secs(10);

/// Which part of a minute's amount is fetched at once.
const SLICES_PER_MINUTE: u64 = 12;

/// What this process holds of shared limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purse {
    requests_per_minute: Option<u64>,
    tokens_per_minute: Option<u64>,
    requests: u64,
    tokens: u64,
    filled_at: Option<Instant>,
    /// When there is something to fetch again.
    fetch_at: Instant,
}

/// What to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Slice {
    pub(in crate::provider) requests: u64,
    pub(in crate::provider) tokens: u64,
    /// Tokens without which the slice is of no use.
    pub(in crate::provider) tokens_needed: u64,
}

impl Purse {
    pub(super) const fn new(requests_per_minute: Option<u64>, tokens_per_minute: Option<u64>, now: Instant) -> Self {
        Self {
            requests_per_minute,
            tokens_per_minute,
            requests: 0,
            tokens: 0,
            filled_at: None,
            fetch_at: now,
        }
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.filled_at.is_some_and(|filled_at| now < filled_at + LIFE)
    }

    /// How many calls of so many tokens can be made of it.
    pub(super) fn count(&self, now: Instant, tokens: u64) -> usize {
        if !self.is_fresh(now) {
            return 0;
        }
        let of_requests = self.requests_per_minute.map_or(u64::MAX, |_| self.requests);
        let of_tokens = self.tokens_per_minute.map_or(u64::MAX, |_| self.tokens / tokens.max(1));
        usize::try_from(of_requests.min(of_tokens)).unwrap_or(usize::MAX)
    }

    /// Whether a slice may be fetched.
    pub(super) fn may_fetch(&self, now: Instant) -> bool {
        now >= self.fetch_at
    }

    /// From when on a call may be made or something fetched for it.
    pub(super) fn ready_at(&self, now: Instant, wanted: Wanted) -> Instant {
        if self.count(now, wanted.tokens) > 0 {
            now
        } else {
            self.fetch_at.max(now)
        }
    }

    pub(super) const fn take(&mut self, tokens: u64) {
        self.requests = self.requests.saturating_sub(1);
        self.tokens = self.tokens.saturating_sub(tokens);
    }

    pub(super) const fn give_back(&mut self, requests: u64, tokens: u64) {
        self.requests = self.requests.saturating_add(requests);
        self.tokens = self.tokens.saturating_add(tokens);
    }

    /// What to fetch for a call like this.
    pub(super) fn slice(&self, now: Instant, wanted: Wanted) -> Slice {
        let part = |limit: Option<u64>| limit.map_or(0, |limit| (limit / SLICES_PER_MINUTE).max(1));
        let held = if self.is_fresh(now) { self.tokens } else { 0 };
        let tokens_needed = self.tokens_per_minute.map_or(0, |_| wanted.tokens.saturating_sub(held));
        Slice {
            requests: part(self.requests_per_minute),
            tokens: part(self.tokens_per_minute).max(tokens_needed),
            tokens_needed,
        }
    }

    /// Puts in what was fetched, or notes when there is something to fetch.
    pub(super) fn fill(&mut self, now: Instant, requests: u64, tokens: u64, wait: Duration) {
        if !self.is_fresh(now) {
            self.requests = 0;
            self.tokens = 0;
        }
        self.fetch_at = now + wait;
        if wait.is_zero() {
            self.requests = self.requests.saturating_add(requests);
            self.tokens = self.tokens.saturating_add(tokens);
            self.filled_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Wanted = Wanted {
        tokens: 300,
        repeated: false,
    };

    #[test]
    fn calls_are_made_of_slices() {
        let now = Instant::now();
        let mut purse = Purse::new(Some(60), Some(1_200), now);
        assert_eq!((purse.count(now, 300), purse.ready_at(now, CALL)), (0, now));
        let slice = purse.slice(now, CALL);
        assert_eq!((slice.requests, slice.tokens, slice.tokens_needed), (5, 300, 300));
        purse.fill(now, 5, 300, Duration::ZERO);
        assert_eq!(purse.count(now, 300), 1);
        purse.take(300);
        assert_eq!(purse.count(now, 300), 0, "requests without tokens are none");
        purse.give_back(0, 250);
        let slice = purse.slice(now, CALL);
        assert_eq!((slice.tokens, slice.tokens_needed), (100, 50), "what is held counts");
        purse.fill(now, 0, 0, Duration::from_secs(3));
        assert_eq!(purse.ready_at(now, CALL), now + Duration::from_secs(3));
        assert!(!purse.may_fetch(now));
        let later = now + LIFE;
        assert_eq!(purse.count(later, 1), 0, "what is old was others' to use");
        assert_eq!(purse.slice(later, CALL).tokens_needed, 300);
        let free = Purse::new(None, None, now);
        assert_eq!(free.slice(now, CALL).tokens_needed, 0);
    }
}
