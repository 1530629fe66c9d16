//! Language models as annotators. A reply that was paid for is kept before anything else is done with it.

use std::sync::Arc;

use accord_datasets::content::document_of_item;
use accord_documents::Limits;
use accord_domain::{Answer, Field, InputView, Item, ItemContent, ItemId, LanguageModel, Provenance};
use accord_store::{Blobs, StoredCall};
use async_trait::async_trait;
use serde_json::Value;

use super::caller::Caller;
use super::{AnnotatorInput, AnnotatorOutput, AttemptError, AutomaticAnnotator};
use crate::prompt::{ExampleText, Prompt, PromptLibrary, answer_text};
use crate::question::{
    Asked, GoldExamples, ImageOfPage, Question, Reading, call_key, draw, example_text, images_of_file,
};

/// The version of the code that reads replies.
const VERSION: &str = "language_model 3";

/// A language model as an annotator.
pub struct LanguageModelAnnotator {
    /// How the model is asked.
    pub model: LanguageModel,
    /// Who asks and keeps replies.
    pub caller: Caller,
    /// The prompt templates.
    pub prompts: Arc<PromptLibrary>,
    /// Where examples come from.
    pub gold: Arc<GoldExamples>,
    /// Where page images come from.
    pub blobs: Arc<dyn Blobs>,
    /// Limits on what is read from files.
    pub limits: Limits,
}

#[async_trait]
impl AutomaticAnnotator for LanguageModelAnnotator {
    async fn annotate(&self, input: &AnnotatorInput) -> Result<AnnotatorOutput, AttemptError> {
        let definition = &input.project.definition;
        let question = Question::new(&self.prompts, definition, &self.model, &self.caller.provider.settings)
            .map_err(AttemptError::permanent)?;
        let images = if self.model.view == InputView::PageImage {
            self.images(&input.item).await?
        } else {
            Vec::new()
        };
        let shown = question.shown(&input.document, images);
        if shown.is_without_text() {
            return Ok(without_text(&definition.fields, question.prompt()));
        }
        let (example_item_ids, examples) = self.examples(input, question.fields()).await?;
        let asked = question.ask(shown, examples).map_err(AttemptError::permanent)?;
        let prompt = question.prompt();
        self.prompts
            .keep(prompt, self.blobs.as_ref())
            .await
            .map_err(AttemptError::transient)?;
        let key = call_key(
            &self.caller.provider.name,
            &input.item.content_hash,
            &prompt.hash,
            &self.model,
            &asked.body,
        );
        let call = self.call(key, asked.body.clone(), input).await?;
        Ok(self.output(&question, &asked, example_item_ids, call))
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
        self.caller.call(&input.project, input.run, turn, key, body).await
    }

    fn output(
        &self,
        question: &Question<'_>,
        asked: &Asked,
        example_item_ids: Vec<ItemId>,
        call: StoredCall,
    ) -> AnnotatorOutput {
        let Reading {
            answers,
            logprobs,
            input_tokens,
            output_tokens,
            model,
            failure,
        } = question.read(&call.response, asked);
        let settings = &self.caller.provider.settings;
        let cost = settings.cost(input_tokens, output_tokens);
        AnnotatorOutput {
            answers,
            provenance: Provenance {
                raw_output: Some(call.response),
                blind: true,
                latency_milliseconds: Some(call.latency_milliseconds),
                input_tokens,
                output_tokens,
                cost,
                cost_currency: cost.and(settings.currency.clone()),
                model,
                logprobs,
                prompt_hash: Some(question.prompt().hash.clone()),
                example_item_ids,
                call_key: Some(call.key),
                code_version: VERSION.to_owned(),
                failure,
            },
        }
    }

    /// The examples that are shown for an item, drawn from the gold of its project.
    async fn examples(
        &self,
        input: &AnnotatorInput,
        fields: &[Field],
    ) -> Result<(Vec<ItemId>, Vec<ExampleText>), AttemptError> {
        if self.model.examples == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let candidates = self.gold.candidates(&input.project).await;
        let candidates = candidates.map_err(AttemptError::transient)?;
        let drawn = draw(
            &candidates,
            &input.item.content_hash,
            self.model.examples,
            self.model.examples_seed,
        );
        let (mut ids, mut examples) = (Vec::new(), Vec::new());
        for candidate in drawn {
            let Some(item) = self.item(candidate.item_id).await? else {
                continue;
            };
            let document = document_of_item(self.caller.store.as_ref(), self.blobs.as_ref(), &self.limits, &item).await;
            ids.push(item.id);
            examples.push(ExampleText {
                document: example_text(&document.map_err(AttemptError::of_content)?, self.model.view),
                answer: answer_text(fields, &candidate.answers),
            });
        }
        Ok((ids, examples))
    }

    async fn item(&self, id: Option<ItemId>) -> Result<Option<Item>, AttemptError> {
        let Some(id) = id else { return Ok(None) };
        let mut transaction = self.caller.store.read().await.map_err(AttemptError::transient)?;
        transaction.item(id).await.map_err(AttemptError::transient)
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
        let (limits, media_type) = (self.limits, media_type.clone());
        tokio::task::spawn_blocking(move || images_of_file(&media_type, &bytes, &limits))
            .await
            .map_err(AttemptError::transient)?
            .map_err(AttemptError::permanent)
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
