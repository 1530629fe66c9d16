//! Claiming automatic tasks.

use accord_domain::{Lease, TaskKind};
use accord_store::text::check_text;
use accord_store::{ClaimRequest, StoreResult};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use super::{claim_within, microseconds, read_lease};
use crate::failure::failed;
use crate::sql::{new_token, now, task_columns};
use crate::transaction::SqliteTransaction;

pub(super) async fn claim_tasks(tx: &mut SqliteTransaction, request: &ClaimRequest<'_>) -> StoreResult<Vec<Lease>> {
    check_text("name of worker", request.worker)?;
    let mut leases = if request.limits.is_empty() {
        claim_freely(tx, request).await?
    } else {
        claim_within::claim(tx, request).await?
    };
    leases.sort_by_key(|lease| (std::cmp::Reverse(lease.task.priority), lease.task.id));
    Ok(leases)
}

async fn claim_freely(tx: &mut SqliteTransaction, request: &ClaimRequest<'_>) -> StoreResult<Vec<Lease>> {
    let Some(mut query) = claim_query(request) else {
        return Ok(Vec::new());
    };
    let rows = query.build().fetch_all(tx.connection()).await.map_err(failed)?;
    rows.iter().map(read_lease).collect()
}

/// The statement that claims; none when no automatic kind is asked for. Each kind walks its own index of ready tasks
/// from the front, so a claim costs the same however long the queue is.
pub(super) fn claim_query(request: &ClaimRequest<'_>) -> Option<QueryBuilder<Sqlite>> {
    let kinds: Vec<TaskKind> = [TaskKind::Annotate, TaskKind::Score, TaskKind::Refit]
        .into_iter()
        .filter(|kind| request.kinds.contains(kind))
        .collect();
    if kinds.is_empty() || request.limit == 0 {
        return None;
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
    query.push(" WHERE id IN (SELECT id FROM (");
    for kind in kinds {
        // The list of kinds repeats the condition of the index, without which it may not be used.
        query.push(
            "SELECT * FROM (SELECT id, priority FROM tasks \
             WHERE state = 'ready' AND paused = 0 AND kind IN ('annotate', 'score', 'refit') AND kind = '",
        );
        query.push(kind.word());
        query.push(concat!("' AND ready_at <= ", now!()));
        push_project(&mut query, request);
        query.push(" ORDER BY priority DESC, id LIMIT ");
        query.push_bind(i64::from(request.limit)).push(") UNION ALL ");
        query.push(concat!(
            "SELECT id, priority FROM tasks WHERE state = 'leased' AND lease_until <= ",
            now!(),
            " AND paused = 0 AND kind = '"
        ));
        query.push(kind.word()).push("'");
        push_project(&mut query, request);
        query.push(" UNION ALL ");
    }
    query.push("SELECT NULL, NULL WHERE false) ORDER BY priority DESC, id LIMIT ");
    query.push_bind(i64::from(request.limit));
    query.push(concat!(") RETURNING lease_token, ", task_columns!()));
    Some(query)
}

fn push_project(query: &mut QueryBuilder<Sqlite>, request: &ClaimRequest<'_>) {
    if let Some(project_id) = request.project_id {
        query.push(" AND project_id = ").push_bind(project_id.as_uuid());
    }
}

#[cfg(test)]
mod tests {
    use accord_domain::ProjectId;
    use accord_store::Store;
    use sqlx::Row;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions};
    use uuid::Uuid;

    use super::*;
    use crate::{SqliteOptions, SqliteStore};

    /// Every claim walks indexes; none reads the whole queue.
    #[tokio::test]
    async fn claims_walk_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accord.sqlite");
        let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        for project_id in [None, Some(ProjectId::from_uuid(Uuid::nil()))] {
            let request = ClaimRequest {
                kinds: &[TaskKind::Annotate, TaskKind::Score, TaskKind::Refit],
                project_id,
                worker: "worker",
                lease_milliseconds: 1000,
                limit: 10,
                limits: &[],
            };
            let statement = claim_query(&request).unwrap().into_string();
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            let plan = steps.join("\n");
            let (ready, leased) = match project_id {
                None => ("tasks_ready (kind=?)", "tasks_leased (lease_until<?)"),
                Some(_) => (
                    "tasks_ready_of_project (project_id=? AND kind=?)",
                    "tasks_by_state (project_id=? AND kind=? AND state=?)",
                ),
            };
            assert_eq!(plan.matches(&format!("INDEX {ready}")).count(), 3, "{plan}");
            assert_eq!(plan.matches(&format!("INDEX {leased}")).count(), 3, "{plan}");
            assert!(!plan.contains("SCAN tasks"), "{plan}");
            // Only the few candidates are sorted, never an index.
            assert_eq!(plan.matches("USE TEMP B-TREE FOR ORDER BY").count(), 1, "{plan}");
        }
    }
}
