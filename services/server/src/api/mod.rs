//! API v1. The table of addresses is here; each noun has a file, each verb a function.

mod agreement;
mod annotations;
mod annotators;
mod calibration;
mod calibrators;
mod consensus;
mod content;
mod document;
mod documentation;
mod exports;
mod extractions;
mod gold;
mod imports;
mod items;
mod lines;
mod methods;
mod progress;
mod projects;
mod reservations;
pub(crate) mod runs;
mod spending;
mod tasks;
mod tokens;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::settings::ServerSettings;
use crate::state::AppState;

/// What base64 and the rest of a JSON body add to a file.
const JSON_FILE_OVERHEAD_BYTES: usize = 1024 * 1024;

/// Addresses whose answers come at once.
pub(crate) fn quick_routes() -> Router<AppState> {
    let (router, _) = quick().split_for_parts();
    router
        .route("/api/v1/openapi.json", get(document::serve))
        .route("/api/docs", get(documentation::operations))
        .route("/api/docs/problems", get(documentation::problems))
        .route("/api/docs/style.css", get(documentation::style))
        .layer(CompressionLayer::new())
}

/// Addresses that take large bodies, send large answers or wait for workers.
pub(crate) fn long_routes(settings: &ServerSettings) -> Router<AppState> {
    let (router, _) = long(settings).split_for_parts();
    router
}

/// The OpenAPI document of all addresses of the API.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut openapi = document::frame();
    openapi.merge(quick().into_openapi());
    openapi.merge(long(&ServerSettings::default()).into_openapi());
    openapi
}

fn quick() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::read, projects::replace))
        .routes(routes!(progress::read))
        .routes(routes!(spending::read))
        .routes(routes!(annotators::list))
        .routes(routes!(items::list))
        .routes(routes!(items::read))
        .routes(routes!(content::read))
        .routes(routes!(annotations::list))
        .routes(routes!(annotations::list_of_item))
        .routes(routes!(consensus::list))
        .routes(routes!(consensus::list_of_item))
        .routes(routes!(gold::list))
        .routes(routes!(gold::list_of_item))
        .routes(routes!(calibrators::list))
        .routes(routes!(methods::read))
        .routes(routes!(calibrators::current))
        .routes(routes!(calibrators::refit))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::count))
        .routes(routes!(tasks::revive))
        .routes(routes!(runs::list, runs::start))
        .routes(routes!(runs::read))
        .routes(routes!(runs::pause))
        .routes(routes!(runs::resume))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::set_budget))
        .routes(routes!(reservations::claim))
        .routes(routes!(reservations::renew))
        .routes(routes!(reservations::release))
        .routes(routes!(reservations::skip))
        .routes(routes!(reservations::submit))
        .routes(routes!(extractions::read))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::withdraw))
        .routes(routes!(users::list, users::create))
}

fn long(settings: &ServerSettings) -> OpenApiRouter<AppState> {
    let file = settings.maximum_file_bytes;
    let json_file = file / 3 * 4 + JSON_FILE_OVERHEAD_BYTES;
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(imports::create))
                .layer(DefaultBodyLimit::max(settings.maximum_import_bytes)),
        )
        .merge(
            OpenApiRouter::new()
                .routes(routes!(extractions::create))
                .layer(DefaultBodyLimit::max(json_file)),
        )
        .merge(
            OpenApiRouter::new()
                .routes(routes!(gold::add))
                .layer(DefaultBodyLimit::max(file)),
        )
        .routes(routes!(agreement::read))
        .routes(routes!(agreement::read_field))
        .routes(routes!(calibration::read))
        .routes(routes!(exports::read))
}
