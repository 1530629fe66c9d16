//! API v1.

use axum::Router;

use crate::settings::ServerSettings;
use crate::state::AppState;

/// Addresses whose answers come at once.
pub(crate) fn quick_routes() -> Router<AppState> {
    Router::new()
}

/// Addresses that take large bodies or wait for workers.
pub(crate) fn long_routes(_settings: &ServerSettings) -> Router<AppState> {
    Router::new()
}
