//! Planning tasks, each once.
//!
//! A `score` or `refit` task that is ready already is locked, not merely seen: no worker can claim it before the
//! transaction ends that wants it, and so none can run it without what that transaction adds.

use std::collections::BTreeMap;

use accord_domain::{ProjectId, TaskKind};
use accord_store::{NewTask, StoreResult};
use uuid::Uuid;

use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// How many tasks go into one statement.
const TASKS_PER_STATEMENT: usize = 10_000;

const INSERT_ONCE: &str = "
    INSERT INTO tasks
        (id, project_id, item_id, kind, annotator_id, run_id, slot, state, priority, attempts, ready_at, created_at)
    SELECT id, project_id, item_id, kind, annotator_id, run_id, slot, 'ready', priority, 0, now + delay * 1000, now
    FROM unnest($1::UUID[], $2::UUID[], $3::UUID[], $4::TEXT[], $5::UUID[], $6::INTEGER[], $7::INTEGER[], $8::BIGINT[],
                $9::UUID[])
        AS new (id, project_id, item_id, kind, annotator_id, slot, priority, delay, run_id),
        (SELECT clock_microseconds() AS now) AS clock
    ON CONFLICT DO NOTHING";

/// What follows the target of the conflict is the same for `score` and `refit`.
macro_rules! insert_or_hasten {
    ($target:literal) => {
        concat!(
            "WITH planned AS (
                 INSERT INTO tasks
                     (id, project_id, item_id, kind, annotator_id, slot, state, priority, attempts, ready_at, created_at)
                 SELECT id, project_id, item_id, kind, annotator_id, slot, 'ready', priority, 0, now + delay * 1000, now
                 FROM unnest($1::UUID[], $2::UUID[], $3::UUID[], $4::TEXT[], $5::UUID[], $6::INTEGER[], $7::INTEGER[],
                             $8::BIGINT[])
                     AS new (id, project_id, item_id, kind, annotator_id, slot, priority, delay),
                     (SELECT clock_microseconds() AS now) AS clock
                 ON CONFLICT ",
            $target,
            " DO UPDATE
                     SET priority = greatest(tasks.priority, EXCLUDED.priority),
                         ready_at = least(tasks.ready_at, EXCLUDED.ready_at)
                     WHERE tasks.priority < EXCLUDED.priority OR tasks.ready_at > EXCLUDED.ready_at
                 RETURNING xmax = 0 AS new
             )
             SELECT count(*) FILTER (WHERE new), count(*) FROM planned"
        )
    };
}

const INSERT_SCORE: &str = insert_or_hasten!("(item_id) WHERE kind = 'score' AND state = 'ready'");
const INSERT_REFIT: &str = insert_or_hasten!("(project_id) WHERE kind = 'refit' AND state = 'ready'");

pub(super) async fn insert(transaction: &mut PostgresTransaction, tasks: &[NewTask]) -> StoreResult<u64> {
    let mut once: Vec<&NewTask> = Vec::new();
    let mut scores: BTreeMap<Option<Uuid>, NewTask> = BTreeMap::new();
    let mut refits: BTreeMap<Option<Uuid>, NewTask> = BTreeMap::new();
    for task in tasks {
        match task.kind {
            TaskKind::Annotate | TaskKind::Vote | TaskKind::Review => once.push(task),
            TaskKind::Score => merge(&mut scores, task.item_id.map(|id| id.as_uuid()), task),
            TaskKind::Refit => merge(&mut refits, Some(task.project_id.as_uuid()), task),
        }
    }
    // Transactions that plan the same tasks wait for each other in one order.
    once.sort_unstable_by_key(|task| (task.item_id, task.annotator_id, task.slot, task.id));
    let mut count = 0;
    for chunk in once.chunks(TASKS_PER_STATEMENT) {
        count += insert_once(transaction, chunk).await?;
    }
    let mut changed = count;
    for (statement, merged) in [(INSERT_SCORE, scores), (INSERT_REFIT, refits)] {
        let merged: Vec<NewTask> = merged.into_values().collect();
        let merged: Vec<&NewTask> = merged.iter().collect();
        for chunk in merged.chunks(TASKS_PER_STATEMENT) {
            let planned = insert_or_hasten(transaction, statement, chunk).await?;
            count += planned.new;
            changed += planned.changed;
        }
    }
    if changed > 0 && tasks.iter().any(|task| task.delay_milliseconds <= 0) {
        transaction.note_ready_tasks();
    }
    Ok(count)
}

/// One task for each key, with the highest priority and the shortest delay that was asked for.
fn merge(merged: &mut BTreeMap<Option<Uuid>, NewTask>, key: Option<Uuid>, task: &NewTask) {
    merged
        .entry(key)
        .and_modify(|kept| {
            kept.priority = kept.priority.max(task.priority);
            kept.delay_milliseconds = kept.delay_milliseconds.min(task.delay_milliseconds);
        })
        .or_insert_with(|| task.clone());
}

