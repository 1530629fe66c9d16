//! From items to tasks.

use accord_domain::{
    Annotator, AnnotatorKind, Environment, Item, ItemId, PeopleVote, Project, ProjectId, Stopping, TaskId, TaskKind,
    TaskState,
};

use super::{REFIT_PRIORITY, SCORE_LEAD};
use crate::error::{StoreError, StoreResult};
use crate::items::InsertedItem;
use crate::page::{MAXIMUM_PAGE_SIZE, PageRequest};
use crate::tasks::{NewTask, TaskFilter};
use crate::transaction::Transaction;

/// How many tasks are handed to the store at once, which bounds memory.
const TASKS_AT_ONCE: usize = 5_000;

/// Adds items and plans the tasks of the new ones. One outcome for each item, in order.
///
/// # Errors
/// Those of [`crate::Items::insert_items`] and [`plan_items`].
pub async fn add_items(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    annotators: &[Annotator],
    items: &[Item],
    priority: i32,
) -> StoreResult<Vec<InsertedItem>> {
    let outcomes = tx.insert_items(items).await?;
    let created: Vec<ItemId> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            InsertedItem::Created { id } => Some(*id),
            InsertedItem::Unchanged { .. } | InsertedItem::Conflicting { .. } => None,
        })
        .collect();
    plan_items(tx, environment, project, annotators, &created, priority).await?;
    Ok(outcomes)
}

/// Plans the tasks of items: `annotate` for each active automatic annotator, and `vote` as often as the policy's
/// overlap says when people always vote. Under a stopping rule language models wait for the readers, except on items that
/// everybody votes on. An item that nobody would vote on yet is scored at once, which asks somebody or leads it to
/// review. Returns how many tasks are new.
///
/// # Errors
/// `Missing` when an item or annotator is not in the database.
pub async fn plan_items(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    annotators: &[Annotator],
    item_ids: &[ItemId],
    priority: i32,
) -> StoreResult<u64> {
    let mut planned = 0;
    let mut tasks = Vec::new();
    for item_id in item_ids {
        tasks.extend(tasks_of_item(environment, project, annotators, *item_id, priority));
        if tasks.len() >= TASKS_AT_ONCE {
            planned += tx.insert_tasks(&tasks).await?;
            tasks.clear();
        }
    }
    if !tasks.is_empty() {
        planned += tx.insert_tasks(&tasks).await?;
    }
    Ok(planned)
}

fn tasks_of_item(
    environment: &dyn Environment,
    project: &Project,
    annotators: &[Annotator],
    item_id: ItemId,
    priority: i32,
) -> Vec<NewTask> {
    let automatic = annotators
        .iter()
        .filter(|annotator| annotator.active && matches!(annotator.kind, AnnotatorKind::Automatic { .. }));
    let stopping = &project.definition.policy.stopping;
    let (first, waiting): (Vec<&Annotator>, Vec<&Annotator>) =
        automatic.partition(|annotator| is_asked_at_once(stopping, annotator, item_id));
    let mut tasks: Vec<NewTask> = first
        .iter()
        .map(|annotator| NewTask {
            annotator_id: Some(annotator.id),
            ..new_task(environment, project.id, Some(item_id), TaskKind::Annotate, priority)
        })
        .collect();
    let is_scored = first.is_empty() && !waiting.is_empty();
    tasks.extend(votes_of_item(environment, project, item_id, priority));
    if tasks.is_empty() || is_scored {
        tasks.push(new_task(
            environment,
            project.id,
            Some(item_id),
            TaskKind::Score,
            priority,
        ));
    }
    tasks
}

/// The tasks of people, as often as the policy's overlap says when they always vote.
fn votes_of_item(
    environment: &dyn Environment,
    project: &Project,
    item_id: ItemId,
    priority: i32,
) -> impl Iterator<Item = NewTask> {
    let policy = &project.definition.policy;
    let overlap = match policy.people {
        PeopleVote::Always => policy.overlap,
        PeopleVote::Never => 0,
    };
    (0..overlap).map(move |slot| NewTask {
        slot: i32::try_from(slot).unwrap_or(i32::MAX),
        ..new_task(environment, project.id, Some(item_id), TaskKind::Vote, priority)
    })
}

