//! Exports.

use accord_datasets::export::{ExportFormat, ExportKind, export};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;

use crate::access::{ProjectFor, ReadData};
use crate::extract::ApiPath;
use crate::problem::Problem;
use crate::state::AppState;

/// The part of the address that names the file.
#[derive(Debug, Deserialize)]
pub(super) struct ExportPath {
    file: String,
}

/// Streams votes or consensus of a project as a file.
///
/// `votes` has one row for each answer of each annotation, `consensus` one for each item and field. If the connection
/// ends before the last chunk, the file is not complete.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/exports/{file}",
    operation_id = "export",
    tag = "exports",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("file" = String, Path, description = "`votes` or `consensus` with the ending `.jsonl`, `.csv` or `.parquet`",
            example = "consensus.parquet"),
    ),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    ApiPath(ExportPath { file }): ApiPath<ExportPath>,
) -> Result<Response, Problem> {
    let (kind, format) = parse(&file)
        .ok_or_else(|| Problem::not_found("export (use votes or consensus with .jsonl, .csv or .parquet)", &file))?;
    let pieces = export(state.store.clone(), access.project.id, kind, format);
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let name = format!("attachment; filename=\"{}-{file}\"", access.project.definition.name);
    if let Ok(value) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn parse(file: &str) -> Option<(ExportKind, ExportFormat)> {
    let (kind, format) = file.split_once('.')?;
    Some((kind.parse().ok()?, format.parse().ok()?))
}
