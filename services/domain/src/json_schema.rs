//! The JSON Schema of a project's answers, in the strict subset that providers of structured output enforce: every
//! property required, nothing else allowed, absence as `null`.

use serde_json::{Map, Value, json};

use crate::field::{Field, FieldType};
use crate::normalise::AnswerError;

/// The most characters of short text: names, dates, amounts, numbers of documents.
const MAXIMUM_SHORT_TEXT: u32 = 200;
/// The most characters of an address.
const MAXIMUM_ADDRESS: u32 = 500;
/// The most characters of free text.
const MAXIMUM_TEXT: u32 = 4000;
/// The most characters of free text inside a table.
const MAXIMUM_CELL_TEXT: u32 = 500;

/// The schema of one object with all fields as properties in their order, for structured output and for people.
///
/// What validates against it, [`answers_from_json`](crate::answers_from_json) accepts.
#[must_use]
pub fn json_schema(fields: &[Field]) -> Value {
    object(fields, MAXIMUM_TEXT)
}

fn object(fields: &[Field], maximum_text: u32) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_string(), property(field, maximum_text)))
        .collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(field: &Field, maximum_text: u32) -> Value {
    let mut schema = Map::new();
    schema.insert("title".to_owned(), Value::from(field.title.as_str()));
    let description = describe(field);
    if !description.is_empty() {
        schema.insert("description".to_owned(), Value::from(description));
    }
    let value = match &field.field_type {
        FieldType::Choice { options } => {
            let allowed: Vec<Option<&str>> = options
                .iter()
                .map(|option| Some(option.as_str()))
                .chain([None])
                .collect();
            json!({ "type": ["string", "null"], "enum": allowed })
        }
        FieldType::Choices { options } => {
            json!({ "type": ["array", "null"], "items": { "type": "string", "enum": options } })
        }
        FieldType::Boolean => json!({ "type": ["boolean", "null"] }),
        FieldType::Integer => json!({ "type": ["integer", "null"] }),
        FieldType::Decimal => json!({ "type": ["number", "null"] }),
        FieldType::Rating { minimum, maximum } => {
            json!({ "type": ["integer", "null"], "minimum": minimum, "maximum": maximum })
        }
        FieldType::Table { columns } => {
            json!({ "type": ["array", "null"], "items": object(columns, MAXIMUM_CELL_TEXT) })
        }
        FieldType::Money | FieldType::Date | FieldType::Identifier { .. } | FieldType::Name => text(MAXIMUM_SHORT_TEXT),
        FieldType::Address => text(MAXIMUM_ADDRESS),
        FieldType::Text => text(maximum_text),
    };
    if let Value::Object(members) = value {
        schema.extend(members);
    }
    Value::Object(schema)
}

fn text(maximum_length: u32) -> Value {
    json!({ "type": ["string", "null"], "maxLength": maximum_length })
}

/// A value without anything that the schema does not declare: cells of unknown columns are left out. What servers that
/// are not held to the schema write otherwise, such as numbers as text, stays as it is.
///
/// # Errors
/// A text or a list is longer than the schema allows.
pub fn within_schema(field: &Field, value: &Value) -> Result<Value, AnswerError> {
    within(field, value, MAXIMUM_TEXT)
}

fn within(field: &Field, value: &Value, maximum_text: u32) -> Result<Value, AnswerError> {
    match (value, &field.field_type) {
        (Value::String(text), FieldType::Table { .. }) => match serde_json::from_str(text) {
            Ok(rows @ Value::Array(_)) => within(field, &rows, maximum_text),
            _ => check_length(field, text, MAXIMUM_TEXT).map(|()| value.clone()),
        },
        (Value::String(text), field_type) => {
            check_length(field, text, longest(field_type, maximum_text)).map(|()| value.clone())
        }
        (Value::Array(entries), FieldType::Choices { options }) => {
            if entries.len() > options.len() {
                return Err(too_long(
                    field,
                    format!("at most {} options", options.len()),
                    format!("{} entries", entries.len()),
                ));
            }
            for text in entries.iter().filter_map(Value::as_str) {
                check_length(field, text, longest(&field.field_type, maximum_text))?;
            }
            Ok(value.clone())
        }
        (Value::Array(rows), FieldType::Table { columns }) => rows
            .iter()
            .map(|row| row_within(columns, row))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        _ => Ok(value.clone()),
    }
}

fn row_within(columns: &[Field], row: &Value) -> Result<Value, AnswerError> {
    let Value::Object(cells) = row else {
        return Ok(row.clone());
    };
    let declared = columns
        .iter()
        .filter_map(|column| Some((column, cells.get(column.name.as_str())?)));
    let cells = declared.map(|(column, cell)| Ok((column.name.to_string(), within(column, cell, MAXIMUM_CELL_TEXT)?)));
    cells
        .collect::<Result<Map<String, Value>, AnswerError>>()
        .map(Value::Object)
}

