use proptest::prelude::*;

use super::*;

const CALL: Wanted = Wanted {
    tokens: 100,
    repeated: false,
};

const AGAIN: Wanted = Wanted {
    tokens: 100,
    repeated: true,
};

fn allowed() -> Allowed {
    Allowed {
        concurrency: 4,
        requests_per_minute: None,
        tokens_per_minute: None,
        shared: false,
        retries_per_minute: 2,
    }
}

fn left(amount: u64, seconds: u64) -> Option<Left> {
    Some(Left {
        amount,
        reset: Duration::from_secs(seconds),
    })
}

const GOOD: Outcome = Outcome::Replied { tokens: None };

#[test]
fn calls_under_way_are_limited_and_end() {
    let now = Instant::now();
    let mut gate = Gate::new(allowed(), now);
    let tickets: Vec<Ticket> = (0..4).map(|_| gate.ask(now, CALL).unwrap()).collect();
    assert_eq!(gate.ask(now, CALL).unwrap_err().reason, HoldReason::Concurrency);
    assert_eq!((gate.room(now).calls, gate.opens_at(now)), (0, None));
    for ticket in tickets {
        gate.settle(now, ticket, Outcome::Unknown, 0.5);
    }
    assert_eq!(gate.room(now), Room { calls: 4, repeated: 2 });
}

#[test]
fn work_is_fetched_ahead_of_short_calls_and_not_of_long_ones() {
    for (duration, ahead) in [(50, 4), (100, 4), (200, 2), (30_000, 0)] {
        let start = Instant::now();
        let mut gate = Gate::new(allowed(), start);
        let first = gate.ask(start, CALL).unwrap();
        let end = start + Duration::from_millis(duration);
        gate.settle(end, first, GOOD, 0.5);
        assert_eq!(gate.room(end).calls, 4, "never more than may go");
        for _ in 0..4 {
            gate.ask(end, CALL).unwrap();
        }
        assert_eq!(gate.room(end).calls, ahead, "{duration} ms");
    }
}

#[test]
fn requests_and_tokens_of_the_minute_are_kept_to_and_corrected() {
    let now = Instant::now();
    let mut gate = Gate::new(
        Allowed {
            requests_per_minute: Some(30),
            tokens_per_minute: Some(6_000),
            ..allowed()
        },
        now,
    );
    for _ in 0..3 {
        gate.ask(now, CALL).unwrap();
    }
    let hold = gate.ask(now, CALL).unwrap_err();
    assert_eq!(
        (hold.reason, hold.until),
        (HoldReason::Requests, now + Duration::from_secs(2))
    );
    let later = now + Duration::from_secs(6);
    let ticket = gate.ask(later, Wanted { tokens: 600, ..CALL }).unwrap();
    let hold = gate.ask(later, CALL).unwrap_err();
    assert_eq!((hold.reason, hold.until), (HoldReason::Concurrency, later + LOOK_AGAIN));
    gate.settle(later, ticket, Outcome::Replied { tokens: Some(900) }, 0.0);
    let hold = gate.ask(later, CALL).unwrap_err();
    assert_eq!(
        (hold.reason, hold.until),
        (HoldReason::Tokens, later + Duration::from_secs(4))
    );
}

#[test]
fn what_was_never_sent_costs_nothing() {
    let now = Instant::now();
    let mut gate = Gate::new(
        Allowed {
            requests_per_minute: Some(10),
            tokens_per_minute: Some(1_000),
            ..allowed()
        },
        now,
    );
    for _ in 0..20 {
        let ticket = gate.ask(now, CALL).unwrap();
        gate.settle(now, ticket, Outcome::NotSent, 0.0);
    }
}

