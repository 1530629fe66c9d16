//! How a claim ends: done, given back, failed, taken back, cancelled; and how a dead task comes back.

use std::collections::BTreeSet;

use accord_domain::{AnnotatorId, ItemId, Task, TaskId, TaskKind, TaskState};
use accord_store::text::clean_reason;
use accord_store::{AfterFailure, StoreError, StoreResult};
use sqlx::FromRow;
use uuid::Uuid;

use super::claiming::check_token;
use super::row::{TaskRow, task_columns};
use crate::convert::{asked_items, may_be_stored, read_all};
use crate::error::{failure, is_unique_violation};
use crate::transaction::PostgresTransaction;

/// Why a task was taken back, when nobody could say more.
const LEASE_ENDED: &str = "the lease ended without a result";

pub(super) async fn finish(
    transaction: &mut PostgresTransaction,
    held: &[(TaskId, &str)],
    state: TaskState,
) -> StoreResult<BTreeSet<TaskId>> {
    if !matches!(state, TaskState::Done | TaskState::Skipped | TaskState::Cancelled) {
        return Err(StoreError::Invalid {
            what: "state of a finished task",
            problem: format!("a task ends as done, skipped or cancelled, not as {}", state.word()),
        });
    }
    // What cannot be stored is nobody's token.
    let held = held.iter().filter(|(_, token)| may_be_stored(token));
    let (ids, tokens): (Vec<Uuid>, Vec<&str>) = held.map(|(id, token)| (id.as_uuid(), *token)).unzip();
    let finished: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE tasks SET state = $3, lease_token = NULL, lease_until = NULL, finished_at = clock_microseconds()
         FROM UNNEST($1::UUID[], $2::TEXT[]) AS held (id, token)
         WHERE tasks.id = held.id AND tasks.lease_token = held.token AND tasks.state = 'leased'
         RETURNING tasks.id",
    )
    .bind(ids)
    .bind(tokens)
    .bind(state.word())
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(finished.into_iter().map(TaskId::from_uuid).collect())
}

/// A claimed task, locked until the transaction ends.
#[derive(FromRow)]
struct Held {
    id: Uuid,
    kind: String,
    attempts: i32,
}

async fn hold(transaction: &mut PostgresTransaction, id: TaskId, token: &str) -> StoreResult<Held> {
    check_token(id, token)?;
    let held: Option<Held> = sqlx::query_as(
        "SELECT id, kind, attempts FROM tasks WHERE id = $1 AND lease_token = $2 AND state = 'leased' FOR UPDATE",
    )
    .bind(id.as_uuid())
    .bind(token)
    .fetch_optional(transaction.connection())
    .await
    .map_err(failure)?;
    held.ok_or(StoreError::StaleLease { task: id })
}

/// How a task becomes ready again.
struct ReadyAgain<'a> {
    attempts: i32,
    delay_milliseconds: i64,
    reason: Option<&'a str>,
}

impl Held {
    fn is_for_people(&self) -> bool {
        self.kind == TaskKind::Vote.word() || self.kind == TaskKind::Review.word()
    }

    /// Whether another task that does the same work may be ready meanwhile.
    fn may_have_twin(&self) -> bool {
        self.kind == TaskKind::Score.word() || self.kind == TaskKind::Refit.word()
    }

    fn was_last_attempt(&self, maximum_attempts: u32) -> bool {
        i64::from(self.attempts) >= i64::from(maximum_attempts)
    }

    /// Puts the task back in the queue, or cancels it when a twin is there to do its work. Only the uniqueness rule can
    /// tell, since the twin may be planned at this very moment.
    async fn put_back(&self, transaction: &mut PostgresTransaction, again: &ReadyAgain<'_>) -> StoreResult<()> {
        if !self.may_have_twin() {
            return self.set_ready(transaction, again).await.map_err(failure);
        }
        run(transaction, "SAVEPOINT put_back").await?;
        match self.set_ready(transaction, again).await {
            Ok(()) => run(transaction, "RELEASE SAVEPOINT put_back").await,
            Err(error) if is_unique_violation(&error) => {
                run(transaction, "ROLLBACK TO SAVEPOINT put_back").await?;
                set_finished(transaction, &[self.id], TaskState::Cancelled, again.reason).await
            }
            Err(error) => Err(failure(error)),
        }
    }

    async fn set_ready(
        &self,
        transaction: &mut PostgresTransaction,
        again: &ReadyAgain<'_>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE tasks
             SET state = 'ready', attempts = $2, ready_at = clock_microseconds() + $3 * 1000,
                 last_error = coalesce($4, last_error), user_id = NULL, worker = NULL,
                 lease_token = NULL, lease_until = NULL, finished_at = NULL
             WHERE id = $1",
        )
        .bind(self.id)
        .bind(again.attempts)
        .bind(again.delay_milliseconds.max(0))
        .bind(again.reason)
        .execute(transaction.connection())
        .await?;
        if again.delay_milliseconds <= 0 {
            transaction.note_ready_tasks();
        }
        Ok(())
    }
}

