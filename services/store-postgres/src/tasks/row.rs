//! A row of the table of tasks.

use accord_domain::{AnnotatorId, ItemId, Lease, ProjectId, RunId, Task, TaskId, Timestamp, UserId};
use accord_store::StoreResult;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::Place;

/// The columns of a [`TaskRow`].
macro_rules! task_columns {
    () => {
        "tasks.id, tasks.project_id, tasks.item_id, tasks.kind, tasks.annotator_id, tasks.run_id, tasks.slot, \
         tasks.state, tasks.priority, tasks.attempts, tasks.uncounted, tasks.ready_at, tasks.user_id, tasks.lease_token, \
         tasks.lease_until, tasks.last_error, tasks.created_at"
    };
}
pub(super) use task_columns;

#[derive(FromRow)]
pub(super) struct TaskRow {
    id: Uuid,
    project_id: Uuid,
    item_id: Option<Uuid>,
    kind: String,
    annotator_id: Option<Uuid>,
    run_id: Option<Uuid>,
    slot: i32,
    state: String,
    priority: i32,
    attempts: i32,
    uncounted: i32,
    ready_at: i64,
    user_id: Option<Uuid>,
    lease_token: Option<String>,
    lease_until: Option<i64>,
    last_error: Option<String>,
    created_at: i64,
}

impl TaskRow {
    pub(super) fn read(self) -> StoreResult<Task> {
        Ok(Task {
            id: TaskId::from_uuid(self.id),
            project_id: ProjectId::from_uuid(self.project_id),
            item_id: self.item_id.map(ItemId::from_uuid),
            kind: Place::new("tasks", "kind").read_word(self.id, &self.kind)?,
            annotator_id: self.annotator_id.map(AnnotatorId::from_uuid),
            run_id: self.run_id.map(RunId::from_uuid),
            slot: self.slot,
            state: Place::new("tasks", "state").read_word(self.id, &self.state)?,
            priority: self.priority,
            attempts: self.attempts,
            uncounted: self.uncounted,
            ready_at: Timestamp::from_microseconds(self.ready_at),
            user_id: self.user_id.map(UserId::from_uuid),
            lease_until: self.lease_until.map(Timestamp::from_microseconds),
            last_error: self.last_error,
            created_at: Timestamp::from_microseconds(self.created_at),
        })
    }

    pub(super) fn read_lease(mut self) -> StoreResult<Lease> {
        let token = self
            .lease_token
            .take()
            .ok_or_else(|| Place::new("tasks", "lease_token").corrupt(self.id, "a leased task has none"))?;
        Ok(Lease {
            task: self.read()?,
            token,
        })
    }
}
