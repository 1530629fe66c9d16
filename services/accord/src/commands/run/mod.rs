//! `accord run`: start, list, show, watch, pause, resume and cancel runs.

mod print;
mod start;
mod watch;

use std::process::ExitCode;

use accord_domain::{Run, RunBudget, RunId, RunReport, RunState};
use accord_store::flow::{self, RunChange, RunStep};
use accord_store::{MAXIMUM_PAGE_SIZE, PageRequest};
use anyhow::{Context, bail};

use crate::arguments::{RunCommand, RunReference};
use crate::output::{say, spinner};
use crate::wiring::House;

/// Transactions between two looks at how far the carrying on is.
const STEPS_AT_ONCE: u32 = 4;

/// What is to become of a run.
enum Wish {
    Pause,
    Resume(Option<RunBudget>),
    Cancel,
}

pub(crate) async fn run(command: RunCommand, house: &House) -> anyhow::Result<ExitCode> {
    match command {
        RunCommand::Start(arguments) => return start::run(&arguments, house).await,
        RunCommand::List { project, json } => list(house, &project, json).await?,
        RunCommand::Show(reference) => {
            let run = find(house, &reference).await?;
            tell(house, run.id, reference.json).await?;
        }
        RunCommand::Watch(reference) => {
            let run = find(house, &reference).await?;
            let watched = watch::until_it_stands_still(house, run.id).await?;
            tell(house, run.id, reference.json).await?;
            return Ok(code_of(watched));
        }
        RunCommand::Pause(reference) => change(house, &reference, Wish::Pause).await?,
        RunCommand::Resume { run, budget } => change(house, &run, Wish::Resume(budget.given())).await?,
        RunCommand::Cancel(reference) => change(house, &reference, Wish::Cancel).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells scripts whether a run was finished.
const fn exit_code_number(state: RunState) -> u8 {
    match state {
        RunState::Finished | RunState::Running => 0,
        RunState::Paused | RunState::Cancelled => 2,
    }
}

fn code_of(state: RunState) -> ExitCode {
    ExitCode::from(exit_code_number(state))
}

/// The run that is meant.
async fn find(house: &House, reference: &RunReference) -> anyhow::Result<Run> {
    let project = house.project(&reference.project).await?;
    let mut transaction = house.store.read().await?;
    match reference.number {
        Some(number) => {
            let found = transaction.run_by_number(project.id, number).await?;
            let name = &reference.project;
            found.with_context(|| {
                format!(
                    "project `{name}` has no run {number}: `accord run list --project {name}` shows those there are"
                )
            })
        }
        None => {
            let newest = transaction.latest_runs(project.id, 1).await?.pop();
            let name = &reference.project;
            newest.with_context(|| {
                format!("project `{name}` has no run yet: `accord run start --project {name}` starts one")
            })
        }
    }
}

async fn report(house: &House, id: RunId) -> anyhow::Result<RunReport> {
    let mut transaction = house.store.read().await?;
    let run = transaction.run(id).await?.context("the run is gone")?;
    Ok(flow::report_run(transaction.as_mut(), house.environment.as_ref(), run).await?)
}

/// Prints how a run stands.
async fn tell(house: &House, id: RunId, json: bool) -> anyhow::Result<()> {
    let report = report(house, id).await?;
    if json {
        say(&serde_json::to_string_pretty(&report)?);
    } else {
        print::report(&report);
    }
    Ok(())
}

async fn list(house: &House, project: &str, json: bool) -> anyhow::Result<()> {
    let project = house.project(project).await?;
    let mut transaction = house.store.read().await?;
    let mut runs = Vec::new();
    let mut page = PageRequest::first(MAXIMUM_PAGE_SIZE);
    loop {
        let found = transaction.list_runs(project.id, page).await?;
        runs.extend(found.rows);
        match found.next {
            Some(last) => page = page.after(last),
            None => break,
        }
    }
    if json {
        say(&serde_json::to_string_pretty(&runs)?);
        return Ok(());
    }
    let mut rows = Vec::with_capacity(runs.len());
    for run in runs {
        let tasks = transaction.count_tasks_of_run(run.id).await?;
        let spent = transaction.spending_of_run(run.id).await?;
        rows.push(print::row(&run, &tasks, &spent));
    }
    print::list(rows);
    Ok(())
}

async fn change(house: &House, reference: &RunReference, wish: Wish) -> anyhow::Result<()> {
    let run = find(house, reference).await?;
    let environment = house.environment.as_ref();
    let mut transaction = house.store.write().await?;
    let tx = transaction.as_mut();
    let change = match wish {
        Wish::Pause => flow::pause_run(tx, environment, run.id).await?,
        Wish::Cancel => flow::cancel_run(tx, environment, run.id).await?,
        Wish::Resume(budget) => {
            if let Some(budget) = budget {
                flow::set_run_budget(tx, run.id, &budget).await?;
            }
            flow::resume_run(tx, environment, run.id).await?
        }
    };
    transaction.commit().await?;
    if let RunChange::Ended(run) = change {
        bail!(
            "run {} is {}: it has ended and cannot be changed",
            run.number,
            run.state.word()
        );
    }
    carry_on(house, run.id).await?;
    tell(house, run.id, reference.json).await
}

/// Carries a run on until there is nothing to do but its tasks.
async fn carry_on(house: &House, id: RunId) -> anyhow::Result<()> {
    let spinner = spinner("planning");
    let (store, environment) = (house.store.as_ref(), house.environment.as_ref());
    while flow::settle_run(store, environment, id, STEPS_AT_ONCE).await? == RunStep::Progressed {
        if let Some(run) = house.store.read().await?.run(id).await? {
            let planning = run.planning;
            let tasks = planning.planned + planning.taken_over;
            spinner.set_message(format!("{tasks} tasks of {} items", planning.items));
        }
    }
    spinner.finish_and_clear();
    Ok(())
}
