//! Runs: from items and a panel to tasks, and from a wish to pause, resume or cancel to what becomes of them.
//!
//! What is much is done in parts, one transaction each: [`carry_on`] does the next one, whoever calls it and however often
//! a process was killed in between.

use accord_domain::run_report::recent_milliseconds;
use accord_domain::{
    Annotator, AnnotatorKind, Environment, ItemId, Run, RunBudget, RunId, RunRecords, RunReport, RunState, TaskKind,
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

pub(super) const fn is_active_machine(annotator: &Annotator) -> bool {
    annotator.active && matches!(annotator.kind, AnnotatorKind::Automatic { .. })
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
    budget.check().map_err(|problem| StoreError::Invalid {
        what: "budget",
        problem,
    })?;
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
