//! Claiming tasks for people.

use accord_domain::{Lease, ProjectId, TaskId, TaskKind, UserId};
use accord_store::StoreResult;

use super::{microseconds, read_lease};
use crate::failure::failed;
use crate::sql::{new_token, now, task_columns};
use crate::transaction::SqliteTransaction;

/// Gives the task that the person holds with a new token, else the next one.
pub(super) async fn claim(
    tx: &mut SqliteTransaction,
    project_id: ProjectId,
    kind: TaskKind,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Option<Lease>> {
    if !matches!(kind, TaskKind::Vote | TaskKind::Review) {
        return Ok(None);
    }
    match claim_held(tx, project_id, kind, user_id, lease_milliseconds).await? {
        Some(held) => Ok(Some(held)),
        None => claim_next(tx, project_id, kind, user_id, lease_milliseconds).await,
    }
}

async fn claim_held(
    tx: &mut SqliteTransaction,
    project_id: ProjectId,
    kind: TaskKind,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Option<Lease>> {
    let held = sqlx::query(concat!(
        "UPDATE tasks SET lease_token = ",
        new_token!(),
        ", lease_until = ",
        now!(),
        " + ? \
         WHERE id = (SELECT id FROM tasks WHERE state = 'leased' AND user_id = ? AND project_id = ? AND kind = ? \
                     ORDER BY priority DESC, id LIMIT 1) \
         RETURNING lease_token, ",
        task_columns!()
    ))
    .bind(microseconds(lease_milliseconds))
    .bind(user_id.as_uuid())
    .bind(project_id.as_uuid())
    .bind(kind.word())
    .fetch_optional(tx.connection())
    .await
    .map_err(failed)?;
    held.as_ref().map(read_lease).transpose()
}

async fn claim_next(
    tx: &mut SqliteTransaction,
    project_id: ProjectId,
    kind: TaskKind,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Option<Lease>> {
    let next = sqlx::query(concat!(
        "UPDATE tasks SET state = 'leased', attempts = attempts + 1, user_id = ?1, worker = NULL, lease_token = ",
        new_token!(),
        ", lease_until = ",
        now!(),
        " + ?2 \
         WHERE id = (SELECT id FROM ( \
             SELECT * FROM (SELECT id, priority FROM tasks AS task \
                 WHERE project_id = ?3 AND kind = ?4 AND state = 'ready' AND paused = 0 AND ready_at <= ",
        now!(),
        " AND (kind = 'review' OR NOT EXISTS (SELECT 1 FROM tasks AS own \
                      WHERE own.item_id = task.item_id AND own.user_id = ?1 \
                        AND own.kind = 'vote' AND own.state IN ('leased', 'done', 'skipped'))) \
                 ORDER BY priority DESC, id LIMIT 1) \
             UNION ALL \
             SELECT id, priority FROM tasks AS task \
                 WHERE project_id = ?3 AND kind = ?4 AND state = 'leased' AND lease_until <= ",
        now!(),
        " AND (kind = 'review' OR NOT EXISTS (SELECT 1 FROM tasks AS own \
                      WHERE own.item_id = task.item_id AND own.user_id = ?1 \
                        AND own.kind = 'vote' AND own.state IN ('leased', 'done', 'skipped')))) \
             ORDER BY priority DESC, id LIMIT 1) \
         RETURNING lease_token, ",
        task_columns!()
    ))
    .bind(user_id.as_uuid())
    .bind(microseconds(lease_milliseconds))
    .bind(project_id.as_uuid())
    .bind(kind.word())
    .fetch_optional(tx.connection())
    .await
    .map_err(failed)?;
    next.as_ref().map(read_lease).transpose()
}

/// Gives this very task, unless somebody else holds it or it is finished.
pub(super) async fn claim_one(
    tx: &mut SqliteTransaction,
    id: TaskId,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Option<Lease>> {
    let claimed = sqlx::query(concat!(
        "UPDATE tasks AS task SET state = 'leased', \
                attempts = attempts + (CASE WHEN state = 'leased' AND user_id = ?1 THEN 0 ELSE 1 END), \
                user_id = ?1, worker = NULL, lease_token = ",
        new_token!(),
        ", lease_until = ",
        now!(),
        " + ?2 \
         WHERE id = ?3 AND kind IN ('vote', 'review') \
           AND (state = 'ready' OR (state = 'leased' AND (user_id = ?1 OR lease_until <= ",
        now!(),
        "))) \
           AND (kind = 'review' OR NOT EXISTS (SELECT 1 FROM tasks AS own \
                    WHERE own.item_id = task.item_id AND own.user_id = ?1 AND own.id <> task.id \
                      AND own.kind = 'vote' AND own.state IN ('leased', 'done', 'skipped'))) \
         RETURNING lease_token, ",
        task_columns!()
    ))
    .bind(user_id.as_uuid())
    .bind(microseconds(lease_milliseconds))
    .bind(id.as_uuid())
    .fetch_optional(tx.connection())
    .await
    .map_err(failed)?;
    claimed.as_ref().map(read_lease).transpose()
}
