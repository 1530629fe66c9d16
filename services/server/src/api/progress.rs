//! How far a project is.

use accord_domain::Project;
use accord_store::{FieldSummary, ItemCounts, TaskCount, Transaction};
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
    /// What the stopping rule saves; none where everybody is asked.
    stopping: Option<StoppingProgress>,
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

/// What the present stopping rule saves, on the items that were voted on under it. What it loses is with the calibrators.
#[derive(Debug, Serialize, ToSchema)]
struct StoppingProgress {
    /// The version of the rule.
    version: String,
    /// The items.
    item_count: i64,
    /// Language models that the rule asked about them.
    asked_count: i64,
    /// Language models that voted on them, with those that the rule would not have asked.
    called_count: i64,
    /// Language models that would have voted without the rule.
    panel_count: i64,
    /// Share of the calls that were not made.
    calls_saved: Option<f64>,
    /// The same without the items that everybody votes on to measure the rule.
    calls_saved_by_rule: Option<f64>,
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
        stopping: stopping(transaction.as_mut(), &access.project).await?,
    }))
}

async fn stopping(transaction: &mut dyn Transaction, project: &Project) -> Result<Option<StoppingProgress>, Problem> {
    let stopping = &project.definition.policy.stopping;
    if !stopping.stops_early() {
        return Ok(None);
    }
    let summary = transaction.summarise_stopping(project.id, &stopping.version()).await?;
    Ok(Some(StoppingProgress {
        calls_saved: summary.calls_saved(),
        calls_saved_by_rule: summary.calls_saved_by_rule(),
        version: summary.version,
        item_count: summary.item_count,
        asked_count: summary.asked_count,
        called_count: summary.called_count,
        panel_count: summary.panel_count,
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
