//! Runs: from items and a panel to tasks, and from a wish to pause, resume or cancel to what becomes of them.
//!
//! What is much is done in parts, one transaction each: [`carry_on`] does the next one, whoever calls it and however often
//! a process was killed in between.

use std::collections::BTreeSet;

use accord_domain::run::MAXIMUM_LISTED_ITEMS;
use accord_domain::run_report::recent_milliseconds;
use accord_domain::{
    Annotator, AnnotatorKind, AutomaticKind, Environment, ItemId, ItemSelection, Project, ProjectId, Run, RunBudget,
    RunId, RunItems, RunPlanning, RunRecords, RunReport, RunState, TaskKind,
};

use super::planning::{new_task, plan_refit};
use super::run_planning::plan_next;
use super::{REFIT_DELAY_AFTER_VOTES_MILLISECONDS, SCORE_LEAD};
use crate::error::{StoreError, StoreResult};
use crate::tasks::NewTask;
use crate::transaction::{Store, Transaction};

/// How many tasks are paused or resumed in one transaction.
const TASKS_AT_ONCE: u32 = 5_000;

/// About how many items asking by the rule is ended in one transaction.
const ENDED_AT_ONCE: u32 = 1_000;

/// How many tasks are cancelled in one transaction; the items of each are looked at.
const CANCELLED_AT_ONCE: u32 = 1_000;

/// How many of a run's newest calls its latencies are computed from.
const CALLS_LOOKED_AT: u32 = 2_000;

/// How many reasons of failures are looked at for each outcome.
const REASONS_LOOKED_AT: u32 = 200;

/// How many of a run's newest batches are told of.
const BATCHES_LOOKED_AT: u32 = 200;

/// How many unknown names an error lists.
const UNKNOWN_SHOWN: usize = 5;

/// A run that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// Which items.
    pub items: ItemSelection,
    /// The panel by names; all active automatic annotators of the project when none are given.
    pub annotators: Vec<String>,
    /// What its models may cost.
    pub budget: RunBudget,
    /// Whether its models are asked through batches, and then the providers that have them.
    pub batch: Option<BTreeSet<String>>,
    /// Whether its whole panel is asked, whatever the project's stopping rule says.
    pub all_votes: bool,
    /// Who starts it.
    pub started_by: String,
}

/// What became of a wish to change a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunChange {
    /// It is as wanted now, or was before.
    Made(Run),
    /// It has ended and cannot be changed any more.
    Ended(Run),
}

/// What one step of carrying a run on came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStep {
    /// Something was done, and there may be more to do.
    Progressed,
    /// There is nothing to do for now.
    Settled,
}

/// Starts a run. Its tasks are planned by [`carry_on`].
///
/// # Errors
/// `Invalid` when an annotator or item is not known, there is no panel, or the budget is wrong.
pub async fn start_run(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    wanted: &NewRun,
) -> StoreResult<Run> {
    wanted.budget.check().map_err(|problem| invalid("budget", problem))?;
    let panel = panel_of(tx, project, &wanted.annotators).await?;
    if let Some(providers) = &wanted.batch {
        check_batches(tx, project, &panel, providers).await?;
    }
    let newest = match &wanted.items {
        ItemSelection::Newest { count: 0 } => {
            return Err(invalid("items", "`count` must be at least 1, it is 0".to_owned()));
        }
        ItemSelection::Newest { count } => Some(*count),
        _ => None,
    };
    let listed = match &wanted.items {
        ItemSelection::Listed { external_ids } => find_listed(tx, project.id, external_ids).await?,
        _ => Vec::new(),
    };
    let extent = tx.item_extent(project.id, newest).await?;
    let now = environment.now();
    let mut run = Run {
        id: RunId::generate(environment),
        project_id: project.id,
        number: 1,
        items: RunItems::from(&wanted.items),
        annotators: panel,
        budget: wanted.budget.clone(),
        batch: wanted.batch.is_some(),
        all_votes: wanted.all_votes,
        started_by: wanted.started_by.clone(),
        created_at: now,
        state: RunState::Running,
        reason: None,
        planning: RunPlanning {
            after: extent.after,
            until: extent.until,
            ..RunPlanning::default()
        },
        running_since: Some(now),
        ran_milliseconds: 0,
        ended_at: None,
    };
    run.number = tx.insert_run(&run, &listed).await?;
    Ok(run)
}

