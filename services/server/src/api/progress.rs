//! How far a project is.

use accord_store::{FieldSummary, ItemCounts, TaskCount};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{ProjectFor, ReadData};
use crate::api::tasks::TaskCountShown;
use crate::extract::ApiJson;
use crate::problem::Problem;
use crate::state::AppState;

/// How far a project is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Progress {
    /// Items by state.
    items: ItemCountsShown,
    /// Annotations so far.
    annotation_count: i64,
    /// Item-fields with gold.
    gold_count: i64,
    /// Tasks by kind and state.
    tasks: Vec<TaskCountShown>,
    /// How each field stands.
    fields: Vec<FieldProgress>,
}

/// Items by state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ItemCounts)]
struct ItemCountsShown {
    /// Annotators are still voting.
    pending: i64,
    /// Every field was accepted.
    accepted: i64,
    /// At least one field waits for a person.
    needs_review: i64,
    /// Resolved by a person.
    resolved: i64,
    /// All of them.
    total: i64,
}

/// How a field stands.
#[derive(Debug, Serialize, ToSchema)]
struct FieldProgress {
    /// The field.
    field: String,
    /// Items with a consensus.
    count: i64,
    /// Of them, accepted.
    accepted_count: i64,
    /// Of them, with a calibrated confidence.
    calibrated_count: i64,
    /// Mean of the calibrated confidences.
    mean_probability: Option<f64>,
}

/// Shows how far a project is.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/progress",
    operation_id = "read_progress",
    tag = "projects",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "Counts and means", body = Progress),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<Progress>, Problem> {
    let id = access.project.id;
    let mut transaction = state.store.read().await?;
    Ok(ApiJson(Progress {
        items: transaction.count_items(id).await?.into(),
        annotation_count: transaction.count_annotations(id).await?,
        gold_count: transaction.count_gold(id).await?,
        tasks: show_counts(transaction.count_tasks(id).await?),
        fields: transaction
            .summarise_fields(id)
            .await?
            .into_iter()
            .map(FieldProgress::from)
            .collect(),
    }))
}

fn show_counts(counts: Vec<TaskCount>) -> Vec<TaskCountShown> {
    counts.into_iter().map(TaskCountShown::from).collect()
}

impl From<ItemCounts> for ItemCountsShown {
    fn from(counts: ItemCounts) -> Self {
        Self {
            pending: counts.pending,
            accepted: counts.accepted,
            needs_review: counts.needs_review,
            resolved: counts.resolved,
            total: counts.pending + counts.accepted + counts.needs_review + counts.resolved,
        }
    }
}

impl From<FieldSummary> for FieldProgress {
    fn from(summary: FieldSummary) -> Self {
        Self {
            field: summary.field.to_string(),
            count: summary.count,
            accepted_count: summary.accepted_count,
            calibrated_count: summary.calibrated_count,
            mean_probability: summary.mean_probability,
        }
    }
}
