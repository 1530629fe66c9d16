//! Keeping, finishing and giving back what was claimed.

use accord_domain::{AnnotatorId, ItemId, TaskId, TaskKind, TaskState, Timestamp};
use accord_store::{StoreError, StoreResult};

use super::failure::make_ready;
use super::microseconds;
use crate::failure::failed;
use crate::sql::now;
use crate::transaction::SqliteTransaction;

pub(super) async fn renew(
    tx: &mut SqliteTransaction,
    id: TaskId,
    token: &str,
    lease_milliseconds: i64,
) -> StoreResult<Timestamp> {
    let until: Option<i64> = sqlx::query_scalar(concat!(
        "UPDATE tasks SET lease_until = ",
        now!(),
        " + ? WHERE id = ? AND state = 'leased' AND lease_token = ? RETURNING lease_until"
    ))
    .bind(microseconds(lease_milliseconds))
    .bind(id.as_uuid())
    .bind(token)
    .fetch_optional(tx.connection())
    .await
    .map_err(failed)?;
    until
        .map(Timestamp::from_microseconds)
        .ok_or(StoreError::StaleLease { task: id })
}

pub(super) async fn finish(tx: &mut SqliteTransaction, id: TaskId, token: &str, state: TaskState) -> StoreResult<()> {
    if !matches!(state, TaskState::Done | TaskState::Skipped | TaskState::Cancelled) {
        return Err(StoreError::Invalid {
            what: "end of a task",
            problem: format!("expected `done`, `skipped` or `cancelled`, it is `{}`", state.word()),
        });
    }
    let done = sqlx::query(concat!(
        "UPDATE tasks SET state = ?, lease_token = NULL, lease_until = NULL, finished_at = ",
        now!(),
        " WHERE id = ? AND state = 'leased' AND lease_token = ?"
    ))
    .bind(state.word())
    .bind(id.as_uuid())
    .bind(token)
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::StaleLease { task: id });
    }
    Ok(())
}

pub(super) async fn release(tx: &mut SqliteTransaction, id: TaskId, token: &str) -> StoreResult<()> {
    let held = sqlx::query(
        "UPDATE tasks SET attempts = max(attempts - 1, 0) WHERE id = ? AND state = 'leased' AND lease_token = ?",
    )
    .bind(id.as_uuid())
    .bind(token)
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    if held.rows_affected() == 0 {
        return Err(StoreError::StaleLease { task: id });
    }
    make_ready(tx, id, 0, None).await
}

pub(super) async fn cancel_of_item(tx: &mut SqliteTransaction, item_id: ItemId, kind: TaskKind) -> StoreResult<u64> {
    let done = sqlx::query(concat!(
        "UPDATE tasks SET state = 'cancelled', lease_token = NULL, lease_until = NULL, user_id = NULL, finished_at = ",
        now!(),
        " WHERE item_id = ? AND kind = ? AND (state = 'ready' OR (state = 'leased' AND lease_until <= ",
        now!(),
        "))"
    ))
    .bind(item_id.as_uuid())
    .bind(kind.word())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(done.rows_affected())
}

pub(super) async fn cancel_of_annotator(tx: &mut SqliteTransaction, annotator_id: AnnotatorId) -> StoreResult<u64> {
    let done = sqlx::query(concat!(
        "UPDATE tasks SET state = 'cancelled', lease_token = NULL, lease_until = NULL, finished_at = ",
        now!(),
        " WHERE kind = 'annotate' AND annotator_id = ? \
           AND project_id = (SELECT project_id FROM annotators WHERE id = ?) \
           AND (state = 'ready' OR (state = 'leased' AND lease_until <= ",
        now!(),
        "))"
    ))
    .bind(annotator_id.as_uuid())
    .bind(annotator_id.as_uuid())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(done.rows_affected())
}
