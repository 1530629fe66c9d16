//! How many tokens a call will take, before it is made: what limits and budgets are held against.

use accord_documents::image::image_size;
use accord_documents::{Limits, MediaType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::provider::file_part::pages_of_part;

/// Bytes of text in a token: English has about four, other languages and digits fewer. Rather too many tokens than too few.
const BYTES_PER_TOKEN: u64 = 3;

/// Tokens that a message takes beside its text.
const TOKENS_PER_MESSAGE: u64 = 8;

/// Pixels of an image in a token, by the providers that charge most.
const PIXELS_PER_TOKEN: u64 = 750;

/// The most tokens of an image: larger ones are made smaller before a model looks at them.
const MOST_TOKENS_PER_IMAGE: u64 = 2_500;

/// Tokens of a page of a file: providers give the model its text and an image of it.
const TOKENS_PER_PAGE: u64 = 1_500 + MOST_TOKENS_PER_IMAGE;

/// Tokens that an image takes beside its pixels.
const TOKENS_BESIDE_PIXELS: u64 = 85;

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
    if let Some(pages) = pages_of_part(part) {
        return pages.max(1).saturating_mul(TOKENS_PER_PAGE);
    }
    match part.get("text").and_then(Value::as_str) {
        Some(text) => tokens_of(text),
        None => part
            .pointer("/image_url/url")
            .and_then(Value::as_str)
            .and_then(pixels_of)
            .map_or(MOST_TOKENS_PER_IMAGE, |pixels| {
                (TOKENS_BESIDE_PIXELS + pixels.div_ceil(PIXELS_PER_TOKEN)).min(MOST_TOKENS_PER_IMAGE)
            }),
    }
}

/// The pixels of an image that stands in its own address.
fn pixels_of(url: &str) -> Option<u64> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let media_type = [MediaType::Png, MediaType::Jpeg]
        .into_iter()
        .find(|own| own.as_str() == media_type)?;
    let bytes = STANDARD.decode(data).ok()?;
    let size = image_size(&bytes, media_type, &Limits::default()).ok()?;
    Some(u64::from(size.width) * u64::from(size.height))
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
                input: 1 + 2500 + 8 + 8,
                output: 9
            }
        );
        assert_eq!(TokenEstimate::of(&json!({})).total(), 0);
    }

    #[test]
    fn files_count_by_their_pages() {
        let part = |pages| crate::provider::file_part::file_part(b"%PDF-", pages);
        assert_eq!((of_part(&part(3)), of_part(&part(0))), (12_000, 4_000));
    }

    #[test]
    fn images_count_by_their_pixels() {
        let tokens = |width: u32, height: u32| {
            let header = [
                &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
                &width.to_be_bytes(),
                &height.to_be_bytes(),
                &[8, 0, 0, 0, 0],
            ]
            .concat();
            let bytes = [
                &header[..],
                &crc32(&header[12..]).to_be_bytes(),
                b"\0\0\0\0IDAT\x35\xaf\x06\x1e",
            ]
            .concat();
            let url = format!("data:image/png;base64,{}", STANDARD.encode(bytes));
            of_part(&json!({"type": "image_url", "image_url": {"url": url}}))
        };
        assert_eq!(tokens(750, 100), 185);
        assert_eq!(tokens(2000, 2000), 2500);
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut remainder = u32::MAX;
        for byte in bytes {
            remainder ^= u32::from(*byte);
            for _ in 0..8 {
                let carry = remainder & 1;
                remainder = (remainder >> 1) ^ (0xedb8_8320 * carry);
            }
        }
        !remainder
    }
}
