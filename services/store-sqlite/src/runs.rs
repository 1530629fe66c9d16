//! Runs and their tasks as a whole.

use accord_domain::{AnnotatorId, ItemId, ProjectId, Run, RunId, RunItems, RunPlanning};
use accord_store::text::{check_text, clean_reason};
use accord_store::{CancelledTasks, ItemExtent, Page, PageRequest, Runs, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteRow};
use uuid::Uuid;

use crate::failure::failed;
use crate::items::push_prefix;
use crate::page::fetch_page;
use crate::reader::{Reader, to_json};
use crate::sql::{ROWS_AT_ONCE, now, push_identifiers, push_rows};
use crate::transaction::SqliteTransaction;

fn read_run(row: &SqliteRow) -> StoreResult<Run> {
    let reader = Reader::new("runs", row);
    let planning: RunPlanning = reader.json("planning")?;
    Ok(Run {
        id: RunId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        number: reader.get("number")?,
        items: reader.json("items")?,
        annotators: reader.json("annotators")?,
        budget: reader.json("budget")?,
        batch: reader.get("batch")?,
        all_votes: reader.get("all_votes")?,
        started_by: reader.get("started_by")?,
        created_at: reader.moment("created_at")?,
        state: reader.word("state")?,
        reason: reader.get("reason")?,
        planning: RunPlanning {
            after: reader.optional_id("planned_after", ItemId::from_uuid)?,
            until: reader.optional_id("planned_until", ItemId::from_uuid)?,
            ..planning
        },
        running_since: reader.optional_moment("running_since")?,
        ran_milliseconds: reader.get("ran_milliseconds")?,
        ended_at: reader.optional_moment("ended_at")?,
    })
}

fn missing(id: RunId) -> StoreError {
    StoreError::Missing {
        what: "run",
        name: id.to_string(),
    }
}

