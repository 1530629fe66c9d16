//! The JSON Schema of a project's answers, in the strict subset that providers of structured output enforce.

use serde_json::{Map, Value, json};

use crate::field::Field;

/// The schema of one object with all fields as properties in their order; absence is `null`.
#[must_use]
pub fn json_schema(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            (
                field.name.to_string(),
                json!({ "type": ["string", "null"], "title": field.title }),
            )
        })
        .collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
