//! Tasks that a person holds: keeping them and giving them back.

use accord_domain::{Lease, Project, TaskId, TaskKind, Timestamp, UserId};
use accord_store::{StoreError, Transaction, flow};

use crate::access::Principal;
use crate::people::reserve::lease_milliseconds;
use crate::problem::Problem;
use crate::state::AppState;

/// A task of a person, as its holder names it.
pub(super) struct Held {
    /// The claim as the caller states it; the store checks the token.
    pub(super) lease: Lease,
    /// The project.
    pub(super) project: Project,
    /// The holder.
    pub(super) user_id: UserId,
}

impl Held {
    /// Finds the task, for whoever may act for its holder: the person, or a token with the right scope and project.
    pub(super) async fn find(
        transaction: &mut dyn Transaction,
        principal: &Principal,
        task_id: TaskId,
        token: &str,
    ) -> Result<Self, Problem> {
        let not_found = || Problem::not_found("task", task_id);
        let task = transaction
            .task(task_id)
            .await?
            .filter(|task| principal.may_see(task.project_id))
            .filter(|task| matches!(task.kind, TaskKind::Vote | TaskKind::Review))
            .ok_or_else(not_found)?;
        let project = transaction.project(task.project_id).await?.ok_or_else(not_found)?;
        let stale = StoreError::StaleLease { task: task_id };
        let user_id = task.user_id.ok_or(stale)?;
        if let Principal::Person(person) = principal
            && person.user.id != user_id
        {
            return Err(StoreError::StaleLease { task: task_id }.into());
        }
        Ok(Self {
            lease: Lease {
                task,
                token: token.to_owned(),
            },
            project,
            user_id,
        })
    }
}

/// Prolongs a reservation from now and returns its new end.
///
/// # Errors
/// The reservation is no longer held, or the store failed.
pub async fn renew(
    state: &AppState,
    principal: &Principal,
    task_id: TaskId,
    token: &str,
) -> Result<Timestamp, Problem> {
    let mut transaction = state.store.write().await?;
    let held = Held::find(transaction.as_mut(), principal, task_id, token).await?;
    let until = transaction
        .renew_lease(task_id, token, lease_milliseconds(&held.project))
        .await?;
    transaction.commit().await?;
    Ok(until)
}

/// Gives a task back for anybody, at once.
///
/// # Errors
/// The reservation is no longer held, or the store failed.
pub async fn give_back(state: &AppState, principal: &Principal, task_id: TaskId, token: &str) -> Result<(), Problem> {
    let mut transaction = state.store.write().await?;
    Held::find(transaction.as_mut(), principal, task_id, token).await?;
    transaction.release_task(task_id, token).await?;
    transaction.commit().await?;
    Ok(())
}

/// Leaves a task to others for good.
///
/// # Errors
/// The reservation is no longer held, or the store failed.
pub async fn skip(state: &AppState, principal: &Principal, task_id: TaskId, token: &str) -> Result<(), Problem> {
    let mut transaction = state.store.write().await?;
    let held = Held::find(transaction.as_mut(), principal, task_id, token).await?;
    flow::skip_task(transaction.as_mut(), state.environment.as_ref(), &held.lease).await?;
    transaction.commit().await?;
    Ok(())
}