async fn insert_listed(tx: &mut SqliteTransaction, run_id: RunId, listed: &[ItemId]) -> StoreResult<()> {
    for chunk in listed.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO run_items (run_id, item_id) ");
        push_rows(&mut query, 2, chunk.iter(), |row, item_id| {
            row.push_bind(run_id.as_uuid()).push_bind(item_id.as_uuid());
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(tx.connection()).await.map_err(failed)?;
    }
    Ok(())
}

/// The statement that finds the next items of a run.
fn items_query(run: &Run) -> QueryBuilder<Sqlite> {
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
            if let Some(prefix) = external_id_prefix {
                push_prefix(&mut query, prefix);
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

#[async_trait]
impl Runs for SqliteTransaction {
    async fn insert_run(&mut self, run: &Run, listed: &[ItemId]) -> StoreResult<i64> {
        check_text("whoever starts a run", &run.started_by)?;
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO runs (id, project_id, number, items, annotators, budget, started_by, created_at, state, reason, \
                               planning, planned_after, planned_until, running_since, ran_milliseconds, ended_at, batch, all_votes) \
             SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17 \
             FROM runs WHERE project_id = ?2 RETURNING number",
        )
        .bind(run.id.as_uuid())
        .bind(run.project_id.as_uuid())
        .bind(to_json("run", &run.items)?)
        .bind(to_json("run", &run.annotators)?)
        .bind(to_json("run", &run.budget)?)
        .bind(&run.started_by)
        .bind(run.created_at.as_microseconds())
        .bind(run.state.word())
        .bind(run.reason.as_deref().map(clean_reason))
        .bind(to_json("run", &run.planning)?)
        .bind(run.planning.after.map(|id| id.as_uuid()))
        .bind(run.planning.until.map(|id| id.as_uuid()))
        .bind(run.running_since.map(accord_domain::Timestamp::as_microseconds))
        .bind(run.ran_milliseconds)
        .bind(run.ended_at.map(accord_domain::Timestamp::as_microseconds))
        .bind(run.batch)
        .bind(run.all_votes)
        .fetch_one(self.connection())
        .await
        .map_err(failed)?;
        insert_listed(self, run.id, listed).await?;
        Ok(number)
    }

    async fn run(&mut self, id: RunId) -> StoreResult<Option<Run>> {
        let found = sqlx::query("SELECT * FROM runs WHERE id = ?")
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        found.as_ref().map(read_run).transpose()
    }

    async fn run_by_number(&mut self, project_id: ProjectId, number: i64) -> StoreResult<Option<Run>> {
        let found = sqlx::query("SELECT * FROM runs WHERE project_id = ? AND number = ?")
            .bind(project_id.as_uuid())
            .bind(number)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        found.as_ref().map(read_run).transpose()
    }

    async fn lock_run(&mut self, id: RunId) -> StoreResult<Run> {
        // The transaction has the only write lock of the database already.
        self.run(id).await?.ok_or_else(|| missing(id))
    }

    async fn update_run(&mut self, run: &Run) -> StoreResult<()> {
        let done = sqlx::query(
            "UPDATE runs SET budget = ?, state = ?, reason = ?, planning = ?, planned_after = ?, running_since = ?, \
                             ran_milliseconds = ?, ended_at = ? WHERE id = ?",
        )
        .bind(to_json("run", &run.budget)?)
        .bind(run.state.word())
        .bind(run.reason.as_deref().map(clean_reason))
        .bind(to_json("run", &run.planning)?)
        .bind(run.planning.after.map(|id| id.as_uuid()))
        .bind(run.running_since.map(accord_domain::Timestamp::as_microseconds))
        .bind(run.ran_milliseconds)
        .bind(run.ended_at.map(accord_domain::Timestamp::as_microseconds))
        .bind(run.id.as_uuid())
        .execute(self.connection())
        .await
        .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Err(missing(run.id));
        }
        Ok(())
    }

    async fn list_runs(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Run>> {
        let mut query = QueryBuilder::new("SELECT * FROM runs WHERE project_id = ");
        query.push_bind(project_id.as_uuid());
        fetch_page(self.connection(), query, "id", page, read_run, |run| run.id.as_uuid()).await
    }

    async fn latest_runs(&mut self, project_id: ProjectId, limit: u32) -> StoreResult<Vec<Run>> {
        let found = sqlx::query("SELECT * FROM runs WHERE project_id = ? ORDER BY id DESC LIMIT ?")
            .bind(project_id.as_uuid())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        found.iter().map(read_run).collect()
    }

    async fn open_runs(&mut self, after: Option<RunId>, limit: u32) -> StoreResult<Vec<RunId>> {
        let found: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM runs WHERE ended_at IS NULL AND id > ? ORDER BY id LIMIT ?")
                .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
                .bind(i64::from(limit))
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
        Ok(found.into_iter().map(RunId::from_uuid).collect())
    }

    async fn item_extent(&mut self, project_id: ProjectId, newest: Option<u32>) -> StoreResult<ItemExtent> {
        let until: Option<Uuid> = sqlx::query_scalar("SELECT max(id) FROM items WHERE project_id = ?")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failed)?;
        let after: Option<Uuid> = match newest {
            None => None,
            Some(count) => {
                sqlx::query_scalar("SELECT id FROM items WHERE project_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?")
                    .bind(project_id.as_uuid())
                    .bind(i64::from(count))
                    .fetch_optional(self.connection())
                    .await
                    .map_err(failed)?
            }
        };
        Ok(ItemExtent {
            after: after.map(ItemId::from_uuid),
            until: until.map(ItemId::from_uuid),
        })
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
            .map_err(failed)?;
        Ok(found.into_iter().map(ItemId::from_uuid).collect())
    }

    async fn take_over_tasks(
        &mut self,
        run_id: RunId,
        item_ids: &[ItemId],
        annotator_ids: &[AnnotatorId],
    ) -> StoreResult<u64> {
        if item_ids.is_empty() || annotator_ids.is_empty() {
            return Ok(0);
        }
        let mut query = QueryBuilder::new("UPDATE tasks SET run_id = ");
        query.push_bind(run_id.as_uuid());
        // The plus sign keeps the database to the few tasks of each item.
        query.push(" WHERE kind = 'annotate' AND +state = 'ready' AND run_id IS NULL AND item_id IN ");
        push_identifiers(&mut query, item_ids.iter().map(|id| id.as_uuid()))?;
        query.push(" AND +annotator_id IN ");
        push_identifiers(&mut query, annotator_ids.iter().map(|id| id.as_uuid()))?;
        let done = query.build().execute(self.connection()).await.map_err(failed)?;
        Ok(done.rows_affected())
    }

    async fn mark_paused(&mut self, run_id: RunId, paused: bool, limit: u32) -> StoreResult<u64> {
        let done = sqlx::query(
            "UPDATE tasks SET paused = ?1 WHERE id IN (SELECT id FROM tasks \
                 WHERE run_id = ?2 AND state IN ('ready', 'leased') AND paused = 1 - ?1 LIMIT ?3)",
        )
        .bind(paused)
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .execute(self.connection())
        .await
        .map_err(failed)?;
        if !paused && done.rows_affected() > 0 {
            self.note_ready_tasks();
        }
        Ok(done.rows_affected())
    }

    async fn cancel_tasks_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<CancelledTasks> {
        let items: Vec<Uuid> = sqlx::query_scalar(concat!(
            "UPDATE tasks SET state = 'cancelled', lease_token = NULL, lease_until = NULL, paused = 0, finished_at = ",
            now!(),
            " WHERE id IN (SELECT id FROM tasks \
                  WHERE run_id = ?1 AND state IN ('ready', 'leased') AND (state = 'ready' OR (lease_until <= ",
            now!(),
            ")) LIMIT ?2) RETURNING item_id"
        ))
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        let count = items.len() as u64;
        let mut complete = Vec::new();
        for chunk in items.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::new("SELECT id FROM items WHERE id IN ");
            push_identifiers(&mut query, chunk.iter().copied())?;
            query.push(
                " AND EXISTS (SELECT 1 FROM annotations WHERE annotations.item_id = items.id) \
                 AND NOT EXISTS (SELECT 1 FROM tasks AS open WHERE open.item_id = items.id AND open.kind = 'annotate' \
                                 AND open.state IN ('ready', 'leased'))",
            );
            let found: Vec<Uuid> = query
                .build_query_scalar()
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            complete.extend(found.into_iter().map(ItemId::from_uuid));
        }
        complete.sort_unstable();
        complete.dedup();
        Ok(CancelledTasks { count, complete })
    }

    async fn has_open_tasks(&mut self, run_id: RunId) -> StoreResult<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tasks WHERE run_id = ? AND state IN ('ready', 'leased'))")
            .bind(run_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failed)
    }

    async fn count_paused_tasks(&mut self, project_id: ProjectId) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM tasks WHERE project_id = ? AND paused = 1 AND state = 'ready'")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failed)
    }
}
