//! How many tokens a call will take, before it is made: what limits and budgets are held against.

use serde_json::Value;

/// Bytes of text in a token: English has about four, other languages and digits fewer. Rather too many tokens than too few.
const BYTES_PER_TOKEN: u64 = 3;

/// Tokens that a message takes beside its text.
const TOKENS_PER_MESSAGE: u64 = 8;

/// Tokens of an image in the finest detail that providers charge, within a few per cent.
const TOKENS_PER_IMAGE: u64 = 1_600;

/// Tokens of a call, as far as can be told: never meant to be exact, corrected by what the server counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenEstimate {
    /// Of the question.
    pub input: u64,
    /// Of the answer: as many as it may have.
    pub output: u64,
}

impl TokenEstimate {
    /// The estimate for this body of a chat completion.
    #[must_use]
    pub fn of(request: &Value) -> Self {
        let messages = request.get("messages").and_then(Value::as_array);
        let input = messages.into_iter().flatten().map(of_message).sum::<u64>();
        let schema = request
            .get("response_format")
            .map_or(0, |format| tokens_of(&format.to_string()));
        let output = ["max_tokens", "max_completion_tokens"]
            .iter()
            .find_map(|name| request.get(*name).and_then(Value::as_u64));
        Self {
            input: input.saturating_add(schema),
            output: output.unwrap_or_default(),
        }
    }

    /// Question and answer together.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

fn of_message(message: &Value) -> u64 {
    let content = match message.get("content") {
        Some(Value::String(text)) => tokens_of(text),
        Some(Value::Array(parts)) => parts.iter().map(of_part).sum(),
        _ => 0,
    };
    content.saturating_add(TOKENS_PER_MESSAGE)
}

fn of_part(part: &Value) -> u64 {
    match part.get("text").and_then(Value::as_str) {
        Some(text) => tokens_of(text),
        None => TOKENS_PER_IMAGE,
    }
}

fn tokens_of(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_images_schemas_and_the_answer_count() {
        let plain = json!({"messages": [{"role": "user", "content": "x".repeat(300)}], "max_tokens": 50});
        let estimate = TokenEstimate::of(&plain);
        assert_eq!((estimate.input, estimate.output, estimate.total()), (108, 50, 158));
        let image = json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": "abc"}, {"type": "image_url", "image_url": {"url": "data:..."}},
        ]}], "max_completion_tokens": 9, "response_format": {"type": "json_object"}});
        assert_eq!(
            TokenEstimate::of(&image),
            TokenEstimate {
                input: 1 + 1600 + 8 + 8,
                output: 9
            }
        );
        assert_eq!(TokenEstimate::of(&json!({})).total(), 0);
    }
}
