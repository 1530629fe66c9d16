//! Forms of pages that only the page itself can have sent.

use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::access::principal::{SignedInPerson, unauthenticated};
use crate::access::session;
use crate::extract::read_body;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

const FORM: &str = "application/x-www-form-urlencoded";

/// A form of a signed-in person that carries the session's `form_token`. Together with the check of the origin, which
/// every request passes, this keeps other sites from posting in somebody's name.
#[derive(Debug, Clone)]
pub struct ProtectedForm<T> {
    /// The person.
    pub person: SignedInPerson,
    /// The fields of the form, without `form_token`.
    pub form: T,
}

#[derive(Deserialize)]
struct TokenField {
    #[serde(default)]
    form_token: String,
}

impl<T: DeserializeOwned> FromRequest<AppState> for ProtectedForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let person = session::find(&parts, state)
            .await?
            .ok_or_else(|| unauthenticated("log in to send this form"))?;
        let media_type = parts.headers.get(CONTENT_TYPE);
        if !media_type.is_some_and(|value| value.as_bytes().starts_with(FORM.as_bytes())) {
            return Err(Problem::new(
                ProblemKind::UnsupportedMediaType,
                format!("expected {FORM}"),
            ));
        }
        let body = read_body(Request::from_parts(parts, body)).await?;
        let TokenField { form_token } = parse(body.clone()).await?;
        if !equal_in_constant_time(&form_token, &person.form_token()) {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "the form is not of this session: load the page again and repeat",
            ));
        }
        Ok(Self {
            person,
            form: parse(body).await?,
        })
    }
}

async fn parse<T: DeserializeOwned>(body: Bytes) -> Result<T, Problem> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    match Form::from_request(request, &()).await {
        Ok(Form(form)) => Ok(form),
        Err(rejection) => Err(Problem::new(ProblemKind::Invalid, rejection.body_text())),
    }
}

/// Compares hashes, whose order of bytes nobody can choose, so that the time tells nothing.
fn equal_in_constant_time(left: &str, right: &str) -> bool {
    Sha256::digest(left.as_bytes()) == Sha256::digest(right.as_bytes())
}
