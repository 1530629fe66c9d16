//! Claiming `annotate` tasks where annotators have limits: each annotator that has tasks is found by one step in the
//! index, and its tasks are walked from the front, so that those of others cost nothing.

use accord_domain::{AnnotatorId, TaskId};
use accord_store::claim::{Candidate, ClaimLimits};
use accord_store::{ClaimRequest, StoreResult};
use sqlx::FromRow;
use uuid::Uuid;

use super::row::{TaskRow, task_columns};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// The annotators that have open tasks.
const WAITING: &str = "
    WITH RECURSIVE waiting (annotator_id) AS (
        (SELECT annotator_id FROM tasks
         WHERE kind = 'annotate' AND state IN ('ready', 'leased') AND NOT paused ORDER BY annotator_id LIMIT 1)
        UNION ALL
        SELECT (SELECT tasks.annotator_id FROM tasks
                WHERE tasks.kind = 'annotate' AND tasks.state IN ('ready', 'leased') AND NOT tasks.paused
                    AND tasks.annotator_id > waiting.annotator_id
                ORDER BY tasks.annotator_id LIMIT 1)
        FROM waiting WHERE waiting.annotator_id IS NOT NULL
    )
    SELECT waiting.annotator_id
    FROM waiting JOIN annotators ON annotators.id = waiting.annotator_id
    WHERE $1::UUID IS NULL OR annotators.project_id = $1";

/// The first tasks of each of these annotators whose time has come, locked until the transaction ends.
const FIRST: &str = "
    SELECT candidate.*
    FROM unnest($1::UUID[], $2::BIGINT[], $3::BOOLEAN[]) AS wanted (annotator_id, tasks, repeated)
    CROSS JOIN LATERAL (
        SELECT tasks.id, tasks.annotator_id, tasks.priority, tasks.attempts + tasks.uncounted > 0 AS repeated
        FROM tasks
        WHERE tasks.annotator_id = wanted.annotator_id
            AND tasks.kind = 'annotate' AND tasks.state IN ('ready', 'leased') AND NOT tasks.paused
            AND coalesce(tasks.lease_until, tasks.ready_at) <= (SELECT clock_microseconds())
            AND (wanted.repeated OR tasks.attempts = 0 AND tasks.uncounted = 0)
        ORDER BY tasks.priority DESC, tasks.id LIMIT wanted.tasks
        FOR UPDATE SKIP LOCKED
    ) AS candidate";

const LEASE: &str = concat!(
    "UPDATE tasks
     SET state = 'leased', attempts = attempts + 1, worker = $2, user_id = NULL,
         lease_token = gen_random_uuid()::TEXT, lease_until = clock_microseconds() + $3 * 1000
     WHERE id = ANY($1)
     RETURNING ",
    task_columns!()
);

#[derive(FromRow)]
struct CandidateRow {
    id: Uuid,
    annotator_id: Uuid,
    priority: i32,
    repeated: bool,
}

impl CandidateRow {
    fn read(self) -> Candidate {
        Candidate {
            id: TaskId::from_uuid(self.id),
            annotator_id: AnnotatorId::from_uuid(self.annotator_id),
            priority: self.priority,
            repeated: self.repeated,
        }
    }
}

pub(super) async fn claim(
    transaction: &mut PostgresTransaction,
    request: &ClaimRequest<'_>,
) -> StoreResult<Vec<TaskRow>> {
    let limits = ClaimLimits::of(request)?;
    let waiting: Vec<Uuid> = sqlx::query_scalar(WAITING)
        .bind(request.project_id.map(|id| id.as_uuid()))
        .fetch_all(transaction.connection())
        .await
        .map_err(failure)?;
    let waiting = waiting.into_iter().map(AnnotatorId::from_uuid);
    let wanted: Vec<AnnotatorId> = waiting.filter(|annotator| limits.tasks(*annotator) > 0).collect();
    let tasks: Vec<i64> = wanted.iter().map(|one| i64::from(limits.tasks(*one))).collect();
    let repeated: Vec<bool> = wanted.iter().map(|one| limits.repeated(*one)).collect();
    let wanted: Vec<Uuid> = wanted.iter().map(AnnotatorId::as_uuid).collect();
    let found: Vec<CandidateRow> = sqlx::query_as(FIRST)
        .bind(wanted)
        .bind(tasks)
        .bind(repeated)
        .fetch_all(transaction.connection())
        .await
        .map_err(failure)?;
    let chosen = limits.choose(found.into_iter().map(CandidateRow::read).collect());
    let chosen: Vec<Uuid> = chosen.iter().map(TaskId::as_uuid).collect();
    sqlx::query_as(LEASE)
        .bind(chosen)
        .bind(request.worker)
        .bind(request.lease_milliseconds)
        .fetch_all(transaction.connection())
        .await
        .map_err(failure)
}
