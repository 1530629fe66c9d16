//! From a task that a person skips to one for somebody else.

use accord_domain::{Environment, ItemId, Lease, ProjectId, TaskKind, TaskState};

use super::planning::new_task;
use super::submitting::{check_kind, item_of};
use crate::error::StoreResult;
use crate::page::{MAXIMUM_PAGE_SIZE, PageRequest};
use crate::tasks::{NewTask, TaskFilter};
use crate::transaction::Transaction;

/// Ends a person's `vote` or `review` task as skipped and plans another one in its place: the vote for somebody else,
/// the review at the end of the queue.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn skip_task(tx: &mut dyn Transaction, environment: &dyn Environment, lease: &Lease) -> StoreResult<()> {
    check_kind(lease, &[TaskKind::Vote, TaskKind::Review])?;
    let item_id = item_of(lease)?;
    let task = &lease.task;
    tx.lock_item(item_id).await?;
    tx.finish_task(task.id, &lease.token, TaskState::Skipped).await?;
    let slot = match task.kind {
        TaskKind::Vote => next_slot(tx, task.project_id, item_id).await?,
        _ => 0,
    };
    let replacement = NewTask {
        slot,
        ..new_task(environment, task.project_id, Some(item_id), task.kind, task.priority)
    };
    tx.insert_tasks(&[replacement]).await?;
    Ok(())
}

async fn next_slot(tx: &mut dyn Transaction, project_id: ProjectId, item_id: ItemId) -> StoreResult<i32> {
    let filter = TaskFilter {
        kind: Some(TaskKind::Vote),
        state: None,
        item_id: Some(item_id),
    };
    let mut request = PageRequest::first(MAXIMUM_PAGE_SIZE);
    let mut next = 0;
    loop {
        let page = tx.list_tasks(project_id, &filter, request).await?;
        let used = page.rows.iter().map(|task| task.slot.saturating_add(1)).max();
        next = used.map_or(next, |used| used.max(next));
        match page.next {
            Some(last) => request = request.after(last),
            None => return Ok(next),
        }
    }
}