/// The most characters of a text that answers a field of this type.
fn longest(field_type: &FieldType, maximum_text: u32) -> u32 {
    match field_type {
        FieldType::Choice { options } | FieldType::Choices { options } => {
            let option = options.iter().map(|option| option.chars().count()).max().unwrap_or(0);
            u32::try_from(option).unwrap_or(u32::MAX).max(MAXIMUM_SHORT_TEXT)
        }
        FieldType::Address => MAXIMUM_ADDRESS,
        FieldType::Text => maximum_text,
        _ => MAXIMUM_SHORT_TEXT,
    }
}

fn check_length(field: &Field, text: &str, maximum: u32) -> Result<(), AnswerError> {
    let count = text.chars().count();
    if count <= maximum as usize {
        return Ok(());
    }
    Err(too_long(
        field,
        format!("at most {maximum} characters"),
        format!("{count} characters"),
    ))
}

fn too_long(field: &Field, expected: String, found: String) -> AnswerError {
    AnswerError::Shape {
        field: field.name.to_string(),
        expected,
        found,
    }
}

/// The field's own description with the notation that its type expects.
fn describe(field: &Field) -> String {
    let notation = match &field.field_type {
        FieldType::Money => "The amount as printed, with its decimals.",
        FieldType::Date => "The date as printed, or as YYYY-MM-DD.",
        _ => "",
    };
    [field.description.trim(), notation]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::template;

    fn fields() -> Vec<Field> {
        let definitions = json!([
            { "name": "kind", "type": "choice", "options": ["bill", "note"], "description": "What it is." },
            { "name": "marks", "type": "choices", "options": ["a", "b"] },
            { "name": "paid", "type": "boolean" },
            { "name": "pages", "type": "integer" },
            { "name": "rate", "type": "decimal" },
            { "name": "stars", "type": "rating", "minimum": 1, "maximum": 5 },
            { "name": "total", "type": "money", "description": "The sum." },
            { "name": "lines", "type": "table", "columns": [{ "name": "note", "type": "text" }] },
        ]);
        serde_json::from_value(definitions).unwrap()
    }

    #[test]
    fn every_type_has_its_schema() {
        let schema = json_schema(&fields());
        let properties = &schema["properties"];
        assert_eq!(
            properties["kind"],
            json!({ "title": "Kind", "description": "What it is.", "type": ["string", "null"], "enum": ["bill", "note", null] })
        );
        assert_eq!(
            properties["marks"]["items"],
            json!({ "type": "string", "enum": ["a", "b"] })
        );
        assert_eq!(properties["paid"]["type"], json!(["boolean", "null"]));
        assert_eq!(properties["pages"]["type"], json!(["integer", "null"]));
        assert_eq!(properties["rate"]["type"], json!(["number", "null"]));
        assert_eq!(properties["stars"]["maximum"], json!(5));
        assert_eq!(
            properties["total"]["description"],
            json!("The sum. The amount as printed, with its decimals.")
        );
        let row = &properties["lines"]["items"];
        assert_eq!(row["required"], json!(["note"]));
        assert_eq!(row["properties"]["note"]["maxLength"], json!(MAXIMUM_CELL_TEXT));
    }

    #[test]
    fn what_the_schema_does_not_declare_is_left_out_or_refused() {
        let fields = fields();
        let field = |name: &str| fields.iter().find(|field| field.name.as_str() == name).unwrap();
        let rows = json!([{ "note": "a", "other_item": "b", "nested": { "deep": 1 } }, { "note": null }]);
        let reduced = json!([{ "note": "a" }, { "note": null }]);
        assert_eq!(within_schema(field("lines"), &rows).unwrap(), reduced);
        assert_eq!(
            within_schema(field("lines"), &json!(rows.to_string())).unwrap(),
            reduced
        );
        for (name, value) in [
            ("total", json!("9".repeat(201))),
            ("kind", json!("x".repeat(201))),
            ("paid", json!("x".repeat(201))),
            ("marks", json!(["a", "b", "a"])),
            ("lines", json!([{ "note": "x".repeat(501) }])),
            ("lines", json!("x".repeat(4001))),
        ] {
            let error = within_schema(field(name), &value).unwrap_err().to_string();
            assert!(error.contains("expected at most"), "{error}");
        }
        for (name, value) in [
            ("rate", json!("12.50")),
            ("total", json!(12.5)),
            ("kind", json!({ "a": 1 })),
        ] {
            assert_eq!(within_schema(field(name), &value).unwrap(), value);
        }
    }

    #[test]
    fn every_object_is_closed_and_complete() {
        fn check(schema: &Value) {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                let names: Vec<&String> = properties.keys().collect();
                assert_eq!(schema["required"], json!(names));
                assert_eq!(schema["additionalProperties"], json!(false));
                properties.values().for_each(check);
            }
            if let Some(items) = schema.get("items") {
                check(items);
            }
        }
        let invoice = template("invoice").unwrap();
        let schema = json_schema(&invoice.fields);
        check(&schema);
        let names: Vec<&str> = invoice.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(schema["required"], json!(names));
    }
}
