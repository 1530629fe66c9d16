//! The schemas: what objects consist of.

use serde_json::Value;

use super::html::{blocks, escape, inline};

/// The schemas of the document in order of their names.
pub(super) fn render(document: &Value) -> String {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let sections: String = schemas
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            format!(
                "<article id=\"schema-{0}\"><h3>{0}</h3>{1}{2}</article>",
                escape(name),
                blocks(schema["description"].as_str().unwrap_or_default()),
                shape(schema)
            )
        })
        .collect();
    format!("<h2 id=\"schemas\">Schemas</h2>{sections}")
}

/// What a schema consists of: the properties of an object, the words of a choice, or the forms of an alternative.
fn shape(schema: &Value) -> String {
    if let Some(forms) = alternatives(schema) {
        let forms: String = forms
            .iter()
            .map(|form| format!("<li>{}{}</li>", heading(form), shape(form)))
            .collect();
        return format!("<p class=\"quiet\">One of:</p><ul>{forms}</ul>");
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().map(shape).collect();
    }
    let Some(properties) = schema["properties"].as_object() else {
        return format!("<p>{}</p>", type_words(schema));
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let rows: String = properties
        .iter()
        .map(|(name, property)| {
            let needed = if required.contains(&name.as_str()) {
                ""
            } else {
                " <span class=\"quiet\">optional</span>"
            };
            format!(
                "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td></tr>",
                escape(name),
                type_words(property),
                inline(property["description"].as_str().unwrap_or_default())
            )
        })
        .collect();
    format!("<table><tbody>{rows}</tbody></table>")
}

fn heading(form: &Value) -> String {
    inline(form["description"].as_str().unwrap_or_default())
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())
}

/// The type of a schema in words, with links to named ones.
pub(super) fn type_words(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(forms) = alternatives(schema).or_else(|| schema["allOf"].as_array()) {
        let words: Vec<String> = forms.iter().map(type_words).collect();
        return words.join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("<code>{}</code>", escape(&word.to_string())))
            .collect();
        return words.join(", ");
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let mut words = names.join(" or ");
    if let Some(format) = schema["format"].as_str() {
        words.push_str(&format!(" ({format})"));
    }
    let mut html = escape(&words);
    if !schema["items"].is_null() {
        html.push_str(&format!(" of {}", type_words(&schema["items"])));
    }
    if schema["additionalProperties"].is_object() {
        html.push_str(&format!(" with values {}", type_words(&schema["additionalProperties"])));
    }
    html
}