/// Plans what people do about items, and leaves automatic annotators to a run. Returns how many tasks are new.
///
/// # Errors
/// `Missing` when an item is not in the database.
pub async fn hold_items(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    item_ids: &[ItemId],
    priority: i32,
) -> StoreResult<u64> {
    let mut planned = 0;
    for items in item_ids.chunks(TASKS_AT_ONCE) {
        let votes = items
            .iter()
            .flat_map(|item_id| votes_of_item(environment, project, *item_id, priority));
        planned += tx.insert_tasks(&votes.collect::<Vec<_>>()).await?;
    }
    Ok(planned)
}

/// Whether an annotator votes on an item whatever others say: readers always do, language models where the stopping rule
/// never stops or the item is drawn.
pub(super) fn is_asked_at_once(stopping: &Stopping, annotator: &Annotator, item_id: ItemId) -> bool {
    !annotator.kind.is_language_model() || stopping.draws_for_full_votes(item_id)
}

/// Plans the scoring of an item, unless it is planned already.
///
/// # Errors
/// `Missing` when the item is not in the database.
pub async fn plan_score(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project_id: ProjectId,
    item_id: ItemId,
    priority: i32,
) -> StoreResult<()> {
    tx.insert_tasks(&[score_task(environment, project_id, item_id, priority)])
        .await?;
    Ok(())
}

/// The task that scores an item, ahead of those of this priority.
pub(super) fn score_task(
    environment: &dyn Environment,
    project_id: ProjectId,
    item_id: ItemId,
    priority: i32,
) -> NewTask {
    let priority = priority.saturating_add(SCORE_LEAD);
    new_task(environment, project_id, Some(item_id), TaskKind::Score, priority)
}

/// Plans a refit of the project's weights and calibrators after a delay in which more may come, unless one is planned
/// already.
///
/// # Errors
/// `Missing` when the project is not in the database.
pub async fn plan_refit(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project_id: ProjectId,
    delay_milliseconds: i64,
) -> StoreResult<()> {
    let task = NewTask {
        delay_milliseconds,
        ..new_task(environment, project_id, None, TaskKind::Refit, REFIT_PRIORITY)
    };
    tx.insert_tasks(&[task]).await?;
    Ok(())
}

/// The open `review` task of an item; planned now if there is none, so that a reviewer can resolve any item.
///
/// # Errors
/// `Missing` when the item is not in the database.
pub async fn open_review(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project_id: ProjectId,
    item_id: ItemId,
    priority: i32,
) -> StoreResult<TaskId> {
    tx.lock_item(item_id).await?;
    let task = new_task(environment, project_id, Some(item_id), TaskKind::Review, priority);
    if tx.insert_tasks(std::slice::from_ref(&task)).await? == 1 {
        return Ok(task.id);
    }
    for state in [TaskState::Ready, TaskState::Leased] {
        let filter = TaskFilter {
            kind: Some(TaskKind::Review),
            state: Some(state),
            item_id: Some(item_id),
        };
        let page = tx
            .list_tasks(project_id, &filter, PageRequest::first(MAXIMUM_PAGE_SIZE))
            .await?;
        if let Some(open) = page.rows.first() {
            return Ok(open.id);
        }
    }
    Err(StoreError::Missing {
        what: "review task of item",
        name: item_id.to_string(),
    })
}

/// A task with no annotator, first slot and no delay.
pub(super) fn new_task(
    environment: &dyn Environment,
    project_id: ProjectId,
    item_id: Option<ItemId>,
    kind: TaskKind,
    priority: i32,
) -> NewTask {
    NewTask {
        id: TaskId::generate(environment),
        project_id,
        item_id,
        kind,
        annotator_id: None,
        run_id: None,
        slot: 0,
        priority,
        delay_milliseconds: 0,
    }
}
