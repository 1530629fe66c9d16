//! Bodies, queries and addresses, read so that what is wrong is named by field.

mod json;
mod page;
mod path;
mod query;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};

pub use json::ApiJson;
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

fn body_problem(rejection: &BytesRejection) -> Problem {
    let kind = match rejection.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        _ => ProblemKind::Malformed,
    };
    Problem::new(kind, rejection.body_text())
}
