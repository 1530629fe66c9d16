//! From consensus to the state of an item, and on to review.

use accord_domain::{Consensus, Decision, Environment, ItemState, Lease, TaskKind, TaskState};

use super::planning::new_task;
use super::submitting::{check_kind, item_of};
use crate::error::{StoreError, StoreResult};
use crate::transaction::Transaction;

/// Keeps the consensus of a leased `score` task and finishes it. The item becomes accepted, or needs review and gets a
/// `review` task; when all of it is accepted now, a review that nobody works on is cancelled. While people still vote
/// on it, or automatic annotators do again, the item stays pending and review waits. What a person resolved stays
/// resolved.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when rows are missing or of another item.
pub async fn store_score(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    rows: &[Consensus],
) -> StoreResult<()> {
    check_kind(lease, &[TaskKind::Score])?;
    let item_id = item_of(lease)?;
    if rows.is_empty() || rows.iter().any(|row| row.item_id != item_id) {
        return Err(StoreError::Invalid {
            what: "consensus",
            problem: format!("expected one row or more, all of item {item_id}"),
        });
    }
    tx.lock_item(item_id).await?;
    tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await?;
    tx.insert_consensus(rows).await?;
    let item = tx.item(item_id).await?.ok_or_else(|| StoreError::Missing {
        what: "item",
        name: item_id.to_string(),
    })?;
    if item.state == ItemState::Resolved {
        return Ok(());
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
    Ok(())
}
