//! Runs and their tasks as a whole.

use accord_domain::{AnnotatorId, ItemId, ProjectId, Run, RunId, RunItems, RunPlanning, Timestamp};
use accord_store::text::{check_text, clean_reason};
use accord_store::{CancelledTasks, ItemExtent, Page, PageRequest, Runs, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::{FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::convert::{Place, fetch_limit, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

#[derive(FromRow)]
struct RunRow {
    id: Uuid,
    project_id: Uuid,
    number: i64,
    items: String,
    annotators: String,
    budget: String,
    batch: bool,
    all_votes: bool,
    started_by: String,
    created_at: i64,
    state: String,
    reason: Option<String>,
    planning: String,
    planned_after: Option<Uuid>,
    planned_until: Option<Uuid>,
    running_since: Option<i64>,
    ran_milliseconds: i64,
    ended_at: Option<i64>,
}

/// Selects rows of runs.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, number, items::TEXT AS items, annotators::TEXT AS annotators, budget::TEXT AS budget, batch,
                    all_votes, started_by, created_at, state, reason, planning::TEXT AS planning, planned_after, planned_until,
                    running_since, ran_milliseconds, ended_at
             FROM runs ",
            $rest
        )
    };
}

impl RunRow {
    fn read(self) -> StoreResult<Run> {
        let id = self.id;
        let planning: RunPlanning = Place::new("runs", "planning").read_json(id, &self.planning)?;
        Ok(Run {
            id: RunId::from_uuid(id),
            project_id: ProjectId::from_uuid(self.project_id),
            number: self.number,
            items: Place::new("runs", "items").read_json(id, &self.items)?,
            annotators: Place::new("runs", "annotators").read_json(id, &self.annotators)?,
            budget: Place::new("runs", "budget").read_json(id, &self.budget)?,
            batch: self.batch,
            all_votes: self.all_votes,
            started_by: self.started_by,
            created_at: Timestamp::from_microseconds(self.created_at),
            state: Place::new("runs", "state").read_word(id, &self.state)?,
            reason: self.reason,
            planning: RunPlanning {
                after: self.planned_after.map(ItemId::from_uuid),
                until: self.planned_until.map(ItemId::from_uuid),
                ..planning
            },
            running_since: self.running_since.map(Timestamp::from_microseconds),
            ran_milliseconds: self.ran_milliseconds,
            ended_at: self.ended_at.map(Timestamp::from_microseconds),
        })
    }
}

fn missing(id: RunId) -> StoreError {
    StoreError::Missing {
        what: "run",
        name: id.to_string(),
    }
}

/// The items that were locked, whose `annotate` tasks are all at their end, and that have an annotation.
const COMPLETE: &str = "
    SELECT items.id FROM items
    WHERE items.id = ANY($1)
        AND EXISTS (SELECT FROM annotations WHERE annotations.item_id = items.id)
        AND NOT EXISTS (
            SELECT FROM tasks AS open
            WHERE open.item_id = items.id AND open.kind = 'annotate' AND open.state IN ('ready', 'leased')
        )
    ORDER BY items.id";

/// Tasks of a run that nobody works on. What somebody else has locked is left for the next time.
const CANCEL: &str = "
    UPDATE tasks
    SET state = 'cancelled', lease_token = NULL, lease_until = NULL, paused = false, finished_at = clock_microseconds()
    WHERE id IN (
        SELECT id FROM tasks
        WHERE run_id = $1 AND item_id = ANY($2)
            AND (state = 'ready' OR state = 'leased' AND lease_until <= (SELECT clock_microseconds()))
        ORDER BY id FOR UPDATE SKIP LOCKED
    )";

/// The statement that finds the next items of a run.
fn items_query(run: &Run) -> QueryBuilder<Postgres> {
    let column = if matches!(run.items, RunItems::Listed { .. }) {
        "item_id"
    } else {
        "id"
    };
    let mut query = QueryBuilder::new("SELECT ");
    query.push(column);
    match &run.items {
        RunItems::Listed { .. } => {
            query
                .push(" FROM run_items WHERE run_id = ")
                .push_bind(run.id.as_uuid());
        }
        RunItems::All {} | RunItems::Newest { .. } => {
            query
                .push(" FROM items WHERE project_id = ")
                .push_bind(run.project_id.as_uuid());
        }
        RunItems::Matching {
            state,
            external_id_prefix,
        } => {
            query
                .push(" FROM items WHERE project_id = ")
                .push_bind(run.project_id.as_uuid());
            if let Some(state) = state {
                query.push(" AND state = ").push_bind(state.word());
            }
            if let Some(prefix) = external_id_prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
                query.push(" AND external_id ^@ ").push_bind(prefix.to_owned());
            }
        }
    }
    if let Some(after) = run.planning.after {
        query.push(" AND ").push(column).push(" > ").push_bind(after.as_uuid());
    }
    if let Some(until) = run.planning.until {
        query.push(" AND ").push(column).push(" <= ").push_bind(until.as_uuid());
    }
    query.push(" ORDER BY ").push(column).push(" LIMIT ");
    query
}

