//! How a value would be read, while it is being typed.

use accord_domain::{Answer, Field, answer_from_json};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Annotator;
use crate::pages::form::check_value;
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::state::AppState;

/// The most characters that are read.
const MAXIMUM_CHARACTERS: usize = 4000;

/// What was typed, and in which field; for a table also the column.
#[derive(Debug, Deserialize)]
pub(super) struct ReadingQuery {
    field: String,
    #[serde(default)]
    column: String,
    #[serde(default)]
    value: String,
}

/// How it is read.
#[derive(Debug, Default, Serialize)]
struct Reading {
    /// The canonical value.
    canonical: Option<String>,
    /// What is wrong with it.
    problem: Option<String>,
    /// What is odd about it.
    warning: Option<&'static str>,
}

/// Reads a value as its field's type, without keeping it.
pub(super) async fn read(
    State(_): State<AppState>,
    visit: Visit<Annotator>,
    Query(query): Query<ReadingQuery>,
) -> Result<Response, Problem> {
    let definition = &visit.project.definition;
    let field = definition
        .fields
        .iter()
        .find(|field| field.name.as_str() == query.field)
        .and_then(|field| column(field, &query.column))
        .ok_or_else(|| Problem::not_found("field", &query.field))?;
    let text: String = query.value.chars().take(MAXIMUM_CHARACTERS).collect();
    Ok(Json(reading(field, &Value::from(text))).into_response())
}

fn column<'a>(field: &'a Field, column: &str) -> Option<&'a Field> {
    match &field.field_type {
        accord_domain::FieldType::Table { columns } => columns.iter().find(|known| known.name.as_str() == column),
        _ => Some(field),
    }
}

fn reading(field: &Field, value: &Value) -> Reading {
    if let Err(problem) = check_value(field, value) {
        return Reading {
            problem: Some(problem),
            ..Reading::default()
        };
    }
    match answer_from_json(field, value) {
        Ok(Answer::Value(read)) => Reading {
            warning: (read.valid == Some(false)).then_some("its check digits do not hold"),
            canonical: Some(read.canonical),
            problem: None,
        },
        _ => Reading::default(),
    }
}
