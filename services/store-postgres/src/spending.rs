//! Calls under way and what calls have cost. Money is summed by the database, whose decimal numbers are exact.

use accord_domain::{ProjectId, RunId};
use accord_store::text::check_text;
use accord_store::{BegunCall, CallEnd, CallStart, NewCall, Spending, Spent, StoreError, StoreResult};
use async_trait::async_trait;
use rust_decimal::Decimal;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::{Place, read_all};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

const ADD: &str = "
    INSERT INTO spending AS known
        (project_id, day, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens, cost)
    VALUES ($1, $2, $3, $4, $5, $6, greatest($7, 0), $8, $9, $10::TEXT::NUMERIC)
    ON CONFLICT (project_id, day, provider, currency) DO UPDATE
        SET kept_calls = known.kept_calls + EXCLUDED.kept_calls,
            failed_calls = known.failed_calls + EXCLUDED.failed_calls,
            lost_calls = greatest(known.lost_calls + $7, 0),
            input_tokens = known.input_tokens + EXCLUDED.input_tokens,
            output_tokens = known.output_tokens + EXCLUDED.output_tokens,
            cost = known.cost + EXCLUDED.cost";

const ADD_TO_RUN: &str = "
    INSERT INTO run_spending AS known
        (run_id, annotator_id, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens, cost)
    VALUES ($1, $2, $3, $4, $5, $6, greatest($7, 0), $8, $9, $10::TEXT::NUMERIC)
    ON CONFLICT (run_id, annotator_id, provider, currency) DO UPDATE
        SET kept_calls = known.kept_calls + EXCLUDED.kept_calls,
            failed_calls = known.failed_calls + EXCLUDED.failed_calls,
            lost_calls = greatest(known.lost_calls + $7, 0),
            input_tokens = known.input_tokens + EXCLUDED.input_tokens,
            output_tokens = known.output_tokens + EXCLUDED.output_tokens,
            cost = known.cost + EXCLUDED.cost";

/// Counts the calls with these keys as lost, to the project and to the run.
const LOSE: &str = "
    WITH gone AS (
        DELETE FROM begun_calls WHERE key = ANY($1)
        RETURNING project_id, run_id, annotator_id, day, provider, coalesce(currency, '') AS currency
    ),
    of_runs AS (
        INSERT INTO run_spending AS known
            (run_id, annotator_id, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens,
             cost)
        SELECT run_id, annotator_id, provider, currency, 0, 0, count(*), 0, 0, 0
        FROM gone WHERE run_id IS NOT NULL AND annotator_id IS NOT NULL
        GROUP BY run_id, annotator_id, provider, currency ORDER BY run_id, annotator_id, provider, currency
        ON CONFLICT (run_id, annotator_id, provider, currency) DO UPDATE
            SET lost_calls = known.lost_calls + EXCLUDED.lost_calls
    )
    INSERT INTO spending AS known
        (project_id, day, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens, cost)
    SELECT project_id, day, provider, currency, 0, 0, count(*), 0, 0, 0
    FROM gone GROUP BY project_id, day, provider, currency ORDER BY project_id, day, provider, currency
    ON CONFLICT (project_id, day, provider, currency) DO UPDATE SET lost_calls = known.lost_calls + EXCLUDED.lost_calls";

const BEGIN: &str = "
    INSERT INTO begun_calls
        (key, token, project_id, provider, day, tokens, cost, currency, begun_at, lease_until, run_id, annotator_id)
    SELECT $1, $2, $3, $4, $5, $6, $7::TEXT::NUMERIC, $8, now, now + $9 * 1000, $10, $11
    FROM (SELECT clock_microseconds() AS now) AS clock
    ON CONFLICT (key) DO NOTHING";

#[derive(FromRow)]
struct SpentRow {
    provider: String,
    day: i64,
    currency: String,
    kept_calls: i64,
    failed_calls: i64,
    lost_calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: String,
}

impl SpentRow {
    fn read(self) -> StoreResult<Spent> {
        Ok(Spent {
            cost: money("spending", &self.provider, &self.cost)?,
            provider: self.provider,
            day: self.day,
            currency: Some(self.currency).filter(|code| !code.is_empty()),
            kept_calls: self.kept_calls,
            failed_calls: self.failed_calls,
            lost_calls: self.lost_calls,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
        })
    }
}

#[derive(FromRow)]
struct BegunRow {
    run_id: Option<Uuid>,
    provider: String,
    day: i64,
    tokens: i64,
    cost: String,
    currency: Option<String>,
    is_lost: bool,
}

impl BegunRow {
    fn read(self) -> StoreResult<BegunCall> {
        Ok(BegunCall {
            cost: money("begun_calls", &self.provider, &self.cost)?,
            run_id: self.run_id.map(RunId::from_uuid),
            provider: self.provider,
            day: self.day,
            tokens: self.tokens,
            currency: self.currency,
            is_lost: self.is_lost,
        })
    }
}

pub(crate) fn money(table: &'static str, row: &str, text: &str) -> StoreResult<Decimal> {
    let amount: Decimal = text
        .parse()
        .map_err(|error| Place::new(table, "cost").corrupt(row, error))?;
    Ok(amount.normalize())
}

