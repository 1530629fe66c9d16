//! What a person filled in: kept as it was typed, checked field by field.
//!
//! Names of the inputs: `state.FIELD` (`value`, `absent`, `unknown`, or in reviews `skip` and `pick:…`), `value.FIELD`
//! (repeated for several options), and `cell.FIELD.ROW.COLUMN` for tables.

use std::collections::BTreeMap;

use accord_domain::{Answer, Field, FieldType, answer_from_json};
use serde_json::{Map, Value};

/// The most rows of a table that a form can hold.
const MAXIMUM_ROWS: usize = 500;

/// Everything that a form holds, by field.
#[derive(Debug, Clone, Default)]
pub(in crate::pages) struct TypedAnswers {
    given: BTreeMap<String, Given>,
}

/// What was filled in for one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pages) struct Given {
    /// What was chosen about the field as a whole.
    pub(in crate::pages) standing: Standing,
    /// The texts of its inputs; several for options.
    pub(in crate::pages) values: Vec<String>,
    /// The rows of a table, by column.
    pub(in crate::pages) rows: Vec<BTreeMap<String, String>>,
}

/// What was chosen about a field as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pages) enum Standing {
    /// Nothing yet.
    #[default]
    Open,
    /// It has the value that was filled in.
    Value,
    /// It is not in the document.
    Absent,
    /// The person cannot tell.
    Unknown,
    /// The person did not look at it (reviews only).
    NotChecked,
    /// It has this value that somebody voted for (reviews only).
    Picked(String),
}

impl TypedAnswers {
    /// Sorts the inputs of a form by field; inputs of other names are left alone.
    pub(in crate::pages) fn read(inputs: &[(String, String)]) -> Self {
        let mut answers = Self::default();
        for (name, text) in inputs {
            let mut parts = name.splitn(2, '.');
            match (parts.next(), parts.next()) {
                (Some("state"), Some(field)) => answers.entry(field).standing = standing(text),
                (Some("value"), Some(field)) => answers.entry(field).values.push(text.clone()),
                (Some("cell"), Some(place)) => answers.add_cell(place, text),
                _ => {}
            }
        }
        answers
    }

    /// What was filled in for a field.
    pub(in crate::pages) fn of(&self, field: &Field) -> Option<&Given> {
        self.given.get(field.name.as_str())
    }

    fn entry(&mut self, field: &str) -> &mut Given {
        self.given.entry(field.to_owned()).or_default()
    }

    fn add_cell(&mut self, place: &str, text: &str) {
        let mut parts = place.splitn(3, '.');
        let (Some(field), Some(row), Some(column)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let Some(row) = row.parse::<usize>().ok().filter(|row| *row < MAXIMUM_ROWS) else {
            return;
        };
        let rows = &mut self.entry(field).rows;
        if rows.len() <= row {
            rows.resize_with(row + 1, BTreeMap::new);
        }
        if let Some(cells) = rows.get_mut(row) {
            cells.insert(column.to_owned(), text.to_owned());
        }
    }

    /// The answers as JSON, fields that the person cannot tell left out; or what is wrong, by field.
    pub(in crate::pages) fn check(&self, fields: &[Field]) -> Result<Map<String, Value>, BTreeMap<String, String>> {
        let mut answers = Map::new();
        let mut errors = BTreeMap::new();
        let nothing = Given::default();
        for field in fields {
            match self.of(field).unwrap_or(&nothing).check(field) {
                Ok(Some(answer)) => {
                    answers.insert(field.name.to_string(), answer);
                }
                Ok(None) => {}
                Err(error) => {
                    errors.insert(field.name.to_string(), error);
                }
            }
        }
        if errors.is_empty() { Ok(answers) } else { Err(errors) }
    }
}

fn standing(word: &str) -> Standing {
    match word {
        "value" => Standing::Value,
        "absent" => Standing::Absent,
        "unknown" => Standing::Unknown,
        "skip" => Standing::NotChecked,
        other => other
            .strip_prefix("pick:")
            .map_or(Standing::Open, |value| Standing::Picked(value.to_owned())),
    }
}

impl Given {
    /// The answer as JSON: a value, null for absence, none when the person does not say.
    fn check(&self, field: &Field) -> Result<Option<Value>, String> {
        match &self.standing {
            Standing::Absent => Ok(Some(Value::Null)),
            Standing::Unknown | Standing::NotChecked => Ok(None),
            Standing::Picked(raw) => Ok(Some(picked(field, raw))),
            Standing::Value | Standing::Open => match self.value(field)? {
                Some(value) => {
                    check_value(field, &value)?;
                    Ok(Some(value))
                }
                None => Err(nothing_given(field)),
            },
        }
    }

