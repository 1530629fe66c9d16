//! The queue.

mod claim;
mod claim_within;
mod failure;
mod insert;
mod lease;
mod person;
mod query;

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{
    AnnotatorId, ItemId, Lease, ProjectId, RunId, Task, TaskId, TaskKind, TaskState, Timestamp, UserId,
};
use accord_store::{
    AfterFailure, ClaimRequest, NewTask, Page, PageRequest, ParkedTasks, StoreResult, TaskCount, TaskFilter, Tasks,
};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use crate::reader::Reader;
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Tasks for SqliteTransaction {
    async fn insert_tasks(&mut self, tasks: &[NewTask]) -> StoreResult<u64> {
        insert::insert_tasks(self, tasks).await
    }

    async fn claim_tasks(&mut self, request: &ClaimRequest<'_>) -> StoreResult<Vec<Lease>> {
        claim::claim_tasks(self, request).await
    }

    async fn claim_task_for_person(
        &mut self,
        project_id: ProjectId,
        kind: TaskKind,
        user_id: UserId,
        lease_milliseconds: i64,
    ) -> StoreResult<Option<Lease>> {
        person::claim(self, project_id, kind, user_id, lease_milliseconds).await
    }

    async fn claim_task(&mut self, id: TaskId, user_id: UserId, lease_milliseconds: i64) -> StoreResult<Option<Lease>> {
        person::claim_one(self, id, user_id, lease_milliseconds).await
    }

    async fn renew_lease(&mut self, id: TaskId, token: &str, lease_milliseconds: i64) -> StoreResult<Timestamp> {
        lease::renew(self, id, token, lease_milliseconds).await
    }

    async fn finish_tasks(&mut self, held: &[(TaskId, &str)], state: TaskState) -> StoreResult<BTreeSet<TaskId>> {
        lease::finish(self, held, state).await
    }

    async fn fail_task(
        &mut self,
        id: TaskId,
        token: &str,
        reason: &str,
        delay_milliseconds: i64,
        maximum_attempts: u32,
    ) -> StoreResult<AfterFailure> {
        failure::fail(self, id, token, reason, delay_milliseconds, maximum_attempts).await
    }

    async fn release_task(&mut self, id: TaskId, token: &str) -> StoreResult<()> {
        lease::release(self, id, token).await
    }

    async fn park_task(
        &mut self,
        id: TaskId,
        token: &str,
        reason: &str,
        delay_milliseconds: i64,
        tried: bool,
    ) -> StoreResult<()> {
        failure::park(self, id, token, reason, delay_milliseconds, tried).await
    }

    async fn take_back_expired(&mut self, maximum_attempts: u32, limit: u32) -> StoreResult<Vec<Task>> {
        failure::take_back_expired(self, maximum_attempts, limit).await
    }

    async fn revive_task(&mut self, id: TaskId) -> StoreResult<()> {
        failure::revive(self, id).await
    }

    async fn cancel_tasks_of_items(&mut self, item_ids: &[ItemId], kind: TaskKind) -> StoreResult<u64> {
        lease::cancel_of_items(self, item_ids, kind).await
    }

    async fn cancel_tasks_of_annotator(&mut self, annotator_id: AnnotatorId) -> StoreResult<u64> {
        lease::cancel_of_annotator(self, annotator_id).await
    }

    async fn open_tasks_of_items(&mut self, item_ids: &[ItemId], kind: TaskKind) -> StoreResult<BTreeMap<ItemId, i64>> {
        query::open_of_items(self, item_ids, kind).await
    }

    async fn count_tasks_of_panel(&mut self, item_ids: &[ItemId], annotator_ids: &[AnnotatorId]) -> StoreResult<u64> {
        query::count_of_panel(self, item_ids, annotator_ids).await
    }

    async fn task(&mut self, id: TaskId) -> StoreResult<Option<Task>> {
        query::task(self, id).await
    }

    async fn list_tasks(
        &mut self,
        project_id: ProjectId,
        filter: &TaskFilter,
        page: PageRequest,
    ) -> StoreResult<Page<Task>> {
        query::list(self, project_id, filter, page).await
    }

    async fn count_tasks(&mut self, project_id: ProjectId) -> StoreResult<Vec<TaskCount>> {
        query::count(self, project_id).await
    }

    async fn parked_tasks(&mut self, project_id: ProjectId) -> StoreResult<Vec<ParkedTasks>> {
        query::parked(self, project_id).await
    }

    async fn plan_scoring_of_all(&mut self, project_id: ProjectId, priority: i32) -> StoreResult<u64> {
        insert::plan_scoring_of_all(self, project_id, priority).await
    }
}

/// A row of the task columns.
fn read_task(row: &SqliteRow) -> StoreResult<Task> {
    let reader = Reader::new("tasks", row);
    Ok(Task {
        id: TaskId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        item_id: reader.optional_id("item_id", ItemId::from_uuid)?,
        kind: reader.word("kind")?,
        annotator_id: reader.optional_id("annotator_id", AnnotatorId::from_uuid)?,
        run_id: reader.optional_id("run_id", RunId::from_uuid)?,
        slot: reader.get("slot")?,
        state: reader.word("state")?,
        priority: reader.get("priority")?,
        attempts: reader.get("attempts")?,
        uncounted: reader.get("uncounted")?,
        ready_at: reader.moment("ready_at")?,
        user_id: reader.optional_id("user_id", UserId::from_uuid)?,
        lease_until: reader.optional_moment("lease_until")?,
        last_error: reader.get("last_error")?,
        created_at: reader.moment("created_at")?,
    })
}

/// A row of the task columns and the lease's token.
fn read_lease(row: &SqliteRow) -> StoreResult<Lease> {
    Ok(Lease {
        task: read_task(row)?,
        token: Reader::new("tasks", row).get("lease_token")?,
    })
}

/// Microseconds of a duration in milliseconds.
const fn microseconds(milliseconds: i64) -> i64 {
    milliseconds.saturating_mul(1000)
}
