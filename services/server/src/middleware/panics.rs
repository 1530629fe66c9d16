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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_problem_that_tells_nothing() {
        let fail = || async {
            if true {
                panic!("secret detail")
            }
        };
        let router: Router = Router::new().route("/", get(fail)).layer(catch_panics());
        let request = axum::http::Request::get("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}
