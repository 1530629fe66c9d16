//! Calls under way and what calls have cost.

use accord_domain::{AnnotatorId, ProjectId, RunAnnotator, RunId};
use accord_store::text::check_text;
use accord_store::{BegunCall, CallEnd, CallStart, NewCall, Spending, Spent, StoreResult};
use async_trait::async_trait;
use rust_decimal::Decimal;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::now;
use crate::transaction::SqliteTransaction;

/// What is added to one line of the spending.
struct Added<'a> {
    project_id: Uuid,
    run: Option<RunAnnotator>,
    day: i64,
    provider: &'a str,
    currency: &'a str,
    kept_calls: i64,
    failed_calls: i64,
    lost_calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: Decimal,
}

impl<'a> Added<'a> {
    fn of(call: &'a NewCall) -> Self {
        Self {
            project_id: call.project_id.as_uuid(),
            run: call.run,
            day: call.day,
            provider: &call.provider,
            currency: call.currency.as_deref().unwrap_or_default(),
            kept_calls: 0,
            failed_calls: 0,
            lost_calls: 0,
            input_tokens: 0,
            output_tokens: 0,
            cost: Decimal::ZERO,
        }
    }

    fn end(mut self, end: &CallEnd) -> Self {
        match *end {
            CallEnd::Kept {
                input_tokens,
                output_tokens,
                cost,
            } => {
                self.kept_calls = 1;
                self.input_tokens = input_tokens;
                self.output_tokens = output_tokens;
                self.cost = cost;
            }
            CallEnd::Failed => self.failed_calls = 1,
            CallEnd::NotMade => {}
        }
        self
    }
}

/// Adds to a line of the spending. The database has no decimal numbers, so the sum is made here; only one transaction
/// writes at a time.
async fn add(tx: &mut SqliteTransaction, added: &Added<'_>) -> StoreResult<()> {
    let known =
        sqlx::query("SELECT cost FROM spending WHERE project_id = ? AND day = ? AND provider = ? AND currency = ?")
            .bind(added.project_id)
            .bind(added.day)
            .bind(added.provider)
            .bind(added.currency)
            .fetch_optional(tx.connection())
            .await
            .map_err(failed)?;
    let known: Decimal = match &known {
        Some(row) => Reader::new("spending", row).word("cost")?,
        None => Decimal::ZERO,
    };
    sqlx::query(
        "INSERT INTO spending (project_id, day, provider, currency, kept_calls, failed_calls, lost_calls, input_tokens, \
                               output_tokens, cost) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, max(?7, 0), ?8, ?9, ?10) \
         ON CONFLICT (project_id, day, provider, currency) DO UPDATE SET kept_calls = kept_calls + ?5, \
             failed_calls = failed_calls + ?6, lost_calls = max(lost_calls + ?7, 0), input_tokens = input_tokens + ?8, \
             output_tokens = output_tokens + ?9, cost = ?10",
    )
    .bind(added.project_id)
    .bind(added.day)
    .bind(added.provider)
    .bind(added.currency)
    .bind(added.kept_calls)
    .bind(added.failed_calls)
    .bind(added.lost_calls)
    .bind(added.input_tokens)
    .bind(added.output_tokens)
    .bind((known + added.cost).normalize().to_string())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    match added.run {
        Some(run) => add_to_run(tx, run, added).await,
        None => Ok(()),
    }
}

/// Adds to a line of the spending of a run.
async fn add_to_run(tx: &mut SqliteTransaction, run: RunAnnotator, added: &Added<'_>) -> StoreResult<()> {
    let known = sqlx::query(
        "SELECT cost FROM run_spending WHERE run_id = ? AND annotator_id = ? AND provider = ? AND currency = ?",
    )
    .bind(run.run_id.as_uuid())
    .bind(run.annotator_id.as_uuid())
    .bind(added.provider)
    .bind(added.currency)
    .fetch_optional(tx.connection())
    .await
    .map_err(failed)?;
    let known: Decimal = match &known {
        Some(row) => Reader::new("run_spending", row).word("cost")?,
        None => Decimal::ZERO,
    };
    sqlx::query(
        "INSERT INTO run_spending (run_id, annotator_id, provider, currency, kept_calls, failed_calls, lost_calls, \
                                   input_tokens, output_tokens, cost) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, max(?7, 0), ?8, ?9, ?10) \
         ON CONFLICT (run_id, annotator_id, provider, currency) DO UPDATE SET kept_calls = kept_calls + ?5, \
             failed_calls = failed_calls + ?6, lost_calls = max(lost_calls + ?7, 0), input_tokens = input_tokens + ?8, \
             output_tokens = output_tokens + ?9, cost = ?10",
    )
    .bind(run.run_id.as_uuid())
    .bind(run.annotator_id.as_uuid())
    .bind(added.provider)
    .bind(added.currency)
    .bind(added.kept_calls)
    .bind(added.failed_calls)
    .bind(added.lost_calls)
    .bind(added.input_tokens)
    .bind(added.output_tokens)
    .bind((known + added.cost).normalize().to_string())
    .execute(tx.connection())
    .await
    .map_err(failed)?;
    Ok(())
}

