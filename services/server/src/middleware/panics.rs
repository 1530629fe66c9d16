//! A handler that panics answers with a problem and takes nobody else down.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::problem::{Problem, ProblemKind};

type Answer = fn(Box<dyn Any + Send + 'static>) -> Response;

/// The layer that turns panics into problems.
pub(crate) fn catch_panics() -> CatchPanicLayer<Answer> {
    CatchPanicLayer::custom(answer as Answer)
}

fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(message, "handler panicked");
    Problem::new(
        ProblemKind::Internal,
        "the server could not do this; its log has the reason under the request's identifier",
    )
    .into_response()
}
