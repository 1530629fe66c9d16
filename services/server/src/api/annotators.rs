//! Annotators.

use accord_domain::Annotator;
use axum::extract::State;

use crate::access::{ProjectFor, ReadData};
use crate::extract::ApiJson;
use crate::problem::Problem;
use crate::state::AppState;

/// Lists the annotators of a project by name, those that no longer vote included.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/annotators",
    operation_id = "list_annotators",
    tag = "annotations",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "All annotators", body = Vec<Annotator>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<Vec<Annotator>>, Problem> {
    let mut transaction = state.store.read().await?;
    Ok(ApiJson(transaction.annotators_of_project(access.project.id).await?))
}
