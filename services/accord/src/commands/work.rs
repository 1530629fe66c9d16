//! `accord work`: workers in a process of their own.

use std::time::Duration;

use accord_domain::{ProjectId, TaskKind, TaskState};
use accord_store::PageRequest;

use super::serve::told_to_end;
use crate::arguments::WorkArguments;
use crate::output::{bar, complain};
use crate::wiring::House;
use crate::workers::Workers;

/// How often the queue is looked at while waiting for its end.
const LOOK: Duration = Duration::from_millis(300);

pub(crate) async fn run(arguments: &WorkArguments, house: &House) -> anyhow::Result<()> {
    let workers = Workers::start(house)?;
    if arguments.until_idle {
        tokio::select! {
            result = until_idle(house, None) => result?,
            () = told_to_end() => {}
        }
    } else {
        complain("working; end with Ctrl-C");
        told_to_end().await;
    }
    workers.finish().await;
    Ok(())
}

/// Waits until no automatic task of any project, or of this one, is left to do, with a progress bar. Tasks of a paused run
/// are not.
pub(crate) async fn until_idle(house: &House, project_id: Option<ProjectId>) -> anyhow::Result<()> {
    let progress = bar(0, "tasks");
    loop {
        let counts = count(house, project_id).await?;
        progress.set_length(u64::try_from(counts.open + counts.finished).unwrap_or(0));
        progress.set_position(u64::try_from(counts.finished).unwrap_or(0));
        if counts.open == 0 {
            progress.finish();
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

const fn is_automatic(kind: TaskKind) -> bool {
    matches!(kind, TaskKind::Annotate | TaskKind::Score | TaskKind::Refit)
}

/// Automatic tasks.
#[derive(Default)]
struct Counts {
    open: i64,
    finished: i64,
}

async fn count(house: &House, project_id: Option<ProjectId>) -> anyhow::Result<Counts> {
    let mut transaction = house.store.read().await?;
    let mut counts = Counts::default();
    let mut page = PageRequest::first(100);
    loop {
        let projects = transaction.list_projects(page).await?;
        let wanted = projects
            .rows
            .iter()
            .filter(|project| project_id.is_none_or(|id| id == project.id));
        for project in wanted {
            let tasks = transaction.count_tasks(project.id).await?;
            for task in tasks.iter().filter(|count| is_automatic(count.kind)) {
                match task.state {
                    TaskState::Ready | TaskState::Leased => counts.open += task.count,
                    _ => counts.finished += task.count,
                }
            }
            counts.open -= transaction.count_paused_tasks(project.id).await?;
        }
        match projects.next {
            Some(last) => page = page.after(last),
            None => return Ok(counts),
        }
    }
}
