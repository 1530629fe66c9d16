//! The pages for people.

use axum::Router;

use crate::state::AppState;

/// The addresses of all pages.
pub(crate) fn routes(_state: &AppState) -> Router<AppState> {
    Router::new()
}