async fn run(transaction: &mut PostgresTransaction, statement: &'static str) -> StoreResult<()> {
    sqlx::query(statement)
        .execute(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(())
}

/// Ends tasks without a result.
async fn set_finished(
    transaction: &mut PostgresTransaction,
    ids: &[Uuid],
    state: TaskState,
    reason: Option<&str>,
) -> StoreResult<()> {
    sqlx::query(
        "UPDATE tasks
         SET state = $2, last_error = coalesce($3, last_error), lease_token = NULL, lease_until = NULL,
             finished_at = clock_microseconds()
         WHERE id = ANY($1)",
    )
    .bind(ids)
    .bind(state.word())
    .bind(reason)
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

pub(super) async fn fail(
    transaction: &mut PostgresTransaction,
    id: TaskId,
    token: &str,
    reason: &str,
    delay_milliseconds: i64,
    maximum_attempts: u32,
) -> StoreResult<AfterFailure> {
    let held = hold(transaction, id, token).await?;
    let reason = clean_reason(reason);
    if held.was_last_attempt(maximum_attempts) {
        set_finished(transaction, &[held.id], TaskState::Dead, Some(&reason)).await?;
        return Ok(AfterFailure::Dead);
    }
    let again = ReadyAgain {
        attempts: held.attempts,
        delay_milliseconds,
        reason: Some(&reason),
    };
    held.put_back(transaction, &again).await?;
    Ok(AfterFailure::Ready)
}

pub(super) async fn release(transaction: &mut PostgresTransaction, id: TaskId, token: &str) -> StoreResult<()> {
    let held = hold(transaction, id, token).await?;
    let again = ReadyAgain {
        attempts: (held.attempts - 1).max(0),
        delay_milliseconds: 0,
        reason: None,
    };
    held.put_back(transaction, &again).await
}

pub(super) async fn park(
    transaction: &mut PostgresTransaction,
    id: TaskId,
    token: &str,
    reason: &str,
    delay_milliseconds: i64,
    tried: bool,
) -> StoreResult<()> {
    check_token(id, token)?;
    let result = sqlx::query(
        "UPDATE tasks
         SET state = 'ready', attempts = greatest(attempts - 1, 0), uncounted = uncounted + $3,
             ready_at = clock_microseconds() + $4 * 1000, last_error = $5, worker = NULL,
             lease_token = NULL, lease_until = NULL
         WHERE id = $1 AND lease_token = $2 AND state = 'leased' AND kind = 'annotate'",
    )
    .bind(id.as_uuid())
    .bind(token)
    .bind(i32::from(tried))
    .bind(delay_milliseconds.max(0))
    .bind(clean_reason(reason))
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    if result.rows_affected() == 0 {
        return Err(StoreError::StaleLease { task: id });
    }
    if delay_milliseconds <= 0 {
        transaction.note_ready_tasks();
    }
    Ok(())
}

pub(super) async fn take_back(
    transaction: &mut PostgresTransaction,
    maximum_attempts: u32,
    limit: u32,
) -> StoreResult<Vec<Task>> {
    let expired: Vec<Held> = sqlx::query_as(
        "SELECT id, kind, attempts FROM tasks
         WHERE state = 'leased' AND lease_until <= (SELECT clock_microseconds())
         ORDER BY lease_until LIMIT $1
         FOR UPDATE SKIP LOCKED",
    )
    .bind(i64::from(limit))
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    let mut dead = Vec::new();
    for held in &expired {
        let people = held.is_for_people();
        if !people && held.was_last_attempt(maximum_attempts) {
            dead.push(held.id);
            continue;
        }
        let again = ReadyAgain {
            attempts: held.attempts,
            delay_milliseconds: 0,
            reason: (!people).then_some(LEASE_ENDED),
        };
        held.put_back(transaction, &again).await?;
    }
    if !dead.is_empty() {
        set_finished(transaction, &dead, TaskState::Dead, Some(LEASE_ENDED)).await?;
    }
    let ids: Vec<Uuid> = expired.iter().map(|held| held.id).collect();
    let rows: Vec<TaskRow> = sqlx::query_as(concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks WHERE id = ANY($1) ORDER BY id"
    ))
    .bind(ids)
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    read_all(rows, TaskRow::read)
}

pub(super) async fn revive(transaction: &mut PostgresTransaction, id: TaskId) -> StoreResult<()> {
    let dead: Option<Held> =
        sqlx::query_as("SELECT id, kind, attempts FROM tasks WHERE id = $1 AND state = 'dead' FOR UPDATE")
            .bind(id.as_uuid())
            .fetch_optional(transaction.connection())
            .await
            .map_err(failure)?;
    let dead = dead.ok_or_else(|| StoreError::Missing {
        what: "dead task",
        name: id.to_string(),
    })?;
    let again = ReadyAgain {
        attempts: 0,
        delay_milliseconds: 0,
        reason: None,
    };
    dead.set_ready(transaction, &again).await.map_err(|error| {
        if is_unique_violation(&error) {
            StoreError::Conflict {
                what: "task",
                name: format!("that does the work of {id}"),
            }
        } else {
            failure(error)
        }
    })
}

pub(super) async fn cancel_of_items(
    transaction: &mut PostgresTransaction,
    item_ids: &[ItemId],
    kind: TaskKind,
) -> StoreResult<u64> {
    let result = sqlx::query(
        "UPDATE tasks
         SET state = 'cancelled', lease_token = NULL, lease_until = NULL, finished_at = clock_microseconds()
         WHERE item_id = ANY($1) AND kind = $2
             AND (state = 'ready' OR state = 'leased' AND lease_until <= (SELECT clock_microseconds()))",
    )
    .bind(asked_items(item_ids)?)
    .bind(kind.word())
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(result.rows_affected())
}

pub(super) async fn cancel_of_annotator(
    transaction: &mut PostgresTransaction,
    annotator_id: AnnotatorId,
) -> StoreResult<u64> {
    let result = sqlx::query(
        "UPDATE tasks
         SET state = 'cancelled', lease_token = NULL, lease_until = NULL, finished_at = clock_microseconds()
         WHERE annotator_id = $1 AND kind = 'annotate'
             AND project_id = (SELECT project_id FROM annotators WHERE id = $1)
             AND (state = 'ready' OR state = 'leased' AND lease_until <= (SELECT clock_microseconds()))",
    )
    .bind(annotator_id.as_uuid())
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(result.rows_affected())
}
