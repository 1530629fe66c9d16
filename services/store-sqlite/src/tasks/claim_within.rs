//! Claiming `annotate` tasks where annotators have limits: each annotator that has tasks is found by one step in the
//! index, and its tasks are walked from the front, so that those of others cost nothing.

use accord_domain::{AnnotatorId, Lease, TaskId};
use accord_store::claim::{Candidate, ClaimLimits};
use accord_store::{ClaimRequest, StoreResult};
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteRow};
use uuid::Uuid;

use super::{microseconds, read_lease};
use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::{new_token, now, task_columns};
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
    "SELECT id, annotator_id, priority, 1 AS repeated FROM tasks \
     WHERE state = 'leased' AND lease_until <= ",
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
    let waiting = waiting.into_iter().map(AnnotatorId::from_uuid);
    let wanted: Vec<AnnotatorId> = waiting.filter(|annotator| limits.tasks(*annotator) > 0).collect();
    let mut rows = sqlx::query(ENDED)
        .bind(project_id)
        .fetch_all(tx.connection())
        .await
        .map_err(failed)?;
    for group in wanted.chunks(ANNOTATORS_AT_ONCE) {
        let mut query = first_ready(group, &limits);
        rows.extend(query.build().fetch_all(tx.connection()).await.map_err(failed)?);
    }
    let candidates = rows.iter().map(read_candidate).collect::<StoreResult<_>>()?;
    lease(tx, request, &limits.choose(candidates)).await
}

/// The first ready tasks of each of these annotators.
fn first_ready(annotators: &[AnnotatorId], limits: &ClaimLimits<'_>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("");
    for annotator in annotators {
        query.push(
            "SELECT * FROM (SELECT id, annotator_id, priority, attempts + uncounted > 0 AS repeated FROM tasks \
             WHERE state = 'ready' AND paused = 0 AND kind = 'annotate' AND annotator_id = ",
        );
        query.push_bind(annotator.as_uuid());
        query.push(concat!(" AND ready_at <= ", now!()));
        if !limits.repeated(*annotator) {
            query.push(" AND attempts = 0 AND uncounted = 0");
        }
        query.push(" ORDER BY priority DESC, id LIMIT ");
        query.push_bind(i64::from(limits.tasks(*annotator)));
        query.push(") UNION ALL ");
    }
    query.push("SELECT NULL, NULL, NULL, NULL WHERE false");
    query
}

fn read_candidate(row: &SqliteRow) -> StoreResult<Candidate> {
    let reader = Reader::new("tasks", row);
    Ok(Candidate {
        id: TaskId::from_uuid(reader.get("id")?),
        annotator_id: AnnotatorId::from_uuid(reader.get("annotator_id")?),
        priority: reader.get("priority")?,
        repeated: reader.get("repeated")?,
    })
}

async fn lease(tx: &mut SqliteTransaction, request: &ClaimRequest<'_>, ids: &[TaskId]) -> StoreResult<Vec<Lease>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(concat!(
        "UPDATE tasks SET state = 'leased', attempts = attempts + 1, user_id = NULL, lease_token = ",
        new_token!(),
        ", lease_until = ",
        now!(),
        " + "
    ));
    query.push_bind(microseconds(request.lease_milliseconds));
    query.push(", worker = ").push_bind(request.worker.to_owned());
    query.push(" WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_uuid());
    }
    query.push(concat!(") RETURNING lease_token, ", task_columns!()));
    let rows = query.build().fetch_all(tx.connection()).await.map_err(failed)?;
    rows.iter().map(read_lease).collect()
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
        let limits = ClaimLimits::of(&request).unwrap();
        let annotators = [1, 2].map(|number| AnnotatorId::from_uuid(Uuid::from_u128(number)));
        let first = first_ready(&annotators, &limits).into_string();
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
            assert!(!plan.contains("USE TEMP B-TREE"), "{plan}");
            assert!(
                !plan.contains("SCAN tasks\n") && !plan.ends_with("SCAN tasks"),
                "{plan}"
            );
        }
    }
}
