//! The JSON object in what a model wrote.
//!
//! Models that are not held to a schema put a code fence, their thoughts or a sentence around the object. That much is taken
//! off, because what remains is not in doubt. Nothing inside the object is repaired: a guess would be a vote that nobody
//! cast.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Most characters around an object; more is an essay that may say something else.
const MOST_AROUND: usize = 2_000;

/// What stands around the thoughts of models that write them into their answer.
const THOUGHTS: (&str, &str) = ("<think>", "</think>");

/// An object and where it stands.
pub(super) struct ObjectInText<'a> {
    /// Its members.
    pub(super) members: Map<String, Value>,
    /// Its text.
    pub(super) text: &'a str,
}

/// The one object in a text.
///
/// # Errors
/// There is none, there are several, it is not JSON, it has a member twice, or there is too much around it.
pub(super) fn object_in(text: &str) -> Result<ObjectInText<'_>, String> {
    let text = without_thoughts(text.trim());
    let whole = match serde_json::from_str(text) {
        Ok(Value::Object(_)) => return members(text).map(|(object, _)| object),
        Ok(other) => return Err(format!("it is {}", kind_of(&other))),
        Err(error) => error,
    };
    let Some(start) = text.find('{') else {
        return Err(whole.to_string());
    };
    let (before, rest) = text.split_at(start);
    let (object, length) = members(rest)?;
    let after = rest.get(length..).unwrap_or_default();
    if after.contains('{') {
        return Err("there is more than one object in it".to_owned());
    }
    // A list or a text that holds the object is something else than the object.
    if before.contains(['[', '"']) || after.contains([']', '}', '"']) {
        return Err(whole.to_string());
    }
    if before.chars().count() + after.chars().count() > MOST_AROUND {
        return Err(format!("more than {MOST_AROUND} characters stand around the object"));
    }
    Ok(object)
}

/// The text behind the thoughts; nothing where they have no end.
fn without_thoughts(text: &str) -> &str {
    match text.strip_prefix(THOUGHTS.0) {
        None => text,
        Some(rest) => rest.split_once(THOUGHTS.1).map_or("", |(_, answer)| answer.trim()),
    }
}

/// The object at the beginning of a text, and where it ends.
fn members(text: &str) -> Result<(ObjectInText<'_>, usize), String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Members>();
    match values.next() {
        Some(Ok(Members(members))) => {
            let end = values.byte_offset();
            let text = text.get(..end).unwrap_or_default();
            Ok((ObjectInText { members, text }, end))
        }
        Some(Err(error)) => Err(error.to_string()),
        None => Err("it is empty".to_owned()),
    }
}

/// The members of an object, none of them twice: of two values for one field neither is the answer.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("member `{name}` is there twice")));
            }
            members.insert(name, value);
        }
        Ok(Members(members))
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_object_is_taken_off() {
        for text in [
            r#"{"a": {"b": 1}}"#,
            "```json\n{\"a\": {\"b\": 1}}\n```",
            "```JSON\n{\"a\": {\"b\": 1}}```\n",
            "Here is the answer:\n{\"a\": {\"b\": 1}}\nAnything else?",
            "<think>Perhaps {\"a\": 2}?</think>\n{\"a\": {\"b\": 1}}",
        ] {
            let object = object_in(text).unwrap();
            assert_eq!(
                (&object.members["a"]["b"], object.text),
                (&1.into(), r#"{"a": {"b": 1}}"#),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_in_doubt_is_no_answer() {
        let essay = format!("{} {{\"a\": 1}}", "word ".repeat(500));
        for (text, part) in [
            (r#"{"a": 1} or rather {"a": 2}"#, "more than one object"),
            (r#"{"a": 1, "a": 2}"#, "`a` is there twice"),
            ("```json\n{\"a\": 1, \"a\": 2}\n```", "`a` is there twice"),
            (r#"{"a": 1"#, "EOF"),
            (r#"{'a': 1}"#, "key must be a string"),
            (r#"[{"a": 1}]"#, "it is a list"),
            (r#"[{"a": 1}, 2, "#, "EOF"),
            (r#""{\"a\": 1}""#, "it is a text"),
            ("no idea", "expected ident"),
            ("<think>Is it {\"a\": 1}?", "EOF"),
            (&essay, "characters stand around"),
        ] {
            let problem = object_in(text).map(|object| object.members);
            assert!(
                problem.as_ref().is_err_and(|problem| problem.contains(part)),
                "{text}: {problem:?}"
            );
        }
    }
}
