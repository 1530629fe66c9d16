//! Calibration of one field.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{FieldFor, ReadData};
use crate::extract::{ApiJson, ApiQuery};
use crate::figures::{self, Calibration, Promise};
use crate::problem::Problem;
use crate::state::AppState;

/// The promise that is held against.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PromiseQuery {
    /// The largest share of errors among accepted values, above 0 and below 1; by default 1 less the field's threshold.
    alpha: Option<f64>,
    /// The probability of breaking the promise, above 0 and below 1; by default 0.05.
    delta: Option<f64>,
}

/// Measures how honest the confidence of a field is, and from which confidence on it keeps a promise.
///
/// All figures are out of fold. The threshold is certified by learn-then-test on the items with gold; where there is too
/// little of it, the answer says how much more is needed.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/calibration/{field}",
    operation_id = "read_calibration",
    tag = "gold",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("field" = String, Path, description = "Name of the field"),
        PromiseQuery,
    ),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The calibrator's figures and the certified threshold", body = Calibration),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: FieldFor<ReadData>,
    ApiQuery(query): ApiQuery<PromiseQuery>,
) -> Result<ApiJson<Calibration>, Problem> {
    let (project, field) = (&access.project, &access.field);
    let promise = Promise::of(field, &project.definition.policy, query.alpha, query.delta)?;
    let calibration = figures::calibration(&state, project, field, promise).await?;
    Ok(ApiJson(Calibration::clone(&calibration)))
}
