//! One identifier, one line in the log and one count for every request.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing::Instrument;

use crate::access::PrincipalSlot;
use crate::problem;
use crate::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters of an identifier that a client may choose.
const MAXIMUM_REQUEST_ID_CHARACTERS: usize = 64;

/// Follows a request through the application: names it, counts it, and writes one line about it when its answer begins.
pub(crate) async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(request.headers(), &state);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let matched_path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let principal = PrincipalSlot::default();
    request.extensions_mut().insert(principal.clone());
    let span = tracing::info_span!("request", request_id = %request_id);

    let mut response = next.run(request).instrument(span.clone()).await;

    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    span.in_scope(|| {
        tracing::info!(
            method = %method,
            path = matched_path,
            status,
            latency_milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            principal = principal.label().unwrap_or("nobody"),
            "request"
        );
    });
    let labels = [
        ("method", method.to_string()),
        ("path", matched_path),
        ("status", status.to_string()),
    ];
    metrics::counter!("accord_http_requests_total", &labels).increment(1);
    metrics::histogram!("accord_http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());
    problem::name_request(&mut response, &path, &request_id);
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The client's identifier when it is harmless, else a new one.
fn request_id(headers: &HeaderMap, state: &AppState) -> String {
    let harmless = |text: &&str| {
        (1..=MAXIMUM_REQUEST_ID_CHARACTERS).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(harmless)
        .map_or_else(|| hex::encode(state.environment.random_bytes()), str::to_owned)
}
