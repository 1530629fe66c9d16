//! Tasks: the queue.

mod claiming;
mod claiming_within;
mod finishing;
mod listing;
mod planning;
mod row;

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{AnnotatorId, ItemId, Lease, ProjectId, Task, TaskId, TaskKind, TaskState, Timestamp, UserId};
use accord_store::{
    AfterFailure, ClaimRequest, NewTask, Page, PageRequest, ParkedTasks, StoreResult, TaskCount, TaskFilter, Tasks,
};
use async_trait::async_trait;

use crate::transaction::PostgresTransaction;

#[async_trait]
impl Tasks for PostgresTransaction {
    async fn insert_tasks(&mut self, tasks: &[NewTask]) -> StoreResult<u64> {
        planning::insert(self, tasks).await
    }

    async fn claim_tasks(&mut self, request: &ClaimRequest<'_>) -> StoreResult<Vec<Lease>> {
        claiming::claim_for_worker(self, request).await
    }

    async fn claim_task_for_person(
        &mut self,
        project_id: ProjectId,
        kind: TaskKind,
        user_id: UserId,
        lease_milliseconds: i64,
    ) -> StoreResult<Option<Lease>> {
        claiming::claim_next_for_person(self, project_id, kind, user_id, lease_milliseconds).await
    }

    async fn claim_task(&mut self, id: TaskId, user_id: UserId, lease_milliseconds: i64) -> StoreResult<Option<Lease>> {
        claiming::claim_this_for_person(self, id, user_id, lease_milliseconds).await
    }

    async fn renew_lease(&mut self, id: TaskId, token: &str, lease_milliseconds: i64) -> StoreResult<Timestamp> {
        claiming::renew(self, id, token, lease_milliseconds).await
    }

    async fn finish_tasks(&mut self, held: &[(TaskId, &str)], state: TaskState) -> StoreResult<BTreeSet<TaskId>> {
        finishing::finish(self, held, state).await
    }

    async fn fail_task(
        &mut self,
        id: TaskId,
        token: &str,
        reason: &str,
        delay_milliseconds: i64,
        maximum_attempts: u32,
    ) -> StoreResult<AfterFailure> {
        finishing::fail(self, id, token, reason, delay_milliseconds, maximum_attempts).await
    }

    async fn release_task(&mut self, id: TaskId, token: &str) -> StoreResult<()> {
        finishing::release(self, id, token).await
    }

    async fn park_task(
        &mut self,
        id: TaskId,
        token: &str,
        reason: &str,
        delay_milliseconds: i64,
        tried: bool,
    ) -> StoreResult<()> {
        finishing::park(self, id, token, reason, delay_milliseconds, tried).await
    }

    async fn take_back_expired(&mut self, maximum_attempts: u32, limit: u32) -> StoreResult<Vec<Task>> {
        finishing::take_back(self, maximum_attempts, limit).await
    }

    async fn revive_task(&mut self, id: TaskId) -> StoreResult<()> {
        finishing::revive(self, id).await
    }

    async fn cancel_tasks_of_items(&mut self, item_ids: &[ItemId], kind: TaskKind) -> StoreResult<u64> {
        finishing::cancel_of_items(self, item_ids, kind).await
    }

    async fn cancel_tasks_of_annotator(&mut self, annotator_id: AnnotatorId) -> StoreResult<u64> {
        finishing::cancel_of_annotator(self, annotator_id).await
    }

    async fn open_tasks_of_items(&mut self, item_ids: &[ItemId], kind: TaskKind) -> StoreResult<BTreeMap<ItemId, i64>> {
        listing::open_of_items(self, item_ids, kind).await
    }

    async fn count_tasks_of_panel(&mut self, item_ids: &[ItemId], annotator_ids: &[AnnotatorId]) -> StoreResult<u64> {
        listing::count_of_panel(self, item_ids, annotator_ids).await
    }

    async fn task(&mut self, id: TaskId) -> StoreResult<Option<Task>> {
        listing::find(self, id).await
    }

    async fn list_tasks(
        &mut self,
        project_id: ProjectId,
        filter: &TaskFilter,
        page: PageRequest,
    ) -> StoreResult<Page<Task>> {
        listing::list(self, project_id, filter, page).await
    }

    async fn count_tasks(&mut self, project_id: ProjectId) -> StoreResult<Vec<TaskCount>> {
        listing::count(self, project_id).await
    }

    async fn parked_tasks(&mut self, project_id: ProjectId) -> StoreResult<Vec<ParkedTasks>> {
        listing::parked(self, project_id).await
    }

    async fn plan_scoring_of_all(&mut self, project_id: ProjectId, priority: i32) -> StoreResult<u64> {
        planning::plan_scoring_of_all(self, project_id, priority).await
    }
}
