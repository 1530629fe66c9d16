//! Requests that come into a batch.

use accord_store::text::check_text;
use accord_store::{LONGEST_GATHERING, NewBatchRequest, OpenSize, StoreResult};
use uuid::Uuid;

use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::now;
use crate::transaction::SqliteTransaction;

/// The batch that gathers, with its size.
async fn gathering(tx: &mut SqliteTransaction, request: &NewBatchRequest<'_>) -> StoreResult<Option<(Uuid, OpenSize)>> {
    let found = sqlx::query(
        "SELECT id, requests, bytes FROM batches WHERE run_id = ? AND provider = ? AND model = ? AND state = 'gathering'",
    )
    .bind(request.run_id.as_uuid())
    .bind(&request.call.provider)
    .bind(request.model)
    .fetch_optional(tx.connection())
    .await
    .map_err(failed)?;
    let read = |row| {
        let reader = Reader::new("batches", row);
        let size = OpenSize {
            requests: reader.get("requests")?,
            bytes: reader.get("bytes")?,
        };
        Ok((reader.get("id")?, size))
    };
    found.as_ref().map(read).transpose()
}

async fn open_batch(tx: &mut SqliteTransaction, request: &NewBatchRequest<'_>) -> StoreResult<Uuid> {
    let id = request.batch_id.as_uuid();
    sqlx::query(concat!(
        "INSERT INTO batches (id, project_id, run_id, provider, model, state, stage, sends, requests, bytes, answered, \
                              failed, cost, currency, opened_at, failed_steps, next_at, lease_until) \
         VALUES (?, ?, ?, ?, ?, 'gathering', '{\"state\":\"gathering\"}', 0, 0, 0, 0, 0, '0', ?, ",
        now!(),
        ", 0, ",
        now!(),
        ", 0)"
    ))
    .bind(id)
    .bind(request.call.project_id.as_uuid())
    .bind(request.run_id.as_uuid())
    .bind(&request.call.provider)
    .bind(request.model)
    .bind(request.call.currency.as_deref())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(id)
}

/// Puts a request into the batch of its run and model that gathers.
pub(super) async fn enrol(tx: &mut SqliteTransaction, request: &NewBatchRequest<'_>) -> StoreResult<()> {
    check_text("name of provider", &request.call.provider)?;
    check_text("name of model", request.model)?;
    check_text("request to a model", request.body)?;
    let limits = request.limits;
    let fits = |size: OpenSize| size.requests < limits.requests && size.bytes + request.bytes <= limits.bytes;
    let batch_id = match gathering(tx, request).await? {
        Some((id, size)) if fits(size) => id,
        Some((full, _)) => {
            sqlx::query(concat!(
                "UPDATE batches SET state = 'gathered', stage = '{\"state\":\"gathered\"}', next_at = ",
                now!(),
                " WHERE id = ?"
            ))
            .bind(full)
            .execute(tx.connection())
            .await
            .map_err(failed)?;
            open_batch(tx, request).await?
        }
        None => open_batch(tx, request).await?,
    };
    sqlx::query(
        "INSERT INTO batch_requests (id, batch_id, key, token, state, body, bytes) VALUES (?, ?, ?, ?, 'open', ?, ?)",
    )
    .bind(request.id.as_uuid())
    .bind(batch_id)
    .bind(&request.call.key)
    .bind(&request.call.token)
    .bind(request.body)
    .bind(request.bytes)
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    sqlx::query(concat!(
        "UPDATE batches SET requests = requests + 1, bytes = bytes + ?1, \
                next_at = min(",
        now!(),
        " + ?2, opened_at + ?3) WHERE id = ?4"
    ))
    .bind(request.bytes)
    .bind(limits.gather_milliseconds.saturating_mul(1000))
    .bind(limits.gather_milliseconds.saturating_mul(1000 * LONGEST_GATHERING))
    .bind(batch_id)
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(())
}
