//! Answers as JSON: how readers, language models, people and gold files hand them in, and how they are handed out.

use serde_json::{Map, Value};

use crate::answer::{Answer, Answers};
use crate::field::{Field, FieldName, FieldType};
use crate::normalise::normalise;

/// A JSON value that is no answer to the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The value has a shape that the field's type does not allow.
    #[error("field `{field}`: expected {expected}, found {found}")]
    Shape {
        /// The field, or the table's field, row and column.
        field: String,
        /// What may stand there.
        expected: String,
        /// What stood there.
        found: String,
    },
    /// The project has no such field.
    #[error("field `{field}` is not known, the project has {known}")]
    UnknownField {
        /// The name given.
        field: String,
        /// The names that exist.
        known: String,
    },
}

/// Reads one answer: `null` and blank text are votes for absence, anything else is a value of the field's type.
///
/// # Errors
/// Names the field, what was expected and what was found.
pub fn answer_from_json(field: &Field, value: &Value) -> Result<Answer, AnswerError> {
    let raw = match value {
        Value::Null => return Ok(Answer::Absent),
        Value::String(text) if text.trim().is_empty() => return Ok(Answer::Absent),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) if matches!(field.field_type, FieldType::Choices { .. } | FieldType::Table { .. }) => {
            value.to_string()
        }
        Value::Array(_) | Value::Object(_) => {
            return Err(AnswerError::Shape {
                field: field.name.to_string(),
                expected: field.field_type.word().to_owned(),
                found: "an array or object".to_owned(),
            });
        }
    };
    Ok(Answer::Value(normalise(field, &raw)))
}

/// Writes one answer as JSON: the raw value, for tables and choices as structured JSON; `null` when there is none.
#[must_use]
pub fn answer_to_json(field: &Field, answer: &Answer) -> Value {
    let structured = matches!(field.field_type, FieldType::Choices { .. } | FieldType::Table { .. });
    match answer {
        Answer::Value(value) if structured => {
            serde_json::from_str(&value.raw).unwrap_or_else(|_| Value::String(value.raw.clone()))
        }
        Answer::Value(value) => Value::String(value.raw.clone()),
        Answer::Absent | Answer::Abstained | Answer::Failed { .. } => Value::Null,
    }
}

/// Reads the answers of an object with one member a field. A field that is not mentioned is abstained from.
///
/// # Errors
/// A member that is no field of the project, or the first answer of a wrong shape.
pub fn answers_from_json(fields: &[Field], members: &Map<String, Value>) -> Result<Answers, AnswerError> {
    if let Some(unknown) = members
        .keys()
        .find(|name| fields.iter().all(|field| field.name.as_str() != name.as_str()))
    {
        let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        return Err(AnswerError::UnknownField {
            field: unknown.chars().take(80).collect(),
            known: known.join(", "),
        });
    }
    let read = |field: &Field| -> Result<(FieldName, Answer), AnswerError> {
        let answer = match members.get(field.name.as_str()) {
            Some(value) => answer_from_json(field, value)?,
            None => Answer::Abstained,
        };
        Ok((field.name.clone(), answer))
    };
    fields.iter().map(read).collect()
}
