//! Batches, their requests, and the tasks that wait for these.

mod ending;
mod enrolling;

use accord_domain::{AnnotatorId, Batch, BatchId, BatchRequestId, ProjectId, RunAnnotator, RunId, TaskId, Timestamp};
use accord_store::text::clean_reason;
use accord_store::{
    BatchClaim, BatchLease, BatchLine, Batches, EndedRequest, NewBatchRequest, NewCall, OpenRequest, OpenRequests,
    OpenSize, RequestFailure, StoreResult,
};
use async_trait::async_trait;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::{Place, read_all, write_json};
use crate::error::failure;
use crate::spending::money;
use crate::transaction::PostgresTransaction;

/// The columns of a batch.
macro_rules! batch_columns {
    () => {
        "batches.id, batches.project_id, batches.run_id, batches.provider, batches.model, batches.stage::TEXT AS stage,
         batches.sends, batches.requests, batches.answered, batches.failed, batches.cost::TEXT AS cost, batches.currency,
         batches.opened_at, batches.sent_at, batches.ends_by, batches.ended_at, batches.note, batches.failed_steps"
    };
}

/// Requests that an open task waits for.
macro_rules! is_wanted {
    () => {
        "EXISTS (SELECT FROM batch_waits JOIN tasks ON tasks.id = batch_waits.task_id
                 WHERE batch_waits.request_id = batch_requests.id AND tasks.state IN ('ready', 'leased'))"
    };
}

/// Open requests with their calls, locked.
macro_rules! select_open {
    ($which:expr) => {
        concat!(
            "SELECT batch_requests.id, begun_calls.key, begun_calls.token, begun_calls.project_id, begun_calls.run_id,
                    begun_calls.annotator_id, begun_calls.provider, begun_calls.day, begun_calls.tokens,
                    begun_calls.cost::TEXT AS cost, begun_calls.currency
             FROM batch_requests
             JOIN begun_calls ON begun_calls.key = batch_requests.key AND begun_calls.token = batch_requests.token
             WHERE batch_requests.batch_id = $1 AND batch_requests.state = 'open' AND ",
            $which,
            " ORDER BY batch_requests.id LIMIT $2 FOR UPDATE OF batch_requests"
        )
    };
}

const CLAIM: &str = concat!(
    "UPDATE batches SET lease_token = gen_random_uuid()::TEXT, lease_until = clock_microseconds() + $1 * 1000
     WHERE id = (
         SELECT due.id FROM batches AS due JOIN runs ON runs.id = due.run_id
         WHERE due.state <> 'collected' AND due.next_at <= (SELECT clock_microseconds())
             AND due.lease_until <= (SELECT clock_microseconds())
             AND (due.state IN ('sent', 'ended') OR runs.state <> 'paused')
             AND due.provider = ANY($2) AND ($3::UUID IS NULL OR due.project_id = $3)
         ORDER BY due.next_at LIMIT 1 FOR UPDATE OF due SKIP LOCKED
     )
     RETURNING lease_token, ",
    batch_columns!()
);

const UPDATE: &str = "
    UPDATE batches
    SET state = $3, stage = $4::JSON, sends = $5, sent_at = $6, ends_by = $7, ended_at = $8, note = $9, failed_steps = $10,
        lease_token = CASE WHEN $11::BIGINT IS NULL THEN lease_token END,
        lease_until = CASE WHEN $11::BIGINT IS NULL THEN lease_until ELSE 0 END,
        next_at = CASE WHEN $11::BIGINT IS NULL THEN next_at ELSE clock_microseconds() + $11 * 1000 END
    WHERE id = $1 AND lease_token = $2";

const LINES: &str = "
    SELECT batch_requests.id, key, body FROM batch_requests JOIN (
        SELECT id, bytes, sum(bytes) OVER (ORDER BY id) AS all_bytes FROM (
            SELECT id, bytes FROM batch_requests WHERE batch_id = $1 AND state = 'open' AND id > $2
            ORDER BY id LIMIT $3) AS next
    ) AS part ON part.id = batch_requests.id
    WHERE part.all_bytes <= $4 OR part.all_bytes = part.bytes ORDER BY batch_requests.id";

#[derive(FromRow)]
struct BatchRow {
    id: Uuid,
    project_id: Uuid,
    run_id: Uuid,
    provider: String,
    model: String,
    stage: String,
    sends: i64,
    requests: i64,
    answered: i64,
    failed: i64,
    cost: String,
    currency: Option<String>,
    opened_at: i64,
    sent_at: Option<i64>,
    ends_by: Option<i64>,
    ended_at: Option<i64>,
    note: Option<String>,
    failed_steps: i64,
}

