//! The header `Prefer: wait=N` (RFC 7240).

use std::time::Duration;

use http::HeaderMap;

/// The longest that an answer waits.
const MAXIMUM_WAIT: Duration = Duration::from_secs(60);

/// How long the client wants to wait; none when it does not say so in a form that can be read.
pub(super) fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        let seconds = value.trim().trim_matches('"').parse().ok()?;
        name.trim()
            .eq_ignore_ascii_case("wait")
            .then(|| Duration::from_secs(seconds).min(MAXIMUM_WAIT))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_wait_is_found_and_bounded() {
        for (header, expected) in [
            ("wait=10", Some(10)),
            ("respond-async, wait=5", Some(5)),
            ("Wait = \"7\"", Some(7)),
            ("wait=100000", Some(60)),
            ("wait=-1", None),
            ("wait", None),
            ("return=minimal", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", HeaderValue::from_static(header));
            assert_eq!(preferred_wait(&headers), expected.map(Duration::from_secs), "{header}");
        }
    }
}
