//! What is told about runs.

use accord_domain::run_records::{FailureOutcome, RunCall, RunFailure, RunSpent, RunTaskCount};
use accord_domain::{AnnotatorId, ItemId, Run, RunAnnotator, RunId, TaskState, Timestamp};
use accord_store::{RunHistory, StoreResult, StoredCall};
use async_trait::async_trait;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::{Place, read_all};
use crate::error::failure;
use crate::spending::money;
use crate::transaction::PostgresTransaction;

/// The reasons for which tasks of a run are in one state. That a task waits for a batch is no failure.
const TROUBLED: &str = "
    SELECT last_error, count(*), min(item_id::TEXT) FROM tasks
    WHERE run_id = $1 AND state = $2 AND last_error IS NOT NULL
        AND NOT EXISTS (SELECT FROM batch_waits WHERE batch_waits.task_id = tasks.id)
    GROUP BY last_error ORDER BY count(*) DESC, last_error LIMIT $3";

/// The reasons for which answers of a run are failures, of tasks that have no other answer. Identifiers are ordered by
/// time, so annotations from before the run are passed over.
const ANSWERED: &str = "
    SELECT annotations.provenance ->> 'failure' AS reason, count(*), min(annotations.item_id::TEXT)
    FROM annotations JOIN tasks ON tasks.id = annotations.task_id
    WHERE annotations.project_id = $2 AND annotations.failed AND annotations.id > $1
        AND tasks.run_id = $1 AND tasks.state = 'done'
        AND NOT EXISTS (SELECT FROM annotations AS good WHERE good.task_id = tasks.id AND NOT good.failed)
    GROUP BY reason ORDER BY count(*) DESC, reason LIMIT $3";

const OUTCOMES: [(TaskState, FailureOutcome); 5] = [
    (TaskState::Dead, FailureOutcome::SetAside),
    (TaskState::Ready, FailureOutcome::Open),
    (TaskState::Leased, FailureOutcome::Open),
    (TaskState::Done, FailureOutcome::Passed),
    (TaskState::Cancelled, FailureOutcome::Passed),
];

type FailureRow = (String, i64, Option<String>);

fn read_failure((reason, count, item_id): FailureRow, outcome: FailureOutcome) -> StoreResult<RunFailure> {
    let item_id = item_id.map(|id| {
        let read = id.parse::<ItemId>();
        read.map_err(|error| Place::new("tasks", "item_id").corrupt(&id, error))
    });
    Ok(RunFailure {
        reason,
        outcome,
        count,
        item_id: item_id.transpose()?,
    })
}

#[derive(FromRow)]
struct SpentRow {
    annotator_id: Uuid,
    provider: String,
    currency: String,
    kept_calls: i64,
    failed_calls: i64,
    lost_calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: String,
}

impl SpentRow {
    fn read(self) -> StoreResult<RunSpent> {
        Ok(RunSpent {
            annotator_id: AnnotatorId::from_uuid(self.annotator_id),
            cost: money("run_spending", &self.provider, &self.cost)?,
            provider: self.provider,
            currency: Some(self.currency).filter(|code| !code.is_empty()),
            kept_calls: self.kept_calls,
            failed_calls: self.failed_calls,
            lost_calls: self.lost_calls,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
        })
    }
}

#[async_trait]
impl RunHistory for PostgresTransaction {
    async fn count_tasks_of_run(&mut self, run_id: RunId) -> StoreResult<Vec<RunTaskCount>> {
        let rows: Vec<(Uuid, String, i64, i64)> = sqlx::query_as(
            "SELECT annotator_id, state, count(*), sum(greatest(attempts + uncounted - 1, 0))::BIGINT FROM tasks
             WHERE run_id = $1 GROUP BY annotator_id, state ORDER BY annotator_id, state",
        )
        .bind(run_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, |(annotator, state, count, retries)| {
            Ok(RunTaskCount {
                annotator_id: AnnotatorId::from_uuid(annotator),
                state: Place::new("tasks", "state").read_word(run_id, &state)?,
                count,
                retries,
            })
        })
    }

    async fn count_ended_of_run(&mut self, run_id: RunId, milliseconds: i64) -> StoreResult<i64> {
        sqlx::query_scalar(
            "SELECT count(*) FROM tasks
             WHERE run_id = $1 AND finished_at > (SELECT clock_microseconds()) - $2 * 1000",
        )
        .bind(run_id.as_uuid())
        .bind(milliseconds)
        .fetch_one(self.connection())
        .await
        .map_err(failure)
    }

    async fn spending_of_run(&mut self, run_id: RunId) -> StoreResult<Vec<RunSpent>> {
        let rows: Vec<SpentRow> = sqlx::query_as(
            "SELECT annotator_id, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens,
                    cost::TEXT AS cost
             FROM run_spending WHERE run_id = $1 ORDER BY annotator_id, provider, currency",
        )
        .bind(run_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, SpentRow::read)
    }

    async fn note_call_of_run(&mut self, of: RunAnnotator, call: &StoredCall) -> StoreResult<()> {
        sqlx::query(
            "INSERT INTO run_calls (run_id, received_at, key, annotator_id, provider, latency_milliseconds)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(of.run_id.as_uuid())
        .bind(call.received_at.as_microseconds())
        .bind(&call.key)
        .bind(of.annotator_id.as_uuid())
        .bind(&call.provider)
        .bind(call.latency_milliseconds)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn latest_calls_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<RunCall>> {
        let rows: Vec<(Uuid, String, i64)> = sqlx::query_as(
            "SELECT annotator_id, provider, latency_milliseconds FROM run_calls WHERE run_id = $1
             ORDER BY received_at DESC, key DESC LIMIT $2",
        )
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        let read = |(annotator, provider, latency_milliseconds)| RunCall {
            annotator_id: AnnotatorId::from_uuid(annotator),
            provider,
            latency_milliseconds,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    async fn count_calls_of_run(&mut self, run_id: RunId, after: Timestamp) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM run_calls WHERE run_id = $1 AND received_at > $2")
            .bind(run_id.as_uuid())
            .bind(after.as_microseconds())
            .fetch_one(self.connection())
            .await
            .map_err(failure)
    }

    async fn failures_of_run(&mut self, run: &Run, limit: u32) -> StoreResult<Vec<RunFailure>> {
        let mut failures = Vec::new();
        for (state, outcome) in OUTCOMES {
            let rows: Vec<FailureRow> = sqlx::query_as(TROUBLED)
                .bind(run.id.as_uuid())
                .bind(state.word())
                .bind(i64::from(limit))
                .fetch_all(self.connection())
                .await
                .map_err(failure)?;
            for row in rows {
                failures.push(read_failure(row, outcome)?);
            }
        }
        let rows: Vec<FailureRow> = sqlx::query_as(ANSWERED)
            .bind(run.id.as_uuid())
            .bind(run.project_id.as_uuid())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        for row in rows {
            failures.push(read_failure(row, FailureOutcome::Answered)?);
        }
        Ok(failures)
    }
}
