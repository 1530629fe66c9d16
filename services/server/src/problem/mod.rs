//! Errors as RFC 9457 problem details: the only shape in which this server says no.

mod kind;
mod sources;

use std::ops::Deref;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use kind::ProblemKind;

/// The media type of a problem.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// The most single errors that a problem lists.
pub const MAXIMUM_LISTED_ERRORS: usize = 100;

/// An error as the client sees it (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<ProblemMembers>);

/// What an error tells the client (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemMembers {
    /// Identifies the kind of problem; leads to its description.
    #[serde(rename = "type")]
    pub type_reference: String,
    /// The kind of problem in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request and what was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The request's identifier, under which the server's log has more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong in single places of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemDetail>,
    #[serde(skip)]
    kind: ProblemKind,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Deref for Problem {
    type Target = ProblemMembers;

    fn deref(&self) -> &ProblemMembers {
        &self.0
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        ProblemMembers::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProblemMembers::schemas(schemas);
    }
}

/// What is wrong in one place of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemDetail {
    /// The place in a JSON body or the name of a parameter, such as `fields[3].name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line of the body, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What is wrong and what was expected.
    pub message: String,
}

impl Problem {
    /// A problem of this kind with what is wrong in words.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemMembers {
            type_reference: kind.type_reference(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: Some(detail.into()),
            instance: None,
            request_id: None,
            errors: Vec::new(),
            kind,
            headers: Vec::new(),
        }))
    }

    /// Something of this name is not there, or may not be seen with these credentials.
    #[must_use]
    pub fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        let name: String = name.to_string().chars().take(120).collect();
        Self::new(
            ProblemKind::NotFound,
            format!("there is no {what} `{name}` that these credentials may see"),
        )
    }

    /// A part of the request that can be read but not accepted.
    #[must_use]
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(ProblemKind::Invalid, message.clone()).with_error(ProblemDetail {
            field: Some(field.into()),
            line: None,
            message,
        })
    }

    /// A failure that is not the client's: it is logged here, and the client is only told that it happened.
    #[must_use]
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "request failed");
        Self::new(
            ProblemKind::Internal,
            "the server could not do this; its log has the reason under the request's identifier",
        )
    }

    /// Adds what is wrong in one place; beyond [`MAXIMUM_LISTED_ERRORS`] it is left out.
    #[must_use]
    pub fn with_error(mut self, error: ProblemDetail) -> Self {
        if self.errors.len() < MAXIMUM_LISTED_ERRORS {
            self.0.errors.push(error);
        }
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The kind of problem.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    /// The HTTP status.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    fn body(&self) -> Body {
        serde_json::to_vec(self).map_or_else(|_| Body::empty(), Body::from)
    }
}

impl IntoResponse for Problem {
    /// The problem as JSON. It also travels as an extension of the response, for layers that show it differently.
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body());
        *response.status_mut() = self.status_code();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Tells a problem that is about to be sent which request it belongs to. A response that shows it in another form,
/// such as a page, is left alone.
pub(crate) fn name_request(response: &mut Response, path: &str, request_id: &str) {
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == PROBLEM_MEDIA_TYPE);
    if !is_problem {
        return;
    }
    if let Some(problem) = response.extensions_mut().get_mut::<Problem>() {
        problem.0.instance = Some(path.to_owned());
        problem.0.request_id = Some(request_id.to_owned());
        let body = problem.body();
        *response.body_mut() = body;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_json_of_its_media_type() {
        let response = Problem::invalid("fields[0].name", "is empty").into_response();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_MEDIA_TYPE);
        let problem = response.extensions().get::<Problem>().unwrap();
        let value = serde_json::to_value(problem).unwrap();
        assert_eq!(value["status"], 422);
        assert_eq!(value["type"], "/api/docs/problems#invalid-content");
        assert_eq!(value["errors"][0]["field"], "fields[0].name");
    }

    #[test]
    fn a_flood_of_errors_is_cut() {
        let detail = ProblemDetail {
            field: None,
            line: Some(1),
            message: "is wrong".to_owned(),
        };
        let flooded = (0..1000).fold(Problem::new(ProblemKind::Invalid, "many"), |problem, _| {
            problem.with_error(detail.clone())
        });
        assert_eq!(flooded.errors.len(), MAXIMUM_LISTED_ERRORS);
    }
}
