//! Import: files, JSON, lines and tables become items.

pub(super) mod files;
mod report;

use std::io;

use accord_datasets::intake::{ImportError, ImportSummary, Importer, LineFormat};
use accord_domain::Project;
use axum::RequestExt;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::TryStreamExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;
use utoipa::IntoParams;

pub(super) use report::ImportReport;
pub(super) use report::multipart_problem;

use crate::access::{Admin, ProjectFor};
use crate::api::lines::LINE_TYPES;
use crate::extract::{ApiJson, ApiQuery, media_type, parse_json, read_body_up_to};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How items are imported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// Whether automatic annotators are left to a run, instead of being asked at once.
    #[serde(default)]
    hold: bool,
}

/// Imports items.
///
/// - `multipart/form-data`: every part with a file name becomes an item; the file name is its external identifier.
/// - `application/json`: one object or an array; `external_id` (or `id`), `metadata` and `gold` are taken out, the rest is
///   the data, of which `text` is shown and read.
/// - `application/x-ndjson`: one such object a line, of any length in all.
/// - `text/csv`: one row an item; columns `external_id`, `gold.<field>` and `metadata.<key>` are taken out.
///
/// Importing the same again changes nothing. Good lines are kept, the others are listed with what is wrong; of an array,
/// the line is the place in it.
#[utoipa::path(
    post,
    path = "/api/v1/projects/{project}/items",
    operation_id = "import_items",
    tag = "items",
    params(("project" = String, Path, description = "Identifier or name of the project"), ImportQuery),
    request_body(content(
        (Vec<Object> = "application/json", example = json!([
            { "external_id": "receipt-17", "text": "Example Ltd\nTOTAL 53.20", "gold": { "total": "53.20" }, "metadata": { "batch": 4 } },
        ])),
        (Object = "application/x-ndjson"),
        (String = "text/csv"),
        (Object = "multipart/form-data"),
    )),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "What became of each line or file", body = ImportReport),
        (status = 422, description = "Nothing could be taken", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    access: ProjectFor<Admin>,
    ApiQuery(query): ApiQuery<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let essence = media_type(request.headers());
    let project = &access.project;
    let importer = state.importer().holding(query.hold);
    let summary = match essence.as_str() {
        "multipart/form-data" => {
            let parts = Multipart::from_request(request, &state).await;
            let parts = parts.map_err(|rejection| Problem::new(ProblemKind::Malformed, rejection.body_text()))?;
            files::import(&state, &importer, project, parts).await?
        }
        "application/json" => {
            let body = read_body_up_to(request, state.settings.maximum_file_bytes).await?;
            import_json(&importer, project, &body).await?
        }
        "text/csv" => import_lines(&importer, project, LineFormat::Csv, body_reader(request)).await?,
        lines if LINE_TYPES.contains(&lines) => {
            import_lines(&importer, project, LineFormat::JsonLines, body_reader(request)).await?
        }
        _ => {
            return Err(Problem::new(
                ProblemKind::UnsupportedMediaType,
                "expected multipart/form-data, application/json, application/x-ndjson or text/csv",
            ));
        }
    };
    let report = ImportReport::from(summary);
    if report.is_failure() {
        return Err(report.into_problem());
    }
    Ok(ApiJson(report).into_response())
}

/// A JSON document is imported like lines, one a member.
async fn import_json(importer: &Importer, project: &Project, body: &Bytes) -> Result<ImportSummary, Problem> {
    let values = match parse_json::<Value>(body)? {
        Value::Array(values) => values,
        one => vec![one],
    };
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    let text = lines.join("\n");
    import_lines(
        importer,
        project,
        LineFormat::JsonLines,
        io::Cursor::new(text.into_bytes()),
    )
    .await
}

async fn import_lines(
    importer: &Importer,
    project: &Project,
    format: LineFormat,
    reader: impl AsyncRead + Unpin + Send,
) -> Result<ImportSummary, Problem> {
    Ok(importer.import_lines(project, format, reader, |_, _| {}).await?)
}

fn body_reader(request: Request) -> impl AsyncRead + Unpin + Send {
    let body: Body = request.into_limited_body();
    StreamReader::new(Box::pin(body.into_data_stream().map_err(io::Error::other)))
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => Self::from(error),
            ImportError::Input(error) => report::input_problem(&error),
            ImportError::Form(problem) => Self::new(ProblemKind::Invalid, problem),
            ImportError::Interrupted => Self::internal(&error),
        }
    }
}
