//! Requests that end, and the tasks that waited for them.

use accord_domain::BatchId;
use accord_store::text::clean_reason;
use accord_store::{EndedRequest, RequestEnd, RequestFailure, StoreResult};
use rust_decimal::Decimal;
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;
use uuid::Uuid;

use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::{now, push_identifiers};
use crate::transaction::SqliteTransaction;

/// Adds what ended requests cost. The database has no decimal numbers, so the sum is made here; only one transaction
/// writes at a time.
async fn count_ended(tx: &mut SqliteTransaction, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
    let known = sqlx::query("SELECT id, cost FROM batches WHERE id = ?")
        .bind(id.as_uuid())
        .fetch_one(tx.connection())
        .await
        .map_err(failed)?;
    let mut cost: Decimal = Reader::new("batches", &known).word("cost")?;
    let (mut answered, mut unanswered, mut dropped) = (0_i64, 0_i64, 0_i64);
    for one in ended {
        match &one.end {
            RequestEnd::Answered { cost: own } => {
                answered += 1;
                cost += *own;
            }
            RequestEnd::Failed(_) => unanswered += 1,
            RequestEnd::Dropped => dropped += 1,
        }
    }
    sqlx::query(
        "UPDATE batches SET answered = answered + ?, failed = failed + ?, requests = requests - ?, cost = ? WHERE id = ?",
    )
    .bind(answered)
    .bind(unanswered)
    .bind(dropped)
    .bind(cost.normalize().to_string())
    .bind(id.as_uuid())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(())
}

/// Runs a statement whose list of identifiers of requests comes between its two parts.
async fn with_requests(
    tx: &mut SqliteTransaction,
    ids: &[Uuid],
    (before, after): (&'static str, &'static str),
) -> StoreResult<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::<Sqlite>::new(before);
    push_identifiers(&mut query, ids.iter().copied())?;
    query.push(after);
    let done = query.build().execute(tx.connection()).await.map_err(failed)?;
    Ok(done.rows_affected())
}

async fn fail_request(tx: &mut SqliteTransaction, id: Uuid, failure: &RequestFailure) -> StoreResult<()> {
    sqlx::query("UPDATE batch_requests SET state = 'failed', body = NULL, reason = ?, is_permanent = ? WHERE id = ?")
        .bind(clean_reason(&failure.reason))
        .bind(failure.is_permanent)
        .bind(id)
        .execute(tx.connection())
        .await
        .map_err(failed)?;
    Ok(())
}

/// Ends requests, counts them, and wakes the tasks that wait for them.
pub(super) async fn end(tx: &mut SqliteTransaction, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let (mut answered, mut unanswered, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
    for one in ended {
        match &one.end {
            RequestEnd::Answered { .. } => answered.push(one.id.as_uuid()),
            RequestEnd::Failed(failure) => {
                fail_request(tx, one.id.as_uuid(), failure).await?;
                unanswered.push(one.id.as_uuid());
            }
            RequestEnd::Dropped => dropped.push(one.id.as_uuid()),
        }
    }
    count_ended(tx, id, ended).await?;
    let is_answered = (
        "UPDATE batch_requests SET state = 'answered', body = NULL WHERE id IN ",
        "",
    );
    with_requests(tx, &answered, is_answered).await?;
    let woken_with_answer = (
        concat!(
            "UPDATE tasks SET ready_at = ",
            now!(),
            ", last_error = batch_waits.former_error FROM batch_waits \
             WHERE batch_waits.task_id = tasks.id AND tasks.state = 'ready' AND batch_waits.request_id IN "
        ),
        "",
    );
    let mut woken = with_requests(tx, &answered, woken_with_answer).await?;
    let woken_without = (
        concat!(
            "UPDATE tasks SET ready_at = ",
            now!(),
            " WHERE state = 'ready' AND id IN (SELECT task_id FROM batch_waits WHERE request_id IN "
        ),
        ")",
    );
    woken += with_requests(tx, &unanswered, woken_without).await?;
    for gone in [&answered, &dropped] {
        with_requests(tx, gone, ("DELETE FROM batch_waits WHERE request_id IN ", "")).await?;
    }
    with_requests(tx, &dropped, ("DELETE FROM batch_requests WHERE id IN ", "")).await?;
    if woken > 0 {
        tx.note_ready_tasks();
    }
    Ok(())
}
