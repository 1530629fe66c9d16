//! Persistence of tasks: the queue. Lease times are the database's clock.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{
    AnnotatorId, ItemId, Lease, ProjectId, RunId, Task, TaskId, TaskKind, TaskState, Timestamp, UserId,
};
use async_trait::async_trait;

use crate::error::{StoreError, StoreResult};
use crate::page::{Page, PageRequest};

/// A task to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Its identifier.
    pub id: TaskId,
    /// The project.
    pub project_id: ProjectId,
    /// The item; none for tasks about a whole project.
    pub item_id: Option<ItemId>,
    /// What is to be done.
    pub kind: TaskKind,
    /// The automatic annotator that is asked (kind `annotate`).
    pub annotator_id: Option<AnnotatorId>,
    /// The run it belongs to (kind `annotate`).
    pub run_id: Option<RunId>,
    /// Counts the people asked about one item, from 0 (kind `vote`).
    pub slot: i32,
    /// Higher goes first.
    pub priority: i32,
    /// How long to wait before it may be claimed.
    pub delay_milliseconds: i64,
}

/// How many `annotate` tasks of some annotators may be claimed, such as of those who ask one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLimit {
    /// The automatic annotators.
    pub annotators: Vec<AnnotatorId>,
    /// The most tasks of them together; 0 passes over them.
    pub tasks: u32,
    /// Of these the most that were tried before.
    pub repeated: u32,
}

/// What a worker asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest<'a> {
    /// The kinds of tasks it can do.
    pub kinds: &'a [TaskKind],
    /// Only tasks of this project.
    pub project_id: Option<ProjectId>,
    /// A name unique to this start of the worker's process, for people.
    pub worker: &'a str,
    /// How long the lease lasts without renewal.
    pub lease_milliseconds: i64,
    /// The most tasks.
    pub limit: u32,
    /// Annotators with limits of their own; only where `annotate` is the one kind that is asked for. However many tasks
    /// are passed over, the others cost no more to find.
    pub limits: &'a [ClaimLimit],
}

/// What became of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It will be tried again.
    Ready,
    /// It had its last attempt and is set aside with its reason.
    Dead,
}

/// Which tasks are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// Only tasks of this kind.
    pub kind: Option<TaskKind>,
    /// Only tasks in this state.
    pub state: Option<TaskState>,
    /// Only tasks of this item.
    pub item_id: Option<ItemId>,
}

/// How many tasks of one kind are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskCount {
    /// The kind.
    pub kind: TaskKind,
    /// The state.
    pub state: TaskState,
    /// How many.
    pub count: i64,
}

/// Tasks that wait for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedTasks {
    /// Why they wait.
    pub reason: String,
    /// How many there are.
    pub count: i64,
    /// When the first of them may be tried.
    pub ready_at: Timestamp,
}

/// How many reasons of waiting are told apart.
pub const MAXIMUM_PARKED_REASONS: i64 = 20;

/// Persistence of tasks.
#[async_trait]
pub trait Tasks: Send {
    /// Plans tasks in bulk and returns how many are new. Unique, and silently kept once: `annotate` by item and
    /// annotator unless cancelled; `vote` by item and slot; `review` by item while not finished; `score` by item and
    /// `refit` by project while ready (one that is running may have missed what is new), where the one that is kept
    /// takes the higher priority and the earlier time of both.
    async fn insert_tasks(&mut self, tasks: &[NewTask]) -> StoreResult<u64>;

