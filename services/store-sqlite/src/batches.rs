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
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteRow};
use uuid::Uuid;

use crate::failure::failed;
use crate::reader::{Reader, to_json};
use crate::sql::{new_token, now, push_list};
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
            query.push(" AND batch_requests.key IN ");
            push_list(&mut query, keys.iter().map(|key| (*key).to_owned()));
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
        enrolling::enrol(self, request).await
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
            " AND (batches.state IN ('sent', 'ended') OR runs.state <> 'paused') AND batches.provider IN "
        ));
        push_list(
            &mut query,
            claim.providers.iter().map(|provider| (*provider).to_owned()),
        );
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
        let rows = query.build().fetch_all(self.connection()).await.map_err(failed)?;
        rows.iter().map(read_open).collect()
    }

    async fn end_requests(&mut self, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()> {
        ending::end(self, id, ended).await
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
        let rows = sqlx::query("SELECT * FROM batches WHERE run_id = ? ORDER BY opened_at DESC, id DESC LIMIT ?")
            .bind(run_id.as_uuid())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        rows.iter().rev().map(read_batch).collect()
    }
}
