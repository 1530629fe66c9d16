//! Who is at work.

use std::collections::BTreeSet;

use accord_domain::{ProjectId, TaskKind, TaskState};
use accord_store::{MAXIMUM_PAGE_SIZE, PageRequest, StoreResult, TaskFilter, Transaction};

/// How many people hold a task of the project right now.
pub(super) async fn at_work(transaction: &mut dyn Transaction, project_id: ProjectId) -> StoreResult<usize> {
    let mut people = BTreeSet::new();
    for kind in [TaskKind::Vote, TaskKind::Review] {
        let filter = TaskFilter {
            kind: Some(kind),
            state: Some(TaskState::Leased),
            item_id: None,
        };
        let held = transaction
            .list_tasks(project_id, &filter, PageRequest::first(MAXIMUM_PAGE_SIZE))
            .await?;
        people.extend(held.rows.into_iter().filter_map(|task| task.user_id));
    }
    Ok(people.len())
}
