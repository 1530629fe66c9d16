//! The whole application as a service.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::get;
use http::Uri;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::middleware::{add_security_headers, catch_panics, limit_time, observe};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;
use crate::{api, operations, pages};

/// The whole application: operations, API and pages, with everything that happens around every handler.
pub fn router(state: AppState) -> Router {
    let settings = &state.settings;
    let operations = Router::new()
        .route("/healthz", get(operations::alive))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::figures));
    let quick = operations
        .merge(api::quick_routes())
        .merge(pages::routes(&state))
        .layer(from_fn_with_state(settings.request_timeout(), limit_time));
    let long = api::long_routes(settings).layer(from_fn_with_state(settings.long_request_timeout(), limit_time));
    quick
        .merge(long)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(catch_panics())
        .layer(RequestBodyTimeoutLayer::new(settings.body_pause()))
        .layer(DefaultBodyLimit::max(settings.maximum_body_bytes))
        .layer(state.cross_site_protection.clone())
        .layer(from_fn(pages::show_problems_as_pages))
        .layer(map_response(add_security_headers))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

async fn not_found(uri: Uri) -> Problem {
    Problem::not_found("address", uri.path())
}

async fn method_not_allowed() -> Problem {
    let kind = ProblemKind::MethodNotAllowed;
    Problem::new(kind, kind.advice())
}
