//! Claims and their renewal.

use std::cmp::Reverse;

use accord_domain::{Lease, ProjectId, TaskId, TaskKind, Timestamp, UserId};
use accord_store::text::check_text;
use accord_store::{ClaimRequest, StoreError, StoreResult};
use uuid::Uuid;

use super::claiming_within;
use super::row::{TaskRow, task_columns};
use crate::convert::{may_be_stored, read_all};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// Takes up to the limit of each kind from the front of the index, then the best of them. The candidates are a
/// materialised step (it locks), so that they are chosen once, whatever the plan of the update.
const CLAIM_FOR_WORKER: &str = concat!(
    "WITH clock AS MATERIALIZED (SELECT clock_microseconds() AS now),
     chosen AS MATERIALIZED (
         SELECT candidate.id
         FROM unnest($1::TEXT[]) AS wanted (kind)
         CROSS JOIN LATERAL (
             SELECT tasks.id, tasks.priority FROM tasks
             WHERE tasks.kind = wanted.kind
                 AND tasks.kind IN ('annotate', 'score', 'refit') AND tasks.state IN ('ready', 'leased') AND NOT tasks.paused
                 AND coalesce(tasks.lease_until, tasks.ready_at) <= (SELECT now FROM clock)
                 AND ($2::UUID IS NULL OR tasks.project_id = $2)
             ORDER BY tasks.priority DESC, tasks.id LIMIT $3
             FOR UPDATE SKIP LOCKED
         ) AS candidate
         ORDER BY candidate.priority DESC, candidate.id LIMIT $3
     )
     UPDATE tasks
     SET state = 'leased', attempts = attempts + 1, worker = $4, user_id = NULL,
         lease_token = gen_random_uuid()::TEXT, lease_until = (SELECT now FROM clock) + $5 * 1000
     FROM chosen WHERE tasks.id = chosen.id
     RETURNING ",
    task_columns!()
);

const LEASE_TO_PERSON: &str = concat!(
    "UPDATE tasks
     SET state = 'leased', worker = NULL, user_id = $2,
         attempts = attempts + CASE WHEN state = 'leased' AND user_id = $2 THEN 0 ELSE 1 END,
         lease_token = gen_random_uuid()::TEXT, lease_until = clock_microseconds() + $3 * 1000
     WHERE id = $1
     RETURNING ",
    task_columns!()
);

const HELD_BY_PERSON: &str = "
    SELECT id FROM tasks
    WHERE user_id = $1 AND project_id = $2 AND kind = $3 AND state = 'leased'
    ORDER BY priority DESC, id LIMIT 1
    FOR UPDATE";

const NEXT_FOR_PERSON: &str = "
    SELECT open.id FROM tasks AS open
    WHERE open.project_id = $2 AND open.kind = $3
        AND open.kind IN ('vote', 'review') AND open.state IN ('ready', 'leased')
        AND coalesce(open.lease_until, open.ready_at) <= (SELECT clock_microseconds())
        AND NOT EXISTS (
            SELECT FROM tasks AS own
            WHERE own.item_id = open.item_id AND own.kind = 'vote' AND open.kind = 'vote'
                AND own.user_id = $1 AND own.state IN ('leased', 'done', 'skipped')
        )
    ORDER BY open.priority DESC, open.id LIMIT 1
    FOR UPDATE OF open SKIP LOCKED";

const THIS_FOR_PERSON: &str = "
    SELECT wanted.id FROM tasks AS wanted
    WHERE wanted.id = $1 AND wanted.kind IN ('vote', 'review')
        AND (wanted.state = 'ready' OR wanted.state = 'leased'
            AND (wanted.user_id = $2 OR wanted.lease_until <= clock_microseconds()))
        AND NOT EXISTS (
            SELECT FROM tasks AS own
            WHERE own.item_id = wanted.item_id AND own.kind = 'vote' AND wanted.kind = 'vote' AND own.id <> wanted.id
                AND own.user_id = $2 AND own.state IN ('leased', 'done', 'skipped')
        )
    FOR UPDATE OF wanted";

