//! May this call go now, or when? The one place where that is decided for an endpoint: by its circuit breaker, what it asked
//! for, its own limits as it told them and as the operator set them, the retry budget and the calls under way.

use std::fmt;
use std::time::{Duration, Instant};

use super::breaker::{Breaker, Mark, State};
use super::bucket::Bucket;
use super::headers::{Headers, Left};
use super::purse::{Purse, Slice};
use super::retries::RetryBudget;

/// The longest pause that a provider may ask for; some ask for a day.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);

/// The first pause after an answer that the endpoint is busy, when it does not say how long; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause of our own choosing.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long it takes to fetch a slice of shared limits, about.
const FETCHING: Duration = Duration::from_millis(1);

/// How far ahead work is fetched: about as long as it takes to fetch and prepare it.
const AHEAD: Duration = Duration::from_millis(100);

/// When to look again where nobody can say.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What an operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Allowed {
    pub(in crate::provider) concurrency: usize,
    pub(in crate::provider) requests_per_minute: Option<u64>,
    pub(in crate::provider) tokens_per_minute: Option<u64>,
    /// Whether requests and tokens of the minute are those of all processes together.
    pub(in crate::provider) shared: bool,
    /// Repeated calls in a minute, however few calls there are.
    pub(in crate::provider) retries_per_minute: u64,
}

/// A call that wants to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Wanted {
    /// Tokens of question and answer, as far as can be told.
    pub(in crate::provider) tokens: u64,
    /// Whether it was made before and failed.
    pub(in crate::provider) repeated: bool,
}

/// Why a call has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// The circuit breaker is open: nearly all recent calls failed.
    Down,
    /// The provider asked to wait, or answered that it is busy.
    Asked,
    /// The requests of the minute are used up.
    Requests,
    /// The tokens of the minute are used up.
    Tokens,
    /// What this process has of the limits that all processes share is used up.
    Shared,
    /// Too many of the recent calls were repetitions.
    Retries,
    /// As many calls are under way as are allowed.
    Concurrency,
}

impl HoldReason {
    /// The word in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Asked => "asked",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Shared => "shared",
            Self::Retries => "retries",
            Self::Concurrency => "concurrency",
        }
    }

    /// Whether any call under way may end it, whatever moment was told.
    pub(super) const fn may_end_any_time(self) -> bool {
        matches!(self, Self::Concurrency)
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Down => "is down: nearly all recent calls failed",
            Self::Asked => "asked to wait",
            Self::Requests => "has had its requests of the minute",
            Self::Tokens => "has had its tokens of the minute",
            Self::Shared => "has had the requests or tokens of the minute that all processes share",
            Self::Retries => "has had as many repeated calls as its retry budget allows",
            Self::Concurrency => "has as many calls under way as are allowed",
        })
    }
}

/// A call that has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Hold {
    pub(in crate::provider) reason: HoldReason,
    /// When to ask again.
    pub(in crate::provider) until: Instant,
}

/// A call that went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Ticket {
    went_at: Instant,
    tokens: u64,
    repeated: bool,
    probe: bool,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum Outcome {
    /// It was answered, with so many tokens when the server counts them.
    Replied { tokens: Option<u64> },
    /// It was refused for its own sake; the endpoint answers.
    Refused,
    /// The endpoint is busy, and perhaps says for how long.
    Busy { retry_after: Option<Duration> },
    /// The endpoint did not answer, or with an error of its own.
    Failed { retry_after: Option<Duration> },
    /// It was never sent.
    NotSent,
    /// Nobody waited for its end.
    Unknown,
}

/// How many calls may go at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) calls: usize,
    /// Of these, repetitions.
    pub(crate) repeated: usize,
}

/// What an endpoint said is left, until it is whole again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    left: u64,
    until: Instant,
}

impl Window {
    fn ready_at(self, now: Instant, amount: u64) -> Instant {
        if self.left >= amount { now } else { self.until.max(now) }
    }
}

