//! Starting a run, and doing its work if wanted.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use accord_domain::{ItemSelection, Project};
use accord_store::flow::{self, NewRun};
use anyhow::Context;

use super::{carry_on, code_of, tell, watch};
use crate::arguments::{ItemArguments, StartRunArguments};
use crate::commands::serve::told_to_end;
use crate::commands::work::until_idle;
use crate::output::complain;
use crate::wiring::House;
use crate::workers::Workers;

/// Who is said to have started a run from a terminal.
const STARTED_BY: &str = "command line";

pub(super) async fn run(arguments: &StartRunArguments, house: &House) -> anyhow::Result<ExitCode> {
    let project = house.project(&arguments.project).await?;
    let wanted = NewRun {
        items: selection(&arguments.items)?,
        annotators: arguments.annotators.clone(),
        budget: arguments.budget.given().unwrap_or_default(),
        batch: arguments.batch.then(|| house.batch_providers()),
        all_votes: arguments.all_votes,
        started_by: STARTED_BY.to_owned(),
    };
    let mut transaction = house.store.write().await?;
    let environment = house.environment.as_ref();
    let run = flow::start_run(transaction.as_mut(), environment, &project, &wanted).await??;
    transaction.commit().await?;
    carry_on(house, run.id).await?;
    let state = if arguments.work {
        Some(work(house, &project, run.id).await?)
    } else if arguments.wait {
        Some(watch::until_it_stands_still(house, run.id).await?)
    } else {
        None
    };
    tell(house, run.id, arguments.json).await?;
    if state.is_none() && !arguments.json {
        let name = &arguments.project;
        complain(&format!(
            "workers do it; `accord run watch --project {name} {}` shows how far they are",
            run.number
        ));
    }
    Ok(state.map_or(ExitCode::SUCCESS, code_of))
}

/// Does the project's work until the run stands still and what it led to is scored.
async fn work(house: &House, project: &Project, id: accord_domain::RunId) -> anyhow::Result<accord_domain::RunState> {
    let workers = Workers::start_for(house, Some(project.id))?;
    let watched = async {
        let state = watch::until_it_stands_still(house, id).await?;
        if state == accord_domain::RunState::Finished {
            until_idle(house, Some(project.id)).await?;
        }
        anyhow::Ok(state)
    };
    let state = tokio::select! {
        result = watched => Some(result),
        () = told_to_end() => None,
    };
    workers.finish().await;
    match state {
        Some(result) => result,
        // Interrupted: the run goes on when somebody works again.
        None => Ok(house
            .store
            .read()
            .await?
            .run(id)
            .await?
            .context("the run is gone")?
            .state),
    }
}

fn selection(arguments: &ItemArguments) -> anyhow::Result<ItemSelection> {
    if let Some(file) = &arguments.items {
        return Ok(ItemSelection::Listed {
            external_ids: listed(file)?,
        });
    }
    if let Some(count) = arguments.newest {
        return Ok(ItemSelection::Newest { count });
    }
    if arguments.state.is_none() && arguments.prefix.is_none() {
        return Ok(ItemSelection::All {});
    }
    Ok(ItemSelection::Matching {
        state: arguments.state,
        external_id_prefix: arguments.prefix.clone(),
    })
}

/// The lines of a file that are not empty.
fn listed(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