impl BatchRow {
    fn read(self) -> StoreResult<Batch> {
        Ok(Batch {
            id: BatchId::from_uuid(self.id),
            project_id: ProjectId::from_uuid(self.project_id),
            run_id: RunId::from_uuid(self.run_id),
            provider: self.provider,
            model: self.model,
            stage: Place::new("batches", "stage").read_json(self.id, &self.stage)?,
            sends: self.sends,
            requests: self.requests,
            answered: self.answered,
            failed: self.failed,
            cost: money("batches", &self.id.to_string(), &self.cost)?,
            currency: self.currency,
            opened_at: Timestamp::from_microseconds(self.opened_at),
            sent_at: self.sent_at.map(Timestamp::from_microseconds),
            ends_by: self.ends_by.map(Timestamp::from_microseconds),
            ended_at: self.ended_at.map(Timestamp::from_microseconds),
            note: self.note,
            failed_steps: self.failed_steps,
        })
    }
}

#[derive(FromRow)]
struct ClaimedRow {
    lease_token: String,
    #[sqlx(flatten)]
    batch: BatchRow,
}

#[derive(FromRow)]
struct OpenRow {
    id: Uuid,
    key: String,
    token: String,
    project_id: Uuid,
    run_id: Option<Uuid>,
    annotator_id: Option<Uuid>,
    provider: String,
    day: i64,
    tokens: i64,
    cost: String,
    currency: Option<String>,
}

impl OpenRow {
    fn read(self) -> StoreResult<OpenRequest> {
        let run = self.run_id.zip(self.annotator_id).map(|(run, annotator)| RunAnnotator {
            run_id: RunId::from_uuid(run),
            annotator_id: AnnotatorId::from_uuid(annotator),
        });
        Ok(OpenRequest {
            id: BatchRequestId::from_uuid(self.id),
            call: NewCall {
                cost: money("begun_calls", &self.key, &self.cost)?,
                key: self.key,
                token: self.token,
                project_id: ProjectId::from_uuid(self.project_id),
                run,
                provider: self.provider,
                day: self.day,
                tokens: self.tokens,
                currency: self.currency,
            },
        })
    }
}

#[async_trait]
impl Batches for PostgresTransaction {
    async fn open_request(&mut self, key: &str) -> StoreResult<Option<BatchRequestId>> {
        let found: Option<Uuid> =
            sqlx::query_scalar("SELECT id FROM batch_requests WHERE key = $1 AND state = 'open' FOR UPDATE")
                .bind(key)
                .fetch_optional(self.connection())
                .await
                .map_err(failure)?;
        Ok(found.map(BatchRequestId::from_uuid))
    }

    async fn enrol_request(&mut self, request: &NewBatchRequest<'_>) -> StoreResult<()> {
        enrolling::enrol(self, request).await
    }

