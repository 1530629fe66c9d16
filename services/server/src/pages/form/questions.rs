//! Fields as questions with inputs.

use std::collections::BTreeMap;

use accord_domain::{Field, FieldType};
use serde::Serialize;

use super::read::{Given, Standing, TypedAnswers};
use crate::pages::shown::type_word;

/// How many blank rows a table begins with, and gets when more are asked for.
const BLANK_ROWS: usize = 2;

/// The longest scale that is shown point by point.
const MAXIMUM_POINTS: i64 = 11;

/// The last option that has a digit as its key.
const LAST_DIGIT: usize = 9;

/// A field as a question.
#[derive(Debug, Clone, Serialize)]
pub(in crate::pages) struct Question {
    number: usize,
    name: String,
    title: String,
    description: String,
    type_word: &'static str,
    /// `line`, `lines`, `one`, `several` or `rows`.
    input: &'static str,
    /// What keyboard a phone shows.
    keyboard: &'static str,
    required: bool,
    /// Whether it helps to show how the text is read.
    echoes: bool,
    /// `open`, `value`, `absent`, `unknown`, `skip` or `pick`.
    standing: &'static str,
    /// The value that was picked, in reviews.
    picked: Option<String>,
    value: String,
    options: Vec<QuestionOption>,
    /// Whether some option has a long text.
    tall: bool,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    error: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct QuestionOption {
    value: String,
    word: String,
    key: Option<usize>,
    checked: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Column {
    name: String,
    title: String,
    keyboard: &'static str,
    wide: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Cell {
    column: String,
    title: String,
    keyboard: &'static str,
    value: String,
}

/// The questions of a project, with what was filled in before and what is wrong with it.
pub(in crate::pages) fn questions(
    fields: &[Field],
    typed: &TypedAnswers,
    errors: &BTreeMap<String, String>,
    more_rows: Option<&str>,
) -> Vec<Question> {
    let nothing = Given::default();
    fields
        .iter()
        .enumerate()
        .map(|(position, field)| {
            let given = typed.of(field).unwrap_or(&nothing);
            let wants_more = more_rows == Some(field.name.as_str());
            let error = errors.get(field.name.as_str()).cloned();
            question(position + 1, field, given, error, wants_more)
        })
        .collect()
}

fn question(number: usize, field: &Field, given: &Given, error: Option<String>, more_rows: bool) -> Question {
    let options = options(field, given);
    let (standing, picked) = standing(&given.standing);
    Question {
        number,
        name: field.name.to_string(),
        title: field.title.clone(),
        description: field.description.clone(),
        type_word: type_word(&field.field_type),
        input: input(&field.field_type),
        keyboard: keyboard(&field.field_type),
        required: field.required,
        echoes: echoes(&field.field_type),
        standing,
        picked,
        value: given.values.first().cloned().unwrap_or_default(),
        tall: options.len() > 6 || options.iter().any(|option| option.word.chars().count() > 32),
        options,
        columns: columns(field),
        rows: rows(field, given, more_rows),
        error,
    }
}

fn standing(standing: &Standing) -> (&'static str, Option<String>) {
    match standing {
        Standing::Open => ("open", None),
        Standing::Value => ("value", None),
        Standing::Absent => ("absent", None),
        Standing::Unknown => ("unknown", None),
        Standing::NotChecked => ("skip", None),
        Standing::Picked(value) => ("pick", Some(value.clone())),
    }
}

fn input(field_type: &FieldType) -> &'static str {
    match field_type {
        FieldType::Choice { .. } | FieldType::Boolean => "one",
        FieldType::Rating { minimum, maximum } if maximum - minimum < MAXIMUM_POINTS => "one",
        FieldType::Choices { .. } => "several",
        FieldType::Table { .. } => "rows",
        FieldType::Address | FieldType::Text => "lines",
        _ => "line",
    }
}

const fn echoes(field_type: &FieldType) -> bool {
    matches!(
        field_type,
        FieldType::Money
            | FieldType::Date
            | FieldType::Integer
            | FieldType::Decimal
            | FieldType::Rating { .. }
            | FieldType::Identifier { .. }
            | FieldType::Table { .. }
    )
}

const fn keyboard(field_type: &FieldType) -> &'static str {
    match field_type {
        FieldType::Integer | FieldType::Rating { .. } => "numeric",
        FieldType::Decimal | FieldType::Money => "decimal",
        _ => "text",
    }
}

fn options(field: &Field, given: &Given) -> Vec<QuestionOption> {
    let pairs: Vec<(String, String)> = match &field.field_type {
        FieldType::Choice { options } | FieldType::Choices { options } => {
            options.iter().map(|option| (option.clone(), option.clone())).collect()
        }
        FieldType::Boolean => vec![("true".into(), "yes".into()), ("false".into(), "no".into())],
        FieldType::Rating { minimum, maximum } if maximum - minimum < MAXIMUM_POINTS => (*minimum..=*maximum)
            .map(|point| (point.to_string(), point.to_string()))
            .collect(),
        _ => Vec::new(),
    };
    let is_scale = matches!(field.field_type, FieldType::Rating { .. });
    pairs
        .into_iter()
        .enumerate()
        .map(|(position, (value, word))| QuestionOption {
            key: key(position, &value, is_scale),
            checked: given.values.contains(&value),
            value,
            word,
        })
        .collect()
}

/// The digit that picks an option: its place, or on a scale the point itself.
fn key(position: usize, value: &str, is_scale: bool) -> Option<usize> {
    let digit = if is_scale { value.parse().ok()? } else { position + 1 };
    (digit <= LAST_DIGIT).then_some(digit)
}

fn columns(field: &Field) -> Vec<Column> {
    let FieldType::Table { columns } = &field.field_type else {
        return Vec::new();
    };
    columns
        .iter()
        .map(|column| Column {
            name: column.name.to_string(),
            title: column.title.clone(),
            keyboard: keyboard(&column.field_type),
            wide: matches!(
                column.field_type,
                FieldType::Text | FieldType::Address | FieldType::Name
            ),
        })
        .collect()
}

fn rows(field: &Field, given: &Given, more: bool) -> Vec<Vec<Cell>> {
    let FieldType::Table { columns } = &field.field_type else {
        return Vec::new();
    };
    let filled = given
        .rows
        .iter()
        .rposition(|row| row.values().any(|text| !text.trim().is_empty()));
    let filled = filled.map_or(0, |last| last + 1);
    let count = if more {
        given.rows.len() + BLANK_ROWS
    } else {
        filled.max(1)
    };
    (0..count)
        .map(|index| {
            columns
                .iter()
                .map(|column| Cell {
                    column: column.name.to_string(),
                    title: column.title.clone(),
                    keyboard: keyboard(&column.field_type),
                    value: given
                        .rows
                        .get(index)
                        .and_then(|row| row.get(column.name.as_str()))
                        .cloned()
                        .unwrap_or_default(),
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn field(definition: Value) -> Field {
        serde_json::from_value(definition).unwrap()
    }

    #[test]
    fn options_have_digits_and_remember_what_was_chosen() {
        let label = field(json!({"name": "label", "type": "choice", "options": ["a", "b"]}));
        let typed = TypedAnswers::read(&[("value.label".to_owned(), "b".to_owned())]);
        let shown = questions(&[label], &typed, &BTreeMap::new(), None);
        let options: Vec<_> = shown[0]
            .options
            .iter()
            .map(|option| (option.key, option.checked))
            .collect();
        assert_eq!(options, [(Some(1), false), (Some(2), true)]);
    }

    #[test]
    fn the_points_of_a_scale_are_their_own_keys() {
        let stars = field(json!({"name": "stars", "type": "rating", "minimum": 0, "maximum": 10}));
        let shown = questions(&[stars], &TypedAnswers::default(), &BTreeMap::new(), None);
        let keys: Vec<_> = shown[0].options.iter().map(|option| option.key).collect();
        assert_eq!(keys[0], Some(0));
        assert_eq!(keys[9], Some(9));
        assert_eq!(keys[10], None);
    }

    #[test]
    fn tables_get_blank_rows_when_asked_for() {
        let table = field(json!({"name": "lines", "type": "table", "columns": [{"name": "what", "type": "text"}]}));
        let typed = TypedAnswers::read(&[("cell.lines.0.what".to_owned(), "Tea".to_owned())]);
        let fields = [table];
        let rows = |more| questions(&fields, &typed, &BTreeMap::new(), more)[0].rows.len();
        assert_eq!(rows(None), 1);
        assert_eq!(rows(Some("lines")), 3);
    }
}
