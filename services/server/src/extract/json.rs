//! JSON bodies.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::extract::read_body;
use crate::problem::{Problem, ProblemDetail, ProblemKind};
use crate::state::AppState;

/// A JSON body. What cannot be read is answered by the name of the field and the line.
#[derive(Debug, Clone, Copy)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                ProblemKind::UnsupportedMediaType,
                "expected a body of type application/json",
            ));
        }
        let body = read_body(request).await?;
        parse_json(&body).map(Self)
    }
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Whether the header says that the body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let essence = media_type(headers);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The media type of the body without parameters, in lower case; empty when there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

/// Reads JSON, naming the place of what is wrong.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        json_problem((path != ".").then_some(path), error.inner())
    })?;
    deserializer.end().map_err(|error| json_problem(None, &error))?;
    Ok(value)
}

fn json_problem(field: Option<String>, error: &serde_json::Error) -> Problem {
    let kind = if error.is_data() {
        ProblemKind::Invalid
    } else {
        ProblemKind::Malformed
    };
    Problem::new(kind, error.to_string()).with_error(ProblemDetail {
        field,
        line: u64::try_from(error.line()).ok().filter(|line| *line > 0),
        message: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only read to be refused")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only read to be refused")]
        count: u32,
    }

    #[test]
    fn a_wrong_field_is_named_with_its_line() {
        let problem = parse_json::<Outer>(b"{\"inner\": [{\"count\": 1},\n {\"count\": \"x\"}]}").unwrap_err();
        assert_eq!(problem.kind(), ProblemKind::Invalid);
        assert_eq!(problem.errors[0].field.as_deref(), Some("inner[1].count"));
        assert_eq!(problem.errors[0].line, Some(2));
    }

    #[test]
    fn broken_json_cannot_be_read() {
        for body in ["", "{", "{\"inner\": []} rest"] {
            let problem = parse_json::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::Malformed, "{body}");
        }
    }
}