    async fn await_request(&mut self, task_id: TaskId, request_id: BatchRequestId) -> StoreResult<()> {
        sqlx::query(
            "INSERT INTO batch_waits (task_id, request_id, former_error)
             SELECT id, $2, last_error FROM tasks WHERE id = $1
             ON CONFLICT (task_id) DO UPDATE SET request_id = EXCLUDED.request_id",
        )
        .bind(task_id.as_uuid())
        .bind(request_id.as_uuid())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn take_failure(&mut self, task_id: TaskId, key: &str) -> StoreResult<Option<RequestFailure>> {
        let found: Option<(String, Option<String>, bool)> = sqlx::query_as(
            "DELETE FROM batch_waits USING batch_requests
             WHERE batch_waits.task_id = $1 AND batch_requests.id = batch_waits.request_id
                 AND batch_requests.state = 'failed'
             RETURNING batch_requests.key, batch_requests.reason, batch_requests.is_permanent",
        )
        .bind(task_id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        Ok(found
            .filter(|(known, _, _)| known == key)
            .map(|(_, reason, is_permanent)| RequestFailure {
                reason: reason.unwrap_or_default(),
                is_permanent,
            }))
    }

    async fn claim_batch(&mut self, claim: &BatchClaim<'_>) -> StoreResult<Option<BatchLease>> {
        let found: Option<ClaimedRow> = sqlx::query_as(CLAIM)
            .bind(claim.lease_milliseconds)
            .bind(claim.providers)
            .bind(claim.project_id.map(|id| id.as_uuid()))
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        let read = |row: ClaimedRow| {
            Ok(BatchLease {
                batch: row.batch.read()?,
                token: row.lease_token,
            })
        };
        found.map(read).transpose()
    }

    async fn renew_batch(&mut self, id: BatchId, token: &str, lease_milliseconds: i64) -> StoreResult<bool> {
        let done = sqlx::query(
            "UPDATE batches SET lease_until = clock_microseconds() + $3 * 1000 WHERE id = $1 AND lease_token = $2",
        )
        .bind(id.as_uuid())
        .bind(token)
        .bind(lease_milliseconds)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(done.rows_affected() == 1)
    }

    async fn update_batch(&mut self, batch: &Batch, token: &str, next_milliseconds: Option<i64>) -> StoreResult<bool> {
        let done = sqlx::query(UPDATE)
            .bind(batch.id.as_uuid())
            .bind(token)
            .bind(batch.stage.state().word())
            .bind(write_json("batch", &batch.stage)?)
            .bind(batch.sends)
            .bind(batch.sent_at.map(Timestamp::as_microseconds))
            .bind(batch.ends_by.map(Timestamp::as_microseconds))
            .bind(batch.ended_at.map(Timestamp::as_microseconds))
            .bind(batch.note.as_deref().map(clean_reason))
            .bind(batch.failed_steps)
            .bind(next_milliseconds.map(|next| next.max(0)))
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(done.rows_affected() == 1)
    }

    async fn lines_of_batch(
        &mut self,
        id: BatchId,
        after: Option<BatchRequestId>,
        limit: u32,
        maximum_bytes: i64,
    ) -> StoreResult<Vec<BatchLine>> {
        let rows: Vec<(Uuid, String, String)> = sqlx::query_as(LINES)
            .bind(id.as_uuid())
            .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
            .bind(i64::from(limit))
            .bind(maximum_bytes)
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        let read = |(id, key, body)| BatchLine {
            id: BatchRequestId::from_uuid(id),
            key,
            body,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    async fn open_size(&mut self, id: BatchId) -> StoreResult<OpenSize> {
        let (requests, bytes) = sqlx::query_as(
            "SELECT count(*), coalesce(sum(bytes), 0)::BIGINT FROM batch_requests WHERE batch_id = $1 AND state = 'open'",
        )
        .bind(id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failure)?;
        Ok(OpenSize { requests, bytes })
    }

    async fn open_requests(
        &mut self,
        id: BatchId,
        which: OpenRequests<'_>,
        limit: u32,
    ) -> StoreResult<Vec<OpenRequest>> {
        let (batch, limit) = (id.as_uuid(), i64::from(limit));
        let query = match which {
            OpenRequests::All => sqlx::query_as(select_open!("true")).bind(batch).bind(limit),
            OpenRequests::Keys(keys) => sqlx::query_as(select_open!("batch_requests.key = ANY($3)"))
                .bind(batch)
                .bind(limit)
                .bind(keys),
            OpenRequests::Unwanted => sqlx::query_as(select_open!(concat!("NOT ", is_wanted!())))
                .bind(batch)
                .bind(limit),
            OpenRequests::Line(line) => sqlx::query_as(select_open!(
                "batch_requests.id = (SELECT id FROM batch_requests AS counted
                     WHERE counted.batch_id = $1 AND counted.state = 'open' ORDER BY counted.id LIMIT 1 OFFSET $3)"
            ))
            .bind(batch)
            .bind(limit)
            .bind(line.saturating_sub(1).max(0)),
        };
        let rows: Vec<OpenRow> = query.fetch_all(self.connection()).await.map_err(failure)?;
        read_all(rows, OpenRow::read)
    }

    async fn end_requests(&mut self, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
        ending::end(self, id, ended).await
    }

    async fn is_batch_wanted(&mut self, id: BatchId) -> StoreResult<bool> {
        sqlx::query_scalar(concat!(
            "SELECT EXISTS (SELECT FROM batch_requests WHERE batch_id = $1 AND state = 'open' AND ",
            is_wanted!(),
            ")"
        ))
        .bind(id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failure)
    }

    async fn batches_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<Batch>> {
        let rows: Vec<BatchRow> = sqlx::query_as(concat!(
            "SELECT ",
            batch_columns!(),
            " FROM batches WHERE run_id = $1 ORDER BY opened_at DESC, id DESC LIMIT $2"
        ))
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows.into_iter().rev().collect(), BatchRow::read)
    }
}
