//! Persistence of what is left of providers' limits where all processes share them.
//!
//! Each provider has a level of requests and of tokens that rises with time, as in [`RateLevel`]. A process takes a slice of
//! it in one short transaction and makes many calls of that.

use async_trait::async_trait;

use crate::error::StoreResult;

/// Levels are kept in thousandths, so that they rise evenly.
const THOUSANDTHS: i64 = 1000;

/// A minute in microseconds.
const MINUTE_MICROSECONDS: i64 = 60_000_000;

/// Which part of a minute's amount may lie ready: a tenth, so that no minute sees more than a tenth too much.
const READY_PART: i64 = 10;

/// What a process wants of a provider's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateWanted<'a> {
    /// The provider.
    pub provider: &'a str,
    /// Requests of all processes in a minute; none when they are not limited.
    pub requests_per_minute: Option<i64>,
    /// Tokens of all processes in a minute; none when they are not limited.
    pub tokens_per_minute: Option<i64>,
    /// Requests that are wanted.
    pub requests: i64,
    /// Tokens that are wanted.
    pub tokens: i64,
    /// Tokens without which nothing is wanted, those of the next call.
    pub tokens_needed: i64,
}

/// What a process got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateTaken {
    /// Requests it may make.
    pub requests: i64,
    /// Tokens it may take.
    pub tokens: i64,
    /// Until there is something to take, in milliseconds; 0 when something was taken.
    pub wait_milliseconds: i64,
}

/// What is left of a provider's limits at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLevel {
    /// Thousandths of requests; below zero when more was taken than there was.
    pub requests: i64,
    /// Thousandths of tokens; below zero when more was taken than there was.
    pub tokens: i64,
    /// The moment, in microseconds by the database's clock.
    pub filled_at: i64,
}

impl RateLevel {
    /// All that may lie ready, at this moment.
    #[must_use]
    pub fn full(wanted: &RateWanted<'_>, now: i64) -> Self {
        Self {
            requests: capacity(wanted.requests_per_minute),
            tokens: capacity(wanted.tokens_per_minute),
            filled_at: now,
        }
    }

    /// Takes what is wanted of what is there at this moment. Both limits must have something: a request that may be made
    /// without its tokens is none.
    pub fn take(&mut self, now: i64, wanted: &RateWanted<'_>) -> RateTaken {
        let elapsed = now.saturating_sub(self.filled_at).max(0);
        self.requests = risen(self.requests, wanted.requests_per_minute, elapsed);
        self.tokens = risen(self.tokens, wanted.tokens_per_minute, elapsed);
        self.filled_at = now.max(self.filled_at);
        // A request is whole. A large amount of tokens goes when as much lies ready as may, and is paid off afterwards.
        let tokens_needed = wanted
            .tokens_needed
            .saturating_mul(THOUSANDTHS)
            .min(capacity(wanted.tokens_per_minute));
        let wait = wait(self.requests, THOUSANDTHS, wanted.requests_per_minute).max(wait(
            self.tokens,
            tokens_needed,
            wanted.tokens_per_minute,
        ));
        if wait > 0 {
            return RateTaken {
                wait_milliseconds: wait,
                ..RateTaken::default()
            };
        }
        let some = |level: i64, limit: Option<i64>, amount: i64| match limit {
            Some(_) => amount.min(level / THOUSANDTHS),
            None => amount,
        };
        let taken = RateTaken {
            requests: some(self.requests, wanted.requests_per_minute, wanted.requests),
            tokens: some(self.tokens, wanted.tokens_per_minute, wanted.tokens).max(wanted.tokens_needed),
            wait_milliseconds: 0,
        };
        if wanted.requests_per_minute.is_some() {
            self.requests -= taken.requests * THOUSANDTHS;
        }
        if wanted.tokens_per_minute.is_some() {
            self.tokens -= taken.tokens * THOUSANDTHS;
        }
        taken
    }
}

