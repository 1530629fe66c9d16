//! The request that a language model gets: prompt, document in the chosen view, and the form of the answer.

use accord_domain::LanguageModel;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ImageOfPage, Question, Shown};
use crate::prompt::{ExampleText, Messages, PromptError, PromptInput};
use crate::provider::{ProviderSettings, StructuredOutput, file_part};

/// Builds the body of a chat completion. It never offers tools: a document has nothing to call.
pub(super) fn build(question: &Question<'_>, shown: &Shown, examples: &[ExampleText]) -> Result<Value, PromptError> {
    let Question {
        definition,
        model,
        settings,
        prompt,
        fields,
    } = question;
    let schema = prompt.header.output.schema(fields);
    let messages = prompt.render(&PromptInput {
        definition,
        fields,
        document: shown.text(),
        schema: schema_in_words(settings, &schema),
        examples,
        values: "",
    })?;
    Ok(body(model, settings, messages, shown, &schema))
}

/// The schema, where the provider cannot be told it otherwise than in words.
pub(crate) fn schema_in_words<'a>(settings: &ProviderSettings, schema: &'a Value) -> Option<&'a Value> {
    (settings.structured_output != StructuredOutput::JsonSchema).then_some(schema)
}

/// The body of a chat completion: messages, what is shown, the form of the answer, and how the model is asked.
pub(crate) fn body(
    model: &LanguageModel,
    settings: &ProviderSettings,
    messages: Messages,
    shown: &Shown,
    schema: &Value,
) -> Value {
    let mut body = json!({
        "model": model.model,
        "messages": [
            {"role": "system", "content": messages.system},
            {"role": "user", "content": content(messages.user, shown)},
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
    if model.logprobs && settings.logprobs {
        body["logprobs"] = true.into();
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
    body
}

/// The words alone, or the words and what is attached behind them.
fn content(words: String, shown: &Shown) -> Value {
    let text_part = |text: String| json!({"type": "text", "text": text});
    let mut parts = Vec::new();
    match shown {
        Shown::Text(_) => return Value::String(words),
        Shown::File(file) => parts.extend([text_part(words), file_part(&file.bytes, file.pages)]),
        Shown::Images { images, numbered } => {
            parts.push(text_part(words));
            for image in images {
                if *numbered {
                    parts.push(text_part(format!("Page {}:", image.page)));
                }
                parts.push(image_part(image));
            }
        }
    }
    Value::Array(parts)
}

fn image_part(image: &ImageOfPage) -> Value {
    let data = STANDARD.encode(&image.bytes);
    json!({"type": "image_url", "image_url": {"url": format!("data:{};base64,{data}", image.media_type)}})
}

/// The key of a call: everything that decides the answer. The body holds prompt, document, examples, orders, model,
/// parameters and view; content hash, prompt hash and sample number tell apart what may look alike.
#[must_use]
pub fn call_key(provider: &str, content_hash: &str, prompt_hash: &str, model: &LanguageModel, body: &Value) -> String {
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