async fn insert_row(transaction: &mut PostgresTransaction, run: &Run) -> StoreResult<i64> {
    sqlx::query_scalar(
        "INSERT INTO runs (id, project_id, number, items, annotators, budget, started_by, created_at, state, reason,
                           planning, planned_after, planned_until, running_since, ran_milliseconds, ended_at, batch, all_votes)
         SELECT $1, $2, coalesce(max(number), 0) + 1, $3::JSON, $4::JSON, $5::JSON, $6, $7, $8, $9, $10::JSON, $11, $12,
                $13, $14, $15, $16, $17
         FROM runs WHERE project_id = $2 RETURNING number",
    )
    .bind(run.id.as_uuid())
    .bind(run.project_id.as_uuid())
    .bind(write_json("run", &run.items)?)
    .bind(write_json("run", &run.annotators)?)
    .bind(write_json("run", &run.budget)?)
    .bind(&run.started_by)
    .bind(run.created_at.as_microseconds())
    .bind(run.state.word())
    .bind(run.reason.as_deref().map(clean_reason))
    .bind(write_json("run", &run.planning)?)
    .bind(run.planning.after.map(|id| id.as_uuid()))
    .bind(run.planning.until.map(|id| id.as_uuid()))
    .bind(run.running_since.map(Timestamp::as_microseconds))
    .bind(run.ran_milliseconds)
    .bind(run.ended_at.map(Timestamp::as_microseconds))
    .bind(run.batch)
    .bind(run.all_votes)
    .fetch_one(transaction.connection())
    .await
    .map_err(failure)
}

