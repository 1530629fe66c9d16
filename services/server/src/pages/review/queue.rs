//! What waits for a reviewer, oldest first.

use accord_domain::{Consensus, Decision, ItemId, Project, ReviewReason, Task, TaskKind, TaskState};
use accord_store::{MAXIMUM_PAGE_SIZE, PageRequest, TaskFilter, Transaction};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Reviewer;
use crate::pages::numbers::{Moment, count};
use crate::pages::projects::{open_tasks, title};
use crate::pages::render::{Frame, page};
use crate::pages::visit::Visit;
use crate::people::{PersonTask, reserve_next};
use crate::problem::Problem;
use crate::state::AppState;

/// How many tasks are on a page.
const TASKS_A_PAGE: u32 = 50;

/// Which part of the queue, and what was just done.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct QueueQuery {
    after: Option<Uuid>,
    #[serde(default)]
    done: String,
}

#[derive(Debug, Serialize)]
struct QueueShown {
    project: String,
    title: String,
    waiting: String,
    any: bool,
    lines: Vec<QueueLine>,
    held: Vec<QueueLine>,
    first_page: bool,
    next: Option<String>,
}

/// One item that waits.
#[derive(Debug, Serialize)]
struct QueueLine {
    task: String,
    external_id: String,
    doubts: Vec<Doubt>,
    since: Moment,
    /// Who is at it.
    person: Option<String>,
}

/// Why fields are in doubt, and which.
#[derive(Debug, Serialize)]
struct Doubt {
    why: &'static str,
    fields: String,
}

/// Lists what waits for a reviewer.
pub(in crate::pages) async fn list(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Query(query): Query<QueueQuery>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let mut transaction = state.store.read().await?;
    let request = PageRequest {
        after: query.after,
        limit: TASKS_A_PAGE,
    };
    let ready = transaction
        .list_tasks(project.id, &filter(TaskState::Ready), request)
        .await?;
    let held = transaction
        .list_tasks(
            project.id,
            &filter(TaskState::Leased),
            PageRequest::first(MAXIMUM_PAGE_SIZE),
        )
        .await?;
    let tasks = transaction.count_tasks(project.id).await?;
    let shown = QueueShown {
        project: project.definition.name.clone(),
        title: title(project),
        waiting: count(open_tasks(&tasks, TaskKind::Review)),
        any: !ready.rows.is_empty(),
        lines: lines(transaction.as_mut(), project, &ready.rows).await?,
        held: lines(transaction.as_mut(), project, &held.rows).await?,
        first_page: query.after.is_none(),
        next: ready.next.map(|next| next.to_string()),
    };
    let frame = Frame::of(&visit.person).with_done(match query.done.as_str() {
        "resolved" => Some("Resolved. Nothing else waits for review."),
        "empty" => Some("Nothing waits for review."),
        "gone" => Some("That review is finished or no longer needed."),
        "skipped" => Some("Put at the end of the queue."),
        _ => None,
    });
    page("review_queue.html", &frame, &shown)
}

/// Reserves the next review and goes there.
pub(in crate::pages) async fn next(State(state): State<AppState>, visit: Visit<Reviewer>) -> Result<Response, Problem> {
    let name = &visit.project.definition.name;
    let reserved = reserve_next(&state, &visit.project, PersonTask::Review, &visit.person.user).await?;
    let address = match reserved {
        Some(reserved) => format!("/projects/{name}/review/{}", reserved.lease.task.id),
        None => format!("/projects/{name}/review?done=empty"),
    };
    Ok(Redirect::to(&address).into_response())
}

fn filter(state: TaskState) -> TaskFilter {
    TaskFilter {
        kind: Some(TaskKind::Review),
        state: Some(state),
        item_id: None,
    }
}

async fn lines(
    transaction: &mut dyn Transaction,
    project: &Project,
    tasks: &[Task],
) -> Result<Vec<QueueLine>, Problem> {
    let ids: Vec<ItemId> = tasks.iter().filter_map(|task| task.item_id).collect();
    let items = transaction.items_by_ids(&ids).await?;
    let consensus = transaction.consensus_of_items(&ids).await?;
    let mut lines = Vec::with_capacity(tasks.len());
    for task in tasks {
        let person = match task.user_id {
            Some(id) => transaction.user(id).await?.map(|user| user.name),
            None => None,
        };
        let item = items.iter().find(|item| Some(item.id) == task.item_id);
        lines.push(QueueLine {
            task: task.id.to_string(),
            external_id: item.map_or_else(String::new, |item| item.external_id.clone()),
            doubts: doubts(project, task, &consensus),
            since: task.created_at.into(),
            person,
        });
    }
    Ok(lines)
}

/// The fields in doubt, those of one reason together.
fn doubts(project: &Project, task: &Task, consensus: &[Consensus]) -> Vec<Doubt> {
    let mut doubts: Vec<Doubt> = Vec::new();
    for field in &project.definition.fields {
        let row = consensus
            .iter()
            .find(|row| Some(row.item_id) == task.item_id && row.field == field.name);
        let Some(Decision::NeedsReview { reason, .. }) = row.map(|row| &row.decision) else {
            continue;
        };
        let why = short_reason(*reason);
        match doubts.iter_mut().find(|doubt| doubt.why == why) {
            Some(doubt) => {
                doubt.fields.push_str(", ");
                doubt.fields.push_str(&field.title);
            }
            None => doubts.push(Doubt {
                why,
                fields: field.title.clone(),
            }),
        }
    }
    doubts
}

const fn short_reason(reason: ReviewReason) -> &'static str {
    match reason {
        ReviewReason::BelowThreshold => "below the threshold",
        ReviewReason::Uncalibrated => "uncalibrated",
        ReviewReason::Tie => "tie",
        ReviewReason::NoVotes => "no votes",
        ReviewReason::RequiredAbsent => "absent but required",
        ReviewReason::Unparsed => "unreadable",
        ReviewReason::InvertedCalibrator => "calibration blocked",
    }
}
