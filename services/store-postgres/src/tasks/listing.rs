//! Looking at tasks.

use std::collections::BTreeMap;

use accord_domain::{AnnotatorId, ItemId, ProjectId, Task, TaskId, TaskKind, Timestamp};
use accord_store::tasks::MAXIMUM_PARKED_REASONS;
use accord_store::{Page, PageRequest, ParkedTasks, StoreResult, TaskCount, TaskFilter};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::row::{TaskRow, task_columns};
use crate::convert::{Place, asked_items, fetch_limit, page_of, read_all, start_of};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

pub(super) async fn find(transaction: &mut PostgresTransaction, id: TaskId) -> StoreResult<Option<Task>> {
    let row: Option<TaskRow> = sqlx::query_as(concat!("SELECT ", task_columns!(), " FROM tasks WHERE id = $1"))
        .bind(id.as_uuid())
        .fetch_optional(transaction.connection())
        .await
        .map_err(failure)?;
    row.map(TaskRow::read).transpose()
}

pub(super) async fn open_of_items(
    transaction: &mut PostgresTransaction,
    item_ids: &[ItemId],
    kind: TaskKind,
) -> StoreResult<BTreeMap<ItemId, i64>> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        "SELECT item_id, count(*) FROM tasks
         WHERE item_id = ANY($1) AND kind = $2 AND state IN ('ready', 'leased') GROUP BY item_id",
    )
    .bind(asked_items(item_ids)?)
    .bind(kind.word())
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(rows
        .into_iter()
        .map(|(id, count)| (ItemId::from_uuid(id), count))
        .collect())
}

pub(super) async fn count_of_panel(
    transaction: &mut PostgresTransaction,
    item_ids: &[ItemId],
    annotator_ids: &[AnnotatorId],
) -> StoreResult<u64> {
    let annotators: Vec<Uuid> = annotator_ids.iter().map(AnnotatorId::as_uuid).collect();
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM tasks
         WHERE item_id = ANY($1) AND kind = 'annotate' AND annotator_id = ANY($2) AND state <> 'cancelled'",
    )
    .bind(asked_items(item_ids)?)
    .bind(annotators)
    .fetch_one(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) async fn list(
    transaction: &mut PostgresTransaction,
    project_id: ProjectId,
    filter: &TaskFilter,
    page: PageRequest,
) -> StoreResult<Page<Task>> {
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new(concat!("SELECT ", task_columns!(), " FROM tasks WHERE project_id = "));
    query.push_bind(project_id.as_uuid());
    query.push(" AND id > ").push_bind(start_of(page));
    if let Some(kind) = filter.kind {
        query.push(" AND kind = ").push_bind(kind.word());
    }
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(state.word());
    }
    if let Some(item_id) = filter.item_id {
        query.push(" AND item_id = ").push_bind(item_id.as_uuid());
    }
    query.push(" ORDER BY id LIMIT ").push_bind(fetch_limit(page));
    let rows: Vec<TaskRow> = query
        .build_query_as()
        .fetch_all(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(page_of(read_all(rows, TaskRow::read)?, page, |task| task.id.as_uuid()))
}

pub(super) async fn parked(
    transaction: &mut PostgresTransaction,
    project_id: ProjectId,
) -> StoreResult<Vec<ParkedTasks>> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT last_error, count(*), min(ready_at) FROM tasks
         WHERE project_id = $1 AND kind = 'annotate' AND state = 'ready' AND last_error IS NOT NULL
             AND ready_at > (SELECT clock_microseconds())
         GROUP BY last_error ORDER BY count(*) DESC, last_error LIMIT $2",
    )
    .bind(project_id.as_uuid())
    .bind(MAXIMUM_PARKED_REASONS)
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    let read = |(reason, count, ready_at)| ParkedTasks {
        reason,
        count,
        ready_at: Timestamp::from_microseconds(ready_at),
    };
    Ok(rows.into_iter().map(read).collect())
}

pub(super) async fn count(transaction: &mut PostgresTransaction, project_id: ProjectId) -> StoreResult<Vec<TaskCount>> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT kind, state, count(*) FROM tasks WHERE project_id = $1 GROUP BY kind, state ORDER BY kind, state",
    )
    .bind(project_id.as_uuid())
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    read_all(rows, |(kind, state, count)| {
        Ok(TaskCount {
            kind: Place::new("tasks", "kind").read_word(project_id, &kind)?,
            state: Place::new("tasks", "state").read_word(project_id, &state)?,
            count,
        })
    })
}
