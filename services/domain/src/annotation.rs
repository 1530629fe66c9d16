//! Annotations: what one annotator submitted for one item; append-only, with where it came from.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::answer::Answers;
use crate::field::FieldName;
use crate::identifiers::{AnnotationId, AnnotatorId, ItemId, ProjectId, TaskId};
use crate::time::Timestamp;

/// What one annotator submitted for one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Annotation {
    /// Its identifier.
    pub id: AnnotationId,
    /// The project.
    pub project_id: ProjectId,
    /// The item.
    pub item_id: ItemId,
    /// Who submitted it.
    pub annotator_id: AnnotatorId,
    /// The task it answers; one annotation a task.
    pub task_id: TaskId,
    /// The answers by field; every field of the project has one.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = std::collections::BTreeMap<crate::field::FieldName, crate::answer::Answer>)
    )]
    pub answers: Answers,
    /// Where it came from and what it cost.
    pub provenance: Provenance,
    /// When it was submitted.
    pub submitted_at: Timestamp,
}

/// How probable a model found the tokens of a value; comparable between values of one model only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueLogprob {
    /// Number of tokens, at least 1.
    pub tokens: u32,
    /// Sum of their natural log probabilities.
    pub sum: f64,
    /// The smallest of them: the weakest token.
    pub minimum: f64,
}

impl ValueLogprob {
    /// Geometric mean of the tokens' probabilities: does not fall with length.
    #[must_use]
    pub fn geometric_mean(&self) -> f64 {
        (self.sum / f64::from(self.tokens.max(1))).exp()
    }
}

/// Where an annotation came from and what it cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Provenance {
    /// What the annotator put out, unparsed.
    pub raw_output: Option<String>,
    /// Whether the annotator saw nobody else's votes; only blind votes may calibrate.
    pub blind: bool,
    /// From the question to the answer; for people, the time the task was open.
    pub latency_milliseconds: Option<i64>,
    /// Tokens of the question.
    pub input_tokens: Option<i64>,
    /// Tokens of the answer.
    pub output_tokens: Option<i64>,
    /// What the call cost, in the currency of the provider's price table.
    pub cost: Option<Decimal>,
    /// The currency of the cost, ISO 4217.
    pub cost_currency: Option<String>,
    /// The model's name as the provider replied it.
    pub model: Option<String>,
    /// Content hash of the prompt template.
    pub prompt_hash: Option<String>,
    /// The items of whose gold the model was shown examples, in the order shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub example_item_ids: Vec<ItemId>,
    /// Key of the stored call that gave the answer.
    pub call_key: Option<String>,
    /// How probable the model found the tokens of each field's value, where its provider says so.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = std::collections::BTreeMap<crate::field::FieldName, ValueLogprob>)
    )]
    pub logprobs: BTreeMap<FieldName, ValueLogprob>,
    /// Version of the code that read or parsed the answer.
    pub code_version: String,
    /// The failure of the whole annotation, when there is no answer at all.
    pub failure: Option<String>,
}
