//! Asking a project's judge how probable it is that values are right. A judge does not vote; its calls go the way of all
//! calls, so that none is paid for twice and budgets hold.

mod ratings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accord_datasets::content::document_of_item;
use accord_documents::Limits;
use accord_domain::{Answers, Field, FieldName, Item, Judge, LanguageModel, Project, ProjectDefinition, Provenance};
use accord_store::Blobs;
use serde_json::Value;

use crate::annotators::{AttemptError, Caller};
use crate::prompt::{Prompt, PromptError, PromptInput, PromptLibrary, answer_text};
use crate::provider::ProviderSettings;
use crate::question::{Attachments, Shown, body, call_key, schema_in_words};
use ratings::{Ratings, ratings_of};

/// The version of the code that reads ratings.
const VERSION: &str = "judge 1";

/// A project's judge.
pub struct JudgeModel {
    /// How it is asked.
    pub judge: Judge,
    /// Who asks and keeps replies.
    pub caller: Caller,
    /// The prompt templates.
    pub prompts: Arc<PromptLibrary>,
    /// Where files come from.
    pub blobs: Arc<dyn Blobs>,
    /// Limits on what is read from files.
    pub limits: Limits,
}

/// One question to a judge.
#[derive(Clone)]
pub struct JudgeInput {
    /// The project that asks.
    pub project: Arc<Project>,
    /// The item.
    pub item: Arc<Item>,
    /// The values to judge.
    pub values: Arc<Answers>,
    /// Which of the judge's calls it is, from 0.
    pub sample: u32,
    /// Whether the same was tried before.
    pub repeated: bool,
    /// How long to wait for the provider's turn.
    pub patience: Duration,
}

/// What a judge gives back.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeOutput {
    /// How the judge was asked.
    pub asked: LanguageModel,
    /// How probable it is that each value is right, from 0 to 1; nothing for a value without a readable rating.
    pub ratings: BTreeMap<FieldName, f64>,
    /// Where it came from and what it cost.
    pub provenance: Provenance,
}

impl JudgeModel {
    /// How many calls its provider takes at a time.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.caller.provider.settings.concurrency
    }

    /// The template by which it is asked.
    ///
    /// # Errors
    /// There is no such prompt, or it is made for something else.
    pub fn prompt(&self) -> Result<Arc<Prompt>, PromptError> {
        self.prompts.for_judge(&self.judge)
    }

    /// Asks about the values of one item. The same question is asked once in a lifetime; whoever asks again gets the reply
    /// that was kept.
    ///
    /// # Errors
    /// There is no reply: why, and whether to try again.
    pub async fn judge(&self, input: &JudgeInput) -> Result<JudgeOutput, AttemptError> {
        let asked = self.judge.asked(input.sample);
        let prompt = self.prompt().map_err(AttemptError::permanent)?;
        let definition = &input.project.definition;
        let fields = judged_fields(definition, &input.values);
        let shown = self.shown(&input.item, &prompt, &asked).await?;
        let settings = &self.caller.provider.settings;
        let body = question(&prompt, definition, &fields, &input.values, &shown, (&asked, settings))
            .map_err(AttemptError::permanent)?;
        let kept = self.prompts.keep(&prompt, self.blobs.as_ref()).await;
        kept.map_err(AttemptError::transient)?;
        let key = call_key(
            &self.caller.provider.name,
            &input.item.content_hash,
            &prompt.hash,
            &asked,
            &body,
        );
        let turn = (input.repeated, input.patience);
        let call = self.caller.ask(&input.project, None, key, Arc::new(body), turn).await?;
        let Ratings {
            ratings,
            usage,
            model,
            failure,
        } = ratings_of(&fields, &call.response);
        let cost = settings.cost(usage.prompt_tokens, usage.completion_tokens);
        Ok(JudgeOutput {
            asked,
            ratings,
            provenance: Provenance {
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
                ..Provenance::default()
            },
        })
    }

    /// What of the item the judge sees.
    async fn shown(&self, item: &Item, prompt: &Prompt, asked: &LanguageModel) -> Result<Shown, AttemptError> {
        let (store, blobs) = (self.caller.store.as_ref(), self.blobs.as_ref());
        let document = document_of_item(store, blobs, &self.limits, item).await;
        let document = document.map_err(AttemptError::of_content)?;
        let attachments = Attachments {
            provider: &self.caller.provider,
            blobs,
            limits: self.limits,
        };
        let attached = attachments.of(prompt, asked, &document, item).await?;
        let shown = Shown::new(&document, asked, attached);
        if shown.is_without_text() {
            return Err(AttemptError::permanent(
                "the item holds no text to show to a judge, and its provider sees no pages: `images = true` says that it does",
            ));
        }
        Ok(shown)
    }
}

/// The fields whose values are to be judged, in the order of the project.
fn judged_fields(definition: &ProjectDefinition, values: &Answers) -> Vec<Field> {
    let fields = definition.fields.iter();
    fields
        .filter(|field| values.get(&field.name).is_some_and(|value| value.class().is_some()))
        .cloned()
        .collect()
}

fn question(
    prompt: &Prompt,
    definition: &ProjectDefinition,
    fields: &[Field],
    values: &Answers,
    shown: &Shown,
    (asked, settings): (&LanguageModel, &ProviderSettings),
) -> Result<Value, PromptError> {
    let schema = prompt.header.output.schema(fields);
    let messages = prompt.render(&PromptInput {
        definition,
        fields,
        document: shown.text(),
        schema: schema_in_words(settings, &schema),
        examples: &[],
        values: &answer_text(fields, values),
    })?;
    Ok(body(asked, settings, messages, shown, &schema))
}
