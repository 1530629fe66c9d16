//! Bodies that hold one thing or many: a JSON object, an array of them, or one a line.

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::extract::{media_type, parse_json};
use crate::problem::{Problem, ProblemKind};

/// The media types of bodies with one JSON value a line.
pub(super) const LINE_TYPES: [&str; 3] = ["application/x-ndjson", "application/jsonl", "application/jsonlines"];

/// One of the things, with its line (of an array: its place), or what is wrong with it.
pub(super) struct Numbered<T> {
    /// Counted from 1.
    pub(super) line: u64,
    /// The thing, or what is wrong with it.
    pub(super) content: Result<T, String>,
}

/// Takes a body apart. A broken line does not hinder the others; a broken JSON document does.
pub(super) fn split<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<Vec<Numbered<T>>, Problem> {
    let essence = media_type(headers);
    if LINE_TYPES.contains(&essence.as_str()) {
        return Ok(split_lines(body));
    }
    if essence != "application/json" {
        return Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "expected application/json or application/x-ndjson",
        ));
    }
    let values = match parse_json::<Value>(body)? {
        Value::Array(values) => values,
        one => vec![one],
    };
    let numbered = (1..).zip(values).map(|(line, value)| Numbered {
        line,
        content: read(serde_json::from_value(value)),
    });
    Ok(numbered.collect())
}

fn split_lines<T: DeserializeOwned>(body: &Bytes) -> Vec<Numbered<T>> {
    (1..)
        .zip(body.split(|byte| *byte == b'\n'))
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(line, text)| Numbered {
            line,
            content: read(serde_json::from_slice(text)),
        })
        .collect()
}

fn read<T>(parsed: Result<T, serde_json::Error>) -> Result<T, String> {
    parsed.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    use super::*;

    fn split_as(essence: &'static str, body: &'static str) -> Vec<(u64, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(essence));
        let parts = split::<u32>(&headers, &Bytes::from_static(body.as_bytes())).unwrap();
        parts
            .into_iter()
            .map(|part| (part.line, part.content.is_ok()))
            .collect()
    }

    #[test]
    fn lines_keep_their_numbers() {
        let lines = split_as("application/x-ndjson", "1\n\nx\n4\n");
        assert_eq!(lines, [(1, true), (3, false), (4, true)]);
    }

    #[test]
    fn one_and_many_are_both_taken() {
        assert_eq!(split_as("application/json; charset=utf-8", "7"), [(1, true)]);
        assert_eq!(split_as("application/json", "[7, \"x\"]"), [(1, true), (2, false)]);
    }
}
