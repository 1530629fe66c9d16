//! Batches, their requests, and the tasks that wait for these.

use accord_domain::{AnnotatorId, Batch, BatchId, BatchRequestId, ProjectId, RunAnnotator, RunId, TaskId, Timestamp};
use accord_store::text::{check_text, clean_reason};
use accord_store::{
    BatchClaim, BatchLease, BatchLine, Batches, EndedRequest, LONGEST_GATHERING, NewBatchRequest, NewCall, OpenRequest,
    OpenRequests, OpenSize, RequestEnd, RequestFailure, StoreResult,
};
use async_trait::async_trait;
use rust_decimal::Decimal;
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteRow};
use uuid::Uuid;

use crate::failure::failed;
use crate::page::push_identifiers;
use crate::reader::{Reader, to_json};
use crate::sql::{new_token, now};
use crate::transaction::SqliteTransaction;

/// Requests that an open task waits for.
macro_rules! is_wanted {
    () => {
        "EXISTS (SELECT 1 FROM batch_waits JOIN tasks ON tasks.id = batch_waits.task_id \
                 WHERE batch_waits.request_id = batch_requests.id AND tasks.state IN ('ready', 'leased'))"
    };
}

fn read_batch(row: &SqliteRow) -> StoreResult<Batch> {
    let reader = Reader::new("batches", row);
    Ok(Batch {
        id: BatchId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        run_id: RunId::from_uuid(reader.get("run_id")?),
        provider: reader.get("provider")?,
        model: reader.get("model")?,
        stage: reader.json("stage")?,
        sends: reader.get("sends")?,
        requests: reader.get("requests")?,
        answered: reader.get("answered")?,
        failed: reader.get("failed")?,
        cost: reader.word("cost")?,
        currency: reader.get("currency")?,
        opened_at: reader.moment("opened_at")?,
        sent_at: reader.optional_moment("sent_at")?,
        ends_by: reader.optional_moment("ends_by")?,
        ended_at: reader.optional_moment("ended_at")?,
        note: reader.get("note")?,
        failed_steps: reader.get("failed_steps")?,
    })
}

fn read_open(row: &SqliteRow) -> StoreResult<OpenRequest> {
    let reader = Reader::new("batch_requests", row);
    let run_id = reader.optional_id("run_id", RunId::from_uuid)?;
    let annotator_id = reader.optional_id("annotator_id", AnnotatorId::from_uuid)?;
    Ok(OpenRequest {
        id: BatchRequestId::from_uuid(reader.get("id")?),
        call: NewCall {
            key: reader.get("key")?,
            token: reader.get("token")?,
            project_id: ProjectId::from_uuid(reader.get("project_id")?),
            run: run_id
                .zip(annotator_id)
                .map(|(run_id, annotator_id)| RunAnnotator { run_id, annotator_id }),
            provider: reader.get("provider")?,
            day: reader.get("day")?,
            tokens: reader.get("tokens")?,
            cost: reader.word("cost")?,
            currency: reader.get("currency")?,
        },
    })
}

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

/// Adds what ended requests cost. The database has no decimal numbers, so the sum is made here; only one transaction
/// writes at a time.
async fn count_ended(tx: &mut SqliteTransaction, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
    let known: String = sqlx::query_scalar("SELECT cost FROM batches WHERE id = ?")
        .bind(id.as_uuid())
        .fetch_one(tx.connection())
        .await
        .map_err(failed)?;
    let mut cost: Decimal = known
        .parse()
        .map_err(|error: rust_decimal::Error| accord_store::StoreError::Corrupt {
            table: "batches",
            column: "cost",
            row: id.to_string(),
            problem: error.to_string(),
        })?;
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
    let done = query
        .build()
        .persistent(false)
        .execute(tx.connection())
        .await
        .map_err(failed)?;
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

/// The statement that finds open requests with their calls.
fn open_query(id: BatchId, which: OpenRequests<'_>, limit: u32) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "SELECT batch_requests.id, begun_calls.* FROM batch_requests \
         JOIN begun_calls ON begun_calls.key = batch_requests.key AND begun_calls.token = batch_requests.token \
         WHERE batch_requests.batch_id = ",
    );
    query.push_bind(id.as_uuid());
    query.push(" AND batch_requests.state = 'open'");
    match which {
        OpenRequests::All => {}
        OpenRequests::Keys(keys) => {
            query.push(" AND batch_requests.key IN (");
            let mut list = query.separated(", ");
            for key in keys {
                list.push_bind((*key).to_owned());
            }
            query.push(")");
        }
        OpenRequests::Unwanted => {
            query.push(concat!(" AND NOT ", is_wanted!()));
        }
        OpenRequests::Line(line) => {
            query.push(
                " AND batch_requests.id = (SELECT id FROM batch_requests AS counted WHERE counted.state = 'open' \
                   AND counted.batch_id = ",
            );
            query.push_bind(id.as_uuid());
            query.push(" ORDER BY counted.id LIMIT 1 OFFSET ");
            query.push_bind(line.saturating_sub(1).max(0)).push(")");
        }
    }
    query.push(" ORDER BY batch_requests.id LIMIT ");
    query.push_bind(i64::from(limit));
    query
}

