//! From a claimed task to an annotation, and on to scoring.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{Annotation, Environment, ItemId, Lease, ProjectId, TaskId, TaskKind, TaskState};

use super::REFIT_DELAY_AFTER_VOTES_MILLISECONDS;
use super::planning::{plan_refit, score_task};
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

/// An annotation and the leased task that it answers.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The lease of an `annotate` or `vote` task.
    pub lease: &'a Lease,
    /// The answer.
    pub annotation: &'a Annotation,
}

/// Keeps the annotation that answers a leased `annotate` or `vote` task, as [`submit_annotations`] does.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when the annotation is not one for this task.
pub async fn submit_annotation(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    annotation: &Annotation,
) -> StoreResult<Submitted> {
    let submission = Submission { lease, annotation };
    let submitted = submit_annotations(tx, environment, &[submission]).await?;
    let stale = StoreError::StaleLease { task: lease.task.id };
    submitted.into_iter().next().flatten().ok_or(stale)
}

/// Keeps the annotations that answer leased `annotate` or `vote` tasks, at most 1,000, and finishes the tasks. Where no
/// `annotate` task of an item is open any more, plans its scoring, and a refit if the item has gold. Repeating the same
/// submission is harmless. One outcome for each, in order; none where the lease was taken over, which leaves the task and
/// the others as they are.
///
/// # Errors
/// `Invalid` when an annotation is not one for its task.
pub async fn submit_annotations(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    submissions: &[Submission<'_>],
) -> StoreResult<Vec<Option<Submitted>>> {
    for Submission { lease, annotation } in submissions {
        check_kind(lease, &[TaskKind::Annotate, TaskKind::Vote])?;
        check_belongs(lease, annotation)?;
    }
    let items = submissions.iter().map(|one| one.annotation.item_id).collect();
    tx.lock_items(&items).await?;
    let stored = finish_with(tx, submissions).await?;
    let answered = submissions.iter().zip(&stored);
    let answered = answered
        .filter(|(_, stored)| **stored == Some(true))
        .map(|(one, _)| Answered {
            project_id: one.lease.task.project_id,
            item_id: one.annotation.item_id,
            priority: one.lease.task.priority,
        });
    let answered: Vec<Answered> = answered.collect();
    let complete = complete_panels(tx, items).await?;
    plan_what_follows(tx, environment, &answered, &complete).await?;
    let outcomes = submissions.iter().zip(stored).map(|(one, stored)| {
        Some(Submitted {
            stored: stored?,
            panel_complete: complete.contains(&one.annotation.item_id),
        })
    });
    Ok(outcomes.collect())
}

/// Finishes tasks and keeps their annotations, as far as the leases are held. Tells of each whether it was kept: not when
/// the same annotator answered the task before; none where the lease was taken over. The items must be locked.
pub(super) async fn finish_with(
    tx: &mut dyn Transaction,
    submissions: &[Submission<'_>],
) -> StoreResult<Vec<Option<bool>>> {
    let held: Vec<(TaskId, &str)> = submissions
        .iter()
        .map(|one| (one.lease.task.id, one.lease.token.as_str()))
        .collect();
    let mut finished = tx.finish_tasks(&held, TaskState::Done).await?;
    // Of several answers to one task the first has finished it.
    let finished: Vec<bool> = held.iter().map(|(task, _)| finished.remove(task)).collect();
    let answers = submissions.iter().zip(&finished).filter(|(_, finished)| **finished);
    let answers: Vec<&Annotation> = answers.map(|(one, _)| one.annotation).collect();
    let kept = tx.insert_annotations(&answers).await?;
    let mut stored = Vec::with_capacity(submissions.len());
    for (one, finished) in submissions.iter().zip(finished) {
        stored.push(if finished {
            Some(kept.contains(&one.annotation.id))
        } else {
            was_answered(tx, one).await?.then_some(false)
        });
    }
    Ok(stored)
}

/// Whether the same annotator answered the task before.
async fn was_answered(tx: &mut dyn Transaction, submission: &Submission<'_>) -> StoreResult<bool> {
    let id = submission.lease.task.id;
    let task = tx.task(id).await?;
    let earlier = tx.annotation_of_task(id).await?;
    let is_done = task.is_some_and(|task| task.state == TaskState::Done);
    Ok(is_done && earlier.is_some_and(|earlier| earlier.annotator_id == submission.annotation.annotator_id))
}

/// An item that has an annotation more.
pub(super) struct Answered {
    pub(super) project_id: ProjectId,
    pub(super) item_id: ItemId,
    /// That of the task that was answered.
    pub(super) priority: i32,
}

/// Those of these items whose automatic annotators are through. The items must be locked.
pub(super) async fn complete_panels(
    tx: &mut dyn Transaction,
    mut items: BTreeSet<ItemId>,
) -> StoreResult<BTreeSet<ItemId>> {
    let ids: Vec<ItemId> = items.iter().copied().collect();
    let open = tx.open_tasks_of_items(&ids, TaskKind::Annotate).await?;
    items.retain(|item_id| !open.contains_key(item_id));
    Ok(items)
}

/// Plans scoring, and a refit if there is gold to learn from, of those answered items whose panels are complete. The items
/// must be locked.
pub(super) async fn plan_what_follows(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    answered: &[Answered],
    complete: &BTreeSet<ItemId>,
) -> StoreResult<()> {
    let mut items: BTreeMap<ItemId, &Answered> = BTreeMap::new();
    for one in answered.iter().filter(|one| complete.contains(&one.item_id)) {
        let urgent = items.entry(one.item_id).or_insert(one);
        if urgent.priority < one.priority {
            *urgent = one;
        }
    }
    if items.is_empty() {
        return Ok(());
    }
    let scores = items
        .values()
        .map(|one| score_task(environment, one.project_id, one.item_id, one.priority));
    tx.insert_tasks(&scores.collect::<Vec<_>>()).await?;
    let ids: Vec<ItemId> = items.keys().copied().collect();
    let gold = tx.gold_of_items(&ids).await?;
    for project_id in gold.iter().map(|gold| gold.project_id).collect::<BTreeSet<_>>() {
        plan_refit(tx, environment, project_id, REFIT_DELAY_AFTER_VOTES_MILLISECONDS).await?;
    }
    Ok(())
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