/// What became of tasks that may be there already.
struct Planned {
    new: u64,
    /// New ones, and old ones that come sooner now.
    changed: u64,
}

impl Planned {
    fn read((new, changed): (i64, i64)) -> Self {
        Self {
            new: new.unsigned_abs(),
            changed: changed.unsigned_abs(),
        }
    }
}

/// The tasks as columns.
struct Columns {
    ids: Vec<Uuid>,
    project_ids: Vec<Uuid>,
    item_ids: Vec<Option<Uuid>>,
    kinds: Vec<&'static str>,
    annotator_ids: Vec<Option<Uuid>>,
    slots: Vec<i32>,
    priorities: Vec<i32>,
    delays: Vec<i64>,
    run_ids: Vec<Option<Uuid>>,
}

impl Columns {
    fn of(tasks: &[&NewTask]) -> Self {
        Self {
            ids: tasks.iter().map(|task| task.id.as_uuid()).collect(),
            project_ids: tasks.iter().map(|task| task.project_id.as_uuid()).collect(),
            item_ids: tasks.iter().map(|task| task.item_id.map(|id| id.as_uuid())).collect(),
            kinds: tasks.iter().map(|task| task.kind.word()).collect(),
            annotator_ids: tasks
                .iter()
                .map(|task| task.annotator_id.map(|id| id.as_uuid()))
                .collect(),
            slots: tasks.iter().map(|task| task.slot).collect(),
            priorities: tasks.iter().map(|task| task.priority).collect(),
            delays: tasks.iter().map(|task| task.delay_milliseconds.max(0)).collect(),
            run_ids: tasks.iter().map(|task| task.run_id.map(|id| id.as_uuid())).collect(),
        }
    }
}

async fn insert_once(transaction: &mut PostgresTransaction, tasks: &[&NewTask]) -> StoreResult<u64> {
    let columns = Columns::of(tasks);
    let result = sqlx::query(INSERT_ONCE)
        .bind(columns.ids)
        .bind(columns.project_ids)
        .bind(columns.item_ids)
        .bind(columns.kinds)
        .bind(columns.annotator_ids)
        .bind(columns.slots)
        .bind(columns.priorities)
        .bind(columns.delays)
        .bind(columns.run_ids)
        .execute(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(result.rows_affected())
}

async fn insert_or_hasten(
    transaction: &mut PostgresTransaction,
    statement: &'static str,
    tasks: &[&NewTask],
) -> StoreResult<Planned> {
    let columns = Columns::of(tasks);
    let counts: (i64, i64) = sqlx::query_as(statement)
        .bind(columns.ids)
        .bind(columns.project_ids)
        .bind(columns.item_ids)
        .bind(columns.kinds)
        .bind(columns.annotator_ids)
        .bind(columns.slots)
        .bind(columns.priorities)
        .bind(columns.delays)
        .fetch_one(transaction.connection())
        .await
        .map_err(failure)?;
    Ok(Planned::read(counts))
}

pub(super) async fn plan_scoring_of_all(
    transaction: &mut PostgresTransaction,
    project_id: ProjectId,
    priority: i32,
) -> StoreResult<u64> {
    let counts: (i64, i64) = sqlx::query_as(
        "WITH planned AS (
             INSERT INTO tasks (id, project_id, item_id, kind, slot, state, priority, attempts, ready_at, created_at)
             SELECT time_ordered_uuid(), items.project_id, items.id, 'score', 0, 'ready', $2, 0, now, now
             FROM items, (SELECT clock_microseconds() AS now) AS clock
             WHERE items.project_id = $1
                 AND EXISTS (SELECT FROM annotations WHERE annotations.item_id = items.id)
                 AND NOT EXISTS (
                     SELECT FROM tasks AS open
                     WHERE open.item_id = items.id AND open.kind = 'annotate' AND open.state IN ('ready', 'leased')
                 )
             ORDER BY items.id
             ON CONFLICT (item_id) WHERE kind = 'score' AND state = 'ready' DO UPDATE
                 SET priority = greatest(tasks.priority, EXCLUDED.priority),
                     ready_at = least(tasks.ready_at, EXCLUDED.ready_at)
                 WHERE tasks.priority < EXCLUDED.priority OR tasks.ready_at > EXCLUDED.ready_at
             RETURNING xmax = 0 AS new
         )
         SELECT count(*) FILTER (WHERE new), count(*) FROM planned",
    )
    .bind(project_id.as_uuid())
    .bind(priority)
    .fetch_one(transaction.connection())
    .await
    .map_err(failure)?;
    let planned = Planned::read(counts);
    if planned.changed > 0 {
        transaction.note_ready_tasks();
    }
    Ok(planned.new)
}
