//! Planning tasks.

use accord_domain::{ProjectId, TaskKind, TaskState};
use accord_store::{NewTask, StoreResult};
use sqlx::QueryBuilder;

use super::microseconds;
use crate::failure::failed;
use crate::sql::{ROWS_AT_ONCE, now, push_rows};
use crate::transaction::SqliteTransaction;

pub(super) async fn insert_tasks(tx: &mut SqliteTransaction, tasks: &[NewTask]) -> StoreResult<u64> {
    if tasks.is_empty() {
        return Ok(0);
    }
    let now = tx.now_microseconds().await?;
    let mut planned = 0;
    for chunk in tasks.chunks(ROWS_AT_ONCE) {
        let inserted = insert_chunk(tx, chunk, now).await?;
        if inserted < chunk.len() as u64 {
            for task in chunk {
                raise_planned(tx, task, now).await?;
            }
        }
        planned += inserted;
    }
    if planned > 0 {
        tx.note_ready_tasks();
    }
    Ok(planned)
}

async fn insert_chunk(tx: &mut SqliteTransaction, tasks: &[NewTask], now: i64) -> StoreResult<u64> {
    let mut query = QueryBuilder::new(
        "INSERT INTO tasks (id, project_id, item_id, kind, annotator_id, run_id, slot, state, priority, attempts, ready_at, \
                            created_at) ",
    );
    push_rows(&mut query, 12, tasks.iter(), |row, task| {
        row.push_bind(task.id.as_uuid())
            .push_bind(task.project_id.as_uuid())
            .push_bind(task.item_id.map(|id| id.as_uuid()))
            .push_bind(task.kind.word())
            .push_bind(task.annotator_id.map(|id| id.as_uuid()))
            .push_bind(task.run_id.map(|id| id.as_uuid()))
            .push_bind(task.slot)
            .push_bind(TaskState::Ready.word())
            .push_bind(task.priority)
            .push_bind(0)
            .push_bind(now.saturating_add(microseconds(task.delay_milliseconds)))
            .push_bind(now);
    });
    query.push(" ON CONFLICT DO NOTHING");
    let done = query.build().execute(tx.connection()).await.map_err(failed)?;
    Ok(done.rows_affected())
}

/// Lets a ready `score` or `refit` task that is kept in place of this one go as early and as urgently as this one
/// would.
async fn raise_planned(tx: &mut SqliteTransaction, task: &NewTask, now: i64) -> StoreResult<()> {
    let (statement, about) = match (task.kind, task.item_id) {
        (TaskKind::Score, Some(item_id)) => (
            "UPDATE tasks SET priority = max(priority, ?), ready_at = min(ready_at, ?) \
             WHERE item_id = ? AND kind = 'score' AND state = 'ready'",
            item_id.as_uuid(),
        ),
        (TaskKind::Refit, _) => (
            "UPDATE tasks SET priority = max(priority, ?), ready_at = min(ready_at, ?) \
             WHERE project_id = ? AND kind = 'refit' AND state = 'ready'",
            task.project_id.as_uuid(),
        ),
        _ => return Ok(()),
    };
    sqlx::query(statement)
        .bind(task.priority)
        .bind(now.saturating_add(microseconds(task.delay_milliseconds)))
        .bind(about)
        .execute(tx.connection())
        .await
        .map_err(failed)?;
    Ok(())
}

/// Plans the scoring of every item whose panel is complete. The identifiers are UUIDs of version 7 like all others.
pub(super) async fn plan_scoring_of_all(
    tx: &mut SqliteTransaction,
    project_id: ProjectId,
    priority: i32,
) -> StoreResult<u64> {
    let done = sqlx::query(concat!(
        "INSERT INTO tasks (id, project_id, item_id, kind, slot, state, priority, attempts, ready_at, created_at) \
         SELECT unhex(printf('%012x', (",
        now!(),
        ") / 1000) || '7' || substr(hex(randomblob(2)), 2) \
                || substr('89AB', (random() & 3) + 1, 1) || substr(hex(randomblob(8)), 2)), \
                items.project_id, items.id, 'score', 0, 'ready', ?, 0, ",
        now!(),
        ", ",
        now!(),
        " FROM items \
         WHERE items.project_id = ? \
           AND EXISTS (SELECT 1 FROM annotations WHERE annotations.item_id = items.id) \
           AND NOT EXISTS (SELECT 1 FROM tasks AS open WHERE open.item_id = items.id AND open.kind = 'annotate' \
                           AND open.state IN ('ready', 'leased')) \
         ON CONFLICT DO NOTHING"
    ))
    .bind(priority)
    .bind(project_id.as_uuid())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    if done.rows_affected() > 0 {
        tx.note_ready_tasks();
    }
    Ok(done.rows_affected())
}
