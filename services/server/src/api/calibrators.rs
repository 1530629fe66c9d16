//! Calibrators.

use accord_domain::Calibrator;
use accord_store::flow;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use http::StatusCode;

use crate::access::{Admin, ProjectFor, ReadData};
use crate::extract::{ApiJson, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::Problem;
use crate::state::AppState;

/// Lists all calibrators that a project ever had, in order of fitting.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/calibrators",
    operation_id = "list_calibrators",
    tag = "gold",
    params(("project" = String, Path, description = "Identifier or name of the project"), PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of calibrators", body = PageOf<Calibrator>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let page = query.request()?;
    let mut transaction = state.store.read().await?;
    let page = transaction.list_calibrators(access.project.id, page).await?;
    Ok(page_response(&uri, page, |calibrator| calibrator))
}

/// Shows the present calibrator of each field: weights, curve, and its figures on items it had not seen.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/calibrators/current",
    operation_id = "list_current_calibrators",
    tag = "gold",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "One calibrator a field; none before there is gold", body = Vec<Calibrator>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn current(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<Vec<Calibrator>>, Problem> {
    let mut transaction = state.store.read().await?;
    Ok(ApiJson(transaction.current_calibrators(access.project.id).await?))
}

/// Plans a refit of weights and calibrators at once. New gold plans one by itself.
#[utoipa::path(
    post,
    path = "/api/v1/projects/{project}/calibrators/refit",
    operation_id = "refit_calibrators",
    tag = "gold",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 202, description = "A worker will refit them"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn refit(State(state): State<AppState>, access: ProjectFor<Admin>) -> Result<StatusCode, Problem> {
    let mut transaction = state.store.write().await?;
    flow::plan_refit(transaction.as_mut(), state.environment.as_ref(), access.project.id, 0).await?;
    transaction.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
