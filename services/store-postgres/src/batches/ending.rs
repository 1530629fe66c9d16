//! Requests that end, and the tasks that waited for them.

use accord_domain::BatchId;
use accord_store::text::clean_reason;
use accord_store::{EndedRequest, RequestEnd, RequestFailure, StoreResult};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// Adds up what ended requests mean for their batch.
async fn count_ended(transaction: &mut PostgresTransaction, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
    let (mut answered, mut unanswered, mut dropped) = (0_i64, 0_i64, 0_i64);
    let mut cost = Decimal::ZERO;
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
        "UPDATE batches SET answered = answered + $2, failed = failed + $3, requests = requests - $4,
                            cost = cost + $5::TEXT::NUMERIC
         WHERE id = $1",
    )
    .bind(id.as_uuid())
    .bind(answered)
    .bind(unanswered)
    .bind(dropped)
    .bind(cost.to_string())
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

/// Runs a statement about these requests.
async fn about(transaction: &mut PostgresTransaction, statement: &'static str, ids: &[Uuid]) -> StoreResult<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(statement)
        .bind(ids)
        .execute(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(done.rows_affected())
}

async fn fail_requests(
    transaction: &mut PostgresTransaction,
    ids: &[Uuid],
    failures: &[&RequestFailure],
) -> StoreResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let reasons: Vec<String> = failures.iter().map(|failure| clean_reason(&failure.reason)).collect();
    let permanent: Vec<bool> = failures.iter().map(|failure| failure.is_permanent).collect();
    sqlx::query(
        "UPDATE batch_requests SET state = 'failed', body = NULL, reason = failed.reason, is_permanent = failed.is_permanent
         FROM UNNEST($1::UUID[], $2::TEXT[], $3::BOOLEAN[]) AS failed (id, reason, is_permanent)
         WHERE batch_requests.id = failed.id",
    )
    .bind(ids)
    .bind(reasons)
    .bind(permanent)
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

/// Ends requests, counts them, and wakes the tasks that wait for them.
pub(super) async fn end(transaction: &mut PostgresTransaction, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let (mut answered, mut unanswered, mut failures, mut dropped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for one in ended {
        match &one.end {
            RequestEnd::Answered { .. } => answered.push(one.id.as_uuid()),
            RequestEnd::Failed(failure) => {
                unanswered.push(one.id.as_uuid());
                failures.push(failure);
            }
            RequestEnd::Dropped => dropped.push(one.id.as_uuid()),
        }
    }
    count_ended(transaction, id, ended).await?;
    let is_answered = "UPDATE batch_requests SET state = 'answered', body = NULL WHERE id = ANY($1)";
    about(transaction, is_answered, &answered).await?;
    fail_requests(transaction, &unanswered, &failures).await?;
    let woken_with_answer = "
        UPDATE tasks SET ready_at = clock_microseconds(), last_error = batch_waits.former_error FROM batch_waits
        WHERE batch_waits.task_id = tasks.id AND tasks.state = 'ready' AND batch_waits.request_id = ANY($1)";
    let mut woken = about(transaction, woken_with_answer, &answered).await?;
    let woken_without = "
        UPDATE tasks SET ready_at = clock_microseconds() FROM batch_waits
        WHERE batch_waits.task_id = tasks.id AND tasks.state = 'ready' AND batch_waits.request_id = ANY($1)";
    woken += about(transaction, woken_without, &unanswered).await?;
    for gone in [&answered, &dropped] {
        about(transaction, "DELETE FROM batch_waits WHERE request_id = ANY($1)", gone).await?;
    }
    about(transaction, "DELETE FROM batch_requests WHERE id = ANY($1)", &dropped).await?;
    if woken > 0 {
        transaction.note_ready_tasks();
    }
    Ok(())
}