#[test]
fn what_a_provider_asks_for_is_obeyed_within_reason() {
    let now = Instant::now();
    let mut gate = Gate::new(allowed(), now);
    let ticket = gate.ask(now, CALL).unwrap();
    let asked = Outcome::Busy {
        retry_after: Some(Duration::from_secs(7)),
    };
    gate.settle(now, ticket, asked, 0.0);
    let hold = gate.ask(now, CALL).unwrap_err();
    assert_eq!(
        (hold.reason, hold.until),
        (HoldReason::Asked, now + Duration::from_secs(7))
    );
    assert_eq!(gate.room(now).calls, 0);
    let later = hold.until;
    let ticket = gate.ask(later, CALL).unwrap();
    let day = Outcome::Failed {
        retry_after: Some(Duration::from_secs(86_400)),
    };
    gate.settle(later, ticket, day, 0.0);
    assert_eq!(gate.opens_at(later), Some(later + LONGEST_ASKED));
}

#[test]
fn a_provider_that_is_busy_without_saying_how_long_is_left_alone_longer_and_longer() {
    let mut now = Instant::now();
    let mut gate = Gate::new(allowed(), now);
    let busy = Outcome::Busy { retry_after: None };
    let both = [gate.ask(now, CALL).unwrap(), gate.ask(now, CALL).unwrap()];
    for ticket in both {
        gate.settle(now, ticket, busy, 1.0);
    }
    let mut pauses = Vec::new();
    for _ in 0..3 {
        let opens = gate.opens_at(now).unwrap();
        pauses.push(opens.duration_since(now).as_millis());
        now = opens;
        let ticket = gate.ask(now, CALL).unwrap();
        gate.settle(now, ticket, busy, 1.0);
    }
    assert_eq!(pauses, [500, 1000, 2000], "a wave of answers is one pause");
    now = gate.opens_at(now).unwrap();
    let ticket = gate.ask(now, CALL).unwrap();
    gate.settle(now, ticket, GOOD, 1.0);
    let ticket = gate.ask(now, CALL).unwrap();
    gate.settle(now, ticket, busy, 1.0);
    assert_eq!(gate.opens_at(now), Some(now + FIRST_PAUSE));
}

#[test]
fn what_is_left_by_the_headers_is_not_exceeded_until_its_reset() {
    let now = Instant::now();
    let mut gate = Gate::new(allowed(), now);
    let first = gate.ask(now, CALL).unwrap();
    let second = gate.ask(now, CALL).unwrap();
    let headers = Headers {
        requests: left(2, 30),
        tokens: left(5_000, 60),
        ..Headers::default()
    };
    gate.observe(now, &headers);
    gate.settle(now, first, GOOD, 0.0);
    gate.settle(now, second, GOOD, 0.0);
    gate.ask(now, CALL).unwrap();
    let hold = gate.ask(now, CALL).unwrap_err();
    assert_eq!(
        (hold.reason, hold.until),
        (HoldReason::Requests, now + Duration::from_secs(30))
    );
    let hold = gate.ask(hold.until, Wanted { tokens: 6_000, ..CALL }).unwrap_err();
    assert_eq!(
        (hold.reason, hold.until),
        (HoldReason::Tokens, now + Duration::from_secs(60))
    );
    gate.ask(hold.until, Wanted { tokens: 6_000, ..CALL }).unwrap();
}

#[test]
fn repetitions_have_a_budget_and_first_calls_go_on() {
    let now = Instant::now();
    let mut gate = Gate::new(allowed(), now);
    for _ in 0..2 {
        let ticket = gate.ask(now, AGAIN).unwrap();
        gate.settle(now, ticket, GOOD, 0.0);
    }
    assert_eq!(gate.ask(now, AGAIN).unwrap_err().reason, HoldReason::Retries);
    assert_eq!(gate.room(now), Room { calls: 4, repeated: 0 });
    gate.ask(now, CALL).unwrap();
}

#[test]
fn an_endpoint_that_is_down_is_left_alone_and_probed() {
    let now = Instant::now();
    let mut gate = Gate::new(allowed(), now);
    for _ in 0..5 {
        let ticket = gate.ask(now, CALL).unwrap();
        gate.settle(now, ticket, Outcome::Failed { retry_after: None }, 1.0);
    }
    let hold = gate.ask(now, CALL).unwrap_err();
    assert_eq!(hold.reason, HoldReason::Down);
    assert!(gate.is_in_trouble());
    let probes = [gate.ask(hold.until, CALL).unwrap(), gate.ask(hold.until, CALL).unwrap()];
    assert_eq!(gate.ask(hold.until, CALL).unwrap_err().reason, HoldReason::Down);
    for probe in probes {
        gate.settle(hold.until, probe, GOOD, 1.0);
    }
    assert_eq!(gate.room(hold.until).calls, 4);
}

