//! Calls under way and what calls have cost.

use accord_domain::{AnnotatorId, ProjectId, RunAnnotator, RunId};
use accord_store::text::check_text;
use accord_store::{
    BegunCalls, CallStart, EndedCall, EndedSum, NewCall, Spending, SpendingLine, Spent, StoreResult, by_line,
};
use async_trait::async_trait;
use rust_decimal::Decimal;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};

use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::{ROWS_AT_ONCE, now, push_list, push_rows};
use crate::transaction::SqliteTransaction;

/// What is added to one line of the spending.
struct Added<'a> {
    line: SpendingLine<'a>,
    ended: EndedSum,
    lost_calls: i64,
}

/// The statements that read and add to a line of a table of spending, which is known by four columns.
macro_rules! line_of {
    ($table:literal, $line:literal) => {
        (
            concat!("SELECT cost FROM ", $table, " WHERE (", $line, ") = (?, ?, ?, ?)"),
            concat!(
                "INSERT INTO ",
                $table,
                " (",
                $line,
                ", kept_calls, failed_calls, lost_calls, input_tokens, \
                                          output_tokens, cost) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, max(?7, 0), ?8, ?9, ?10) \
                 ON CONFLICT (",
                $line,
                ") DO UPDATE SET kept_calls = kept_calls + ?5, \
                     failed_calls = failed_calls + ?6, lost_calls = max(lost_calls + ?7, 0), \
                     input_tokens = input_tokens + ?8, output_tokens = output_tokens + ?9, cost = ?10"
            ),
        )
    };
}

/// Adds to a line of the spending, and to that of the run.
async fn add(tx: &mut SqliteTransaction, added: &Added<'_>) -> StoreResult<()> {
    let line = added.line;
    let (known, sum) = line_of!("spending", "project_id, day, provider, currency");
    let of_line = |text| {
        let query = sqlx::query(text).bind(line.project_id.as_uuid()).bind(line.day);
        query.bind(line.provider).bind(line.currency)
    };
    add_to_line(tx, added, "spending", of_line(known), of_line(sum)).await?;
    let Some(run) = line.run else { return Ok(()) };
    let (known, sum) = line_of!("run_spending", "run_id, annotator_id, provider, currency");
    let of_run = |text| {
        let query = sqlx::query(text)
            .bind(run.run_id.as_uuid())
            .bind(run.annotator_id.as_uuid());
        query.bind(line.provider).bind(line.currency)
    };
    add_to_line(tx, added, "run_spending", of_run(known), of_run(sum)).await
}

/// A statement to which the columns of a line are bound.
type OfLine<'a> = Query<'a, Sqlite, SqliteArguments>;

