//! Looking at tasks.

use std::collections::BTreeMap;

use accord_domain::{AnnotatorId, ItemId, ProjectId, Task, TaskId, TaskKind};
use accord_store::tasks::MAXIMUM_PARKED_REASONS;
use accord_store::{Page, PageRequest, ParkedTasks, StoreError, StoreResult, TaskCount, TaskFilter};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::read_task;
use crate::failure::failed;
use crate::page::fetch_page;
use crate::reader::Reader;
use crate::sql::{ROWS_AT_ONCE, now, push_identifiers, task_columns};
use crate::transaction::SqliteTransaction;

pub(super) async fn task(tx: &mut SqliteTransaction, id: TaskId) -> StoreResult<Option<Task>> {
    let found = sqlx::query(concat!("SELECT ", task_columns!(), " FROM tasks WHERE id = ?"))
        .bind(id.as_uuid())
        .fetch_optional(tx.connection())
        .await
        .map_err(failed)?;
    found.as_ref().map(read_task).transpose()
}

pub(super) async fn require_task(tx: &mut SqliteTransaction, id: TaskId) -> StoreResult<Task> {
    task(tx, id).await?.ok_or_else(|| StoreError::Missing {
        what: "task",
        name: id.to_string(),
    })
}

pub(super) async fn open_of_items(
    tx: &mut SqliteTransaction,
    item_ids: &[ItemId],
    kind: TaskKind,
) -> StoreResult<BTreeMap<ItemId, i64>> {
    let mut counts = BTreeMap::new();
    for part in item_ids.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::new("SELECT item_id, count(*) FROM tasks WHERE kind = ");
        query.push_bind(kind.word());
        query.push(" AND state IN ('ready', 'leased') AND item_id IN ");
        push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
        query.push(" GROUP BY item_id");
        let rows: Vec<(Uuid, i64)> = query
            .build_query_as()
            .fetch_all(tx.connection())
            .await
            .map_err(failed)?;
        counts.extend(rows.into_iter().map(|(id, count)| (ItemId::from_uuid(id), count)));
    }
    Ok(counts)
}

pub(super) async fn count_of_panel(
    tx: &mut SqliteTransaction,
    item_ids: &[ItemId],
    annotator_ids: &[AnnotatorId],
) -> StoreResult<u64> {
    let mut count: i64 = 0;
    for part in item_ids.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::new(
            "SELECT count(*) FROM tasks WHERE kind = 'annotate' AND state <> 'cancelled' AND item_id IN ",
        );
        push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
        query.push(" AND +annotator_id IN ");
        push_identifiers(&mut query, annotator_ids.iter().map(|id| id.as_uuid()))?;
        let found: i64 = query
            .build_query_scalar()
            .fetch_one(tx.connection())
            .await
            .map_err(failed)?;
        count += found;
    }
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) async fn list(
    tx: &mut SqliteTransaction,
    project_id: ProjectId,
    filter: &TaskFilter,
    page: PageRequest,
) -> StoreResult<Page<Task>> {
    let mut query = QueryBuilder::new(concat!("SELECT ", task_columns!(), " FROM tasks WHERE "));
    match filter.item_id {
        // An item has few tasks: the plus signs keep the database from walking those of the project or state instead.
        Some(item_id) => {
            query.push("item_id = ").push_bind(item_id.as_uuid());
            query.push(" AND +project_id = ").push_bind(project_id.as_uuid());
            if let Some(state) = filter.state {
                query.push(" AND +state = ").push_bind(state.word());
            }
        }
        None => {
            query.push("project_id = ").push_bind(project_id.as_uuid());
            if let Some(state) = filter.state {
                query.push(" AND state = ").push_bind(state.word());
            }
        }
    }
    if let Some(kind) = filter.kind {
        query.push(" AND kind = ").push_bind(kind.word());
    }
    fetch_page(tx.connection(), query, "id", page, read_task, |task| task.id.as_uuid()).await
}

pub(super) async fn parked(tx: &mut SqliteTransaction, project_id: ProjectId) -> StoreResult<Vec<ParkedTasks>> {
    let found = sqlx::query(concat!(
        "SELECT last_error, count(*) AS number, min(ready_at) AS ready_at FROM tasks \
         WHERE project_id = ? AND kind = 'annotate' AND state = 'ready' AND last_error IS NOT NULL AND ready_at > ",
        now!(),
        " GROUP BY last_error ORDER BY number DESC, last_error LIMIT ?"
    ))
    .bind(project_id.as_uuid())
    .bind(MAXIMUM_PARKED_REASONS)
    .fetch_all(tx.connection())
    .await
    .map_err(failed)?;
    let read = |row| {
        let reader = Reader::new("tasks", row);
        Ok(ParkedTasks {
            reason: reader.get("last_error")?,
            count: reader.get("number")?,
            ready_at: reader.moment("ready_at")?,
        })
    };
    found.iter().map(read).collect()
}

pub(super) async fn count(tx: &mut SqliteTransaction, project_id: ProjectId) -> StoreResult<Vec<TaskCount>> {
    let found = sqlx::query(
        "SELECT kind, state, count(*) AS number FROM tasks WHERE project_id = ? GROUP BY kind, state \
         ORDER BY kind, state",
    )
    .bind(project_id.as_uuid())
    .fetch_all(tx.connection())
    .await
    .map_err(failed)?;
    let read = |row| {
        let reader = Reader::new("tasks", row);
        Ok(TaskCount {
            kind: reader.word("kind")?,
            state: reader.word("state")?,
            count: reader.get("number")?,
        })
    };
    found.iter().map(read).collect()
}
