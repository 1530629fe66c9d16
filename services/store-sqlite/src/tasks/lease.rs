//! Keeping, finishing and giving back what was claimed.

use std::collections::BTreeSet;

use accord_domain::{AnnotatorId, ItemId, TaskId, TaskKind, TaskState, Timestamp};
use accord_store::{StoreError, StoreResult};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;
use uuid::Uuid;

use super::failure::make_ready;
use super::microseconds;
use crate::failure::failed;
use crate::sql::{ROWS_AT_ONCE, now, push_identifiers, push_rows};
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

pub(super) async fn finish(
    tx: &mut SqliteTransaction,
    held: &[(TaskId, &str)],
    state: TaskState,
) -> StoreResult<BTreeSet<TaskId>> {
    if !matches!(state, TaskState::Done | TaskState::Skipped | TaskState::Cancelled) {
        return Err(StoreError::Invalid {
            what: "end of a task",
            problem: format!("expected `done`, `skipped` or `cancelled`, it is `{}`", state.word()),
        });
    }
    let mut finished = BTreeSet::new();
    for part in held.chunks(ROWS_AT_ONCE) {
        let ids: Vec<Uuid> = finish_query(part, state)
            .build_query_scalar()
            .fetch_all(tx.connection())
            .await
            .map_err(failed)?;
        finished.extend(ids.into_iter().map(TaskId::from_uuid));
    }
    Ok(finished)
}

/// The statement that finishes; each task is one step in the index of identifiers.
fn finish_query(held: &[(TaskId, &str)], state: TaskState) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("UPDATE tasks SET state = ");
    query.push_bind(state.word());
    query.push(concat!(
        ", lease_token = NULL, lease_until = NULL, finished_at = ",
        now!(),
        " FROM ("
    ));
    push_rows(&mut query, 2, held.iter(), |row, (id, token)| {
        row.push_bind(id.as_uuid()).push_bind((*token).to_owned());
    });
    // The plus sign keeps the database from walking all that are leased.
    query.push(
        ") AS held WHERE tasks.id = held.column1 AND tasks.lease_token = held.column2 AND +tasks.state = 'leased' \
         RETURNING id",
    );
    query
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

pub(super) async fn cancel_of_items(
    tx: &mut SqliteTransaction,
    item_ids: &[ItemId],
    kind: TaskKind,
) -> StoreResult<u64> {
    let mut cancelled = 0;
    for part in item_ids.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::new(concat!(
            "UPDATE tasks SET state = 'cancelled', lease_token = NULL, lease_until = NULL, user_id = NULL, finished_at = ",
            now!(),
            " WHERE (state = 'ready' OR (state = 'leased' AND lease_until <= ",
            now!(),
            ")) AND kind = "
        ));
        query.push_bind(kind.word()).push(" AND item_id IN ");
        push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
        let done = query.build().execute(tx.connection()).await.map_err(failed)?;
        cancelled += done.rows_affected();
    }
    Ok(cancelled)
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

#[cfg(test)]
mod tests {
    use accord_store::Store;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Row};

    use super::*;
    use crate::{SqliteOptions, SqliteStore};

    /// However long the queue is, tasks are finished by steps in the index of identifiers.
    #[tokio::test]
    async fn finishing_walks_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accord.sqlite");
        let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        let held = [(TaskId::from_uuid(Uuid::nil()), "token"); 4];
        let statement = finish_query(&held, TaskState::Done).into_string();
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let steps = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
        let plan = steps.join("\n");
        assert!(
            plan.contains("SEARCH tasks USING") && !plan.contains("SCAN tasks"),
            "{plan}"
        );
    }
}
