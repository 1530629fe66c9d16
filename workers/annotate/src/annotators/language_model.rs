//! Language models as annotators. A reply that was paid for is kept before anything else is done with it.

use std::sync::Arc;

use accord_datasets::content::document_of_item;
use accord_documents::Limits;
use accord_domain::{Answer, Field, Item, ItemId, LanguageModel, Provenance};
use accord_store::{Blobs, StoredCall};
use async_trait::async_trait;

use super::caller::Caller;
use super::{AnnotatorInput, AnnotatorOutput, AskedFor, AttemptError, AutomaticAnnotator};
use crate::prompt::{ExampleText, Prompt, PromptLibrary, answer_text};
use crate::question::{Asked, Attachments, GoldExamples, Question, Reading, call_key, draw, example_text};

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
    /// Where what is attached comes from.
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
        let attachments = Attachments {
            provider: &self.caller.provider,
            blobs: self.blobs.as_ref(),
            limits: self.limits,
        };
        let attached = attachments
            .of(question.prompt(), &self.model, &input.document, &input.item)
            .await?;
        let shown = question.shown(&input.document, attached);
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
        let call = match &input.asked_for {
            AskedFor::Batch(run, lease) => {
                let task = (lease.as_ref(), *run);
                self.caller
                    .enrol(&input.project, task, &self.model.model, key, &asked.body)
                    .await?
            }
            AskedFor::Project | AskedFor::Run(_) => {
                let turn = (input.repeated, input.patience);
                self.caller
                    .ask(
                        &input.project,
                        input.asked_for.run(),
                        key,
                        Arc::clone(&asked.body),
                        turn,
                    )
                    .await?
            }
        };
        Ok(self.output(&question, &asked, example_item_ids, call))
    }
}

impl LanguageModelAnnotator {
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
        let cost = if call.in_batch {
            settings.cost_in_batch(input_tokens, output_tokens)
        } else {
            settings.cost(input_tokens, output_tokens)
        };
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