/// Counts a call whose lease has ended as lost.
async fn lose(tx: &mut SqliteTransaction, row: &SqliteRow) -> StoreResult<()> {
    let reader = Reader::new("begun_calls", row);
    let key: &str = reader.get("key")?;
    sqlx::query("DELETE FROM begun_calls WHERE key = ?")
        .bind(key)
        .execute(tx.connection())
        .await
        .map_err(failed)?;
    let currency: Option<&str> = reader.get("currency")?;
    let run_id = reader.optional_id("run_id", RunId::from_uuid)?;
    let annotator_id = reader.optional_id("annotator_id", AnnotatorId::from_uuid)?;
    let run = run_id
        .zip(annotator_id)
        .map(|(run_id, annotator_id)| RunAnnotator { run_id, annotator_id });
    let added = Added {
        project_id: reader.get("project_id")?,
        run,
        day: reader.get("day")?,
        provider: reader.get("provider")?,
        currency: currency.unwrap_or_default(),
        kept_calls: 0,
        failed_calls: 0,
        lost_calls: 1,
        input_tokens: 0,
        output_tokens: 0,
        cost: Decimal::ZERO,
    };
    add(tx, &added).await
}

fn read_spent(row: &SqliteRow) -> StoreResult<Spent> {
    let reader = Reader::new("spending", row);
    let currency: String = reader.get("currency")?;
    Ok(Spent {
        provider: reader.get("provider")?,
        day: reader.get("day")?,
        currency: Some(currency).filter(|code| !code.is_empty()),
        kept_calls: reader.get("kept_calls")?,
        failed_calls: reader.get("failed_calls")?,
        lost_calls: reader.get("lost_calls")?,
        input_tokens: reader.get("input_tokens")?,
        output_tokens: reader.get("output_tokens")?,
        cost: reader.word("cost")?,
    })
}

fn read_begun(row: &SqliteRow) -> StoreResult<BegunCall> {
    let reader = Reader::new("begun_calls", row);
    Ok(BegunCall {
        run_id: reader.optional_id("run_id", RunId::from_uuid)?,
        provider: reader.get("provider")?,
        day: reader.get("day")?,
        tokens: reader.get("tokens")?,
        cost: reader.word("cost")?,
        currency: reader.get("currency")?,
        is_lost: reader.get("is_lost")?,
    })
}

#[async_trait]
impl Spending for SqliteTransaction {
    async fn lock_spending(&mut self, _project_id: ProjectId) -> StoreResult<()> {
        // Only one transaction writes at a time.
        Ok(())
    }

    async fn begin_call(&mut self, call: &NewCall, lease_milliseconds: i64) -> StoreResult<CallStart> {
        check_text("key of call", &call.key)?;
        check_text("name of provider", &call.provider)?;
        let now = self.now_microseconds().await?;
        let known = sqlx::query("SELECT * FROM begun_calls WHERE key = ?")
            .bind(&call.key)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        if let Some(row) = &known {
            let reader = Reader::new("begun_calls", row);
            let (token, until): (&str, i64) = (reader.get("token")?, reader.get("lease_until")?);
            if token == call.token {
                return Ok(CallStart::Begun);
            }
            if until > now {
                let wait_milliseconds = (until - now) / 1000;
                return Ok(CallStart::UnderWay { wait_milliseconds });
            }
            lose(self, row).await?;
        }
        sqlx::query(
            "INSERT INTO begun_calls (key, token, project_id, run_id, annotator_id, provider, day, tokens, cost, currency, \
                                      begun_at, lease_until) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&call.key)
        .bind(&call.token)
        .bind(call.project_id.as_uuid())
        .bind(call.run.map(|of| of.run_id.as_uuid()))
        .bind(call.run.map(|of| of.annotator_id.as_uuid()))
        .bind(&call.provider)
        .bind(call.day)
        .bind(call.tokens)
        .bind(call.cost.to_string())
        .bind(call.currency.as_deref())
        .bind(now)
        .bind(now.saturating_add(lease_milliseconds.saturating_mul(1000)))
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(CallStart::Begun)
    }

    async fn renew_call(&mut self, key: &str, token: &str, lease_milliseconds: i64) -> StoreResult<bool> {
        let done = sqlx::query(concat!(
            "UPDATE begun_calls SET lease_until = ",
            now!(),
            " + ? WHERE key = ? AND token = ?"
        ))
        .bind(lease_milliseconds.saturating_mul(1000))
        .bind(key)
        .bind(token)
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn end_call(&mut self, call: &NewCall, end: &CallEnd) -> StoreResult<()> {
        let done = sqlx::query("DELETE FROM begun_calls WHERE key = ? AND token = ?")
            .bind(&call.key)
            .bind(&call.token)
            .execute(self.connection())
            .await
            .map_err(failed)?;
        let mut added = Added::of(call).end(end);
        if done.rows_affected() == 0 {
            // It was given up as lost before its end was known.
            added.lost_calls = -1;
        } else if *end == CallEnd::NotMade {
            return Ok(());
        }
        add(self, &added).await
    }

    async fn lose_calls(&mut self, limit: u32) -> StoreResult<u64> {
        let rows = sqlx::query(concat!(
            "SELECT * FROM begun_calls WHERE lease_until <= ",
            now!(),
            " ORDER BY lease_until LIMIT ?"
        ))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        for row in &rows {
            lose(self, row).await?;
        }
        Ok(rows.len() as u64)
    }

    async fn begun_calls(&mut self, project_id: ProjectId) -> StoreResult<Vec<BegunCall>> {
        let rows = sqlx::query(concat!(
            "SELECT run_id, provider, day, tokens, cost, currency, lease_until <= ",
            now!(),
            " AS is_lost FROM begun_calls WHERE project_id = ? ORDER BY key"
        ))
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        rows.iter().map(read_begun).collect()
    }

    async fn spending(&mut self, project_id: ProjectId) -> StoreResult<Vec<Spent>> {
        let rows = sqlx::query("SELECT * FROM spending WHERE project_id = ? ORDER BY day, provider, currency")
            .bind(project_id.as_uuid())
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        rows.iter().map(read_spent).collect()
    }
}