#[async_trait]
impl Spending for PostgresTransaction {
    async fn lock_spending(&mut self, project_id: ProjectId) -> StoreResult<()> {
        let row = sqlx::query("SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE")
            .bind(project_id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(|_| ()).ok_or_else(|| StoreError::Missing {
            what: "project",
            name: project_id.to_string(),
        })
    }

    async fn begin_call(&mut self, call: &NewCall, lease_milliseconds: i64) -> StoreResult<CallStart> {
        check_text("key of a call", &call.key)?;
        check_text("provider", &call.provider)?;
        loop {
            let inserted = sqlx::query(BEGIN)
                .bind(&call.key)
                .bind(&call.token)
                .bind(call.project_id.as_uuid())
                .bind(&call.provider)
                .bind(call.day)
                .bind(call.tokens)
                .bind(call.cost.to_string())
                .bind(call.currency.as_deref())
                .bind(lease_milliseconds)
                .bind(call.run.map(|of| of.run_id.as_uuid()))
                .bind(call.run.map(|of| of.annotator_id.as_uuid()))
                .execute(self.connection())
                .await
                .map_err(failure)?;
            if inserted.rows_affected() == 1 {
                return Ok(CallStart::Begun);
            }
            let held: Option<(String, i64)> = sqlx::query_as(
                "SELECT token, lease_until - clock_microseconds() FROM begun_calls WHERE key = $1 FOR UPDATE",
            )
            .bind(&call.key)
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
            match held {
                Some((token, _)) if token == call.token => return Ok(CallStart::Begun),
                Some((_, left)) if left > 0 => {
                    let wait_milliseconds = left / 1000;
                    return Ok(CallStart::UnderWay { wait_milliseconds });
                }
                Some(_) => lose(self, std::slice::from_ref(&call.key)).await?,
                // It ended in between.
                None => {}
            }
        }
    }

    async fn renew_call(&mut self, key: &str, token: &str, lease_milliseconds: i64) -> StoreResult<bool> {
        let renewed = sqlx::query(
            "UPDATE begun_calls SET lease_until = clock_microseconds() + $3 * 1000 WHERE key = $1 AND token = $2",
        )
        .bind(key)
        .bind(token)
        .bind(lease_milliseconds)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(renewed.rows_affected() == 1)
    }

    async fn end_call(&mut self, call: &NewCall, end: &CallEnd) -> StoreResult<()> {
        let removed = sqlx::query("DELETE FROM begun_calls WHERE key = $1 AND token = $2")
            .bind(&call.key)
            .bind(&call.token)
            .execute(self.connection())
            .await
            .map_err(failure)?;
        let was_lost = removed.rows_affected() == 0;
        let (kept, failed, input_tokens, output_tokens, cost) = match *end {
            CallEnd::Kept {
                input_tokens,
                output_tokens,
                cost,
            } => (1_i64, 0_i64, input_tokens, output_tokens, cost),
            CallEnd::Failed => (0, 1, 0, 0, Decimal::ZERO),
            CallEnd::NotMade if was_lost => (0, 0, 0, 0, Decimal::ZERO),
            CallEnd::NotMade => return Ok(()),
        };
        sqlx::query(ADD)
            .bind(call.project_id.as_uuid())
            .bind(call.day)
            .bind(&call.provider)
            .bind(call.currency.as_deref().unwrap_or_default())
            .bind(kept)
            .bind(failed)
            // It was given up as lost before its end was known.
            .bind(-i64::from(was_lost))
            .bind(input_tokens)
            .bind(output_tokens)
            .bind(cost.to_string())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        let Some(of) = call.run else { return Ok(()) };
        sqlx::query(ADD_TO_RUN)
            .bind(of.run_id.as_uuid())
            .bind(of.annotator_id.as_uuid())
            .bind(&call.provider)
            .bind(call.currency.as_deref().unwrap_or_default())
            .bind(kept)
            .bind(failed)
            .bind(-i64::from(was_lost))
            .bind(input_tokens)
            .bind(output_tokens)
            .bind(cost.to_string())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn lose_calls(&mut self, limit: u32) -> StoreResult<u64> {
        let keys: Vec<String> = sqlx::query_scalar(
            "SELECT key FROM begun_calls WHERE lease_until <= (SELECT clock_microseconds())
             ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED",
        )
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        if !keys.is_empty() {
            lose(self, &keys).await?;
        }
        Ok(keys.len() as u64)
    }

    async fn begun_calls(&mut self, project_id: ProjectId) -> StoreResult<Vec<BegunCall>> {
        let rows: Vec<BegunRow> = sqlx::query_as(
            "SELECT run_id, provider, day, tokens, cost::TEXT AS cost, currency,
                    lease_until <= (SELECT clock_microseconds()) AS is_lost
             FROM begun_calls WHERE project_id = $1 ORDER BY key",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, BegunRow::read)
    }

    async fn spending(&mut self, project_id: ProjectId) -> StoreResult<Vec<Spent>> {
        let rows: Vec<SpentRow> = sqlx::query_as(
            "SELECT provider, day, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens,
                    cost::TEXT AS cost
             FROM spending WHERE project_id = $1 ORDER BY day, provider, currency",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, SpentRow::read)
    }
}

async fn lose(transaction: &mut PostgresTransaction, keys: &[String]) -> StoreResult<()> {
    sqlx::query(LOSE)
        .bind(keys)
        .execute(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(())
}
