//! Agreement.

use axum::extract::State;

use crate::access::{FieldFor, ProjectFor, ReadData};
use crate::extract::ApiJson;
use crate::figures::{self, Agreement, AgreementDetail};
use crate::problem::Problem;
use crate::state::AppState;

/// Measures how much the annotators agree, field by field, with intervals.
///
/// Percent agreement, the votes by class, Krippendorff's alpha, Fleiss' kappa and Gwet's AC1 belong together: a frequent
/// class presses the chance-corrected ones down at equal percent agreement.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/agreement",
    operation_id = "read_agreement",
    tag = "projects",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The figures of each field", body = Agreement),
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

/// Measures who agrees with whom on one field.
///
/// Every pair of annotators, people against machines, each annotator against consensus and gold, and what gold says of
/// the panel: families, error correlations, and how many independent votes its votes are worth.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/agreement/{field}",
    operation_id = "read_agreement_of_field",
    tag = "projects",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("field" = String, Path, description = "Name of the field"),
    ),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "Pairs, pools, confusions and the panel", body = AgreementDetail),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read_field(
    State(state): State<AppState>,
    access: FieldFor<ReadData>,
) -> Result<ApiJson<AgreementDetail>, Problem> {
    let detail = figures::agreement_detail(&state, &access.project, &access.field.name).await?;
    Ok(ApiJson(AgreementDetail::clone(&detail)))
}