/// How much may lie ready, in thousandths.
fn capacity(per_minute: Option<i64>) -> i64 {
    per_minute.map_or(0, |limit| {
        (limit.saturating_mul(THOUSANDTHS) / READY_PART).max(THOUSANDTHS)
    })
}

fn risen(level: i64, per_minute: Option<i64>, elapsed_microseconds: i64) -> i64 {
    let Some(limit) = per_minute else { return 0 };
    let risen = i128::from(limit) * i128::from(THOUSANDTHS) * i128::from(elapsed_microseconds)
        / i128::from(MINUTE_MICROSECONDS);
    let risen = i64::try_from(risen).unwrap_or(i64::MAX);
    level.saturating_add(risen).min(capacity(per_minute))
}

/// Milliseconds until this much is there.
fn wait(level: i64, needed: i64, per_minute: Option<i64>) -> i64 {
    let Some(limit) = per_minute.filter(|_| level < needed) else {
        return 0;
    };
    let missing = i128::from(needed - level);
    let milliseconds =
        missing * i128::from(MINUTE_MICROSECONDS / 1000) / i128::from(limit.max(1)) / i128::from(THOUSANDTHS);
    i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_add(1)
}

/// Persistence of what is left of providers' limits.
#[async_trait]
pub trait Rates {
    /// Takes a slice of a provider's limits, by the database's clock.
    async fn take_rate(&mut self, wanted: &RateWanted<'_>) -> StoreResult<RateTaken>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn wanted(requests: i64, tokens: i64) -> RateWanted<'static> {
        RateWanted {
            provider: "p",
            requests_per_minute: Some(600),
            tokens_per_minute: Some(6_000),
            requests,
            tokens,
            tokens_needed: tokens.min(1),
        }
    }

    #[test]
    fn slices_come_from_what_is_there() {
        let mut level = RateLevel::full(&wanted(0, 0), 0);
        let taken = level.take(0, &wanted(50, 400));
        assert_eq!((taken.requests, taken.tokens), (50, 400));
        let taken = level.take(0, &wanted(50, 400));
        assert_eq!((taken.requests, taken.tokens), (10, 200), "what is left");
        let taken = level.take(0, &wanted(1, 1));
        assert_eq!((taken.requests, taken.wait_milliseconds), (0, 101));
        let taken = level.take(101_000, &wanted(9, 400));
        assert_eq!((taken.requests, taken.tokens, taken.wait_milliseconds), (1, 10, 0));
    }

    #[test]
    fn no_minute_gives_more_than_its_amount_and_a_tenth() {
        let mut level = RateLevel::full(&wanted(0, 0), 0);
        let mut sum = (0, 0);
        for step in 0..600 {
            let taken = level.take(step * SECOND / 10, &wanted(7, 97));
            sum = (sum.0 + taken.requests, sum.1 + taken.tokens);
        }
        assert!(
            (600..=660).contains(&sum.0) && (6_000..=6_600).contains(&sum.1),
            "{sum:?}"
        );
    }

    #[test]
    fn a_large_call_is_paid_off_afterwards() {
        let large = RateWanted {
            tokens_needed: 5_000,
            ..wanted(1, 300)
        };
        let mut level = RateLevel::full(&large, 0);
        assert_eq!(level.take(0, &large).tokens, 5_000);
        let taken = level.take(0, &wanted(1, 100));
        assert_eq!((taken.tokens, taken.wait_milliseconds), (0, 44_011));
    }

    #[test]
    fn what_is_not_limited_is_given() {
        let free = RateWanted {
            requests_per_minute: None,
            tokens_per_minute: None,
            ..wanted(1_000, 1_000_000)
        };
        let mut level = RateLevel::full(&free, 0);
        assert_eq!(level.take(0, &free).tokens, 1_000_000);
        assert_eq!(level.take(0, &free).requests, 1_000);
    }
}
