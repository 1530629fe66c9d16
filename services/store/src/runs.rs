//! Persistence of runs, of their tasks as a whole, and of what is told about them.

use accord_domain::run_records::{RunCall, RunFailure, RunSpent, RunTaskCount};
use accord_domain::{AnnotatorId, ItemId, ProjectId, Run, RunAnnotator, RunId, Timestamp};
use async_trait::async_trait;

use crate::calls::StoredCall;
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// The first and the last item of those that were there at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemExtent {
    /// The item before the first one; none when it is the first of the project.
    pub after: Option<ItemId>,
    /// The last one; none when there are no items.
    pub until: Option<ItemId>,
}

/// What was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CancelledTasks {
    /// How many tasks.
    pub count: u64,
    /// The items that have an annotation and no open `annotate` task any more: their panel is complete.
    pub complete: Vec<ItemId>,
}

/// Persistence of runs and of their tasks as a whole. What may be much is done in parts of at most `limit`.
#[async_trait]
pub trait Runs {
    /// Adds a run under the next number of its project, which it gives back; `run.number` is not looked at. `listed` are
    /// its items when they were named one by one.
    async fn insert_run(&mut self, run: &Run, listed: &[ItemId]) -> StoreResult<i64>;

    /// The run with this identifier.
    async fn run(&mut self, id: RunId) -> StoreResult<Option<Run>>;

    /// The run of a project with this number.
    async fn run_by_number(&mut self, project_id: ProjectId, number: i64) -> StoreResult<Option<Run>>;

    /// The run with this identifier; others that lock it wait until this transaction ends. `Missing` when there is none.
    async fn lock_run(&mut self, id: RunId) -> StoreResult<Run>;

    /// Keeps everything of a run that may change: budget, state with reason, planning, times. `Missing` when there is none.
    async fn update_run(&mut self, run: &Run) -> StoreResult<()>;

    /// Runs of a project in the order in which they were started.
    async fn list_runs(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Run>>;

    /// The runs of a project that were started last, the newest first.
    async fn latest_runs(&mut self, project_id: ProjectId, limit: u32) -> StoreResult<Vec<Run>>;

    /// Runs that have not ended, in the order in which they were started, after this one; at most `limit`.
    async fn open_runs(&mut self, after: Option<RunId>, limit: u32) -> StoreResult<Vec<RunId>>;

    /// Where the items of a project begin and end now; of the `newest` only, when given.
    async fn item_extent(&mut self, project_id: ProjectId, newest: Option<u32>) -> StoreResult<ItemExtent>;

    /// The next items that a run is about, after `planning.after` and until `planning.until`, in order of import.
    async fn items_of_run(&mut self, run: &Run, limit: u32) -> StoreResult<Vec<ItemId>>;

    /// Gives a run the ready `annotate` tasks of these items and annotators that belong to none; returns how many.
    async fn take_over_tasks(
        &mut self,
        run_id: RunId,
        item_ids: &[ItemId],
        annotator_ids: &[AnnotatorId],
    ) -> StoreResult<u64>;

    /// Marks open tasks of a run as paused, so that nobody claims them, or as no longer paused; returns how many. Tasks
    /// that somebody is just working at are left for the next time.
    async fn mark_paused(&mut self, run_id: RunId, paused: bool, limit: u32) -> StoreResult<u64>;

    /// Cancels open tasks of a run that nobody works on. Locks their items.
    async fn cancel_tasks_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<CancelledTasks>;

    /// Whether any task of a run is ready or leased.
    async fn has_open_tasks(&mut self, run_id: RunId) -> StoreResult<bool>;

    /// How many ready tasks of a project wait for their run to be resumed.
    async fn count_paused_tasks(&mut self, project_id: ProjectId) -> StoreResult<i64>;
}

/// Persistence of what is told about runs.
#[async_trait]
pub trait RunHistory {
    /// Counts the tasks of a run by annotator and state.
    async fn count_tasks_of_run(&mut self, run_id: RunId) -> StoreResult<Vec<RunTaskCount>>;

    /// How many tasks of a run ended in the last so many milliseconds.
    async fn count_ended_of_run(&mut self, run_id: RunId, milliseconds: i64) -> StoreResult<i64>;

    /// What the calls of a run have cost, by annotator, provider and currency.
    async fn spending_of_run(&mut self, run_id: RunId) -> StoreResult<Vec<RunSpent>>;

    /// Notes a call with a reply. Does nothing when it is noted already.
    async fn note_call_of_run(&mut self, of: RunAnnotator, call: &StoredCall) -> StoreResult<()>;

    /// The newest calls of a run with a reply, at most `limit`.
    async fn latest_calls_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<RunCall>>;

    /// How many calls of a run got a reply after this moment.
    async fn count_calls_of_run(&mut self, run_id: RunId, after: Timestamp) -> StoreResult<i64>;

    /// What went wrong with tasks and answers of a run, by reason: for each outcome the most frequent reasons, at most
    /// `limit`.
    async fn failures_of_run(&mut self, run: &Run, limit: u32) -> StoreResult<Vec<RunFailure>>;
}