    /// The value as JSON; none when nothing was filled in.
    fn value(&self, field: &Field) -> Result<Option<Value>, String> {
        match &field.field_type {
            FieldType::Choices { .. } => {
                let chosen: Vec<Value> = self.values.iter().map(|value| Value::from(value.as_str())).collect();
                // A list without options is an answer only when the person says that there is a value.
                Ok((!chosen.is_empty() || self.standing == Standing::Value).then_some(Value::Array(chosen)))
            }
            FieldType::Table { columns } => {
                let rows: Vec<Value> = self.rows.iter().filter_map(|cells| row(columns, cells)).collect();
                Ok((!rows.is_empty()).then_some(Value::Array(rows)))
            }
            _ => {
                let text = self
                    .values
                    .iter()
                    .map(|value| value.trim())
                    .find(|value| !value.is_empty());
                Ok(text.map(Value::from))
            }
        }
    }
}

/// A value that somebody voted for goes in as it was given.
fn picked(field: &Field, raw: &str) -> Value {
    match &field.field_type {
        FieldType::Choices { .. } | FieldType::Table { .. } => {
            serde_json::from_str(raw).unwrap_or_else(|_| Value::from(raw))
        }
        _ => Value::from(raw),
    }
}

fn row(columns: &[Field], cells: &BTreeMap<String, String>) -> Option<Value> {
    let filled: Map<String, Value> = columns
        .iter()
        .filter_map(|column| {
            let text = cells.get(column.name.as_str())?.trim();
            (!text.is_empty()).then(|| (column.name.to_string(), Value::from(text)))
        })
        .collect();
    (!filled.is_empty()).then_some(Value::Object(filled))
}

fn nothing_given(field: &Field) -> String {
    let how = match &field.field_type {
        FieldType::Choice { .. } | FieldType::Boolean | FieldType::Rating { .. } => "Choose one",
        FieldType::Choices { .. } => "Choose at least one",
        FieldType::Table { .. } => "Fill in a row",
        _ => "Fill it in",
    };
    format!("{how}, or say that it is absent (Alt+A) or that you cannot tell (Alt+U).")
}

/// Refuses a value that cannot be read as the field's type.
pub(in crate::pages) fn check_value(field: &Field, value: &Value) -> Result<(), String> {
    let answer = answer_from_json(field, value).map_err(|error| error.to_string())?;
    let Answer::Value(read) = answer else {
        return Ok(());
    };
    if read.parsed {
        return Ok(());
    }
    if let (FieldType::Table { columns }, Value::Array(rows)) = (&field.field_type, value) {
        return Err(unreadable_cell(columns, rows).unwrap_or_else(|| unreadable(field)));
    }
    Err(unreadable(field))
}

fn unreadable_cell(columns: &[Field], rows: &[Value]) -> Option<String> {
    rows.iter().enumerate().find_map(|(position, row)| {
        columns.iter().find_map(|column| {
            let cell = row.get(column.name.as_str())?;
            check_value(column, cell)
                .err()
                .map(|error| format!("Row {}, {}: {error}", position + 1, column.title))
        })
    })
}

fn unreadable(field: &Field) -> String {
    let expected = match &field.field_type {
        FieldType::Money => "an amount, such as 118.40 or 1.005,55 €. If it could mean two things, write 1234.00",
        FieldType::Date => "a date, such as 23.11.2026. If it could mean two days, write 2026-11-23",
        FieldType::Integer => "a whole number, such as 12",
        FieldType::Decimal => "a number, such as 12.5. If it could mean two things, write 1234.0",
        FieldType::Rating { minimum, maximum } => return format!("Give a whole number from {minimum} to {maximum}."),
        FieldType::Choice { .. } | FieldType::Choices { .. } => return "Choose one of the options.".to_owned(),
        FieldType::Boolean => return "Choose yes or no.".to_owned(),
        FieldType::Identifier { .. } => "an identifier of this kind",
        FieldType::Name => "a name",
        FieldType::Address => "an address",
        FieldType::Text => "text",
        FieldType::Table { .. } => "rows of this table",
    };
    format!("This cannot be read as {expected}.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(definition: Value) -> Field {
        serde_json::from_value(definition).unwrap()
    }

    fn inputs(pairs: &[(&str, &str)]) -> TypedAnswers {
        let owned: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        TypedAnswers::read(&owned)
    }

    #[test]
    fn values_absences_and_doubts_are_three_things() {
        let fields = ["a", "b", "c"].map(|name| field(json!({"name": name, "type": "money"})));
        let typed = inputs(&[
            ("state.a", "value"),
            ("value.a", " 118,40 € "),
            ("state.b", "absent"),
            ("value.b", "ignored"),
            ("state.c", "unknown"),
        ]);
        let answers = typed.check(&fields).unwrap();
        assert_eq!(Value::Object(answers), json!({"a": "118,40 €", "b": null}));
    }

    #[test]
    fn what_is_missing_or_unreadable_is_named_by_field() {
        let fields = [
            field(json!({"name": "total", "type": "money"})),
            field(json!({"name": "day", "type": "date"})),
            field(json!({"name": "label", "type": "choice", "options": ["x", "y"]})),
        ];
        let typed = inputs(&[
            ("value.total", "about ten"),
            ("state.day", "value"),
            ("value.day", "  "),
            ("value.label", "z"),
        ]);
        let errors = typed.check(&fields).unwrap_err();
        assert!(errors["total"].contains("amount"), "{errors:?}");
        assert!(errors["day"].contains("Alt+A"), "{errors:?}");
        assert!(errors["label"].contains("options"), "{errors:?}");
    }

    #[test]
    fn tables_are_rows_of_cells_without_the_blank_ones() {
        let table = field(json!({"name": "lines", "type": "table", "columns": [
            {"name": "what", "title": "What", "type": "text"}, {"name": "count", "title": "Count", "type": "integer"}
        ]}));
        let typed = inputs(&[
            ("cell.lines.0.what", "Tea"),
            ("cell.lines.0.count", "2"),
            ("cell.lines.1.what", " "),
            ("cell.lines.3.what", "Milk"),
            ("cell.lines.9999999.what", "far away"),
        ]);
        let answers = typed.check(std::slice::from_ref(&table)).unwrap();
        assert_eq!(
            answers["lines"],
            json!([{"what": "Tea", "count": "2"}, {"what": "Milk"}])
        );
        let wrong = inputs(&[("cell.lines.0.count", "many")]);
        let errors = wrong.check(&[table]).unwrap_err();
        assert!(errors["lines"].starts_with("Row 1, Count"), "{errors:?}");
    }

    #[test]
    fn a_picked_value_goes_in_as_it_was_voted() {
        let fields = [
            field(json!({"name": "total", "type": "money"})),
            field(json!({"name": "rest", "type": "text"})),
        ];
        let typed = inputs(&[("state.total", "pick:1.005,55 €"), ("state.rest", "skip")]);
        assert_eq!(
            Value::Object(typed.check(&fields).unwrap()),
            json!({"total": "1.005,55 €"})
        );
    }

    #[test]
    fn several_options_may_be_none_when_the_person_says_so() {
        let choices = [field(json!({"name": "tags", "type": "choices", "options": ["x", "y"]}))];
        let some = inputs(&[("value.tags", "x"), ("value.tags", "y")]);
        assert_eq!(some.check(&choices).unwrap()["tags"], json!(["x", "y"]));
        assert!(inputs(&[]).check(&choices).is_err());
        assert_eq!(
            inputs(&[("state.tags", "value")]).check(&choices).unwrap()["tags"],
            json!([])
        );
    }
}