pub(super) async fn claim_for_worker(
    transaction: &mut PostgresTransaction,
    request: &ClaimRequest<'_>,
) -> StoreResult<Vec<Lease>> {
    check_text("worker", request.worker)?;
    let rows = if request.limits.is_empty() {
        claim_freely(transaction, request).await?
    } else {
        claiming_within::claim(transaction, request).await?
    };
    let mut leases = read_all(rows, TaskRow::read_lease)?;
    leases.sort_unstable_by_key(|lease| (Reverse(lease.task.priority), lease.task.id));
    Ok(leases)
}

async fn claim_freely(transaction: &mut PostgresTransaction, request: &ClaimRequest<'_>) -> StoreResult<Vec<TaskRow>> {
    let mut kinds: Vec<&'static str> = request.kinds.iter().map(|kind| kind.word()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    sqlx::query_as(CLAIM_FOR_WORKER)
        .bind(kinds)
        .bind(request.project_id.map(|id| id.as_uuid()))
        .bind(i64::from(request.limit))
        .bind(request.worker)
        .bind(request.lease_milliseconds)
        .fetch_all(transaction.connection())
        .await
        .map_err(failure)
}

/// Claims of one person happen one after the other, in however many windows they are made.
async fn lock_person(transaction: &mut PostgresTransaction, user_id: UserId) -> StoreResult<()> {
    let row = sqlx::query("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE")
        .bind(user_id.as_uuid())
        .fetch_optional(transaction.connection())
        .await
        .map_err(failure)?;
    row.map(|_| ()).ok_or_else(|| StoreError::Missing {
        what: "user",
        name: user_id.to_string(),
    })
}

pub(super) async fn claim_next_for_person(
    transaction: &mut PostgresTransaction,
    project_id: ProjectId,
    kind: TaskKind,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Option<Lease>> {
    lock_person(transaction, user_id).await?;
    for statement in [HELD_BY_PERSON, NEXT_FOR_PERSON] {
        let found: Option<Uuid> = sqlx::query_scalar(statement)
            .bind(user_id.as_uuid())
            .bind(project_id.as_uuid())
            .bind(kind.word())
            .fetch_optional(transaction.connection())
            .await
            .map_err(failure)?;
        if let Some(id) = found {
            return lease_to_person(transaction, id, user_id, lease_milliseconds)
                .await
                .map(Some);
        }
    }
    Ok(None)
}

pub(super) async fn claim_this_for_person(
    transaction: &mut PostgresTransaction,
    id: TaskId,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Option<Lease>> {
    lock_person(transaction, user_id).await?;
    let found: Option<Uuid> = sqlx::query_scalar(THIS_FOR_PERSON)
        .bind(id.as_uuid())
        .bind(user_id.as_uuid())
        .fetch_optional(transaction.connection())
        .await
        .map_err(failure)?;
    match found {
        Some(id) => lease_to_person(transaction, id, user_id, lease_milliseconds)
            .await
            .map(Some),
        None => Ok(None),
    }
}

async fn lease_to_person(
    transaction: &mut PostgresTransaction,
    id: Uuid,
    user_id: UserId,
    lease_milliseconds: i64,
) -> StoreResult<Lease> {
    let row: TaskRow = sqlx::query_as(LEASE_TO_PERSON)
        .bind(id)
        .bind(user_id.as_uuid())
        .bind(lease_milliseconds)
        .fetch_one(transaction.connection())
        .await
        .map_err(failure)?;
    row.read_lease()
}

pub(super) async fn renew(
    transaction: &mut PostgresTransaction,
    id: TaskId,
    token: &str,
    lease_milliseconds: i64,
) -> StoreResult<Timestamp> {
    check_token(id, token)?;
    let lease_until: Option<i64> = sqlx::query_scalar(
        "UPDATE tasks SET lease_until = clock_microseconds() + $3 * 1000
         WHERE id = $1 AND lease_token = $2 AND state = 'leased' RETURNING lease_until",
    )
    .bind(id.as_uuid())
    .bind(token)
    .bind(lease_milliseconds)
    .fetch_optional(transaction.connection())
    .await
    .map_err(failure)?;
    lease_until
        .map(Timestamp::from_microseconds)
        .ok_or(StoreError::StaleLease { task: id })
}

/// A token that no lease can have is one that is not held.
pub(super) fn check_token(id: TaskId, token: &str) -> StoreResult<()> {
    if may_be_stored(token) {
        Ok(())
    } else {
        Err(StoreError::StaleLease { task: id })
    }
}
