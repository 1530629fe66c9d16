//! A limit on how long an answer may take to begin.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{Problem, ProblemKind};

/// Gives up on a handler whose answer has not begun in time. What it had not committed is rolled back.
pub(crate) async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            ProblemKind::Timeout,
            format!("the answer did not begin within {} seconds", limit.as_secs()),
        )
        .into_response(),
    }
}
