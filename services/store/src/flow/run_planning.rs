//! From the items and the panel of a run to its tasks.

use accord_domain::{Annotator, AnnotatorId, Environment, ItemId, Project, Run, TaskKind};

use super::planning::{is_asked_at_once, new_task, score_task};
use super::running::is_active_machine;
use crate::error::{StoreError, StoreResult};
use crate::tasks::NewTask;
use crate::transaction::Transaction;

/// About how many tasks are planned in one transaction.
const TASKS_AT_ONCE: u32 = 5_000;

/// The most items that are looked at in one transaction.
const ITEMS_AT_ONCE: u32 = 1_000;

/// What was planned of some items.
struct Planned {
    new: u64,
    taken_over: u64,
    present: u64,
}

/// Plans the tasks of the next items, as far as they are not there: of the whole panel, or under a stopping rule of those
/// whom it asks whatever others say.
pub(super) async fn plan_next(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    run: &mut Run,
) -> StoreResult<()> {
    let project = tx.project(run.project_id).await?.ok_or_else(|| StoreError::Missing {
        what: "project",
        name: run.project_id.to_string(),
    })?;
    let annotators = tx.annotators_of_project(run.project_id).await?;
    let panel: Vec<&Annotator> = annotators
        .iter()
        .filter(|annotator| is_active_machine(annotator) && run.annotators.contains(&annotator.name))
        .collect();
    let width = u32::try_from(panel.len()).unwrap_or(u32::MAX).max(1);
    let limit = (TASKS_AT_ONCE / width).clamp(1, ITEMS_AT_ONCE);
    let items = tx.items_of_run(run, limit).await?;
    let stops_early = project.definition.policy.stopping.stops_early();
    let planned = if stops_early && !run.all_votes && panel.iter().any(|annotator| annotator.kind.is_language_model()) {
        plan_by_the_rule(tx, environment, &project, run, &panel, &items).await?
    } else {
        plan_all(tx, environment, run, &panel, &items).await?
    };
    let planning = &mut run.planning;
    planning.items += count(items.len() as u64);
    planning.planned += count(planned.new);
    planning.taken_over += count(planned.taken_over);
    planning.present += count(planned.present);
    match items.last() {
        Some(last) => planning.after = Some(*last),
        None => planning.is_complete = true,
    }
    tx.update_run(run).await
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn plan_all(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    run: &Run,
    panel: &[&Annotator],
    items: &[ItemId],
) -> StoreResult<Planned> {
    let tasks: Vec<NewTask> = pairs(items, panel)
        .map(|(item_id, annotator)| task_of(environment, run, item_id, annotator.id))
        .collect();
    let taken_over = tx.take_over_tasks(run.id, items, &identifiers(panel)).await?;
    let new = tx.insert_tasks(&tasks).await?;
    Ok(Planned {
        new,
        taken_over,
        present: tasks.len() as u64 - new - taken_over,
    })
}

/// Plans whom the rule asks whatever others say, and opens the items for the run: each is scored when they have answered,
/// which asks the next ones or ends the asking. Items that have come to their end under this rule, or about which
/// another run asks, are not opened.
async fn plan_by_the_rule(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    run: &Run,
    panel: &[&Annotator],
    items: &[ItemId],
) -> StoreResult<Planned> {
    // Nobody asks about them, or concludes, meanwhile.
    tx.lock_items(&items.iter().copied().collect()).await?;
    let stopping = &project.definition.policy.stopping;
    let annotator_ids = identifiers(panel);
    let taken_over = tx.take_over_tasks(run.id, items, &annotator_ids).await?;
    let tasks: Vec<NewTask> = pairs(items, panel)
        .filter(|(item_id, annotator)| is_asked_at_once(stopping, annotator, *item_id))
        .map(|(item_id, annotator)| task_of(environment, run, item_id, annotator.id))
        .collect();
    let new = tx.insert_tasks(&tasks).await?;
    let there = tx.count_tasks_of_panel(items, &annotator_ids).await?;
    let concluded = tx.items_stopped_under(items, &stopping.version()).await?;
    let wanted: Vec<ItemId> = items.iter().copied().filter(|item| !concluded.contains(item)).collect();
    let opened = tx.open_ruled_items(run.id, &wanted).await?;
    let being_asked = tx.open_tasks_of_items(&wanted, TaskKind::Annotate).await?;
    let scores = opened
        .iter()
        .filter(|item| !being_asked.contains_key(item))
        .map(|item| score_task(environment, run.project_id, *item, 0));
    tx.insert_tasks(&scores.collect::<Vec<_>>()).await?;
    Ok(Planned {
        new,
        taken_over,
        present: there.saturating_sub(new + taken_over),
    })
}

fn pairs<'a>(items: &'a [ItemId], panel: &'a [&'a Annotator]) -> impl Iterator<Item = (ItemId, &'a Annotator)> {
    items
        .iter()
        .flat_map(|item| panel.iter().map(|annotator| (*item, *annotator)))
}

fn identifiers(panel: &[&Annotator]) -> Vec<AnnotatorId> {
    panel.iter().map(|annotator| annotator.id).collect()
}

fn task_of(environment: &dyn Environment, run: &Run, item_id: ItemId, annotator_id: AnnotatorId) -> NewTask {
    NewTask {
        annotator_id: Some(annotator_id),
        run_id: Some(run.id),
        ..new_task(environment, run.project_id, Some(item_id), TaskKind::Annotate, 0)
    }
}
