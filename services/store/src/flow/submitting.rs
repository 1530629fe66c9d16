//! From a claimed task to an annotation, and on to scoring.

use accord_domain::{Annotation, Environment, ItemId, Lease, Project, TaskKind, TaskState};

use super::REFIT_DELAY_AFTER_VOTES_MILLISECONDS;
use super::planning::{plan_refit, plan_score};
use crate::error::{StoreError, StoreResult};
use crate::transaction::Transaction;

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// Whether it was stored; false for the repetition of one that is stored already.
    pub stored: bool,
    /// Whether every automatic annotator of the item has answered or was lost, so that its scoring is planned.
    pub panel_complete: bool,
}

/// Keeps the annotation that answers a leased `annotate` or `vote` task and finishes the task. When no `annotate` task
/// of the item is open any more, plans its scoring, and a refit if the item has gold. Repeating the same submission is
/// harmless.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when the annotation is not one for this task.
pub async fn submit_annotation(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    annotation: &Annotation,
) -> StoreResult<Submitted> {
    check_kind(lease, &[TaskKind::Annotate, TaskKind::Vote])?;
    check_belongs(lease, annotation)?;
    tx.lock_item(annotation.item_id).await?;
    if !finish_with(tx, lease, annotation).await? {
        return Ok(Submitted {
            stored: false,
            panel_complete: panel_is_complete(tx, annotation.item_id).await?,
        });
    }
    let panel_complete = plan_what_follows(tx, environment, project, lease, annotation.item_id).await?;
    Ok(Submitted {
        stored: true,
        panel_complete,
    })
}

/// Finishes the task and keeps its annotation. False when the same annotator did so before.
pub(super) async fn finish_with(tx: &mut dyn Transaction, lease: &Lease, annotation: &Annotation) -> StoreResult<bool> {
    match tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await {
        Ok(()) => tx.insert_annotation(annotation).await,
        Err(StoreError::StaleLease { task }) => {
            let is_done = tx
                .task(task)
                .await?
                .is_some_and(|stored| stored.state == TaskState::Done);
            let earlier = tx.annotation_of_task(task).await?;
            if is_done && earlier.is_some_and(|earlier| earlier.annotator_id == annotation.annotator_id) {
                Ok(false)
            } else {
                Err(StoreError::StaleLease { task })
            }
        }
        Err(other) => Err(other),
    }
}

/// Plans scoring, and a refit if there is gold to learn from, once the automatic annotators are through. The item must
/// be locked.
pub(super) async fn plan_what_follows(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    item_id: ItemId,
) -> StoreResult<bool> {
    if !panel_is_complete(tx, item_id).await? {
        return Ok(false);
    }
    plan_score(tx, environment, project.id, item_id, lease.task.priority).await?;
    if !tx.gold_of_items(&[item_id]).await?.is_empty() {
        plan_refit(tx, environment, project.id, REFIT_DELAY_AFTER_VOTES_MILLISECONDS).await?;
    }
    Ok(true)
}

async fn panel_is_complete(tx: &mut dyn Transaction, item_id: ItemId) -> StoreResult<bool> {
    Ok(tx.count_open_tasks(item_id, TaskKind::Annotate).await? == 0)
}

/// The item of a lease.
pub(super) fn item_of(lease: &Lease) -> StoreResult<ItemId> {
    lease.task.item_id.ok_or_else(|| StoreError::Invalid {
        what: "result of a task",
        problem: format!("task {} is not about an item", lease.task.id),
    })
}

/// Checks that a step is taken with a task of the right kind.
pub(super) fn check_kind(lease: &Lease, kinds: &[TaskKind]) -> StoreResult<()> {
    if kinds.contains(&lease.task.kind) {
        return Ok(());
    }
    let expected: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    Err(StoreError::Invalid {
        what: "result of a task",
        problem: format!(
            "task {} is of kind `{}`, expected {}",
            lease.task.id,
            lease.task.kind.word(),
            expected.join(" or ")
        ),
    })
}

/// Checks that an annotation answers the task of the lease.
pub(super) fn check_belongs(lease: &Lease, annotation: &Annotation) -> StoreResult<()> {
    let task = &lease.task;
    let same_annotator = task
        .annotator_id
        .is_none_or(|annotator| annotator == annotation.annotator_id);
    if annotation.task_id == task.id
        && annotation.project_id == task.project_id
        && Some(annotation.item_id) == task.item_id
        && same_annotator
    {
        Ok(())
    } else {
        Err(StoreError::Invalid {
            what: "annotation",
            problem: format!(
                "it is not for task {}: task, item, project and annotator must be the same",
                task.id
            ),
        })
    }
}
