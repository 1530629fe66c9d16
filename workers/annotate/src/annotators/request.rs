//! The request that a language model gets: prompt, document in the chosen view, and the form of the answer.

use accord_documents::Document;
use accord_domain::json_schema::json_schema;
use accord_domain::{InputView, LanguageModel, Project};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::prompt::{Prompt, PromptError};
use crate::provider::{ProviderSettings, StructuredOutput};

/// The most characters of a document that a model is given.
const MAXIMUM_CHARACTERS: usize = 60_000;

/// What the view of head and tail keeps of each end.
const HEAD_AND_TAIL_CHARACTERS: usize = 4_000;

/// An image of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageOfPage {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// The text of a document in this view; none when the view is of images.
pub(super) fn text_in_view(document: &Document, view: InputView) -> Option<String> {
    let text = match view {
        InputView::PageImage => return None,
        InputView::Rows | InputView::HeadAndTail => document.text(),
        InputView::ReadingOrder => {
            let lines = document.pages.iter().flat_map(|page| &page.lines);
            lines.map(accord_documents::Line::text).collect::<Vec<_>>().join("\n")
        }
    };
    let limit = if view == InputView::HeadAndTail {
        HEAD_AND_TAIL_CHARACTERS
    } else {
        MAXIMUM_CHARACTERS / 2
    };
    Some(head_and_tail(&text, limit))
}

/// The first and the last characters of a text, when it is longer than both together.
fn head_and_tail(text: &str, characters: usize) -> String {
    let count = text.chars().count();
    if count <= 2 * characters {
        return text.to_owned();
    }
    let head: String = text.chars().take(characters).collect();
    let tail: String = text.chars().skip(count - characters).collect();
    format!(
        "{head}\n[... {} characters left out ...]\n{tail}",
        count - 2 * characters
    )
}

/// Builds the body of a chat completion.
pub(super) fn build(
    project: &Project,
    model: &LanguageModel,
    prompt: &Prompt,
    settings: &ProviderSettings,
    text: Option<&str>,
    images: &[ImageOfPage],
) -> Result<Value, PromptError> {
    let schema = json_schema(&project.definition.fields);
    let schema_in_words = (settings.structured_output != StructuredOutput::JsonSchema).then_some(&schema);
    let messages = prompt.render(project, text, schema_in_words)?;
    let question = if images.is_empty() {
        Value::String(messages.user)
    } else {
        let mut parts = vec![json!({"type": "text", "text": messages.user})];
        parts.extend(images.iter().map(image_part));
        Value::Array(parts)
    };
    let mut body = json!({
        "model": model.model,
        "messages": [
            {"role": "system", "content": messages.system},
            {"role": "user", "content": question},
        ],
        "stream": false,
    });
    body[settings.maximum_tokens_parameter.word()] = model.maximum_tokens.into();
    if settings.temperature {
        body["temperature"] = model.temperature.into();
    }
    if let (true, Some(seed)) = (settings.seed, model.seed) {
        // Repeated calls with one seed would be one answer paid for many times.
        body["seed"] = seed.wrapping_add(i64::from(model.sample)).into();
    }
    match settings.structured_output {
        StructuredOutput::JsonSchema => {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": "answers", "strict": true, "schema": schema},
            });
        }
        StructuredOutput::JsonObject => body["response_format"] = json!({"type": "json_object"}),
        StructuredOutput::None => {}
    }
    Ok(body)
}

fn image_part(image: &ImageOfPage) -> Value {
    let data = STANDARD.encode(&image.bytes);
    json!({"type": "image_url", "image_url": {"url": format!("data:{};base64,{data}", image.media_type)}})
}

/// The key of a call: everything that decides the answer. The body holds prompt, document, model, parameters and view;
/// content hash, prompt hash and sample number tell apart what may look alike.
pub(super) fn call_key(
    provider: &str,
    content_hash: &str,
    prompt_hash: &str,
    model: &LanguageModel,
    body: &Value,
) -> String {
    let mut hash = Sha256::new();
    for part in [
        provider,
        content_hash,
        prompt_hash,
        &model.sample.to_string(),
        &body.to_string(),
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_both_ends() {
        let text = format!("{}{}{}", "a".repeat(10), "b".repeat(50), "c".repeat(10));
        let cut = head_and_tail(&text, 10);
        assert!(cut.starts_with("aaaaaaaaaa\n[... 50 characters"), "{cut}");
        assert!(cut.ends_with("\ncccccccccc"));
        assert_eq!(head_and_tail("short", 10), "short");
    }
}
