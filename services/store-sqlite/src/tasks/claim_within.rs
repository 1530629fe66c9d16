//! Claiming `annotate` tasks where annotators have limits: each annotator that has tasks is found by one step in the
//! index, and its tasks are walked from the front, so that those of others cost nothing.

use std::collections::HashSet;

use accord_domain::{AnnotatorId, Lease, Task, TaskId, TaskState, Timestamp};
use accord_store::claim::{Candidate, ClaimGroup, ClaimLimits};
use accord_store::{ClaimRequest, StoreResult};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;
use uuid::Uuid;

use super::{microseconds, read_task};
use crate::failure::failed;
use crate::sql::{ROWS_AT_ONCE, new_token, now, push_identifiers, task_columns};
use crate::transaction::SqliteTransaction;

/// How many annotators' tasks are looked for in one statement, which may join 500 selections.
const ANNOTATORS_AT_ONCE: usize = 100;

/// The annotators that have ready tasks.
const WAITING: &str = "WITH RECURSIVE waiting (annotator_id) AS ( \
         SELECT min(annotator_id) FROM tasks WHERE state = 'ready' AND paused = 0 AND kind = 'annotate' \
         UNION ALL \
         SELECT (SELECT min(tasks.annotator_id) FROM tasks \
                 WHERE state = 'ready' AND paused = 0 AND kind = 'annotate' AND tasks.annotator_id > waiting.annotator_id) \
         FROM waiting WHERE waiting.annotator_id IS NOT NULL) \
     SELECT waiting.annotator_id FROM waiting JOIN annotators ON annotators.id = waiting.annotator_id \
     WHERE ?1 IS NULL OR annotators.project_id = ?1";

/// Tasks whose lease has ended; they are few.
const ENDED: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM tasks WHERE state = 'leased' AND lease_until <= ",
    now!(),
    " AND paused = 0 AND kind = 'annotate' AND (?1 IS NULL OR project_id = ?1)"
);

pub(super) async fn claim(tx: &mut SqliteTransaction, request: &ClaimRequest<'_>) -> StoreResult<Vec<Lease>> {
    let limits = ClaimLimits::of(request)?;
    let project_id = request.project_id.map(|id| id.as_uuid());
    let waiting: Vec<Uuid> = sqlx::query_scalar(WAITING)
        .bind(project_id)
        .fetch_all(tx.connection())
        .await
        .map_err(failed)?;
    let mut rows = sqlx::query(ENDED)
        .bind(project_id)
        .fetch_all(tx.connection())
        .await
        .map_err(failed)?;
    for group in limits.groups(waiting.into_iter().map(AnnotatorId::from_uuid)) {
        for annotators in group.annotators.chunks(ANNOTATORS_AT_ONCE) {
            let mut query = first_ready(annotators, &group);
            rows.extend(query.build().fetch_all(tx.connection()).await.map_err(failed)?);
        }
    }
    let tasks = rows.iter().map(read_task).collect::<StoreResult<Vec<Task>>>()?;
    let candidates = tasks.iter().filter_map(Candidate::of).collect();
    lease(tx, request, tasks, limits.choose(candidates)).await
}

/// The first ready tasks of these annotators, as many as their group may have: found in the index alone, so that only
/// these are read.
fn first_ready(annotators: &[AnnotatorId], group: &ClaimGroup) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks WHERE id IN (SELECT id FROM ("
    ));
    for annotator in annotators {
        query.push(
            "SELECT * FROM (SELECT id, priority FROM tasks \
             WHERE state = 'ready' AND paused = 0 AND kind = 'annotate' AND annotator_id = ",
        );
        query.push_bind(annotator.as_uuid());
        query.push(concat!(" AND ready_at <= ", now!()));
        if !group.repeated {
            query.push(" AND attempts = 0 AND uncounted = 0");
        }
        query.push(" ORDER BY priority DESC, id LIMIT ");
        query.push_bind(i64::from(group.tasks)).push(") UNION ALL ");
    }
    query.push("SELECT NULL, NULL WHERE false) ORDER BY priority DESC, id LIMIT ");
    query.push_bind(i64::from(group.tasks)).push(")");
    query
}

/// Leases these of the tasks. Only one transaction writes at a time, so they are what they were when they were read; the
/// leases of a claim have one token, which tells them from those of every other.
async fn lease(
    tx: &mut SqliteTransaction,
    request: &ClaimRequest<'_>,
    mut tasks: Vec<Task>,
    chosen: Vec<TaskId>,
) -> StoreResult<Vec<Lease>> {
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let (now, token): (i64, String) = sqlx::query_as(concat!("SELECT ", now!(), ", ", new_token!()))
        .fetch_one(tx.connection())
        .await
        .map_err(failed)?;
    let until = now.saturating_add(microseconds(request.lease_milliseconds));
    for part in chosen.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::new(
            "UPDATE tasks SET state = 'leased', attempts = attempts + 1, user_id = NULL, lease_token = ",
        );
        query.push_bind(&token).push(", lease_until = ").push_bind(until);
        query
            .push(", worker = ")
            .push_bind(request.worker)
            .push(" WHERE id IN ");
        push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
        query.build().execute(tx.connection()).await.map_err(failed)?;
    }
    let chosen: HashSet<TaskId> = chosen.into_iter().collect();
    tasks.retain(|task| chosen.contains(&task.id));
    let leases = tasks.into_iter().map(|mut task| {
        task.state = TaskState::Leased;
        task.attempts += 1;
        task.user_id = None;
        task.lease_until = Some(Timestamp::from_microseconds(until));
        Lease {
            task,
            token: token.clone(),
        }
    });
    Ok(leases.collect())
}

#[cfg(test)]
mod tests {
    use accord_domain::TaskKind;
    use accord_store::Store;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Row};

    use super::*;
    use crate::{SqliteOptions, SqliteStore};

    /// Neither the tasks of annotators that are passed over nor those that come later are read.
    #[tokio::test]
    async fn limited_claims_walk_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accord.sqlite");
        let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate],
            project_id: None,
            worker: "worker",
            lease_milliseconds: 1000,
            limit: 10,
            limits: &[],
        };
        let annotators = [1, 2].map(|number| AnnotatorId::from_uuid(Uuid::from_u128(number)));
        let limits = ClaimLimits::of(&request).unwrap();
        let first = first_ready(&annotators, &limits.groups(annotators.into_iter())[0]).into_string();
        for (statement, index, times) in [
            (WAITING, "tasks_ready_of_annotator", 2),
            (
                &first,
                "COVERING INDEX tasks_ready_of_annotator (paused=? AND annotator_id=?)",
                2,
            ),
            (ENDED, "INDEX tasks_leased (lease_until<?)", 1),
        ] {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            let plan = steps.join("\n");
            assert_eq!(plan.matches(index).count(), times, "{plan}");
            // Only the few candidates are sorted, never an index.
            let sorts = plan.matches("USE TEMP B-TREE FOR ORDER BY").count();
            assert_eq!(sorts, usize::from(statement == first.as_str()), "{plan}");
            assert!(
                !plan.contains("SCAN tasks\n") && !plan.ends_with("SCAN tasks"),
                "{plan}"
            );
        }
    }
}
