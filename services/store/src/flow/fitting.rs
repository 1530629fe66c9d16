//! From fitted calibrators to scoring anew.

use accord_domain::{Calibrator, Lease, ProjectId, TaskKind, TaskState};

use super::RESCORE_PRIORITY;
use super::submitting::check_kind;
use crate::calibrators::Hold;
use crate::error::StoreResult;
use crate::transaction::Transaction;

/// Keeps the calibrators of a leased `refit` task, plans the scoring of every item whose panel is complete and finishes
/// the task. With no calibrators, because nothing changed or there is too little gold, only finishes it, unless those that
/// are present serve the project's stopping rule no more: then everything is scored without them. Returns how many items
/// will be scored anew.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn store_fit(tx: &mut dyn Transaction, lease: &Lease, calibrators: &[Calibrator]) -> StoreResult<u64> {
    check_kind(lease, &[TaskKind::Refit])?;
    let project_id = lease.task.project_id;
    // Whoever scores by what is replaced here has either committed, and is seen below, or notices.
    tx.hold_scoring_basis(project_id, Hold::Alone).await?;
    tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await?;
    if calibrators.is_empty() && serve_all(tx, project_id).await? {
        return Ok(0);
    }
    tx.insert_calibrators(calibrators).await?;
    tx.plan_scoring_of_all(project_id, RESCORE_PRIORITY).await
}

/// Whether the present calibrators were fitted under the project's stopping rule.
async fn serve_all(tx: &mut dyn Transaction, project_id: ProjectId) -> StoreResult<bool> {
    let Some(project) = tx.project(project_id).await? else {
        return Ok(true);
    };
    let present = tx.current_calibrators(project_id).await?;
    let stopping = &project.definition.policy.stopping;
    Ok(present.iter().all(|known| known.serves(stopping)))
}
