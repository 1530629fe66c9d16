//! What a provider replies, read as leniently as servers differ.

use std::collections::BTreeMap;

use accord_statistics::score::LogprobScore;
use serde::Deserialize;
use serde_json::Value;

use super::answer::object_in;
use super::value_logprobs::value_logprobs;

/// A reply to a chat completion. Servers leave out, rename or extend almost everything; only what is used is read.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct ChatReply {
    /// The model that answered.
    pub model: Option<String>,
    /// The answers; one is expected.
    pub choices: Vec<Choice>,
    /// Tokens used, when the server counts them.
    pub usage: Option<Usage>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The message.
    pub message: Message,
    /// What the server says of its tokens, in whatever form.
    pub logprobs: Value,
    /// Why it ended: `stop`, `length`, `content_filter`, or whatever the server calls it.
    pub finish_reason: Option<String>,
}

/// The message of an answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Text, a list of parts, or nothing.
    pub content: Value,
    /// The model's words when it refuses.
    pub refusal: Option<String>,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Of the question.
    pub prompt_tokens: Option<i64>,
    /// Of the answer.
    pub completion_tokens: Option<i64>,
}

impl Usage {
    /// Tokens of question and answer; none when the server counts neither.
    #[must_use]
    pub fn total(self) -> Option<u64> {
        let count = |tokens: Option<i64>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
        match (count(self.prompt_tokens), count(self.completion_tokens)) {
            (None, None) => None,
            (question, answer) => Some(question.unwrap_or(0).saturating_add(answer.unwrap_or(0))),
        }
    }
}

/// The object that a model answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct AnsweredObject {
    /// Its members.
    pub members: serde_json::Map<String, Value>,
    /// How probable the model found the value of each member, where that is known.
    pub logprobs: BTreeMap<String, LogprobScore>,
}

/// A reply without a usable answer. It was paid for and is not asked for again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The model refused.
    #[error("the model refused: {0}")]
    Refused(String),
    /// The answer was cut off.
    #[error("the answer was cut off at the token limit")]
    CutOff,
    /// The provider's filter stopped the answer.
    #[error("the provider's content filter stopped the answer")]
    Filtered,
    /// There is no answer in the reply.
    #[error("the reply holds no answer")]
    Empty,
    /// The answer is not the JSON object that was asked for.
    #[error("the answer is not a JSON object: {0}")]
    Malformed(String),
}

impl ChatReply {
    /// The JSON object in the first answer.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn object(&self) -> Result<AnsweredObject, ReplyError> {
        let choice = self.choices.first().ok_or(ReplyError::Empty)?;
        if let Some(refusal) = choice.message.refusal.as_deref().filter(|text| !text.is_empty()) {
            return Err(ReplyError::Refused(refusal.chars().take(300).collect()));
        }
        match choice.finish_reason.as_deref() {
            Some("length") => return Err(ReplyError::CutOff),
            Some("content_filter") => return Err(ReplyError::Filtered),
            _ => {}
        }
        let text = text_of(&choice.message.content);
        if text.trim().is_empty() {
            return Err(ReplyError::Empty);
        }
        let object = object_in(&text).map_err(ReplyError::Malformed)?;
        Ok(AnsweredObject {
            logprobs: value_logprobs(object.text, &choice.logprobs),
            members: object.members,
        })
    }
}

/// Text, or the text parts of a list joined.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(message: &str, finish: &str) -> ChatReply {
        serde_json::from_str(&format!(
            r#"{{"choices": [{{"message": {message}, "finish_reason": {finish}, "index": 0}}], "created": 1.5, "service_tier": "on_demand"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn reads_what_servers_really_send() {
        for (message, finish) in [
            (r#"{"content": "{\"a\": 1}"}"#, r#""stop""#),
            (
                r#"{"content": "```json\n{\"a\": 1}\n```", "role": "assistant"}"#,
                r#""eos""#,
            ),
            (r#"{"content": [{"type": "text", "text": "{\"a\": 1}"}]}"#, "null"),
            (r#"{"content": "Sure! {\"a\": 1}"}"#, r#""stop""#),
        ] {
            assert_eq!(reply(message, finish).object().unwrap().members["a"], 1, "{message}");
        }
    }

    #[test]
    fn says_why_there_is_no_answer() {
        for (message, finish, expected) in [
            (
                r#"{"content": null, "refusal": "no"}"#,
                r#""stop""#,
                ReplyError::Refused("no".to_owned()),
            ),
            (r#"{"content": "{\"a\": "}"#, r#""length""#, ReplyError::CutOff),
            (r#"{"content": ""}"#, r#""content_filter""#, ReplyError::Filtered),
            (r#"{"content": "  "}"#, r#""stop""#, ReplyError::Empty),
            (
                r#"{"content": "[1]"}"#,
                r#""stop""#,
                ReplyError::Malformed("it is a list".to_owned()),
            ),
        ] {
            assert_eq!(reply(message, finish).object().unwrap_err(), expected);
        }
        assert!(matches!(
            reply(r#"{"content": "{\"a\": 1} or {\"a\": 2}"}"#, r#""stop""#).object(),
            Err(ReplyError::Malformed(_))
        ));
        assert_eq!(ChatReply::default().object().unwrap_err(), ReplyError::Empty);
    }
}
