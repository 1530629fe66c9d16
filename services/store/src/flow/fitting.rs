//! From fitted calibrators to scoring anew.

use accord_domain::{Calibrator, Lease, TaskKind, TaskState};

use super::RESCORE_PRIORITY;
use super::submitting::check_kind;
use crate::error::StoreResult;
use crate::transaction::Transaction;

/// Keeps the calibrators of a leased `refit` task, plans the scoring of every item whose panel is complete and finishes
/// the task. With no calibrators, because nothing changed or there is too little gold, only finishes it. Returns how
/// many items will be scored anew.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn store_fit(tx: &mut dyn Transaction, lease: &Lease, calibrators: &[Calibrator]) -> StoreResult<u64> {
    check_kind(lease, &[TaskKind::Refit])?;
    tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await?;
    if calibrators.is_empty() {
        return Ok(0);
    }
    tx.insert_calibrators(calibrators).await?;
    tx.plan_scoring_of_all(lease.task.project_id, RESCORE_PRIORITY).await
}