const fn invalid(what: &'static str, problem: String) -> StoreError {
    StoreError::Invalid { what, problem }
}

/// The names of the panel, in order, each of an active automatic annotator of the project.
async fn panel_of(tx: &mut dyn Transaction, project: &Project, wanted: &[String]) -> StoreResult<Vec<String>> {
    let annotators = tx.annotators_of_project(project.id).await?;
    let active: BTreeSet<&str> = annotators
        .iter()
        .filter(|annotator| is_active_machine(annotator))
        .map(|annotator| annotator.name.as_str())
        .collect();
    if active.is_empty() {
        let problem = format!("project `{}` has no automatic annotator", project.definition.name);
        return Err(invalid("annotators", problem));
    }
    if wanted.is_empty() {
        return Ok(active.into_iter().map(str::to_owned).collect());
    }
    if let Some(unknown) = wanted.iter().find(|name| !active.contains(name.as_str())) {
        let shown: String = unknown.chars().take(80).collect();
        let known: Vec<&str> = active.into_iter().collect();
        let problem = format!(
            "`{shown}` is no automatic annotator of project `{}`: use {}",
            project.definition.name,
            known.join(", ")
        );
        return Err(invalid("annotators", problem));
    }
    let panel: BTreeSet<&String> = wanted.iter().collect();
    Ok(panel.into_iter().cloned().collect())
}

/// Whether every language model of the panel is one of a provider with batches.
async fn check_batches(
    tx: &mut dyn Transaction,
    project: &Project,
    panel: &[String],
    providers: &BTreeSet<String>,
) -> StoreResult<()> {
    let annotators = tx.annotators_of_project(project.id).await?;
    let models: Vec<(&str, &str)> = annotators
        .iter()
        .filter(|annotator| panel.contains(&annotator.name))
        .filter_map(|annotator| match &annotator.kind {
            AnnotatorKind::Automatic {
                definition: AutomaticKind::LanguageModel(model),
            } => Some((annotator.name.as_str(), model.provider.as_str())),
            _ => None,
        })
        .collect();
    if models.is_empty() {
        let problem = "none of the annotators is a language model, and only these are asked through batches";
        return Err(invalid("batch", problem.to_owned()));
    }
    match models.iter().find(|(_, provider)| !providers.contains(*provider)) {
        None => Ok(()),
        Some((annotator, provider)) => Err(invalid(
            "batch",
            format!(
                "annotator `{annotator}` asks provider `{provider}`, which has no batches: add [providers.{provider}.batch] \
                 to the configuration, or name other annotators"
            ),
        )),
    }
}

pub(super) const fn is_active_machine(annotator: &Annotator) -> bool {
    annotator.active && matches!(annotator.kind, AnnotatorKind::Automatic { .. })
}