    /// Claims automatic tasks (`annotate`, `score`, `refit`): ready ones whose time has come and leased ones whose
    /// lease has ended, highest priority first, then oldest; none of a run that is paused. Counts an attempt and gives a new
    /// token. `Invalid` when annotators are limited and other kinds than `annotate` are asked for.
    async fn claim_tasks(&mut self, request: &ClaimRequest<'_>) -> StoreResult<Vec<Lease>>;

    /// Claims the next `vote` or `review` task of a project for a person. A task the person already holds comes first,
    /// with a new token. Never a `vote` task of an item on which the person holds, did or skipped one.
    async fn claim_task_for_person(
        &mut self,
        project_id: ProjectId,
        kind: TaskKind,
        user_id: UserId,
        lease_milliseconds: i64,
    ) -> StoreResult<Option<Lease>>;

    /// Claims this very task for a person; none when somebody else holds it or it is finished.
    async fn claim_task(&mut self, id: TaskId, user_id: UserId, lease_milliseconds: i64) -> StoreResult<Option<Lease>>;

    /// Prolongs a lease from now and returns its new end. `StaleLease` when it is no longer held (an expired lease that
    /// nobody took over may be prolonged).
    async fn renew_lease(&mut self, id: TaskId, token: &str, lease_milliseconds: i64) -> StoreResult<Timestamp>;

    /// Ends tasks, given with the tokens of their leases, as `done`, `skipped` or `cancelled`. Returns those whose lease
    /// was still held; the others are left alone. At most 1,000 a call.
    async fn finish_tasks(&mut self, held: &[(TaskId, &str)], state: TaskState) -> StoreResult<BTreeSet<TaskId>>;

    /// Ends one task. `StaleLease` when the lease was taken over.
    async fn finish_task(&mut self, id: TaskId, token: &str, state: TaskState) -> StoreResult<()> {
        if self.finish_tasks(&[(id, token)], state).await?.is_empty() {
            return Err(StoreError::StaleLease { task: id });
        }
        Ok(())
    }

    /// Notes a failed attempt: the task is ready again after the delay, or dead after `maximum_attempts`.
    /// `StaleLease` when the lease was taken over. A `score` or `refit` task that would be ready beside another ready one
    /// is cancelled instead, here and wherever a task becomes ready again: the other one does its work.
    async fn fail_task(
        &mut self,
        id: TaskId,
        token: &str,
        reason: &str,
        delay_milliseconds: i64,
        maximum_attempts: u32,
    ) -> StoreResult<AfterFailure>;

    /// Gives a claim back without having tried: ready at once, the attempt not counted.
    async fn release_task(&mut self, id: TaskId, token: &str) -> StoreResult<()>;

    /// Parks an `annotate` task for a while with the reason, without counting the attempt; one that was really made
    /// (`tried`) is remembered as uncounted. `StaleLease` when the lease was taken over.
    async fn park_task(
        &mut self,
        id: TaskId,
        token: &str,
        reason: &str,
        delay_milliseconds: i64,
        tried: bool,
    ) -> StoreResult<()>;

    /// Takes back leases that have ended: ready again, or dead after `maximum_attempts`. Returns the tasks as they
    /// now are. People's leases are only given back, never dead.
    async fn take_back_expired(&mut self, maximum_attempts: u32, limit: u32) -> StoreResult<Vec<Task>>;

    /// Puts a dead task back in the queue with a fresh count of attempts. `Missing` when it is not dead. What it does
    /// then replaces the failure that was recorded for it.
    async fn revive_task(&mut self, id: TaskId) -> StoreResult<()>;

    /// Cancels the tasks of this kind of these items that nobody works on (ready ones and those whose lease has ended);
    /// returns how many. At most 1,000 items a call.
    async fn cancel_tasks_of_items(&mut self, item_ids: &[ItemId], kind: TaskKind) -> StoreResult<u64>;

    /// Cancels those of one item.
    async fn cancel_tasks(&mut self, item_id: ItemId, kind: TaskKind) -> StoreResult<u64> {
        self.cancel_tasks_of_items(&[item_id], kind).await
    }

    /// Cancels the tasks of an automatic annotator that nobody works on; returns how many.
    async fn cancel_tasks_of_annotator(&mut self, annotator_id: AnnotatorId) -> StoreResult<u64>;

    /// How many tasks of this kind are still ready or leased for each of these items; items without any are left out. At
    /// most 1,000 items a call.
    async fn open_tasks_of_items(&mut self, item_ids: &[ItemId], kind: TaskKind) -> StoreResult<BTreeMap<ItemId, i64>>;

    /// How many tasks of this kind are still ready or leased for the item.
    async fn count_open_tasks(&mut self, item_id: ItemId, kind: TaskKind) -> StoreResult<i64> {
        let counts = self.open_tasks_of_items(&[item_id], kind).await?;
        Ok(counts.get(&item_id).copied().unwrap_or(0))
    }

    /// How many `annotate` tasks of these items and annotators there are, cancelled ones left out. At most 1,000 items a
    /// call.
    async fn count_tasks_of_panel(&mut self, item_ids: &[ItemId], annotator_ids: &[AnnotatorId]) -> StoreResult<u64>;

    /// The task with this identifier.
    async fn task(&mut self, id: TaskId) -> StoreResult<Option<Task>>;

    /// Tasks of a project in order of planning.
    async fn list_tasks(
        &mut self,
        project_id: ProjectId,
        filter: &TaskFilter,
        page: PageRequest,
    ) -> StoreResult<Page<Task>>;

    /// Counts the tasks of a project by kind and state.
    async fn count_tasks(&mut self, project_id: ProjectId) -> StoreResult<Vec<TaskCount>>;

    /// The `annotate` tasks of a project that wait with a reason, by reason: the most frequent ones first, at most
    /// [`MAXIMUM_PARKED_REASONS`].
    async fn parked_tasks(&mut self, project_id: ProjectId) -> StoreResult<Vec<ParkedTasks>>;

    /// Plans a `score` task for every item of a project that has an annotation, no open `annotate` task (the panel is
    /// complete) and no ready `score` task; returns how many. Identifiers are made by the database.
    async fn plan_scoring_of_all(&mut self, project_id: ProjectId, priority: i32) -> StoreResult<u64>;
}
