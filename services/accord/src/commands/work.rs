//! `accord work`: workers in a process of their own.

use std::time::Duration;

use accord_domain::{TaskKind, TaskState};
use accord_store::{PageRequest, TaskCount};

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
            result = until_idle(house) => result?,
            () = told_to_end() => {}
        }
    } else {
        complain("working; end with Ctrl-C");
        told_to_end().await;
    }
    workers.finish().await;
    Ok(())
}

/// Waits until no automatic task of any project is open, with a progress bar.
pub(crate) async fn until_idle(house: &House) -> anyhow::Result<()> {
    let progress = bar(0, "tasks");
    loop {
        let counts = count_all(house).await?;
        let (mut open, mut finished) = (0, 0);
        for count in counts.iter().filter(|count| is_automatic(count.kind)) {
            match count.state {
                TaskState::Ready | TaskState::Leased => open += count.count,
                _ => finished += count.count,
            }
        }
        progress.set_length(u64::try_from(open + finished).unwrap_or(0));
        progress.set_position(u64::try_from(finished).unwrap_or(0));
        if open == 0 {
            progress.finish();
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

const fn is_automatic(kind: TaskKind) -> bool {
    matches!(kind, TaskKind::Annotate | TaskKind::Score | TaskKind::Refit)
}

async fn count_all(house: &House) -> anyhow::Result<Vec<TaskCount>> {
    let mut transaction = house.store.read().await?;
    let mut counts = Vec::new();
    let mut page = PageRequest::first(100);
    loop {
        let projects = transaction.list_projects(page).await?;
        for project in &projects.rows {
            counts.extend(transaction.count_tasks(project.id).await?);
        }
        match projects.next {
            Some(last) => page = page.after(last),
            None => return Ok(counts),
        }
    }
}
