//! Trying again, and setting aside.

use accord_domain::{Task, TaskId, TaskKind};
use accord_store::text::clean_reason;
use accord_store::{AfterFailure, StoreError, StoreResult};

use super::query::{require_task, task};
use super::{microseconds, read_task};
use crate::failure::{conflict, failed};
use crate::sql::{now, task_columns};
use crate::transaction::SqliteTransaction;

/// Whether another task is ready that does the same work as this one.
macro_rules! has_ready_twin {
    () => {
        "((kind = 'score' AND EXISTS (SELECT 1 FROM tasks AS twin \
              WHERE twin.item_id = tasks.item_id AND twin.kind = 'score' AND twin.state = 'ready')) \
          OR (kind = 'refit' AND EXISTS (SELECT 1 FROM tasks AS twin \
              WHERE twin.project_id = tasks.project_id AND twin.kind = 'refit' AND twin.state = 'ready')))"
    };
}

pub(super) async fn fail(
    tx: &mut SqliteTransaction,
    id: TaskId,
    token: &str,
    reason: &str,
    delay_milliseconds: i64,
    maximum_attempts: u32,
) -> StoreResult<AfterFailure> {
    let attempts: Option<i64> =
        sqlx::query_scalar("SELECT attempts FROM tasks WHERE id = ? AND state = 'leased' AND lease_token = ?")
            .bind(id.as_uuid())
            .bind(token)
            .fetch_optional(tx.connection())
            .await
            .map_err(failed)?;
    let attempts = attempts.ok_or(StoreError::StaleLease { task: id })?;
    if attempts >= i64::from(maximum_attempts) {
        set_aside(tx, id, reason).await?;
        Ok(AfterFailure::Dead)
    } else {
        make_ready(tx, id, delay_milliseconds, Some(reason)).await?;
        Ok(AfterFailure::Ready)
    }
}

pub(super) async fn take_back_expired(
    tx: &mut SqliteTransaction,
    maximum_attempts: u32,
    limit: u32,
) -> StoreResult<Vec<Task>> {
    let expired = sqlx::query(concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks WHERE state = 'leased' AND lease_until <= ",
        now!(),
        " ORDER BY lease_until LIMIT ?"
    ))
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await
    .map_err(failed)?;
    let mut taken_back = Vec::with_capacity(expired.len());
    for row in &expired {
        let task = read_task(row)?;
        let is_automatic = !matches!(task.kind, TaskKind::Vote | TaskKind::Review);
        if is_automatic && i64::from(task.attempts) >= i64::from(maximum_attempts) {
            let reason = format!("its lease ended without a result after {} attempts", task.attempts);
            set_aside(tx, task.id, &reason).await?;
        } else {
            make_ready(tx, task.id, 0, None).await?;
        }
        taken_back.push(require_task(tx, task.id).await?);
    }
    Ok(taken_back)
}

pub(super) async fn revive(tx: &mut SqliteTransaction, id: TaskId) -> StoreResult<()> {
    let revived = sqlx::query(concat!(
        "UPDATE tasks SET state = 'ready', attempts = 0, finished_at = NULL, ready_at = ",
        now!(),
        " WHERE id = ? AND state = 'dead'"
    ))
    .bind(id.as_uuid())
    .execute(tx.connection())
    .await
    .map_err(|error| conflict(error, "task", &id.to_string()))?;
    if revived.rows_affected() == 0 {
        let state = task(tx, id).await?.map_or("unknown", |task| task.state.word());
        return Err(StoreError::Missing {
            what: "dead task",
            name: format!("{id} ({state})"),
        });
    }
    tx.note_ready_tasks();
    Ok(())
}

/// Makes a leased task ready again, or cancels it when another ready task does its work.
pub(super) async fn make_ready(
    tx: &mut SqliteTransaction,
    id: TaskId,
    delay_milliseconds: i64,
    reason: Option<&str>,
) -> StoreResult<()> {
    sqlx::query(concat!(
        "UPDATE tasks SET state = CASE WHEN ",
        has_ready_twin!(),
        " THEN 'cancelled' ELSE 'ready' END, finished_at = CASE WHEN ",
        has_ready_twin!(),
        " THEN ",
        now!(),
        " END, ready_at = ",
        now!(),
        " + ?, lease_token = NULL, lease_until = NULL, user_id = NULL, last_error = coalesce(?, last_error) \
         WHERE id = ? AND state = 'leased'"
    ))
    .bind(microseconds(delay_milliseconds.max(0)))
    .bind(reason.map(clean_reason))
    .bind(id.as_uuid())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    if delay_milliseconds <= 0 {
        tx.note_ready_tasks();
    }
    Ok(())
}

pub(super) async fn park(
    tx: &mut SqliteTransaction,
    id: TaskId,
    token: &str,
    reason: &str,
    delay_milliseconds: i64,
    tried: bool,
) -> StoreResult<()> {
    let parked = sqlx::query(concat!(
        "UPDATE tasks SET state = 'ready', attempts = max(attempts - 1, 0), uncounted = uncounted + ?, ready_at = ",
        now!(),
        " + ?, lease_token = NULL, lease_until = NULL, last_error = ? \
         WHERE id = ? AND state = 'leased' AND lease_token = ? AND kind = 'annotate'"
    ))
    .bind(i64::from(tried))
    .bind(microseconds(delay_milliseconds.max(0)))
    .bind(clean_reason(reason))
    .bind(id.as_uuid())
    .bind(token)
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    if parked.rows_affected() == 0 {
        return Err(StoreError::StaleLease { task: id });
    }
    if delay_milliseconds <= 0 {
        tx.note_ready_tasks();
    }
    Ok(())
}

async fn set_aside(tx: &mut SqliteTransaction, id: TaskId, reason: &str) -> StoreResult<()> {
    sqlx::query(concat!(
        "UPDATE tasks SET state = 'dead', lease_token = NULL, lease_until = NULL, user_id = NULL, last_error = ?, \
                finished_at = ",
        now!(),
        " WHERE id = ? AND state = 'leased'"
    ))
    .bind(clean_reason(reason))
    .bind(id.as_uuid())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(())
}
