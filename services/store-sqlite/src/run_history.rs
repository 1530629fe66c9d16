//! What is told about runs.

use accord_domain::run_records::{FailureOutcome, RunCall, RunFailure, RunSpent, RunTaskCount};
use accord_domain::{AnnotatorId, ItemId, Run, RunAnnotator, RunId, TaskState, Timestamp};
use accord_store::{RunHistory, StoreResult, StoredCall};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::now;
use crate::transaction::SqliteTransaction;

/// The reasons for which tasks of a run are in one state. That a task waits for a batch is no failure.
const TROUBLED: &str = "SELECT last_error AS reason, count(*) AS number, min(item_id) AS item_id FROM tasks \
     WHERE run_id = ? AND run_id IS NOT NULL AND state = ? AND last_error IS NOT NULL \
       AND NOT EXISTS (SELECT 1 FROM batch_waits WHERE batch_waits.task_id = tasks.id) \
     GROUP BY last_error ORDER BY number DESC, last_error LIMIT ?";

/// The reasons for which answers of a run are failures, of tasks that have no other answer. Identifiers are ordered by
/// time, so annotations from before the run are passed over.
const ANSWERED: &str = "SELECT json_extract(annotations.provenance, '$.failure') AS reason, count(*) AS number, \
            min(annotations.item_id) AS item_id \
     FROM annotations JOIN tasks ON tasks.id = annotations.task_id \
     WHERE annotations.project_id = ?2 AND annotations.failed = 1 AND annotations.id > ?1 \
       AND tasks.run_id = ?1 AND tasks.state = 'done' \
       AND NOT EXISTS (SELECT 1 FROM annotations AS good WHERE good.task_id = tasks.id AND good.failed = 0) \
     GROUP BY reason ORDER BY number DESC, reason LIMIT ?3";

const OUTCOMES: [(TaskState, FailureOutcome); 5] = [
    (TaskState::Dead, FailureOutcome::SetAside),
    (TaskState::Ready, FailureOutcome::Open),
    (TaskState::Leased, FailureOutcome::Open),
    (TaskState::Done, FailureOutcome::Passed),
    (TaskState::Cancelled, FailureOutcome::Passed),
];

fn read_failure(row: &SqliteRow, outcome: FailureOutcome) -> StoreResult<RunFailure> {
    let reader = Reader::new("tasks", row);
    Ok(RunFailure {
        reason: reader.get("reason")?,
        outcome,
        count: reader.get("number")?,
        item_id: reader.optional_id("item_id", ItemId::from_uuid)?,
    })
}

fn read_spent(row: &SqliteRow) -> StoreResult<RunSpent> {
    let reader = Reader::new("run_spending", row);
    let currency: String = reader.get("currency")?;
    Ok(RunSpent {
        annotator_id: AnnotatorId::from_uuid(reader.get("annotator_id")?),
        provider: reader.get("provider")?,
        currency: Some(currency).filter(|code| !code.is_empty()),
        kept_calls: reader.get("kept_calls")?,
        failed_calls: reader.get("failed_calls")?,
        lost_calls: reader.get("lost_calls")?,
        input_tokens: reader.get("input_tokens")?,
        output_tokens: reader.get("output_tokens")?,
        cost: reader.word("cost")?,
    })
}

#[async_trait]
impl RunHistory for SqliteTransaction {
    async fn count_tasks_of_run(&mut self, run_id: RunId) -> StoreResult<Vec<RunTaskCount>> {
        let found = sqlx::query(
            "SELECT annotator_id, state, count(*) AS number, sum(max(attempts + uncounted - 1, 0)) AS retries FROM tasks \
             WHERE run_id = ? GROUP BY annotator_id, state ORDER BY annotator_id, state",
        )
        .bind(run_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        let read = |row| {
            let reader = Reader::new("tasks", row);
            Ok(RunTaskCount {
                annotator_id: AnnotatorId::from_uuid(reader.get("annotator_id")?),
                state: reader.word("state")?,
                count: reader.get("number")?,
                retries: reader.get("retries")?,
            })
        };
        found.iter().map(read).collect()
    }

    async fn count_ended_of_run(&mut self, run_id: RunId, milliseconds: i64) -> StoreResult<i64> {
        sqlx::query_scalar(concat!(
            "SELECT count(*) FROM tasks WHERE run_id = ? AND finished_at > ",
            now!(),
            " - ? * 1000"
        ))
        .bind(run_id.as_uuid())
        .bind(milliseconds)
        .fetch_one(self.connection())
        .await
        .map_err(failed)
    }

    async fn spending_of_run(&mut self, run_id: RunId) -> StoreResult<Vec<RunSpent>> {
        let found =
            sqlx::query("SELECT * FROM run_spending WHERE run_id = ? ORDER BY annotator_id, provider, currency")
                .bind(run_id.as_uuid())
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
        found.iter().map(read_spent).collect()
    }

    async fn note_call_of_run(&mut self, of: RunAnnotator, call: &StoredCall) -> StoreResult<()> {
        sqlx::query(
            "INSERT INTO run_calls (run_id, received_at, key, annotator_id, provider, latency_milliseconds) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(of.run_id.as_uuid())
        .bind(call.received_at.as_microseconds())
        .bind(&call.key)
        .bind(of.annotator_id.as_uuid())
        .bind(&call.provider)
        .bind(call.latency_milliseconds)
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn latest_calls_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<RunCall>> {
        let found = sqlx::query(
            "SELECT annotator_id, provider, latency_milliseconds FROM run_calls WHERE run_id = ? \
             ORDER BY received_at DESC, key DESC LIMIT ?",
        )
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        let read = |row| {
            let reader = Reader::new("run_calls", row);
            Ok(RunCall {
                annotator_id: AnnotatorId::from_uuid(reader.get("annotator_id")?),
                provider: reader.get("provider")?,
                latency_milliseconds: reader.get("latency_milliseconds")?,
            })
        };
        found.iter().map(read).collect()
    }

    async fn count_calls_of_run(&mut self, run_id: RunId, after: Timestamp) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM run_calls WHERE run_id = ? AND received_at > ?")
            .bind(run_id.as_uuid())
            .bind(after.as_microseconds())
            .fetch_one(self.connection())
            .await
            .map_err(failed)
    }

    async fn failures_of_run(&mut self, run: &Run, limit: u32) -> StoreResult<Vec<RunFailure>> {
        let mut failures = Vec::new();
        for (state, outcome) in OUTCOMES {
            let rows = sqlx::query(TROUBLED)
                .bind(run.id.as_uuid())
                .bind(state.word())
                .bind(i64::from(limit))
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            for row in &rows {
                failures.push(read_failure(row, outcome)?);
            }
        }
        let rows = sqlx::query(ANSWERED)
            .bind(run.id.as_uuid())
            .bind(run.project_id.as_uuid())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        for row in &rows {
            failures.push(read_failure(row, FailureOutcome::Answered)?);
        }
        Ok(failures)
    }
}
