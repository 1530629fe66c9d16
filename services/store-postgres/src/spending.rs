//! Calls under way and what calls have cost. Money is summed by the database, whose decimal numbers are exact.

use std::collections::HashSet;

use accord_domain::{ProjectId, RunAnnotator, RunId};
use accord_store::text::check_text;
use accord_store::{
    BegunCalls, CallStart, EndedCall, EndedSum, NewCall, Spending, SpendingLine, Spent, StoreError, StoreResult,
    by_line,
};
use async_trait::async_trait;
use rust_decimal::Decimal;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{FromRow, Postgres};
use uuid::Uuid;

use crate::convert::{Place, read_all};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// Adds to a line of a table of spending, which is known by four columns.
macro_rules! add_to {
    ($table:literal, $line:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS known
                (",
            $line,
            ", kept_calls, failed_calls, lost_calls, input_tokens, output_tokens, cost)
             VALUES ($1, $2, $3, $4, $5, $6, greatest($7, 0), $8, $9, $10::TEXT::NUMERIC)
             ON CONFLICT (",
            $line,
            ") DO UPDATE
                SET kept_calls = known.kept_calls + EXCLUDED.kept_calls,
                    failed_calls = known.failed_calls + EXCLUDED.failed_calls,
                    lost_calls = greatest(known.lost_calls + $7, 0),
                    input_tokens = known.input_tokens + EXCLUDED.input_tokens,
                    output_tokens = known.output_tokens + EXCLUDED.output_tokens,
                    cost = known.cost + EXCLUDED.cost"
        )
    };
}

const ADD: &str = add_to!("spending", "project_id, day, provider, currency");

const ADD_TO_RUN: &str = add_to!("run_spending", "run_id, annotator_id, provider, currency");

/// Counts the calls with these keys as lost, to the project and to the run: in this order, as those do who end calls.
const LOSE: &str = "
    WITH gone AS (
        DELETE FROM begun_calls WHERE key = ANY($1)
        RETURNING project_id, run_id, annotator_id, day, provider, coalesce(currency, '') AS currency
    ),
    of_projects AS (
        INSERT INTO spending AS known
            (project_id, day, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens, cost)
        SELECT project_id, day, provider, currency, 0, 0, count(*), 0, 0, 0
        FROM gone GROUP BY project_id, day, provider, currency ORDER BY project_id, day, provider, currency
        ON CONFLICT (project_id, day, provider, currency) DO UPDATE
            SET lost_calls = known.lost_calls + EXCLUDED.lost_calls
        RETURNING project_id
    )
    INSERT INTO run_spending AS known
        (run_id, annotator_id, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, output_tokens, cost)
    SELECT run_id, annotator_id, provider, currency, 0, 0, count(*), 0, 0, 0
    FROM gone
    WHERE run_id IS NOT NULL AND annotator_id IS NOT NULL AND (SELECT count(*) FROM of_projects) > 0
    GROUP BY run_id, annotator_id, provider, currency ORDER BY run_id, annotator_id, provider, currency
    ON CONFLICT (run_id, annotator_id, provider, currency) DO UPDATE
        SET lost_calls = known.lost_calls + EXCLUDED.lost_calls";

const BEGIN: &str = "
    INSERT INTO begun_calls
        (key, token, project_id, provider, day, tokens, cost, currency, run_id, annotator_id, begun_at, lease_until)
    SELECT key, token, project_id, provider, day, tokens, cost::NUMERIC, currency, run_id, annotator_id, now,
           now + $11 * 1000
    FROM UNNEST($1::TEXT[], $2::TEXT[], $3::UUID[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[], $7::TEXT[], $8::TEXT[],
                $9::UUID[], $10::UUID[])
            AS call (key, token, project_id, provider, day, tokens, cost, currency, run_id, annotator_id),
         (SELECT clock_microseconds() AS now) AS clock
    ON CONFLICT (key) DO NOTHING RETURNING key, token";

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
    day: i64,
    currency: Option<String>,
    are_lost: bool,
    calls: i64,
    tokens: i64,
    cost: String,
}

impl BegunRow {
    fn read(self) -> StoreResult<BegunCalls> {
        Ok(BegunCalls {
            cost: money("begun_calls", &self.day.to_string(), &self.cost)?,
            run_id: self.run_id.map(RunId::from_uuid),
            day: self.day,
            currency: self.currency,
            are_lost: self.are_lost,
            calls: self.calls,
            tokens: self.tokens,
        })
    }
}

pub(crate) fn money(table: &'static str, row: &str, text: &str) -> StoreResult<Decimal> {
    let amount: Decimal = text
        .parse()
        .map_err(|error| Place::new(table, "cost").corrupt(row, error))?;
    Ok(amount.normalize())
}

/// What ended calls add to one line of the spending, and to that of their run.
struct Added<'a> {
    line: SpendingLine<'a>,
    sum: EndedSum,
    given_up: i64,
}