async fn find_listed(
    tx: &mut dyn Transaction,
    project_id: ProjectId,
    external_ids: &[String],
) -> StoreResult<Vec<ItemId>> {
    if external_ids.is_empty() || external_ids.len() > MAXIMUM_LISTED_ITEMS {
        let problem = format!(
            "it names {} items, expected 1 to {MAXIMUM_LISTED_ITEMS}: a prefix or a state can select more",
            external_ids.len()
        );
        return Err(invalid("items", problem));
    }
    let (mut found, mut unknown) = (BTreeSet::new(), Vec::new());
    for external_id in external_ids {
        match tx.item_by_external_id(project_id, external_id).await? {
            Some(item) => drop(found.insert(item.id)),
            None => unknown.push(external_id),
        }
    }
    if unknown.is_empty() {
        return Ok(found.into_iter().collect());
    }
    let shown: Vec<String> = unknown
        .iter()
        .take(UNKNOWN_SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let rest = unknown.len().saturating_sub(UNKNOWN_SHOWN);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    Err(invalid(
        "items",
        format!("the project has no item {}{more}", shown.join(", ")),
    ))
}

/// Lets no new task of a run begin until it is resumed. Calls under way are kept.
///
/// # Errors
/// `Missing` when there is no such run.
pub async fn pause_run(tx: &mut dyn Transaction, environment: &dyn Environment, id: RunId) -> StoreResult<RunChange> {
    let mut run = tx.lock_run(id).await?;
    match run.state {
        RunState::Cancelled | RunState::Finished => return Ok(RunChange::Ended(run)),
        RunState::Paused => {}
        RunState::Running => {
            run.enter(RunState::Paused, None, environment.now());
            tx.update_run(&run).await?;
        }
    }
    Ok(RunChange::Made(run))
}

/// Pauses a run whose budget is spent, with the reason. Does nothing when somebody has paused it, or given it another
/// budget than the one that was judged.
///
/// # Errors
/// `Missing` when there is no such run.
pub async fn pause_spent_run(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    id: RunId,
    judged: &RunBudget,
    reason: &str,
) -> StoreResult<()> {
    let mut run = tx.lock_run(id).await?;
    if run.state == RunState::Running && run.budget == *judged {
        run.enter(RunState::Paused, Some(reason.to_owned()), environment.now());
        tx.update_run(&run).await?;
    }
    Ok(())
}

/// Lets a run go on.
///
/// # Errors
/// `Missing` when there is no such run.
pub async fn resume_run(tx: &mut dyn Transaction, environment: &dyn Environment, id: RunId) -> StoreResult<RunChange> {
    let mut run = tx.lock_run(id).await?;
    match run.state {
        RunState::Cancelled | RunState::Finished => return Ok(RunChange::Ended(run)),
        RunState::Running => {}
        RunState::Paused => {
            run.enter(RunState::Running, None, environment.now());
            tx.update_run(&run).await?;
        }
    }
    Ok(RunChange::Made(run))
}

/// Gives a run another budget. One that is paused stays so.
///
/// # Errors
/// `Missing` when there is no such run; `Invalid` when the budget is wrong.
pub async fn set_run_budget(tx: &mut dyn Transaction, id: RunId, budget: &RunBudget) -> StoreResult<RunChange> {
    budget.check().map_err(|problem| invalid("budget", problem))?;
    let mut run = tx.lock_run(id).await?;
    if matches!(run.state, RunState::Cancelled | RunState::Finished) {
        return Ok(RunChange::Ended(run));
    }
    run.budget = budget.clone();
    tx.update_run(&run).await?;
    Ok(RunChange::Made(run))
}

/// Ends a run early: its open tasks are cancelled by [`carry_on`]. A task that a worker has in hand may still be submitted.
///
/// # Errors
/// `Missing` when there is no such run.
pub async fn cancel_run(tx: &mut dyn Transaction, environment: &dyn Environment, id: RunId) -> StoreResult<RunChange> {
    let mut run = tx.lock_run(id).await?;
    match run.state {
        RunState::Finished => return Ok(RunChange::Ended(run)),
        RunState::Cancelled => {}
        RunState::Running | RunState::Paused => {
            run.enter(RunState::Cancelled, None, environment.now());
            tx.update_run(&run).await?;
        }
    }
    Ok(RunChange::Made(run))
}

/// Does the next part of what a run's state asks for: plans tasks of its next items, marks tasks as paused or as no longer
/// paused, cancels open ones, or notes that it has ended.
///
/// # Errors
/// `Missing` when there is no such run.
pub async fn carry_on(tx: &mut dyn Transaction, environment: &dyn Environment, id: RunId) -> StoreResult<RunStep> {
    let mut run = tx.lock_run(id).await?;
    match run.state {
        RunState::Finished => Ok(RunStep::Settled),
        RunState::Paused => step_of(tx.mark_paused(id, true, TASKS_AT_ONCE).await?),
        RunState::Cancelled => cancel_next(tx, environment, &mut run).await,
        RunState::Running => {
            if tx.mark_paused(id, false, TASKS_AT_ONCE).await? > 0 {
                return Ok(RunStep::Progressed);
            }
            if !run.planning.is_complete {
                plan_next(tx, environment, &mut run).await?;
                return Ok(RunStep::Progressed);
            }
            // In this order: whoever is asked next gets a task in the transaction that ends the scoring.
            if tx.has_open_tasks(id).await? || tx.is_ruling(id).await? {
                return Ok(RunStep::Settled);
            }
            if end_asking(tx, id).await? {
                return Ok(RunStep::Progressed);
            }
            let now = environment.now();
            run.enter(RunState::Finished, None, now);
            run.ended_at = Some(now);
            tx.update_run(&run).await?;
            Ok(RunStep::Settled)
        }
    }
}

/// Ends the asking by the rule about the next items of a run; tells whether there were any. What was read before and still
/// wants to ask about them notices.
async fn end_asking(tx: &mut dyn Transaction, id: RunId) -> StoreResult<bool> {
    let items = tx.still_ruled_items(id, ENDED_AT_ONCE).await?;
    tx.lock_items(&items.iter().copied().collect()).await?;
    let ended: Vec<(ItemId, u32)> = items.iter().map(|item| (*item, 0)).collect();
    tx.end_ruled_items(id, &ended).await?;
    Ok(!ended.is_empty())
}

const fn step_of(count: u64) -> StoreResult<RunStep> {
    Ok(if count > 0 {
        RunStep::Progressed
    } else {
        RunStep::Settled
    })
}

/// Cancels the next open tasks and plans the scoring of items whose panel is thereby complete.
async fn cancel_next(tx: &mut dyn Transaction, environment: &dyn Environment, run: &mut Run) -> StoreResult<RunStep> {
    if end_asking(tx, run.id).await? {
        return Ok(RunStep::Progressed);
    }
    let cancelled = tx.cancel_tasks_of_run(run.id, CANCELLED_AT_ONCE).await?;
    if !cancelled.complete.is_empty() {
        let scores: Vec<NewTask> = cancelled
            .complete
            .iter()
            .map(|item_id| new_task(environment, run.project_id, Some(*item_id), TaskKind::Score, SCORE_LEAD))
            .collect();
        tx.insert_tasks(&scores).await?;
        if !tx.gold_of_items(&cancelled.complete).await?.is_empty() {
            let delay = REFIT_DELAY_AFTER_VOTES_MILLISECONDS;
            plan_refit(tx, environment, run.project_id, delay).await?;
        }
    }
    if cancelled.count == 0 && !tx.has_open_tasks(run.id).await? {
        run.ended_at = Some(environment.now());
        tx.update_run(run).await?;
    }
    step_of(cancelled.count)
}

/// Carries a run on until there is nothing to do for now, in at most so many transactions. Whether that sufficed.
///
/// # Errors
/// Those of [`carry_on`].
pub async fn settle_run(
    store: &dyn Store,
    environment: &dyn Environment,
    id: RunId,
    most_steps: u32,
) -> StoreResult<RunStep> {
    for _ in 0..most_steps {
        let mut transaction = store.write().await?;
        let step = carry_on(transaction.as_mut(), environment, id).await?;
        transaction.commit().await?;
        if step == RunStep::Settled {
            return Ok(step);
        }
    }
    Ok(RunStep::Progressed)
}

/// What is told about a run now.
///
/// # Errors
/// Those of the database.
pub async fn report_run(tx: &mut dyn Transaction, environment: &dyn Environment, run: Run) -> StoreResult<RunReport> {
    let now = environment.now();
    let recent = recent_milliseconds(&run, now);
    let annotators = tx.annotators_of_project(run.project_id).await?;
    let records = RunRecords {
        tasks: tx.count_tasks_of_run(run.id).await?,
        spent: tx.spending_of_run(run.id).await?,
        calls: tx.latest_calls_of_run(run.id, CALLS_LOOKED_AT).await?,
        recent_calls: tx.count_calls_of_run(run.id, now.plus_milliseconds(-recent)).await?,
        recent_tasks: tx.count_ended_of_run(run.id, recent).await?,
        failures: tx.failures_of_run(&run, REASONS_LOOKED_AT).await?,
        batches: tx.batches_of_run(run.id, BATCHES_LOOKED_AT).await?,
        ruled: tx.count_ruled_items(run.id).await?,
    };
    Ok(RunReport::of(run, &annotators, &records, now))
}
