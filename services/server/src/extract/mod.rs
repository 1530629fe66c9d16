//! Bodies, queries and addresses, read so that what is wrong is named by field.

mod json;
mod page;
mod path;
mod query;

use std::error::Error;

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http_body_util::LengthLimitError;
use tower_http::timeout::TimeoutError;

pub use json::ApiJson;
pub(crate) use json::{is_json, media_type, parse_json};
pub use page::{PageOf, PageQuery, page_response};
pub use path::ApiPath;
pub use query::ApiQuery;

use crate::problem::{Problem, ProblemKind};

/// The whole body, up to the limit of the address.
pub(crate) async fn read_body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &())
        .await
        .map_err(|rejection| body_problem(&rejection))
}

/// The whole body, up to this limit if it is below the one of the address.
pub(crate) async fn read_body_up_to(request: Request, maximum_bytes: usize) -> Result<Bytes, Problem> {
    let body = request.into_limited_body();
    axum::body::to_bytes(body, maximum_bytes)
        .await
        .map_err(|error| match body_problem_kind(&error) {
            ProblemKind::TooLarge => Problem::new(
                ProblemKind::TooLarge,
                format!("the body is larger than {maximum_bytes} bytes"),
            ),
            kind => Problem::new(kind, format!("the body could not be read: {error}")),
        })
}

/// What kind of problem kept a body from being read to its end.
pub(crate) fn body_problem_kind(error: &(dyn Error + 'static)) -> ProblemKind {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return ProblemKind::TooLarge;
        }
        if error.is::<TimeoutError>() {
            return ProblemKind::Timeout;
        }
        cause = error.source();
    }
    ProblemKind::Malformed
}

fn body_problem(rejection: &BytesRejection) -> Problem {
    let kind = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        _ => body_problem_kind(rejection),
    };
    Problem::new(kind, rejection.body_text())
}