#[test]
fn shared_limits_are_gone_by_in_slices() {
    let now = Instant::now();
    let mut gate = Gate::new(
        Allowed {
            requests_per_minute: Some(24),
            shared: true,
            ..allowed()
        },
        now,
    );
    let hold = gate.ask(now, CALL).unwrap_err();
    assert_eq!((hold.reason, gate.room(now).calls), (HoldReason::Shared, 1));
    let slice = gate.wants_slice(now, CALL).unwrap();
    assert_eq!((slice.requests, slice.tokens_needed), (2, 0));
    gate.fill(now, 2, 0, Duration::ZERO);
    assert_eq!(gate.room(now).calls, 2);
    let first = gate.ask(now, CALL).unwrap();
    gate.ask(now, CALL).unwrap();
    gate.fill(now, 0, 0, Duration::from_secs(3));
    let hold = gate.ask(now, CALL).unwrap_err();
    assert_eq!(
        (hold.reason, hold.until),
        (HoldReason::Shared, now + Duration::from_secs(3))
    );
    assert_eq!((gate.room(now).calls, gate.wants_slice(now, CALL)), (0, None));
    gate.settle(now, first, Outcome::NotSent, 0.0);
    gate.ask(now, CALL).unwrap();
}

proptest! {
    /// Whatever replies say: no more calls are under way than allowed, no call goes while a pause lasts, requests of any
    /// minute stay within the limit, and when everything is over the gate opens again.
    #[test]
    fn limits_hold_whatever_happens(
        steps in prop::collection::vec((0u8..8, 0u64..1500, 0u64..300, 0.0f64..1.0), 1..300),
        requests in prop::option::of(1u64..200),
    ) {
        let start = Instant::now();
        let mut gate = Gate::new(Allowed { requests_per_minute: requests, ..allowed() }, start);
        let (mut now, mut out, mut sent) = (start, Vec::new(), Vec::new());
        let mut paused_until = start;
        for (what, pause, tokens, chance) in steps {
            now += Duration::from_millis(pause);
            if what < 4 {
                let wanted = Wanted { tokens, repeated: what == 0 };
                if let Ok(ticket) = gate.ask(now, wanted) {
                    prop_assert!(now >= paused_until);
                    out.push(ticket);
                    sent.push(now);
                }
                prop_assert!(out.len() <= 4);
            } else if let Some(ticket) = out.pop() {
                let wait = Duration::from_millis(tokens * 10);
                let outcome = match what {
                    4 => Outcome::Replied { tokens: Some(tokens) },
                    5 => Outcome::Busy { retry_after: Some(wait) },
                    6 => Outcome::Failed { retry_after: None },
                    _ => Outcome::Unknown,
                };
                if what == 5 {
                    paused_until = paused_until.max(now + wait);
                }
                gate.settle(now, ticket, outcome, chance);
            }
            prop_assert_eq!(gate.under_way(), out.len());
        }
        if let Some(limit) = requests {
            let most = limit as f64 * 1.1 + 1.01;
            for (first, from) in sent.iter().enumerate() {
                let minute = sent[first..].iter().take_while(|at| at.duration_since(*from) < Duration::from_secs(60));
                prop_assert!(minute.count() as f64 <= most);
            }
        }
        for ticket in out {
            gate.settle(now, ticket, GOOD, 0.5);
        }
        for _ in 0..4 {
            now += LONGEST_ASKED;
            let ticket = gate.ask(now, CALL);
            prop_assert!(ticket.is_ok(), "{ticket:?}");
            gate.settle(now, ticket.unwrap(), GOOD, 0.5);
        }
    }
}
