//! What reply headers say about an endpoint's limits.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What the headers of one reply say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::provider) struct Headers {
    /// How long the provider asks to wait.
    pub(in crate::provider) retry_after: Option<Duration>,
    /// Requests that are left.
    pub(in crate::provider) requests: Option<Left>,
    /// Tokens that are left.
    pub(in crate::provider) tokens: Option<Left>,
}

/// What is left of a limit, and after which time all of it is there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Left {
    pub(in crate::provider) amount: u64,
    pub(in crate::provider) reset: Duration,
}

impl Headers {
    /// Reads what is there. `now` is for providers that name a moment.
    pub(in crate::provider) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let left = |what: &str| {
            let text = |part: &str| text(headers, &format!("x-ratelimit-{part}-{what}"));
            Some(Left {
                // Some say -1 where they do not know.
                amount: text("remaining")?.parse().ok()?,
                reset: duration(text("reset")?)?,
            })
        };
        Self {
            retry_after: retry_after(headers, now),
            requests: left("requests"),
            tokens: left("tokens"),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Milliseconds in Azure's header, seconds, a duration, or an HTTP date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(milliseconds) = text(headers, "retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let value = text(headers, RETRY_AFTER.as_str())?;
    if let Some(wait) = duration(value) {
        return Some(wait);
    }
    let moment = jiff::fmt::rfc2822::parse(value).ok()?;
    let moment = SystemTime::from(moment.timestamp());
    // The server's clock against ours: all there is to go by; the caller caps it.
    Some(moment.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Plain seconds, or numbers with units as OpenAI writes them: `6m0s`, `1s`, `12ms`, `1h2m3.5s`.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let (mut sum, mut rest) = (Duration::ZERO, text);
    while !rest.is_empty() {
        let unit_at = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, tail) = rest.split_at(unit_at);
        let number_at = tail
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(number_at);
        let seconds = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        sum = sum.checked_add(part)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Headers {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        Headers::read(&headers, SystemTime::now())
    }

    #[test]
    fn every_form_of_retry_after() {
        for (name, value, expected) in [
            ("retry-after", "3", Some(Duration::from_secs(3))),
            ("retry-after", "1.5", Some(Duration::from_millis(1500))),
            ("retry-after", "2m", Some(Duration::from_secs(120))),
            ("retry-after-ms", "1500", Some(Duration::from_millis(1500))),
            ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", Some(Duration::ZERO)),
            ("retry-after", "soon", None),
            ("retry-after", "-3", None),
        ] {
            assert_eq!(read(&[(name, value)]).retry_after, expected, "{value}");
        }
    }

    #[test]
    fn what_is_left_in_openais_forms() {
        for (reset, expected) in [
            ("6m0s", Duration::from_secs(360)),
            ("1s", Duration::from_secs(1)),
            ("12ms", Duration::from_millis(12)),
            ("1h2m3.5s", Duration::from_millis(3_723_500)),
            ("30", Duration::from_secs(30)),
        ] {
            let found = read(&[
                ("x-ratelimit-remaining-requests", "59"),
                ("x-ratelimit-reset-requests", reset),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", reset),
            ]);
            let left = |amount| {
                Some(Left {
                    amount,
                    reset: expected,
                })
            };
            assert_eq!((found.requests, found.tokens), (left(59), left(0)), "{reset}");
        }
        for (remaining, reset) in [("-1", "1s"), ("5", "soon"), ("5", ""), ("5", "1x"), ("5", "ms")] {
            let found = read(&[
                ("x-ratelimit-remaining-requests", remaining),
                ("x-ratelimit-reset-requests", reset),
            ]);
            assert_eq!(found.requests, None, "{remaining} {reset}");
        }
        assert_eq!(read(&[("x-ratelimit-remaining-tokens", "5")]), Headers::default());
    }

    proptest! {
        #[test]
        fn anything_is_read_without_harm(text in "[ -~]{0,24}") {
            let _read = duration(&text);
        }

        #[test]
        fn written_durations_are_read_back(minutes in 0u64..500, seconds in 0u64..60, millis in 0u64..1000) {
            let text = format!("{minutes}m{seconds}s{millis}ms");
            let expected = Duration::from_secs(minutes * 60 + seconds) + Duration::from_millis(millis);
            let read = duration(&text).unwrap();
            let difference = read.abs_diff(expected);
            prop_assert!(difference < Duration::from_micros(1), "{text}: {read:?}");
        }
    }
}
