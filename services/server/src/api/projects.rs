//! Projects.

use accord_domain::{Project, ProjectDefinition};
use accord_store::{Page, StoreError, flow};
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::access::{Admin, Administer, Authorized, ProjectFor, ReadData, ViewContent};
use crate::extract::{ApiJson, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// Lists projects in order of creation.
#[utoipa::path(
    get,
    path = "/api/v1/projects",
    operation_id = "list_projects",
    tag = "projects",
    params(PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of projects", body = PageOf<Project>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: Authorized<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let page = query.request()?;
    let mut transaction = state.store.read().await?;
    let projects = match access.principal.bound_project() {
        None => transaction.list_projects(page).await?,
        Some(only) => Page {
            rows: transaction
                .project(only)
                .await?
                .into_iter()
                .filter(|project| page.after.is_none_or(|after| project.id.as_uuid() > after))
                .collect(),
            next: None,
        },
    };
    Ok(page_response(&uri, projects, |project| project))
}

/// Creates a project from its definition.
///
/// The definition is the JSON form of a project file. Begin with the one of a template: `accord template show invoice`.
#[utoipa::path(
    post,
    path = "/api/v1/projects",
    operation_id = "create_project",
    tag = "projects",
    request_body(content = ProjectDefinition, example = json!({
        "name": "receipts",
        "title": "Receipts",
        "fields": [
            { "name": "company", "type": "name", "required": true },
            { "name": "date", "type": "date", "required": true },
            { "name": "total", "type": "money", "required": true, "target": 0.98 },
        ],
        "annotators": [{ "name": "anchors", "kind": "reader", "reader": "labelled_anchors" }],
        "policy": { "accept_at": 0.95 },
    })),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 201, description = "The project", body = Project,
            headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    _access: Authorized<Administer>,
    ApiJson(definition): ApiJson<ProjectDefinition>,
) -> Result<Response, Problem> {
    definition.check()?;
    let mut transaction = state.store.write().await?;
    let project = flow::create_project(transaction.as_mut(), state.environment.as_ref(), definition).await?;
    transaction.commit().await?;
    let location = HeaderValue::try_from(format!("/api/v1/projects/{}", project.id)).ok();
    let mut response = (StatusCode::CREATED, with_version(project)).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Shows a project.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}",
    operation_id = "read_project",
    tag = "projects",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 200, description = "The project", body = Project,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(access: ProjectFor<ViewContent>) -> Response {
    with_version(access.project)
}

/// Replaces the definition of a project.
///
/// The header `If-Match` must hold the `ETag` of the version that was read. New annotators vote on the items that are
/// there, and every item is scored anew.
#[utoipa::path(
    put,
    path = "/api/v1/projects/{project}",
    operation_id = "replace_project",
    tag = "projects",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is replaced"),
    ),
    request_body = ProjectDefinition,
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "The project as it is now", body = Project,
            headers(("ETag" = String, description = "Its new version"))),
        (status = 412, description = "Somebody changed it in the meantime", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn replace(
    State(state): State<AppState>,
    access: ProjectFor<Admin>,
    headers: HeaderMap,
    ApiJson(definition): ApiJson<ProjectDefinition>,
) -> Result<Response, Problem> {
    let expected = expected_version(&headers, &access.project)?;
    definition.check()?;
    let mut transaction = state.store.write().await?;
    let environment = state.environment.as_ref();
    let updated = flow::update_project(
        transaction.as_mut(),
        environment,
        access.project.id,
        expected,
        &definition,
    )
    .await;
    let project = match updated {
        Err(StoreError::Missing { .. }) => return Err(changed(&access.project)),
        other => other?,
    };
    transaction.commit().await?;
    Ok(with_version(project))
}

fn with_version(project: Project) -> Response {
    let version = HeaderValue::try_from(format!("\"{}\"", project.version)).ok();
    let mut response = ApiJson(project).into_response();
    if let Some(version) = version {
        response.headers_mut().insert(ETAG, version);
    }
    response
}

/// The version that the header `If-Match` names.
fn expected_version(headers: &HeaderMap, project: &Project) -> Result<i64, Problem> {
    let header = headers.get(IF_MATCH).ok_or_else(|| {
        Problem::new(
            ProblemKind::PreconditionRequired,
            "the header `If-Match` must hold the `ETag` of the version that is replaced",
        )
    })?;
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(project.version);
    }
    text.trim_matches('"').parse().map_err(|_| changed(project))
}

fn changed(project: &Project) -> Problem {
    Problem::new(
        ProblemKind::PreconditionFailed,
        format!(
            "`If-Match` does not name the present version of project `{}`: read it again",
            project.definition.name
        ),
    )
}
