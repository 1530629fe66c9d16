//! What a reply says about the fields that were asked for. A reply is written by a model that read somebody's document:
//! whatever it holds, only declared fields within the bounds of their schema come out of it.

use std::collections::BTreeMap;

use accord_domain::normalise::answer_from_json;
use accord_domain::{Answer, Answers, Field, FieldName, FieldType, ProjectDefinition, ValueLogprob, within_schema};
use accord_statistics::score::LogprobScore;
use serde_json::{Map, Value};

use super::Asked;
use crate::annotators::all_failed;
use crate::folding::letters_and_digits;
use crate::prompt::OutputForm;
use crate::provider::ChatReply;

/// The most characters of a reason, which may quote a reply.
const LONGEST_REASON: usize = 500;

/// The fewest letters and digits of a value that can be told to come from an example.
const FEWEST_LETTERS: usize = 4;

/// What a reply says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// An answer for every field of the project.
    pub answers: Answers,
    /// How probable the model found the tokens of each field's value, where that is known.
    pub logprobs: BTreeMap<FieldName, ValueLogprob>,
    /// Tokens of the question, where the server counts them.
    pub input_tokens: Option<i64>,
    /// Tokens of the answer, where the server counts them.
    pub output_tokens: Option<i64>,
    /// The model that says it answered.
    pub model: Option<String>,
    /// Why there is no answer at all.
    pub failure: Option<String>,
}

pub(super) fn read(definition: &ProjectDefinition, output: OutputForm, reply: &str, asked: &Asked) -> Reading {
    let fields = &definition.fields;
    let reply: ChatReply = match serde_json::from_str(reply) {
        Ok(reply) => reply,
        Err(error) => {
            let reason = format!("the reply is not a chat completion: {error}");
            return Reading {
                answers: all_failed(fields, &reason),
                logprobs: BTreeMap::new(),
                input_tokens: None,
                output_tokens: None,
                model: None,
                failure: Some(reason),
            };
        }
    };
    let usage = reply.usage.unwrap_or_default();
    let (answers, logprobs, failure) = match reply.object() {
        Ok(object) => {
            let answers = answers_of(fields, output, &object.members, asked);
            let logprobs = logprobs_of(&answers, &object.logprobs);
            (answers, logprobs, None)
        }
        Err(error) => {
            let reason = shortened(&error.to_string());
            (all_failed(fields, &reason), BTreeMap::new(), Some(reason))
        }
    };
    Reading {
        answers,
        logprobs,
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
        model: reply.model,
        failure,
    }
}

/// Of values and absences; what failed has no score.
fn logprobs_of(answers: &Answers, scores: &BTreeMap<String, LogprobScore>) -> BTreeMap<FieldName, ValueLogprob> {
    let answered = answers.iter().filter(|(_, answer)| answer.class().is_some());
    let scored = answered.filter_map(|(field, _)| {
        let score = scores.get(field.as_str())?;
        let logprob = ValueLogprob {
            tokens: u32::try_from(score.tokens).ok()?,
            sum: score.sum,
            minimum: score.minimum,
        };
        // An impossible token is no number that can be kept.
        logprob.minimum.is_finite().then(|| (field.clone(), logprob))
    });
    scored.collect()
}

/// Answers field by field: what one field gets wrong does not spoil the others. Members that were not asked for are
/// ignored; fields left out are abstentions.
fn answers_of(fields: &[Field], output: OutputForm, object: &Map<String, Value>, asked: &Asked) -> Answers {
    let copies = Copies::new(asked);
    let read = |field: &Field| {
        let Some(value) = object.get(field.name.as_str()) else {
            return Answer::Abstained;
        };
        if let Some(reason) = copies.reason_against(field, value) {
            return failed(&reason);
        }
        let answer = within_schema(field, value).and_then(|value| answer_from_json(field, &value));
        match answer {
            Ok(answer) if output == OutputForm::OneChoice && !is_option(field, &answer) => {
                failed("the answer is none of the options")
            }
            Ok(answer) => answer,
            Err(error) => failed(&error.to_string()),
        }
    };
    fields.iter().map(|field| (field.name.clone(), read(field))).collect()
}

fn is_option(field: &Field, answer: &Answer) -> bool {
    match (&field.field_type, answer) {
        (FieldType::Choice { options }, Answer::Value(value)) => options.contains(&value.canonical),
        _ => false,
    }
}

fn failed(reason: &str) -> Answer {
    Answer::Failed {
        reason: shortened(reason),
    }
}

fn shortened(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}

/// The texts by which it is told whether a value was copied from an example.
struct Copies {
    document: String,
    examples: Vec<String>,
}

impl Copies {
    fn new(asked: &Asked) -> Self {
        let examples = asked.examples.iter();
        let examples: Vec<String> = examples
            .map(|example| letters_and_digits(&format!("{} {}", example.document, example.answer)))
            .collect();
        let text = asked.shown.text().filter(|_| !examples.is_empty());
        Self {
            document: text.map(letters_and_digits).unwrap_or_default(),
            examples,
        }
    }

    /// Why a value is no answer about the document: it is a text that stands in an example and not in the document.
    fn reason_against(&self, field: &Field, value: &Value) -> Option<String> {
        match (&field.field_type, value) {
            (FieldType::Table { columns }, Value::Array(rows)) => rows.iter().find_map(|row| {
                let cells = columns
                    .iter()
                    .filter_map(|column| Some((column, row.get(column.name.as_str())?)));
                cells
                    .into_iter()
                    .find_map(|(column, cell)| self.reason_against(column, cell))
            }),
            (
                FieldType::Name | FieldType::Address | FieldType::Text | FieldType::Identifier { .. },
                Value::String(text),
            ) => {
                let text = letters_and_digits(text);
                let is_telling = text.chars().count() >= FEWEST_LETTERS;
                let is_copied = is_telling
                    && !self.document.contains(&text)
                    && self.examples.iter().any(|example| example.contains(&text));
                is_copied.then(|| "the value stands in an example and not in the document".to_owned())
            }
            _ => None,
        }
    }
}
