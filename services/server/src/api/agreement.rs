//! Agreement.

use axum::extract::State;

use crate::access::{ProjectFor, ReadData};
use crate::extract::ApiJson;
use crate::figures::{self, Agreement};
use crate::problem::Problem;
use crate::state::AppState;

/// Measures how much the annotators agree, field by field, with bootstrap intervals.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/agreement",
    operation_id = "read_agreement",
    tag = "projects",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "Percent agreement and Krippendorff's alpha of each field", body = Agreement),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<Agreement>, Problem> {
    let agreement = figures::agreement(&state, &access.project).await?;
    Ok(ApiJson(Agreement::clone(&agreement)))
}
