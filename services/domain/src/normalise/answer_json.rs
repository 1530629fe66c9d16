//! Answers as JSON: how readers, language models, people and gold files hand them in, and how they are handed out.

use serde_json::{Map, Number, Value};

use crate::answer::{Answer, Answers, NormalisedValue};
use crate::field::{Field, FieldName, FieldType};
use crate::normalise::table::MAXIMUM_ROWS;
use crate::normalise::{normalise, normalise_plain, number};

/// A JSON value that is no answer to the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The value has a shape that the field's type does not allow.
    #[error("field `{field}`: expected {expected}, found {found}")]
    Shape {
        /// The field; for tables with the row and the column, such as `line_items[2].quantity`.
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
/// Text is read as printed, in the notation of the field's locale; numbers have the notation of JSON. A value of the
/// right shape that cannot be read is no error: it becomes a value that was not parsed.
///
/// # Errors
/// Names the field, what was expected and what was found.
pub fn answer_from_json(field: &Field, value: &Value) -> Result<Answer, AnswerError> {
    match (value, &field.field_type) {
        (Value::Null, _) => Ok(Answer::Absent),
        (Value::String(text), _) if text.trim().is_empty() => Ok(Answer::Absent),
        (Value::String(text), _) => Ok(Answer::Value(normalise(field, text))),
        (Value::Number(number), field_type) if takes_numbers(field_type) => {
            Ok(Answer::Value(normalise_plain(field, &number.to_string())))
        }
        (Value::Bool(_), FieldType::Boolean | FieldType::Choice { .. }) => {
            Ok(Answer::Value(normalise(field, &value.to_string())))
        }
        (Value::Array(entries), FieldType::Choices { .. }) => {
            check_texts(field, entries)?;
            Ok(Answer::Value(normalise(field, &value.to_string())))
        }
        (Value::Array(rows), FieldType::Table { columns }) => {
            check_rows(field, columns, rows)?;
            Ok(Answer::Value(normalise(field, &value.to_string())))
        }
        _ => Err(shape(field.name.as_str(), expected(&field.field_type), value)),
    }
}

/// Writes one answer as JSON that [`answer_from_json`] reads into the same canonical value: numbers, lists and truth
/// values as such, everything else as the text that was given. Answers without a value are `null`.
#[must_use]
pub fn answer_to_json(field: &Field, answer: &Answer) -> Value {
    let Answer::Value(value) = answer else {
        return Value::Null;
    };
    match &field.field_type {
        FieldType::Table { .. } => rows_of(field, value),
        _ if !value.parsed => text_of(field, value),
        FieldType::Choices { .. } => serde_json::from_str(&value.canonical).unwrap_or_else(|_| text_of(field, value)),
        FieldType::Choice { .. } => Value::String(value.canonical.clone()),
        FieldType::Boolean => Value::Bool(value.canonical == "true"),
        FieldType::Integer | FieldType::Decimal | FieldType::Rating { .. } => {
            exact_number(&value.canonical).map_or_else(|| text_of(field, value), Value::Number)
        }
        _ => text_of(field, value),
    }
}

/// Reads the answers of an object with one member a field. A field that is not mentioned is abstained from.
///
/// # Errors
/// A member that is no field of the project, or the first answer of a wrong shape.
pub fn answers_from_json(fields: &[Field], members: &Map<String, Value>) -> Result<Answers, AnswerError> {
    let is_known = |name: &str| fields.iter().any(|field| field.name.as_str() == name);
    if let Some(unknown) = members.keys().find(|name| !is_known(name)) {
        return Err(AnswerError::UnknownField {
            field: unknown.chars().take(80).collect(),
            known: names_of(fields),
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

const fn takes_numbers(field_type: &FieldType) -> bool {
    !matches!(field_type, FieldType::Choices { .. } | FieldType::Table { .. })
}

fn check_texts(field: &Field, entries: &[Value]) -> Result<(), AnswerError> {
    match entries.iter().enumerate().find(|(_, entry)| !entry.is_string()) {
        Some((position, entry)) => Err(shape(
            &format!("{}[{position}]", field.name),
            "the text of an option",
            entry,
        )),
        None => Ok(()),
    }
}

/// A row may have properties beyond the columns, but one that has no column at all is none of this table.
fn check_rows(field: &Field, columns: &[Field], rows: &[Value]) -> Result<(), AnswerError> {
    if rows.len() > MAXIMUM_ROWS {
        return Err(AnswerError::Shape {
            field: field.name.to_string(),
            expected: format!("at most {MAXIMUM_ROWS} rows"),
            found: format!("{} rows", rows.len()),
        });
    }
    for (position, row) in rows.iter().enumerate() {
        let path = format!("{}[{position}]", field.name);
        let Value::Object(cells) = row else {
            return Err(shape(&path, "an object with the columns of the table", row));
        };
        if !columns.iter().any(|column| cells.contains_key(column.name.as_str())) {
            return Err(AnswerError::Shape {
                field: path,
                expected: format!("an object with the columns {}", names_of(columns)),
                found: "an object without any of them".to_owned(),
            });
        }
        for column in columns {
            if let Some(cell) = cells.get(column.name.as_str())
                && let Err(AnswerError::Shape { field, expected, found }) = answer_from_json(column, cell)
            {
                let field = format!("{path}.{field}");
                return Err(AnswerError::Shape { field, expected, found });
            }
        }
    }
    Ok(())
}

fn names_of(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    names.join(", ")
}

const fn expected(field_type: &FieldType) -> &'static str {
    match field_type {
        FieldType::Choice { .. } => "the text of an option or null",
        FieldType::Choices { .. } => "a list of options or null",
        FieldType::Boolean => "true, false or null",
        FieldType::Integer | FieldType::Rating { .. } => "a whole number or null",
        FieldType::Decimal => "a number or null",
        FieldType::Money => "an amount as text or number, or null",
        FieldType::Date => "a date as text or null",
        FieldType::Identifier { .. } | FieldType::Name | FieldType::Address | FieldType::Text => "text or null",
        FieldType::Table { .. } => "a list of objects or null",
    }
}

fn shape(field: &str, expected: &str, found: &Value) -> AnswerError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    AnswerError::Shape {
        field: field.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

/// The rows of a table as they were given; text when it was text that is no list of rows.
fn rows_of(field: &Field, value: &NormalisedValue) -> Value {
    serde_json::from_str(&value.raw)
        .ok()
        .filter(|rows| answer_from_json(field, rows).is_ok_and(|read| read.class() == Some(&value.canonical)))
        .unwrap_or_else(|| text_of(field, value))
}

/// The raw text where reading it as text gives the same value; else the number that it was, or the canonical text.
fn text_of(field: &Field, value: &NormalisedValue) -> Value {
    if normalise(field, &value.raw).canonical == value.canonical {
        return Value::String(value.raw.clone());
    }
    match serde_json::from_str::<Number>(&value.raw) {
        Ok(number) if normalise_plain(field, &number.to_string()).canonical == value.canonical => Value::Number(number),
        _ => Value::String(value.canonical.clone()),
    }
}

/// The number of JSON that stands for exactly this decimal; none when it has more digits than a JSON number carries.
fn exact_number(canonical: &str) -> Option<Number> {
    let decimal = number::read_plain(canonical)?;
    let number: Number = serde_json::from_str(&decimal.normalize().to_string()).ok()?;
    (number::read_plain(&number.to_string()) == Some(decimal)).then_some(number)
}