/// Decides for one endpoint. It holds no clock: every question comes with the moment.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Gate {
    allowed: Allowed,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    /// In place of the two where limits are shared.
    purse: Option<Purse>,
    requests_told: Option<Window>,
    tokens_told: Option<Window>,
    breaker: Breaker,
    retries: RetryBudget,
    asked_until: Option<Instant>,
    /// When the last pause for being busy began, and how many there were in a row.
    busy_since: Option<Instant>,
    busy_in_row: u32,
    under_way: usize,
    tokens_under_way: u64,
    /// Tokens of a usual call.
    usual_tokens: u64,
    /// How long a usual call takes; none before the first has ended.
    usual_duration: Option<Duration>,
}

impl Gate {
    pub(in crate::provider) fn new(allowed: Allowed, now: Instant) -> Self {
        let own = |limit: Option<u64>| limit.filter(|_| !allowed.shared).map(|limit| Bucket::new(limit, now));
        Self {
            requests: own(allowed.requests_per_minute),
            tokens: own(allowed.tokens_per_minute),
            purse: allowed
                .shared
                .then(|| Purse::new(allowed.requests_per_minute, allowed.tokens_per_minute, now)),
            requests_told: None,
            tokens_told: None,
            breaker: Breaker::new(),
            retries: RetryBudget::new(allowed.retries_per_minute, now),
            asked_until: None,
            busy_since: None,
            busy_in_row: 0,
            under_way: 0,
            tokens_under_way: 0,
            usual_tokens: 0,
            usual_duration: None,
            allowed,
        }
    }

    /// Where the circuit breaker stands.
    pub(super) const fn state(&self) -> State {
        self.breaker.state()
    }

    /// Calls under way.
    pub(super) const fn under_way(&self) -> usize {
        self.under_way
    }

    /// Whether what goes wrong is the endpoint's doing and not that of single calls.
    pub(in crate::provider) fn is_in_trouble(&self) -> bool {
        self.breaker.is_in_trouble()
    }

    /// Lets a call go, or says why not and when to ask again.
    pub(in crate::provider) fn ask(&mut self, now: Instant, wanted: Wanted) -> Result<Ticket, Hold> {
        if let Some(hold) = self.hold(now, wanted) {
            if hold.reason == HoldReason::Tokens {
                // Whoever fetches work is not to fetch more of these before their time.
                self.usual_tokens = self.usual_tokens.max(wanted.tokens);
            }
            return Err(hold);
        }
        if let Some(bucket) = &mut self.requests {
            bucket.take(now, 1);
        }
        if let Some(bucket) = &mut self.tokens {
            bucket.take(now, wanted.tokens);
        }
        if let Some(purse) = &mut self.purse {
            purse.take(wanted.tokens);
        }
        for (window, amount) in [(&mut self.requests_told, 1), (&mut self.tokens_told, wanted.tokens)] {
            if let Some(window) = window {
                window.left = window.left.saturating_sub(amount);
            }
        }
        self.retries.take(now, wanted.repeated);
        self.under_way += 1;
        self.tokens_under_way = self.tokens_under_way.saturating_add(wanted.tokens);
        self.usual_tokens = match self.usual_tokens {
            0 => wanted.tokens,
            usual => usual.saturating_mul(7).saturating_add(wanted.tokens) / 8,
        };
        Ok(Ticket {
            went_at: now,
            tokens: wanted.tokens,
            repeated: wanted.repeated,
            probe: self.breaker.take(),
        })
    }