#[async_trait]
impl Batches for SqliteTransaction {
    async fn open_request(&mut self, key: &str) -> StoreResult<Option<BatchRequestId>> {
        // Only one transaction writes at a time, so it cannot end before this one does.
        let found: Option<Uuid> = sqlx::query_scalar("SELECT id FROM batch_requests WHERE key = ? AND state = 'open'")
            .bind(key)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        Ok(found.map(BatchRequestId::from_uuid))
    }

    async fn enrol_request(&mut self, request: &NewBatchRequest<'_>) -> StoreResult<()> {
        check_text("name of provider", &request.call.provider)?;
        check_text("name of model", request.model)?;
        check_text("request to a model", request.body)?;
        let limits = request.limits;
        let fits = |size: OpenSize| size.requests < limits.requests && size.bytes + request.bytes <= limits.bytes;
        let batch_id = match gathering(self, request).await? {
            Some((id, size)) if fits(size) => id,
            Some((full, _)) => {
                sqlx::query(concat!(
                    "UPDATE batches SET state = 'gathered', stage = '{\"state\":\"gathered\"}', next_at = ",
                    now!(),
                    " WHERE id = ?"
                ))
                .bind(full)
                .execute(self.connection())
                .await
                .map_err(failed)?;
                open_batch(self, request).await?
            }
            None => open_batch(self, request).await?,
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
        .execute(self.connection())
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
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn await_request(&mut self, task_id: TaskId, request_id: BatchRequestId) -> StoreResult<()> {
        sqlx::query(
            "INSERT INTO batch_waits (task_id, request_id, former_error) SELECT id, ?, last_error FROM tasks WHERE id = ? \
             ON CONFLICT (task_id) DO UPDATE SET request_id = excluded.request_id",
        )
        .bind(request_id.as_uuid())
        .bind(task_id.as_uuid())
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn take_failure(&mut self, task_id: TaskId, key: &str) -> StoreResult<Option<RequestFailure>> {
        let found = sqlx::query(
            "SELECT key, reason, is_permanent FROM batch_waits JOIN batch_requests ON batch_requests.id = request_id \
             WHERE task_id = ? AND state = 'failed'",
        )
        .bind(task_id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        let Some(row) = found else { return Ok(None) };
        sqlx::query("DELETE FROM batch_waits WHERE task_id = ?")
            .bind(task_id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        let reader = Reader::new("batch_requests", &row);
        if reader.get::<&str>("key")? != key {
            return Ok(None);
        }
        Ok(Some(RequestFailure {
            reason: reader.get("reason")?,
            is_permanent: reader.get("is_permanent")?,
        }))
    }

    async fn claim_batch(&mut self, claim: &BatchClaim<'_>) -> StoreResult<Option<BatchLease>> {
        if claim.providers.is_empty() {
            return Ok(None);
        }
        let mut query = QueryBuilder::new(concat!(
            "UPDATE batches SET lease_token = ",
            new_token!(),
            ", lease_until = ",
            now!(),
            " + "
        ));
        query.push_bind(claim.lease_milliseconds.saturating_mul(1000));
        query.push(concat!(
            " WHERE id = (SELECT batches.id FROM batches JOIN runs ON runs.id = batches.run_id \
               WHERE batches.state <> 'collected' AND batches.next_at <= ",
            now!(),
            " AND batches.lease_until <= ",
            now!(),
            " AND (batches.state IN ('sent', 'ended') OR runs.state <> 'paused') AND batches.provider IN ("
        ));
        let mut list = query.separated(", ");
        for provider in claim.providers {
            list.push_bind((*provider).to_owned());
        }
        query.push(")");
        if let Some(project_id) = claim.project_id {
            query.push(" AND batches.project_id = ").push_bind(project_id.as_uuid());
        }
        query.push(" ORDER BY batches.next_at LIMIT 1) RETURNING *");
        let found = query.build().fetch_optional(self.connection()).await.map_err(failed)?;
        let read = |row| {
            Ok(BatchLease {
                batch: read_batch(row)?,
                token: Reader::new("batches", row).get("lease_token")?,
            })
        };
        found.as_ref().map(read).transpose()
    }

    async fn renew_batch(&mut self, id: BatchId, token: &str, lease_milliseconds: i64) -> StoreResult<bool> {
        let done = sqlx::query(concat!(
            "UPDATE batches SET lease_until = ",
            now!(),
            " + ? WHERE id = ? AND lease_token = ?"
        ))
        .bind(lease_milliseconds.saturating_mul(1000))
        .bind(id.as_uuid())
        .bind(token)
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn update_batch(&mut self, batch: &Batch, token: &str, next_milliseconds: Option<i64>) -> StoreResult<bool> {
        let moment = |moment: Option<Timestamp>| moment.map(Timestamp::as_microseconds);
        let mut query = QueryBuilder::new("UPDATE batches SET state = ");
        query.push_bind(batch.stage.state().word());
        query.push(", stage = ").push_bind(to_json("batch", &batch.stage)?);
        query.push(", sends = ").push_bind(batch.sends);
        query.push(", sent_at = ").push_bind(moment(batch.sent_at));
        query.push(", ends_by = ").push_bind(moment(batch.ends_by));
        query.push(", ended_at = ").push_bind(moment(batch.ended_at));
        query
            .push(", note = ")
            .push_bind(batch.note.as_deref().map(clean_reason));
        query.push(", failed_steps = ").push_bind(batch.failed_steps);
        if let Some(next) = next_milliseconds {
            query.push(concat!(
                ", lease_token = NULL, lease_until = 0, next_at = ",
                now!(),
                " + "
            ));
            query.push_bind(next.max(0).saturating_mul(1000));
        }
        query.push(" WHERE id = ").push_bind(batch.id.as_uuid());
        query.push(" AND lease_token = ").push_bind(token);
        let done = query.build().execute(self.connection()).await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn lines_of_batch(
        &mut self,
        id: BatchId,
        after: Option<BatchRequestId>,
        limit: u32,
        maximum_bytes: i64,
    ) -> StoreResult<Vec<BatchLine>> {
        let rows = sqlx::query(
            "SELECT batch_requests.id, key, body FROM batch_requests JOIN ( \
                 SELECT id, bytes, sum(bytes) OVER (ORDER BY id) AS all_bytes FROM ( \
                     SELECT id, bytes FROM batch_requests WHERE batch_id = ?1 AND state = 'open' AND id > ?2 \
                     ORDER BY id LIMIT ?3) \
             ) AS part ON part.id = batch_requests.id \
             WHERE part.all_bytes <= ?4 OR part.all_bytes = part.bytes ORDER BY batch_requests.id",
        )
        .bind(id.as_uuid())
        .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
        .bind(i64::from(limit))
        .bind(maximum_bytes)
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        let read = |row| {
            let reader = Reader::new("batch_requests", row);
            Ok(BatchLine {
                id: BatchRequestId::from_uuid(reader.get("id")?),
                key: reader.get("key")?,
                body: reader.get("body")?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn open_size(&mut self, id: BatchId) -> StoreResult<OpenSize> {
        let (requests, bytes) = sqlx::query_as(
            "SELECT count(*), coalesce(sum(bytes), 0) FROM batch_requests WHERE batch_id = ? AND state = 'open'",
        )
        .bind(id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failed)?;
        Ok(OpenSize { requests, bytes })
    }

    async fn open_requests(
        &mut self,
        id: BatchId,
        which: OpenRequests<'_>,
        limit: u32,
    ) -> StoreResult<Vec<OpenRequest>> {
        let mut query = open_query(id, which, limit);
        let rows = query
            .build()
            .persistent(false)
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        rows.iter().map(read_open).collect()
    }

    async fn end_requests(&mut self, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
        if ended.is_empty() {
            return Ok(());
        }
        let (mut answered, mut unanswered, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for one in ended {
            match &one.end {
                RequestEnd::Answered { .. } => answered.push(one.id.as_uuid()),
                RequestEnd::Failed(failure) => {
                    fail_request(self, one.id.as_uuid(), failure).await?;
                    unanswered.push(one.id.as_uuid());
                }
                RequestEnd::Dropped => dropped.push(one.id.as_uuid()),
            }
        }
        count_ended(self, id, ended).await?;
        let is_answered = (
            "UPDATE batch_requests SET state = 'answered', body = NULL WHERE id IN ",
            "",
        );
        with_requests(self, &answered, is_answered).await?;
        let woken_with_answer = (
            concat!(
                "UPDATE tasks SET ready_at = ",
                now!(),
                ", last_error = batch_waits.former_error FROM batch_waits \
                 WHERE batch_waits.task_id = tasks.id AND tasks.state = 'ready' AND batch_waits.request_id IN "
            ),
            "",
        );
        let mut woken = with_requests(self, &answered, woken_with_answer).await?;
        let woken_without = (
            concat!(
                "UPDATE tasks SET ready_at = ",
                now!(),
                " WHERE state = 'ready' AND id IN (SELECT task_id FROM batch_waits WHERE request_id IN "
            ),
            ")",
        );
        woken += with_requests(self, &unanswered, woken_without).await?;
        for gone in [&answered, &dropped] {
            with_requests(self, gone, ("DELETE FROM batch_waits WHERE request_id IN ", "")).await?;
        }
        with_requests(self, &dropped, ("DELETE FROM batch_requests WHERE id IN ", "")).await?;
        if woken > 0 {
            self.note_ready_tasks();
        }
        Ok(())
    }

    async fn is_batch_wanted(&mut self, id: BatchId) -> StoreResult<bool> {
        sqlx::query_scalar(concat!(
            "SELECT EXISTS (SELECT 1 FROM batch_requests WHERE batch_id = ? AND state = 'open' AND ",
            is_wanted!(),
            ")"
        ))
        .bind(id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failed)
    }

    async fn batches_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<Batch>> {
        let rows = sqlx::query("SELECT * FROM batches WHERE run_id = ? ORDER BY id DESC LIMIT ?")
            .bind(run_id.as_uuid())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        rows.iter().rev().map(read_batch).collect()
    }
}
