//! The queue of a project: how many tasks are where, and which were set aside.

use accord_domain::{Project, TaskId, TaskKind, TaskState};
use accord_store::{PageRequest, TaskCount, TaskFilter, Transaction};
use serde::Serialize;

use crate::pages::numbers::{Moment, count};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How many tasks that were set aside are listed.
const DEAD_TASKS_SHOWN: u32 = 50;

const KINDS: [(TaskKind, &str); 5] = [
    (TaskKind::Annotate, "machines vote"),
    (TaskKind::Vote, "people vote"),
    (TaskKind::Score, "scoring"),
    (TaskKind::Review, "review"),
    (TaskKind::Refit, "refit"),
];

#[derive(Debug, Serialize)]
pub(super) struct QueueLine {
    kind: &'static str,
    ready: String,
    leased: String,
    done: String,
    skipped: String,
    dead: String,
    any_dead: bool,
}

/// A task that was set aside.
#[derive(Debug, Serialize)]
pub(super) struct DeadTask {
    id: String,
    kind: &'static str,
    item: Option<DeadItem>,
    annotator: Option<String>,
    attempts: i32,
    reason: String,
    planned: Moment,
}

#[derive(Debug, Serialize)]
struct DeadItem {
    id: String,
    external_id: String,
}

/// One line for each kind of task that there ever was.
pub(super) fn queue_lines(tasks: &[TaskCount]) -> Vec<QueueLine> {
    KINDS
        .iter()
        .filter(|(kind, _)| tasks.iter().any(|task| task.kind == *kind))
        .map(|(kind, word)| {
            let number = |state: TaskState| -> i64 {
                tasks
                    .iter()
                    .filter(|task| task.kind == *kind && task.state == state)
                    .map(|task| task.count)
                    .sum()
            };
            QueueLine {
                kind: word,
                ready: count(number(TaskState::Ready)),
                leased: count(number(TaskState::Leased)),
                done: count(number(TaskState::Done)),
                skipped: count(number(TaskState::Skipped)),
                dead: count(number(TaskState::Dead)),
                any_dead: number(TaskState::Dead) > 0,
            }
        })
        .collect()
}

/// The first tasks that were set aside, with their reasons, and whether there are more.
pub(super) async fn dead_tasks(
    transaction: &mut dyn Transaction,
    project: &Project,
) -> Result<(Vec<DeadTask>, bool), Problem> {
    let filter = TaskFilter {
        state: Some(TaskState::Dead),
        ..TaskFilter::default()
    };
    let found = transaction
        .list_tasks(project.id, &filter, PageRequest::first(DEAD_TASKS_SHOWN))
        .await?;
    if found.rows.is_empty() {
        return Ok((Vec::new(), false));
    }
    let ids: Vec<_> = found.rows.iter().filter_map(|task| task.item_id).collect();
    let items = transaction.items_by_ids(&ids).await?;
    let annotators = transaction.annotators_of_project(project.id).await?;
    let dead = found
        .rows
        .into_iter()
        .map(|task| DeadTask {
            id: task.id.to_string(),
            kind: KINDS
                .iter()
                .find(|(kind, _)| *kind == task.kind)
                .map_or("", |(_, word)| word),
            item: items
                .iter()
                .find(|item| Some(item.id) == task.item_id)
                .map(|item| DeadItem {
                    id: item.id.to_string(),
                    external_id: item.external_id.clone(),
                }),
            annotator: annotators
                .iter()
                .find(|annotator| Some(annotator.id) == task.annotator_id)
                .map(|annotator| annotator.name.clone()),
            attempts: task.attempts,
            reason: task.last_error.unwrap_or_else(|| "no reason was recorded".to_owned()),
            planned: task.created_at.into(),
        })
        .collect();
    Ok((dead, found.next.is_some()))
}

/// Puts a task of the project that was set aside back in the queue.
pub(super) async fn revive(state: &AppState, project: &Project, id: TaskId) -> Result<(), Problem> {
    let mut transaction = state.store.write().await?;
    let task = transaction.task(id).await?.filter(|task| task.project_id == project.id);
    let task = task.ok_or_else(|| Problem::not_found("task", id))?;
    if task.state != TaskState::Dead {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "the task is {}; only one that was set aside can be put back",
                task.state.word()
            ),
        ));
    }
    transaction.revive_task(id).await?;
    transaction.commit().await?;
    Ok(())
}