    /// The reason that holds a call longest; none when it may go.
    fn hold(&mut self, now: Instant, wanted: Wanted) -> Option<Hold> {
        self.forget(now);
        let told = |window: Option<Window>, amount| window.map_or(now, |window| window.ready_at(now, amount));
        let metered = |bucket: &Option<Bucket>, amount| {
            let bucket = bucket.as_ref();
            bucket.map_or(now, |bucket| bucket.ready_at(now, amount))
        };
        let requests = told(self.requests_told, 1).max(metered(&self.requests, 1));
        let tokens = told(self.tokens_told, wanted.tokens).max(metered(&self.tokens, wanted.tokens));
        let shared = self.purse.as_ref().map_or(now, |purse| {
            // What is not there has to be fetched, even where that is possible at once.
            let missing = purse.count(now, wanted.tokens) == 0;
            purse
                .ready_at(now, wanted)
                .max(if missing { now + FETCHING } else { now })
        });
        let retries = if wanted.repeated {
            self.retries.ready_at(now)
        } else {
            now
        };
        let concurrency = if self.under_way < self.allowed.concurrency {
            now
        } else {
            now + LOOK_AGAIN
        };
        [
            (HoldReason::Down, self.breaker.ready_at(now).unwrap_or(now + LOOK_AGAIN)),
            (HoldReason::Asked, self.asked_until.unwrap_or(now)),
            (HoldReason::Requests, requests),
            (HoldReason::Tokens, tokens),
            (HoldReason::Shared, shared),
            (HoldReason::Retries, retries),
            (HoldReason::Concurrency, concurrency),
        ]
        .into_iter()
        .filter(|(_, until)| *until > now)
        .map(|(reason, until)| Hold { reason, until })
        .max_by_key(|hold| hold.until)
    }

    /// Forgets what is over.
    fn forget(&mut self, now: Instant) {
        for window in [&mut self.requests_told, &mut self.tokens_told] {
            *window = window.filter(|window| window.until > now);
        }
        self.asked_until = self.asked_until.filter(|until| *until > now);
    }

    /// How many usual calls may go now, for those who fetch work.
    pub(in crate::provider) fn room(&mut self, now: Instant) -> Room {
        self.forget(now);
        if self.asked_until.is_some() {
            return Room { calls: 0, repeated: 0 };
        }
        let metered = |bucket: &Option<Bucket>, amount| {
            let bucket = bucket.as_ref();
            bucket.map_or(usize::MAX, |bucket| bucket.count(now, amount))
        };
        let told = |window: Option<Window>, amount: u64| {
            window.map_or(usize::MAX, |window| {
                usize::try_from(window.left / amount.max(1)).unwrap_or(usize::MAX)
            })
        };
        let calls = self
            .allowed
            .concurrency
            .saturating_sub(self.under_way)
            .saturating_add(self.soon_free())
            .min(self.breaker.count(now))
            .min(metered(&self.requests, 1))
            .min(metered(&self.tokens, self.usual_tokens))
            .min(told(self.requests_told, 1))
            .min(told(self.tokens_told, self.usual_tokens))
            .min(self.purse.as_ref().map_or(usize::MAX, |purse| {
                // Whoever comes first fetches what others go by.
                purse
                    .count(now, self.usual_tokens)
                    .max(usize::from(purse.may_fetch(now)))
            }));
        Room {
            calls,
            repeated: self.retries.count(now).min(calls),
        }
    }

    /// How many of the calls under way will have ended by the time that work which is fetched now is ready to go.
    fn soon_free(&self) -> usize {
        let Some(usual) = self.usual_duration else { return 0 };
        let part = AHEAD.as_micros() * self.under_way as u128 / usual.max(AHEAD).as_micros();
        usize::try_from(part).unwrap_or(self.under_way)
    }

    /// What has to be fetched of shared limits for this call, when it may be.
    pub(in crate::provider) fn wants_slice(&self, now: Instant, wanted: Wanted) -> Option<Slice> {
        let purse = self.purse.as_ref()?;
        let is_empty = purse.count(now, wanted.tokens) == 0;
        (is_empty && purse.may_fetch(now)).then(|| purse.slice(now, wanted))
    }

    /// Puts in what was fetched of shared limits; `wait` tells when to fetch again where there was nothing.
    pub(in crate::provider) fn fill(&mut self, now: Instant, requests: u64, tokens: u64, wait: Duration) {
        if let Some(purse) = &mut self.purse {
            purse.fill(now, requests, tokens, wait);
        }
    }

