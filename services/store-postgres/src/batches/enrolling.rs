//! Requests that come into a batch.

use accord_store::text::check_text;
use accord_store::{LONGEST_GATHERING, NewBatchRequest, OpenSize, StoreResult};
use uuid::Uuid;

use crate::error::failure;
use crate::transaction::PostgresTransaction;

const OPEN_BATCH: &str = "
    INSERT INTO batches
        (id, project_id, run_id, provider, model, state, stage, sends, requests, bytes, answered, failed, cost, currency,
         opened_at, failed_steps, next_at, lease_until)
    SELECT $1, $2, $3, $4, $5, 'gathering', '{\"state\":\"gathering\"}', 0, 0, 0, 0, 0, 0, $6, now, 0, now, 0
    FROM (SELECT clock_microseconds() AS now) AS clock
    ON CONFLICT (run_id, provider, model) WHERE state = 'gathering' DO NOTHING";

/// The batch that gathers, locked, with its size; a new one when there is none.
async fn gathering(
    transaction: &mut PostgresTransaction,
    request: &NewBatchRequest<'_>,
) -> StoreResult<(Uuid, OpenSize)> {
    loop {
        let found: Option<(Uuid, i64, i64)> = sqlx::query_as(
            "SELECT id, requests, bytes FROM batches
             WHERE run_id = $1 AND provider = $2 AND model = $3 AND state = 'gathering' FOR UPDATE",
        )
        .bind(request.run_id.as_uuid())
        .bind(&request.call.provider)
        .bind(request.model)
        .fetch_optional(transaction.connection())
        .await
        .map_err(failure)?;
        if let Some((id, requests, bytes)) = found {
            return Ok((id, OpenSize { requests, bytes }));
        }
        // Somebody else may open one at the same moment: whoever does, it is found then.
        sqlx::query(OPEN_BATCH)
            .bind(request.batch_id.as_uuid())
            .bind(request.call.project_id.as_uuid())
            .bind(request.run_id.as_uuid())
            .bind(&request.call.provider)
            .bind(request.model)
            .bind(request.call.currency.as_deref())
            .execute(transaction.connection())
            .await
            .map_err(failure)?;
    }
}

/// Puts a request into the batch of its run and model that gathers.
pub(super) async fn enrol(transaction: &mut PostgresTransaction, request: &NewBatchRequest<'_>) -> StoreResult<()> {
    check_text("provider", &request.call.provider)?;
    check_text("model", request.model)?;
    check_text("request to a model", request.body)?;
    let limits = request.limits;
    let (mut batch_id, size) = gathering(transaction, request).await?;
    if size.requests >= limits.requests || (size.requests > 0 && size.bytes + request.bytes > limits.bytes) {
        sqlx::query(
            "UPDATE batches SET state = 'gathered', stage = '{\"state\":\"gathered\"}', next_at = clock_microseconds()
             WHERE id = $1",
        )
        .bind(batch_id)
        .execute(transaction.connection())
        .await
        .map_err(failure)?;
        batch_id = gathering(transaction, request).await?.0;
    }
    sqlx::query(
        "INSERT INTO batch_requests (id, batch_id, key, token, state, body, bytes)
         VALUES ($1, $2, $3, $4, 'open', $5, $6)",
    )
    .bind(request.id.as_uuid())
    .bind(batch_id)
    .bind(&request.call.key)
    .bind(&request.call.token)
    .bind(request.body)
    .bind(request.bytes)
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    sqlx::query(
        "UPDATE batches SET requests = requests + 1, bytes = bytes + $2,
                            next_at = least(clock_microseconds() + $3, opened_at + $4)
         WHERE id = $1",
    )
    .bind(batch_id)
    .bind(request.bytes)
    .bind(limits.gather_milliseconds.saturating_mul(1000))
    .bind(limits.gather_milliseconds.saturating_mul(1000 * LONGEST_GATHERING))
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}
