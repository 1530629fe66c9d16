//! Language models as annotators. A reply that was paid for is kept before anything else is done with it.

use std::sync::Arc;

use accord_documents::Limits;
use accord_domain::normalise::answer_from_json;
use accord_domain::{Answer, Answers, Field, InputView, Item, ItemContent, LanguageModel, Provenance};
use accord_store::{Blobs, StoredCall};
use async_trait::async_trait;
use serde_json::{Map, Value};

use super::caller::Caller;
use super::request::{ImageOfPage, build, call_key, text_in_view};
use super::{AnnotatorInput, AnnotatorOutput, AttemptError, AutomaticAnnotator, all_failed};
use crate::prompt::Prompt;
use crate::provider::ChatReply;

/// The version of the code that reads replies.
const VERSION: &str = "language_model 2";

/// The most page images that one call carries.
const MAXIMUM_IMAGES: usize = 8;

/// A language model as an annotator.
pub struct LanguageModelAnnotator {
    /// How the model is asked.
    pub model: LanguageModel,
    /// Who asks and keeps replies.
    pub caller: Caller,
    /// Where page images come from.
    pub blobs: Arc<dyn Blobs>,
    /// Limits on what is read from files.
    pub limits: Limits,
}

#[async_trait]
impl AutomaticAnnotator for LanguageModelAnnotator {
    async fn annotate(&self, input: &AnnotatorInput) -> Result<AnnotatorOutput, AttemptError> {
        let fields = &input.project.definition.fields;
        let prompt = Prompt::find(&self.model.prompt).map_err(AttemptError::permanent)?;
        let text = text_in_view(&input.document, self.model.view);
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Ok(without_text(fields, &prompt));
        }
        let images = if self.model.view == InputView::PageImage {
            self.images(&input.item).await?
        } else {
            Vec::new()
        };
        let settings = &self.caller.provider.settings;
        let body = build(&input.project, &self.model, &prompt, settings, text.as_deref(), &images)
            .map_err(AttemptError::permanent)?;
        let key = call_key(
            &self.caller.provider.name,
            &input.item.content_hash,
            &prompt.hash,
            &self.model,
            &body,
        );
        let call = self.call(key, body, input).await?;
        Ok(self.output(fields, &prompt, call))
    }
}

impl LanguageModelAnnotator {
    /// The kept reply to this very question, or a new one, kept at once.
    async fn call(&self, key: String, body: Value, input: &AnnotatorInput) -> Result<StoredCall, AttemptError> {
        let mut transaction = self.caller.store.read().await.map_err(AttemptError::transient)?;
        let known = transaction.call(&key).await.map_err(AttemptError::transient)?;
        drop(transaction);
        if let Some(known) = known {
            tracing::info!(call.key = key, provider = %self.caller.provider.name, "kept reply used");
            return Ok(known);
        }
        let provider = &self.caller.provider;
        let turn = provider.admit(&body, input.repeated, input.patience).await;
        let turn = turn.map_err(|error| self.caller.attempt_error(error, false))?;
        self.caller.call(&input.project, turn, key, body).await
    }

    fn output(&self, fields: &[Field], prompt: &Prompt, call: StoredCall) -> AnnotatorOutput {
        let reply: Result<ChatReply, _> = serde_json::from_str(&call.response);
        let (answers, usage, model, failure) = match &reply {
            Ok(reply) => match reply.object() {
                Ok(object) => (answers_of(fields, &object), reply.usage, reply.model.clone(), None),
                Err(error) => {
                    let reason = error.to_string();
                    (
                        all_failed(fields, &reason),
                        reply.usage,
                        reply.model.clone(),
                        Some(reason),
                    )
                }
            },
            Err(error) => {
                let reason = format!("the reply is not a chat completion: {error}");
                (all_failed(fields, &reason), None, None, Some(reason))
            }
        };
        let usage = usage.unwrap_or_default();
        let settings = &self.caller.provider.settings;
        let cost = settings.cost(usage.prompt_tokens, usage.completion_tokens);
        AnnotatorOutput {
            answers,
            provenance: Provenance {
                raw_output: Some(call.response),
                blind: true,
                latency_milliseconds: Some(call.latency_milliseconds),
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
                cost,
                cost_currency: cost.and(settings.currency.clone()),
                model,
                prompt_hash: Some(prompt.hash.clone()),
                call_key: Some(call.key),
                code_version: VERSION.to_owned(),
                failure,
            },
        }
    }

    /// The pages of an item as images: the image itself, or those that fill the pages of a scan.
    async fn images(&self, item: &Item) -> Result<Vec<ImageOfPage>, AttemptError> {
        let ItemContent::File { media_type, .. } = &item.content else {
            return Err(AttemptError::permanent(
                "the view is of page images, but the item is a text",
            ));
        };
        let bytes = self
            .blobs
            .get(&item.content_hash)
            .await
            .map_err(AttemptError::transient)?;
        let bytes = bytes.ok_or_else(|| AttemptError::permanent("the item's file is missing from the blob store"))?;
        if media_type.starts_with("image/") {
            return Ok(vec![ImageOfPage {
                media_type: media_type.clone(),
                bytes: bytes.to_vec(),
            }]);
        }
        let limits = self.limits;
        let pages = tokio::task::spawn_blocking(move || accord_documents::pdf::page_images(&bytes, &limits))
            .await
            .map_err(AttemptError::transient)?
            .map_err(AttemptError::permanent)?;
        if pages.is_empty() {
            return Err(AttemptError::permanent(
                "the view is of page images, but the document's pages are not images",
            ));
        }
        let image = |page: accord_documents::pdf::PageImage| ImageOfPage {
            media_type: page.media_type.as_str().to_owned(),
            bytes: page.bytes,
        };
        Ok(pages.into_iter().take(MAXIMUM_IMAGES).map(image).collect())
    }
}

/// A page without text is nothing to ask about in words: no call, no cost, no vote.
fn without_text(fields: &[Field], prompt: &Prompt) -> AnnotatorOutput {
    AnnotatorOutput {
        answers: fields
            .iter()
            .map(|field| (field.name.clone(), Answer::Abstained))
            .collect(),
        provenance: Provenance {
            blind: true,
            prompt_hash: Some(prompt.hash.clone()),
            code_version: VERSION.to_owned(),
            ..Provenance::default()
        },
    }
}

/// Answers field by field: what one field gets wrong does not spoil the others. Members that were not asked for are
/// ignored; fields left out are abstentions.
fn answers_of(fields: &[Field], object: &Map<String, Value>) -> Answers {
    fields
        .iter()
        .map(|field| {
            let answer = match object.get(field.name.as_str()) {
                None => Answer::Abstained,
                Some(value) => answer_from_json(field, value).unwrap_or_else(|error| Answer::Failed {
                    reason: error.to_string(),
                }),
            };
            (field.name.clone(), answer)
        })
        .collect()
}