/// The database has no decimal numbers, so the sum is made here; only one transaction writes at a time.
async fn add_to_line(
    tx: &mut SqliteTransaction,
    added: &Added<'_>,
    table: &'static str,
    known: OfLine<'_>,
    sum: OfLine<'_>,
) -> StoreResult<()> {
    let known = known.fetch_optional(tx.connection()).await.map_err(failed)?;
    let known: Decimal = match &known {
        Some(row) => Reader::new(table, row).word("cost")?,
        None => Decimal::ZERO,
    };
    sum.bind(added.ended.kept_calls)
        .bind(added.ended.failed_calls)
        .bind(added.lost_calls)
        .bind(added.ended.input_tokens)
        .bind(added.ended.output_tokens)
        .bind((known + added.ended.cost).normalize().to_string())
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
        line: SpendingLine {
            project_id: ProjectId::from_uuid(reader.get("project_id")?),
            day: reader.get("day")?,
            provider: reader.get("provider")?,
            currency: currency.unwrap_or_default(),
            run,
        },
        ended: EndedSum::default(),
        lost_calls: 1,
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

/// The database has no decimal numbers, so costs come as they are and are summed here.
fn read_begun(row: &SqliteRow) -> StoreResult<BegunCalls> {
    let reader = Reader::new("begun_calls", row);
    let costs: &str = reader.get("costs")?;
    let mut sum = Decimal::ZERO;
    for cost in costs.split(' ') {
        let cost: Decimal = cost.parse().map_err(|error| reader.corrupt("cost", error))?;
        sum += cost;
    }
    Ok(BegunCalls {
        run_id: reader.optional_id("run_id", RunId::from_uuid)?,
        day: reader.get("day")?,
        currency: reader.get("currency")?,
        are_lost: reader.get("are_lost")?,
        calls: reader.get("calls")?,
        tokens: reader.get("tokens")?,
        cost: sum.normalize(),
    })
}

/// Writes calls down whose keys nobody holds; returns how many.
async fn insert_begun(tx: &mut SqliteTransaction, calls: &[&NewCall], lease_milliseconds: i64) -> StoreResult<usize> {
    let now = tx.now_microseconds().await?;
    let mut query = QueryBuilder::new(
        "INSERT INTO begun_calls (key, token, project_id, run_id, annotator_id, provider, day, tokens, cost, currency, begun_at, \
                                  lease_until) ",
    );
    push_rows(&mut query, 12, calls.iter(), |row, call| {
        row.push_bind(&call.key)
            .push_bind(&call.token)
            .push_bind(call.project_id.as_uuid())
            .push_bind(call.run.map(|of| of.run_id.as_uuid()))
            .push_bind(call.run.map(|of| of.annotator_id.as_uuid()))
            .push_bind(&call.provider)
            .push_bind(call.day)
            .push_bind(call.tokens)
            .push_bind(call.cost.to_string())
            .push_bind(call.currency.as_deref())
            .push_bind(now)
            .push_bind(now.saturating_add(lease_milliseconds.saturating_mul(1000)));
    });
    query.push(" ON CONFLICT (key) DO NOTHING");
    let done = query.build().execute(tx.connection()).await.map_err(failed)?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Begins a call whose key somebody holds: it may be this very call, or one whose lease has ended.
async fn begin_beside(tx: &mut SqliteTransaction, call: &NewCall, lease_milliseconds: i64) -> StoreResult<CallStart> {
    let now = tx.now_microseconds().await?;
    let known = sqlx::query("SELECT * FROM begun_calls WHERE key = ?")
        .bind(&call.key)
        .fetch_optional(tx.connection())
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
        lose(tx, row).await?;
    }
    insert_begun(tx, &[call], lease_milliseconds).await?;
    Ok(CallStart::Begun)
}

/// Takes calls off the list of those under way; returns how many were on it.
async fn delete_begun(tx: &mut SqliteTransaction, ended: &[EndedCall<'_>]) -> StoreResult<usize> {
    // The keys alone find the rows by their index; the pairs say which of them are meant.
    let mut query = QueryBuilder::new("DELETE FROM begun_calls WHERE key IN ");
    push_list(&mut query, ended.iter().map(|one| one.call.key.as_str()));
    query.push(" AND (key, token) IN (");
    push_rows(&mut query, 2, ended.iter(), |row, one| {
        row.push_bind(&one.call.key).push_bind(&one.call.token);
    });
    query.push(")");
    let done = query.build().execute(tx.connection()).await.map_err(failed)?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

#[async_trait]
impl Spending for SqliteTransaction {
    async fn lock_spending(&mut self, _project_id: ProjectId) -> StoreResult<()> {
        // Only one transaction writes at a time.
        Ok(())
    }

    async fn begin_calls(&mut self, calls: &[&NewCall], lease_milliseconds: i64) -> StoreResult<Vec<CallStart>> {
        for call in calls {
            check_text("key of call", &call.key)?;
            check_text("name of provider", &call.provider)?;
        }
        let mut starts = Vec::with_capacity(calls.len());
        for part in calls.chunks(ROWS_AT_ONCE) {
            if insert_begun(self, part, lease_milliseconds).await? == part.len() {
                starts.extend(part.iter().map(|_| CallStart::Begun));
                continue;
            }
            for call in part {
                starts.push(begin_beside(self, call, lease_milliseconds).await?);
            }
        }
        Ok(starts)
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

    async fn end_calls(&mut self, ended: &[EndedCall<'_>]) -> StoreResult<()> {
        for (line, ended) in by_line(ended) {
            let mut given_up = 0;
            for part in ended.chunks(ROWS_AT_ONCE) {
                // Without a row it was given up as lost before its end was known.
                given_up += part.len() - delete_begun(self, part).await?;
            }
            let sum = EndedSum::of(ended.iter().map(|one| one.end));
            if given_up == 0 && sum == EndedSum::default() {
                continue;
            }
            let added = Added {
                line,
                ended: sum,
                lost_calls: -i64::try_from(given_up).unwrap_or(i64::MAX),
            };
            add(self, &added).await?;
        }
        Ok(())
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

    async fn begun_calls(&mut self, project_id: ProjectId) -> StoreResult<Vec<BegunCalls>> {
        let rows = sqlx::query(concat!(
            "SELECT run_id, day, currency, lease_until <= ",
            now!(),
            " AS are_lost, count(*) AS calls, sum(tokens) AS tokens, group_concat(cost, ' ') AS costs \
             FROM begun_calls WHERE project_id = ? \
             GROUP BY day, currency, are_lost, run_id ORDER BY day, currency, are_lost, run_id"
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
