//! Ways to be sure of a value, compared.

use axum::extract::State;

use crate::access::{ProjectFor, ReadData};
use crate::extract::ApiJson;
use crate::figures::{self, Methods};
use crate::problem::Problem;
use crate::state::AppState;

/// Compares ways to be sure of a value on the project's gold: the votes, a model's token probabilities, a judge, and all of
/// them together.
///
/// The comparison is the one that was made with the last refit, or later by `accord evaluate --project`, which alone asks the
/// project's judge. All figures are out of fold; gold that is set apart to certify thresholds takes no part.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/methods",
    operation_id = "read_methods",
    tag = "gold",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The last comparison and what follows from it", body = Methods),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<Methods>, Problem> {
    Ok(ApiJson(figures::methods(&state, &access.project).await?))
}