impl Added<'_> {
    /// Adds it by a statement to which the first two columns of a line are bound.
    async fn add_to(
        &self,
        transaction: &mut PostgresTransaction,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> StoreResult<()> {
        statement
            .bind(self.line.provider)
            .bind(self.line.currency)
            .bind(self.sum.kept_calls)
            .bind(self.sum.failed_calls)
            .bind(-self.given_up)
            .bind(self.sum.input_tokens)
            .bind(self.sum.output_tokens)
            .bind(self.sum.cost.to_string())
            .execute(transaction.connection())
            .await
            .map_err(failure)?;
        Ok(())
    }
}

/// What runs add, in the order in which their lines are written.
fn in_order_of_runs<'l, 'a>(added: &'l [Added<'a>]) -> Vec<(RunAnnotator, &'l Added<'a>)> {
    let of_runs = added.iter().filter_map(|one| Some((one.line.run?, one)));
    let mut of_runs: Vec<_> = of_runs.collect();
    of_runs.sort_by_key(|(run, one)| (*run, one.line.provider, one.line.currency));
    of_runs
}

fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
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

    async fn begin_calls(&mut self, calls: &[&NewCall], lease_milliseconds: i64) -> StoreResult<Vec<CallStart>> {
        for call in calls {
            check_text("key of a call", &call.key)?;
            check_text("provider", &call.provider)?;
        }
        let mut starts = vec![None; calls.len()];
        let mut wanted: Vec<usize> = (0..calls.len()).collect();
        // The same order everywhere.
        wanted.sort_by_key(|position| &calls[*position].key);
        while !wanted.is_empty() {
            let now: Vec<&NewCall> = wanted.iter().map(|position| calls[*position]).collect();
            let begun = insert_begun(self, &now, lease_milliseconds).await?;
            let (mut again, mut lost) = (Vec::new(), Vec::new());
            for position in wanted {
                let call = calls[position];
                if begun.contains(&(call.key.clone(), call.token.clone())) {
                    starts[position] = Some(CallStart::Begun);
                    continue;
                }
                match find_begun(self, call).await? {
                    Found::Somebody(start) => starts[position] = Some(start),
                    Found::Nobody => again.push(position),
                    Found::Lost => {
                        lost.push(call.key.clone());
                        again.push(position);
                    }
                }
            }
            if !lost.is_empty() {
                lose(self, &lost).await?;
            }
            wanted = again;
        }
        Ok(starts.into_iter().flatten().collect())
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

    async fn end_calls(&mut self, ended: &[EndedCall<'_>]) -> StoreResult<()> {
        let mut added = Vec::new();
        for (line, ended) in by_line(ended) {
            // Without a row it was given up as lost before its end was known.
            let given_up = count(ended.len()) - count(remove_begun(self, &ended).await?);
            let sum = EndedSum::of(ended.iter().map(|one| one.end));
            if given_up != 0 || sum != EndedSum::default() {
                added.push(Added { line, sum, given_up });
            }
        }
        // Whoever writes several rows waits for others, and they not for him: first go the calls, then the lines of
        // projects in their order, then those of runs in theirs.
        for one in &added {
            let line = one.line;
            let of_project = sqlx::query(ADD).bind(line.project_id.as_uuid()).bind(line.day);
            one.add_to(self, of_project).await?;
        }
        for (run, one) in in_order_of_runs(&added) {
            let of_run = sqlx::query(ADD_TO_RUN).bind(run.run_id.as_uuid());
            one.add_to(self, of_run.bind(run.annotator_id.as_uuid())).await?;
        }
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

    async fn begun_calls(&mut self, project_id: ProjectId) -> StoreResult<Vec<BegunCalls>> {
        let rows: Vec<BegunRow> = sqlx::query_as(
            "SELECT run_id, day, currency, lease_until <= now AS are_lost, count(*) AS calls, sum(tokens)::BIGINT AS tokens,
                    sum(cost)::TEXT AS cost
             FROM begun_calls, (SELECT clock_microseconds() AS now) AS clock
             WHERE project_id = $1
             GROUP BY day, currency, are_lost, run_id ORDER BY day, currency, are_lost, run_id",
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

/// Takes calls off the list of those under way; returns how many were on it.
async fn remove_begun(transaction: &mut PostgresTransaction, ended: &[EndedCall<'_>]) -> StoreResult<u64> {
    let keys: Vec<&str> = ended.iter().map(|one| one.call.key.as_str()).collect();
    let tokens: Vec<&str> = ended.iter().map(|one| one.call.token.as_str()).collect();
    let removed = sqlx::query(
        "DELETE FROM begun_calls USING UNNEST($1::TEXT[], $2::TEXT[]) AS ended (key, token)
         WHERE begun_calls.key = ended.key AND begun_calls.token = ended.token",
    )
    .bind(keys)
    .bind(tokens)
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(removed.rows_affected())
}

/// Writes calls down whose keys nobody holds; returns keys and tokens of these.
async fn insert_begun(
    transaction: &mut PostgresTransaction,
    calls: &[&NewCall],
    lease_milliseconds: i64,
) -> StoreResult<HashSet<(String, String)>> {
    let texts = |read: fn(&NewCall) -> &str| calls.iter().map(|call| read(call)).collect::<Vec<_>>();
    let numbers = |read: fn(&NewCall) -> i64| calls.iter().map(|call| read(call)).collect::<Vec<_>>();
    let projects: Vec<Uuid> = calls.iter().map(|call| call.project_id.as_uuid()).collect();
    let costs: Vec<String> = calls.iter().map(|call| call.cost.to_string()).collect();
    let currencies: Vec<Option<&str>> = calls.iter().map(|call| call.currency.as_deref()).collect();
    let runs: Vec<Option<Uuid>> = calls
        .iter()
        .map(|call| call.run.map(|of| of.run_id.as_uuid()))
        .collect();
    let annotators = calls.iter().map(|call| call.run.map(|of| of.annotator_id.as_uuid()));
    let annotators: Vec<Option<Uuid>> = annotators.collect();
    let begun: Vec<(String, String)> = sqlx::query_as(BEGIN)
        .bind(texts(|call| &call.key))
        .bind(texts(|call| &call.token))
        .bind(projects)
        .bind(texts(|call| &call.provider))
        .bind(numbers(|call| call.day))
        .bind(numbers(|call| call.tokens))
        .bind(costs)
        .bind(currencies)
        .bind(runs)
        .bind(annotators)
        .bind(lease_milliseconds)
        .fetch_all(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(begun.into_iter().collect())
}

/// Who holds the key of a call that could not be written down.
enum Found {
    /// Somebody does, or this very call.
    Somebody(CallStart),
    /// A call whose lease has ended; it stays locked.
    Lost,
    /// Nobody any more: it ended in between.
    Nobody,
}

async fn find_begun(transaction: &mut PostgresTransaction, call: &NewCall) -> StoreResult<Found> {
    let held: Option<(String, i64)> =
        sqlx::query_as("SELECT token, lease_until - clock_microseconds() FROM begun_calls WHERE key = $1 FOR UPDATE")
            .bind(&call.key)
            .fetch_optional(transaction.connection())
            .await
            .map_err(failure)?;
    Ok(match held {
        Some((token, _)) if token == call.token => Found::Somebody(CallStart::Begun),
        Some((_, left)) if left > 0 => Found::Somebody(CallStart::UnderWay {
            wait_milliseconds: left / 1000,
        }),
        Some(_) => Found::Lost,
        None => Found::Nobody,
    })
}

async fn lose(transaction: &mut PostgresTransaction, keys: &[String]) -> StoreResult<()> {
    sqlx::query(LOSE)
        .bind(keys)
        .execute(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(())
}
