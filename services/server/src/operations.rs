//! What operators and their tools ask: is it alive, is it ready, how is it doing.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::problem::Problem;
use crate::state::AppState;

/// The process answers.
pub(crate) async fn alive() -> Response {
    uncached("ok\n", "text/plain; charset=utf-8")
}

/// The database answers and has the schema that this program knows.
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Response, Problem> {
    state.store.check().await?;
    Ok(uncached("ready\n", "text/plain; charset=utf-8"))
}

/// The figures of this process in the text format of Prometheus.
pub(crate) async fn figures(State(state): State<AppState>) -> Result<Response, Problem> {
    let handle = state
        .metrics
        .as_ref()
        .ok_or_else(|| Problem::not_found("address", "/metrics"))?;
    Ok(uncached(handle.render(), "text/plain; version=0.0.4; charset=utf-8"))
}

fn uncached(body: impl IntoResponse, media_type: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
