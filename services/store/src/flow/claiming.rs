//! Claiming automatic tasks, without those that take their workers down.

use std::collections::HashMap;

use accord_domain::{Environment, Lease};

use super::failing::{project_of, reason_of_loss, set_aside};
use crate::error::StoreResult;
use crate::tasks::ClaimRequest;
use crate::transaction::Transaction;

/// Claims automatic tasks like [`crate::Tasks::claim_tasks`]. A task that was claimed as often as its project's policy
/// allows and never came back, which is what a task that kills its worker looks like, is set aside with its failure
/// recorded instead of being handed out again. So fewer leases than are ready, even none, may come back.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    request: &ClaimRequest<'_>,
) -> StoreResult<Vec<Lease>> {
    let mut projects = HashMap::new();
    let mut leases = Vec::new();
    for lease in tx.claim_tasks(request).await? {
        if lease.task.attempts <= 1 {
            leases.push(lease);
            continue;
        }
        let project = project_of(tx, &mut projects, lease.task.project_id).await?;
        if i64::from(lease.task.attempts) <= i64::from(project.definition.policy.maximum_attempts) {
            leases.push(lease);
        } else {
            let reason = reason_of_loss(&lease.task);
            set_aside(tx, environment, &project, &lease, &reason).await?;
        }
    }
    Ok(leases)
}
