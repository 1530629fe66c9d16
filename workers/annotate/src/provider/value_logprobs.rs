//! How probable a model found each value that it wrote.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use accord_statistics::score::{LogprobScore, logprob_score, overlapping_parts};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What a server says of the tokens of an answer; much of it is missing from many.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenList {
    content: Option<Vec<Token>>,
}

/// A token of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Token {
    token: String,
    /// Its bytes, which a token of a part of a character has no text for.
    bytes: Option<Vec<u8>>,
    logprob: Option<f64>,
}

impl Token {
    fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(self.token.as_bytes())
    }
}

/// The score of every member of an object that a model wrote as `object`, from the tokens of its answer.
///
/// A member without a score is left out, and never has the score 1: nothing is known where the server gives no log
/// probabilities, where one of a value's tokens has none, or where the object is not found among the tokens exactly once
/// (servers take fences off the text and leave them among the tokens).
pub(super) fn value_logprobs(object: &str, logprobs: &Value) -> BTreeMap<String, LogprobScore> {
    let tokens = TokenList::deserialize(logprobs).ok().and_then(|list| list.content);
    scores(object, &tokens.unwrap_or_default()).unwrap_or_default()
}

fn scores(object: &str, tokens: &[Token]) -> Option<BTreeMap<String, LogprobScore>> {
    let written: Vec<u8> = tokens.iter().flat_map(|token| token.bytes()).copied().collect();
    let start = only_place(&written, object.as_bytes())?;
    let values: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(object).ok()?;
    let scores = values.into_iter().filter_map(|(name, value)| {
        let place = place_of(object, value.get())?;
        let place = start + place.start..start + place.end;
        let own = overlapping_parts(tokens.iter().map(|token| token.bytes().len()), place).ok()?;
        let logprobs: Option<Vec<f64>> = tokens.get(own)?.iter().map(|token| token.logprob).collect();
        let score = logprob_score(&logprobs?).ok()?.value()?;
        Some((name.into_owned(), score))
    });
    Some(scores.collect())
}

/// Where a part of a text is in it, without the quotes around it.
fn place_of(text: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let quotes = usize::from(part.len() >= 2 && part.starts_with('"'));
    let place = start + quotes..start + part.len() - quotes;
    text.get(place.clone()).map(|_| place)
}

/// Where the one occurrence of a text begins.
fn only_place(text: &[u8], part: &[u8]) -> Option<usize> {
    let mut places = memchr::memmem::find_iter(text, part);
    let place = places.next()?;
    places.next().is_none().then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Tokens with the log probabilities -1, -2 and so on.
    fn tokens(texts: &[&str]) -> Value {
        let tokens = texts.iter().enumerate();
        let tokens = tokens.map(|(place, text)| json!({"token": text, "logprob": -1.0 - place as f64}));
        json!({"content": tokens.collect::<Vec<Value>>()})
    }

    #[test]
    fn values_have_the_tokens_that_touch_them() {
        let object = r#"{"total": 12.50, "name": "Caf\u00e9", "none": null, "empty": ""}"#;
        let texts = [
            "```json\n",
            r#"{"total": 1"#,
            "2.",
            r#"50, "name""#,
            r#": "Caf"#,
            r"\u00e9",
            r#"", "none": "#,
            "null",
            r#", "empty": ""}"#,
            "\n```",
        ];
        let scores = value_logprobs(object, &tokens(&texts));
        let of = |name: &str| scores.get(name).map(|score| (score.tokens, score.sum, score.minimum));
        assert_eq!(of("total"), Some((3, -9.0, -4.0)));
        assert_eq!(of("name"), Some((2, -11.0, -6.0)));
        assert_eq!(of("none"), Some((1, -8.0, -8.0)));
        assert_eq!(of("empty"), None);
        assert_eq!(scores.len(), 3);
    }

    #[test]
    fn parts_of_characters_are_found_by_their_bytes() {
        let object = r#"{"a":"é!"}"#;
        let logprobs = json!({"content": [
            {"token": "{\"a\":\"", "logprob": -1.0, "bytes": [123, 34, 97, 34, 58, 34]},
            {"token": "\u{fffd}", "logprob": -2.0, "bytes": [195]},
            {"token": "\u{fffd}", "logprob": -3.0, "bytes": [169]},
            {"token": "!\"}", "logprob": -4.0, "bytes": [33, 34, 125]},
        ]});
        let score = value_logprobs(object, &logprobs)["a"];
        assert_eq!((score.tokens, score.sum), (3, -9.0));
    }

    #[test]
    fn what_is_not_known_has_no_score() {
        let object = r#"{"a": 1}"#;
        let mut missing = tokens(&["{\"a\": ", "1", "}"]);
        missing["content"][1]["logprob"] = Value::Null;
        for logprobs in [
            Value::Null,
            json!({"content": null}),
            json!({"content": "text"}),
            json!({"content": []}),
            tokens(&["{\"a\": ", "2", "}"]),
            tokens(&["{\"a\": 1}", "{\"a\": 1}"]),
            missing,
        ] {
            assert!(value_logprobs(object, &logprobs).is_empty(), "{logprobs}");
        }
        let impossible = json!({"content": [{"token": object, "logprob": 0.5}]});
        assert!(value_logprobs(object, &impossible).is_empty());
    }
}
