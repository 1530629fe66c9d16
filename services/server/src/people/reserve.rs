//! Reserving tasks.

use accord_domain::{Item, ItemId, Lease, Project, Role, TaskId, TaskKind, User};
use accord_store::{StoreResult, Transaction, flow};

use crate::people::PersonTask;
use crate::people::again::until_available;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The priority of a review that somebody asked for: before those that wait on their own.
const REQUESTED_REVIEW_PRIORITY: i32 = 10;

/// A task that is reserved for a person, with what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    /// The claim; its token is needed for all that follows.
    pub lease: Lease,
    /// The item.
    pub item: Item,
}

/// Reserves the next task of this kind for a person; the one that the person already holds comes first. None when
/// there is nothing to do.
///
/// # Errors
/// The person may not review, or the store failed.
pub async fn reserve_next(
    state: &AppState,
    project: &Project,
    task: PersonTask,
    user: &User,
) -> Result<Option<Reservation>, Problem> {
    check_role(task.kind(), user)?;
    let (state, kind) = (&state, task.kind());
    until_available(|| async move {
        let mut transaction = state.store.write().await?;
        let lease = transaction
            .claim_task_for_person(project.id, kind, user.id, lease_milliseconds(project))
            .await?;
        finish(transaction, lease).await
    })
    .await
}

/// Reserves this very task of a project for a person; none when somebody else holds it or it is finished.
///
/// # Errors
/// The person may not review, or the store failed.
pub async fn reserve_task(
    state: &AppState,
    project: &Project,
    task_id: TaskId,
    user: &User,
) -> Result<Option<Reservation>, Problem> {
    let mut transaction = state.store.write().await?;
    let task = transaction
        .task(task_id)
        .await?
        .filter(|task| task.project_id == project.id);
    let task = task.ok_or_else(|| Problem::not_found("task", task_id))?;
    check_role(task.kind, user)?;
    let lease = transaction
        .claim_task(task_id, user.id, lease_milliseconds(project))
        .await?;
    finish(transaction, lease).await
}

/// Reserves the review of an item for a person, also of one that needs none; none when somebody else holds it.
///
/// # Errors
/// The person may not review, or the store failed.
pub async fn reserve_review(
    state: &AppState,
    project: &Project,
    item_id: ItemId,
    user: &User,
) -> Result<Option<Reservation>, Problem> {
    check_role(TaskKind::Review, user)?;
    let mut transaction = state.store.write().await?;
    let task_id = flow::open_review(
        transaction.as_mut(),
        state.environment.as_ref(),
        project.id,
        item_id,
        REQUESTED_REVIEW_PRIORITY,
    )
    .await?;
    let lease = transaction
        .claim_task(task_id, user.id, lease_milliseconds(project))
        .await?;
    finish(transaction, lease).await
}

async fn finish(mut transaction: Box<dyn Transaction>, lease: Option<Lease>) -> Result<Option<Reservation>, Problem> {
    let Some(lease) = lease else {
        return Ok(None);
    };
    let item = item_of(transaction.as_mut(), &lease).await?;
    transaction.commit().await?;
    let item = item.ok_or_else(|| Problem::not_found("item of task", lease.task.id))?;
    Ok(Some(Reservation { lease, item }))
}

async fn item_of(transaction: &mut dyn Transaction, lease: &Lease) -> StoreResult<Option<Item>> {
    match lease.task.item_id {
        Some(item_id) => transaction.item(item_id).await,
        None => Ok(None),
    }
}

/// How long a reservation lasts without a sign of life.
pub(super) fn lease_milliseconds(project: &Project) -> i64 {
    i64::from(project.definition.policy.reservation_minutes) * 60_000
}

fn check_role(kind: TaskKind, user: &User) -> Result<(), Problem> {
    let needed = match kind {
        TaskKind::Review => Role::Reviewer,
        TaskKind::Vote | TaskKind::Annotate | TaskKind::Score | TaskKind::Refit => Role::Annotator,
    };
    if !user.active || user.role < needed {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            format!("this task needs an active account with the role `{}`", needed.word()),
        ));
    }
    Ok(())
}
