//! From votes to those who are asked next, or from consensus to the state of an item, and on to review.

use std::collections::BTreeSet;

use accord_domain::{
    AnnotationId, AnnotatorId, Consensus, Decision, Environment, ItemId, ItemState, Lease, TaskKind, TaskState,
};

use super::SCORE_LEAD;
use super::planning::{new_task, plan_score};
use super::submitting::{check_kind, item_of};
use crate::calibrators::{Hold, ScoringBasis};
use crate::error::{StoreError, StoreResult};
use crate::tasks::NewTask;
use crate::transaction::Transaction;

/// What became of a consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scored {
    /// It is stored.
    Stored,
    /// Weights, calibrators or definition have changed since they were read: the item is scored again instead.
    Outdated,
}

/// What became of a wish to ask more annotators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// They have their tasks.
    Planned,
    /// Something has changed since the wish arose: whoever is asked meanwhile leads on, or the item is scored again.
    Outdated,
}

/// Keeps the consensus of a leased `score` task and finishes it. The item becomes accepted, or needs review and gets a
/// `review` task; when all of it is accepted now, a review that nobody works on is cancelled. While people still vote
/// on it, or automatic annotators do again, the item stays pending and review waits. What a person resolved stays
/// resolved. `basis` is what the consensus was computed by: nothing that is old already is stored.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when rows are missing or of another item.
pub async fn store_score(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    basis: &ScoringBasis,
    rows: &[Consensus],
) -> StoreResult<Scored> {
    check_kind(lease, &[TaskKind::Score])?;
    let item_id = item_of(lease)?;
    if rows.is_empty() || rows.iter().any(|row| row.item_id != item_id) {
        return Err(StoreError::Invalid {
            what: "consensus",
            problem: format!("expected one row or more, all of item {item_id}"),
        });
    }
    if !finish_current(tx, lease, item_id, basis).await? {
        score_again(tx, environment, lease, item_id).await?;
        return Ok(Scored::Outdated);
    }
    tx.insert_consensus(rows).await?;
    let item = tx.item(item_id).await?.ok_or_else(|| StoreError::Missing {
        what: "item",
        name: item_id.to_string(),
    })?;
    if item.state == ItemState::Resolved {
        return Ok(Scored::Stored);
    }
    let open_votes = tx.count_open_tasks(item_id, TaskKind::Vote).await?;
    let open_annotations = tx.count_open_tasks(item_id, TaskKind::Annotate).await?;
    let needs_review = rows
        .iter()
        .any(|row| matches!(row.decision, Decision::NeedsReview { .. }));
    let state = if open_votes + open_annotations > 0 {
        ItemState::Pending
    } else if needs_review {
        ItemState::NeedsReview
    } else {
        ItemState::Accepted
    };
    if state == ItemState::NeedsReview {
        let (project_id, priority) = (lease.task.project_id, lease.task.priority);
        let review = new_task(environment, project_id, Some(item_id), TaskKind::Review, priority);
        tx.insert_tasks(&[review]).await?;
    } else {
        tx.cancel_tasks(item_id, TaskKind::Review).await?;
    }
    if item.state != state {
        tx.set_item_state(item_id, state).await?;
    }
    Ok(Scored::Stored)
}

/// Finishes a leased `score` task by asking more annotators about its item, which has no consensus before they have
/// answered. `basis` and `annotation_ids` are what the wish arose from; when they are no longer all there is, nobody is
/// asked who might not be wanted any more.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when nobody is named, or some of them were asked before.
pub async fn ask_next(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    basis: &ScoringBasis,
    annotation_ids: &BTreeSet<AnnotationId>,
    annotators: &[AnnotatorId],
) -> StoreResult<Asked> {
    check_kind(lease, &[TaskKind::Score])?;
    let item_id = item_of(lease)?;
    let is_current = finish_current(tx, lease, item_id, basis).await?;
    if tx.count_open_tasks(item_id, TaskKind::Annotate).await? > 0 {
        // Their last one plans the scoring.
        return Ok(Asked::Outdated);
    }
    let present = tx.annotations_of_items(&[item_id]).await?;
    let present: BTreeSet<AnnotationId> = present.iter().map(|annotation| annotation.id).collect();
    if !is_current || present != *annotation_ids {
        score_again(tx, environment, lease, item_id).await?;
        return Ok(Asked::Outdated);
    }
    let tasks: Vec<NewTask> = annotators
        .iter()
        .map(|annotator_id| NewTask {
            annotator_id: Some(*annotator_id),
            // As urgent as the scoring was: what has begun is finished before more begins.
            ..new_task(
                environment,
                lease.task.project_id,
                Some(item_id),
                TaskKind::Annotate,
                lease.task.priority,
            )
        })
        .collect();
    let planned = tx.insert_tasks(&tasks).await?;
    if planned != tasks.len() as u64 || tasks.is_empty() {
        return Err(StoreError::Invalid {
            what: "annotators to ask",
            problem: format!(
                "{planned} of {} have not been asked about item {item_id} before; expected one or more, and all of them",
                tasks.len()
            ),
        });
    }
    Ok(Asked::Planned)
}

/// Finishes a leased `score` task whose item keeps the consensus that it has.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn keep_score(tx: &mut dyn Transaction, lease: &Lease) -> StoreResult<()> {
    check_kind(lease, &[TaskKind::Score])?;
    tx.lock_item(item_of(lease)?).await?;
    tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await
}

/// Finishes the task; tells whether what it was done by is still what counts.
async fn finish_current(
    tx: &mut dyn Transaction,
    lease: &Lease,
    item_id: ItemId,
    basis: &ScoringBasis,
) -> StoreResult<bool> {
    let project_id = lease.task.project_id;
    tx.hold_scoring_basis(project_id, Hold::Shared).await?;
    tx.lock_item(item_id).await?;
    tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await?;
    Ok(tx.scoring_basis(project_id).await? == *basis)
}

async fn score_again(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    item_id: ItemId,
) -> StoreResult<()> {
    let task = &lease.task;
    let priority = task.priority.saturating_sub(SCORE_LEAD);
    plan_score(tx, environment, task.project_id, item_id, priority).await
}