#[async_trait]
impl Runs for PostgresTransaction {
    async fn insert_run(&mut self, run: &Run, listed: &[ItemId]) -> StoreResult<i64> {
        check_text("whoever starts a run", &run.started_by)?;
        for name in &run.annotators {
            check_text("annotator", name)?;
        }
        if let RunItems::Matching {
            external_id_prefix: Some(prefix),
            ..
        } = &run.items
        {
            check_text("prefix", prefix)?;
        }
        // Runs of one project get their numbers one after the other.
        sqlx::query("SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE")
            .bind(run.project_id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        let number = insert_row(self, run).await?;
        if !listed.is_empty() {
            let listed: Vec<Uuid> = listed.iter().map(ItemId::as_uuid).collect();
            sqlx::query("INSERT INTO run_items (run_id, item_id) SELECT $1, unnest($2::UUID[]) ON CONFLICT DO NOTHING")
                .bind(run.id.as_uuid())
                .bind(listed)
                .execute(self.connection())
                .await
                .map_err(failure)?;
        }
        Ok(number)
    }

    async fn run(&mut self, id: RunId) -> StoreResult<Option<Run>> {
        let row: Option<RunRow> = sqlx::query_as(select_runs!("WHERE id = $1"))
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(RunRow::read).transpose()
    }

    async fn run_by_number(&mut self, project_id: ProjectId, number: i64) -> StoreResult<Option<Run>> {
        let row: Option<RunRow> = sqlx::query_as(select_runs!("WHERE project_id = $1 AND number = $2"))
            .bind(project_id.as_uuid())
            .bind(number)
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(RunRow::read).transpose()
    }

    async fn lock_run(&mut self, id: RunId) -> StoreResult<Run> {
        let row: Option<RunRow> = sqlx::query_as(select_runs!("WHERE id = $1 FOR NO KEY UPDATE"))
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.ok_or_else(|| missing(id))?.read()
    }

    async fn update_run(&mut self, run: &Run) -> StoreResult<()> {
        let done = sqlx::query(
            "UPDATE runs SET budget = $2::JSON, state = $3, reason = $4, planning = $5::JSON, planned_after = $6,
                             running_since = $7, ran_milliseconds = $8, ended_at = $9
             WHERE id = $1",
        )
        .bind(run.id.as_uuid())
        .bind(write_json("run", &run.budget)?)
        .bind(run.state.word())
        .bind(run.reason.as_deref().map(clean_reason))
        .bind(write_json("run", &run.planning)?)
        .bind(run.planning.after.map(|id| id.as_uuid()))
        .bind(run.running_since.map(Timestamp::as_microseconds))
        .bind(run.ran_milliseconds)
        .bind(run.ended_at.map(Timestamp::as_microseconds))
        .execute(self.connection())
        .await
        .map_err(failure)?;
        if done.rows_affected() == 0 {
            return Err(missing(run.id));
        }
        Ok(())
    }

    async fn list_runs(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Run>> {
        let rows: Vec<RunRow> = sqlx::query_as(select_runs!("WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3"))
            .bind(project_id.as_uuid())
            .bind(start_of(page))
            .bind(fetch_limit(page))
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        Ok(page_of(read_all(rows, RunRow::read)?, page, |run| run.id.as_uuid()))
    }

    async fn latest_runs(&mut self, project_id: ProjectId, limit: u32) -> StoreResult<Vec<Run>> {
        let rows: Vec<RunRow> = sqlx::query_as(select_runs!("WHERE project_id = $1 ORDER BY id DESC LIMIT $2"))
            .bind(project_id.as_uuid())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        read_all(rows, RunRow::read)
    }

    async fn open_runs(&mut self, after: Option<RunId>, limit: u32) -> StoreResult<Vec<RunId>> {
        let found: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM runs WHERE ended_at IS NULL AND id > $1 ORDER BY id LIMIT $2")
                .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
                .bind(i64::from(limit))
                .fetch_all(self.connection())
                .await
                .map_err(failure)?;
        Ok(found.into_iter().map(RunId::from_uuid).collect())
    }

    async fn item_extent(&mut self, project_id: ProjectId, newest: Option<u32>) -> StoreResult<ItemExtent> {
        let mut found = [None, None];
        for (place, offset) in [Some(0), newest.map(i64::from)].into_iter().enumerate() {
            let Some(offset) = offset else { continue };
            let id: Option<Uuid> =
                sqlx::query_scalar("SELECT id FROM items WHERE project_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2")
                    .bind(project_id.as_uuid())
                    .bind(offset)
                    .fetch_optional(self.connection())
                    .await
                    .map_err(failure)?;
            found[place] = id.map(ItemId::from_uuid);
        }
        let [until, after] = found;
        Ok(ItemExtent { after, until })
    }

    async fn items_of_run(&mut self, run: &Run, limit: u32) -> StoreResult<Vec<ItemId>> {
        if run.planning.until.is_none() {
            return Ok(Vec::new());
        }
        let mut query = items_query(run);
        query.push_bind(i64::from(limit));
        let found: Vec<Uuid> = query
            .build_query_scalar()
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        Ok(found.into_iter().map(ItemId::from_uuid).collect())
    }

    async fn take_over_tasks(
        &mut self,
        run_id: RunId,
        item_ids: &[ItemId],
        annotator_ids: &[AnnotatorId],
    ) -> StoreResult<u64> {
        let items: Vec<Uuid> = item_ids.iter().map(ItemId::as_uuid).collect();
        let annotators: Vec<Uuid> = annotator_ids.iter().map(AnnotatorId::as_uuid).collect();
        let done = sqlx::query(
            "UPDATE tasks SET run_id = $1
             WHERE id IN (
                 SELECT id FROM tasks
                 WHERE item_id = ANY($2) AND kind = 'annotate' AND annotator_id = ANY($3) AND state = 'ready'
                     AND run_id IS NULL
                 ORDER BY id FOR UPDATE SKIP LOCKED
             )",
        )
        .bind(run_id.as_uuid())
        .bind(items)
        .bind(annotators)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(done.rows_affected())
    }

    async fn mark_paused(&mut self, run_id: RunId, paused: bool, limit: u32) -> StoreResult<u64> {
        let done = sqlx::query(
            "UPDATE tasks SET paused = $2
             WHERE id IN (
                 SELECT id FROM tasks WHERE run_id = $1 AND state IN ('ready', 'leased') AND paused = NOT $2
                 LIMIT $3 FOR UPDATE SKIP LOCKED
             )",
        )
        .bind(run_id.as_uuid())
        .bind(paused)
        .bind(i64::from(limit))
        .execute(self.connection())
        .await
        .map_err(failure)?;
        if !paused && done.rows_affected() > 0 {
            self.note_ready_tasks();
        }
        Ok(done.rows_affected())
    }

    async fn cancel_tasks_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<CancelledTasks> {
        // Items are locked before their tasks and in one order, as everywhere.
        let items: Vec<Uuid> = sqlx::query_scalar(
            "SELECT id FROM items
             WHERE id IN (
                 SELECT item_id FROM tasks
                 WHERE run_id = $1 AND state IN ('ready', 'leased')
                     AND (state = 'ready' OR lease_until <= (SELECT clock_microseconds()))
                 LIMIT $2
             )
             ORDER BY id FOR NO KEY UPDATE",
        )
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        let done = sqlx::query(CANCEL)
            .bind(run_id.as_uuid())
            .bind(&items)
            .execute(self.connection())
            .await
            .map_err(failure)?;
        let complete: Vec<Uuid> = sqlx::query_scalar(COMPLETE)
            .bind(&items)
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        Ok(CancelledTasks {
            count: done.rows_affected(),
            complete: complete.into_iter().map(ItemId::from_uuid).collect(),
        })
    }

    async fn has_open_tasks(&mut self, run_id: RunId) -> StoreResult<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM tasks WHERE run_id = $1 AND state IN ('ready', 'leased'))")
            .bind(run_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failure)
    }

    async fn count_paused_tasks(&mut self, project_id: ProjectId) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM tasks WHERE project_id = $1 AND paused AND state = 'ready'")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failure)
    }
}