    /// When a usual call may go; none when that depends on calls under way.
    pub(in crate::provider) fn opens_at(&mut self, now: Instant) -> Option<Instant> {
        let wanted = Wanted {
            tokens: self.usual_tokens,
            repeated: false,
        };
        match self.hold(now, wanted) {
            None => Some(now),
            Some(hold) if hold.reason == HoldReason::Concurrency => None,
            Some(hold) => Some(hold.until),
        }
    }

    /// Takes note of what a reply's headers say. The call they belong to is still under way.
    pub(in crate::provider) fn observe(&mut self, now: Instant, headers: &Headers) {
        // What others of ours have under way may not be counted yet.
        let requests = self.under_way.saturating_sub(1) as u64;
        let tokens = self.tokens_under_way.saturating_sub(self.usual_tokens);
        let window = |left: Left, under_way: u64| Window {
            left: left.amount.saturating_sub(under_way),
            until: now + left.reset.min(LONGEST_ASKED),
        };
        if let Some(left) = headers.requests {
            self.requests_told = Some(window(left, requests));
        }
        if let Some(left) = headers.tokens {
            self.tokens_told = Some(window(left, tokens));
        }
    }

    /// Notes what became of a call. `chance` lies between 0 and 1.
    pub(in crate::provider) fn settle(&mut self, now: Instant, ticket: Ticket, outcome: Outcome, chance: f64) {
        self.under_way = self.under_way.saturating_sub(1);
        self.tokens_under_way = self.tokens_under_way.saturating_sub(ticket.tokens);
        let mark = match outcome {
            Outcome::Replied { tokens } => {
                self.busy_in_row = 0;
                let duration = now.saturating_duration_since(ticket.went_at);
                self.usual_duration = Some(self.usual_duration.map_or(duration, |usual| (usual * 7 + duration) / 8));
                if let (Some(bucket), Some(tokens)) = (&mut self.tokens, tokens) {
                    if tokens > ticket.tokens {
                        bucket.take(now, tokens - ticket.tokens);
                    } else {
                        bucket.give_back(now, ticket.tokens - tokens);
                    }
                }
                if let (Some(purse), Some(tokens)) = (&mut self.purse, tokens) {
                    purse.give_back(0, ticket.tokens.saturating_sub(tokens));
                }
                Some(Mark::Good)
            }
            Outcome::Refused => Some(Mark::Good),
            Outcome::Busy { retry_after } => {
                self.pause(now, ticket, retry_after, chance);
                Some(Mark::Busy)
            }
            Outcome::Failed { retry_after } => {
                if let Some(asked) = retry_after {
                    self.wait_until(now + asked.min(LONGEST_ASKED));
                }
                Some(Mark::Bad)
            }
            Outcome::NotSent => {
                self.retries.give_back(ticket.repeated);
                if let Some(bucket) = &mut self.requests {
                    bucket.give_back(now, 1);
                }
                if let Some(bucket) = &mut self.tokens {
                    bucket.give_back(now, ticket.tokens);
                }
                if let Some(purse) = &mut self.purse {
                    purse.give_back(1, ticket.tokens);
                }
                None
            }
            Outcome::Unknown => None,
        };
        self.breaker.record(now, ticket.probe, mark, chance);
    }

    fn wait_until(&mut self, until: Instant) {
        self.asked_until = Some(self.asked_until.map_or(until, |asked| asked.max(until)));
    }

    /// No call goes for a while: as long as the provider asks, or longer and longer with full jitter. Calls that went before
    /// the pause began say nothing new.
    fn pause(&mut self, now: Instant, ticket: Ticket, retry_after: Option<Duration>, chance: f64) {
        if let Some(asked) = retry_after {
            self.wait_until(now + asked.min(LONGEST_ASKED));
            return;
        }
        if self.busy_since.is_some_and(|since| ticket.went_at <= since) {
            return;
        }
        let longest = FIRST_PAUSE
            .saturating_mul(1 << self.busy_in_row.min(10))
            .min(LONGEST_PAUSE);
        self.busy_since = Some(now);
        self.busy_in_row = self.busy_in_row.saturating_add(1);
        self.wait_until(now + longest.mul_f64(chance));
    }
}

#[cfg(test)]
mod tests;
