//! From votes to those who are asked next, or from consensus to the state of an item, and on to review.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{
    AnnotationId, AnnotatorId, Consensus, Decision, Environment, ItemId, ItemState, Lease, ProjectId, RunId, Stopped,
    TaskId, TaskKind, TaskState,
};

use super::SCORE_LEAD;
use super::planning::{new_task, score_task};
use super::submitting::{check_kind, item_of};
use crate::calibrators::{Hold, ScoringBasis};
use crate::error::{StoreError, StoreResult};
use crate::ruled_items::Ruled;
use crate::tasks::NewTask;
use crate::transaction::Transaction;

/// What became of a consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scored {
    /// It is stored.
    Stored,
    /// Weights, calibrators or definition have changed since they were read: the item is scored again instead.
    Outdated,
}

/// What became of a wish to ask more annotators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// They have their tasks.
    Planned,
    /// Something has changed since the wish arose: whoever is asked meanwhile leads on, or the item is scored again.
    Outdated,
}

/// A consensus and the leased task that asked for it.
#[derive(Debug, Clone, Copy)]
pub struct Score<'a> {
    /// The lease of a `score` task.
    pub lease: &'a Lease,
    /// What the consensus was computed by.
    pub basis: &'a ScoringBasis,
    /// The consensus: one row for each field, one at least.
    pub rows: &'a [Consensus],
    /// The run that asked about the item by the stopping rule: with its consensus it asks no further.
    pub run_id: Option<RunId>,
}

/// A wish to ask more annotators about an item, and what it arose from: when that is no longer all there is, nobody is
/// asked who might not be wanted any more.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Weights, calibrators and definition.
    pub basis: &'a ScoringBasis,
    /// The votes on the item.
    pub annotation_ids: &'a BTreeSet<AnnotationId>,
    /// The run that asks about the item by the stopping rule, to which the new tasks belong; none where its project asks.
    pub run_id: Option<RunId>,
    /// Who is to be asked.
    pub annotators: &'a [AnnotatorId],
}

/// Keeps the consensus of a leased `score` task, as [`store_scores`] does.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when rows are missing or of another item.
pub async fn store_score(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    basis: &ScoringBasis,
    rows: &[Consensus],
) -> StoreResult<Scored> {
    let score = Score {
        lease,
        basis,
        rows,
        run_id: None,
    };
    let scored = store_scores(tx, environment, &[score]).await?;
    Ok(if scored == [Scored::Stored] {
        Scored::Stored
    } else {
        Scored::Outdated
    })
}

/// Keeps the consensus of leased `score` tasks of different items, at most 1,000, and finishes them. An item becomes
/// accepted, or needs review and gets a `review` task; when all of it is accepted now, a review that nobody works on is
/// cancelled. While people still vote on it, or automatic annotators do again, the item stays pending and review waits.
/// What a person resolved stays resolved. A run that asked about an item by the stopping rule asks no further, unless
/// somebody is being asked again. Of what is based on something old already nothing is stored. One outcome for each, in
/// order.
///
/// # Errors
/// `StaleLease` when a lease was taken over; `Invalid` when rows are missing or of another item.
pub async fn store_scores(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    scores: &[Score<'_>],
) -> StoreResult<Vec<Scored>> {
    for score in scores {
        check_score(score)?;
    }
    let leases: Vec<&Lease> = scores.iter().map(|score| score.lease).collect();
    let bases = hold_for_scoring(tx, &leases).await?;
    finish_all(tx, &leases).await?;
    let is_current = |score: &Score<'_>| bases.get(&score.lease.task.project_id) == Some(score.basis);
    let (current, outdated): (Vec<&Score<'_>>, Vec<&Score<'_>>) = scores.iter().partition(|score| is_current(score));
    let again = outdated.iter().map(|score| scored_again(environment, score.lease));
    tx.insert_tasks(&again.collect::<StoreResult<Vec<NewTask>>>()?).await?;
    let rows: Vec<Consensus> = current.iter().flat_map(|score| score.rows.iter().cloned()).collect();
    tx.insert_consensus(&rows).await?;
    decide_states(tx, environment, &current).await?;
    let outcome = |score| {
        if is_current(score) {
            Scored::Stored
        } else {
            Scored::Outdated
        }
    };
    Ok(scores.iter().map(outcome).collect())
}

fn check_score(score: &Score<'_>) -> StoreResult<()> {
    check_kind(score.lease, &[TaskKind::Score])?;
    let item_id = item_of(score.lease)?;
    if score.rows.is_empty() || score.rows.iter().any(|row| row.item_id != item_id) {
        return Err(StoreError::Invalid {
            what: "consensus",
            problem: format!("expected one row or more, all of item {item_id}"),
        });
    }
    Ok(())
}

/// Sets the states of items by their new consensus, and plans or cancels their review.
async fn decide_states(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    scores: &[&Score<'_>],
) -> StoreResult<()> {
    let ids: Vec<ItemId> = scores
        .iter()
        .map(|score| item_of(score.lease))
        .collect::<StoreResult<_>>()?;
    let items = tx.items_by_ids(&ids).await?;
    let items: BTreeMap<ItemId, ItemState> = items.into_iter().map(|item| (item.id, item.state)).collect();
    let votes = tx.open_tasks_of_items(&ids, TaskKind::Vote).await?;
    let annotations = tx.open_tasks_of_items(&ids, TaskKind::Annotate).await?;
    end_asking(tx, scores, &annotations).await?;
    let (mut reviews, mut without_review) = (Vec::new(), Vec::new());
    let mut changed: BTreeMap<&str, (ItemState, BTreeSet<ItemId>)> = BTreeMap::new();
    for (score, id) in scores.iter().zip(ids) {
        let present = *items.get(&id).ok_or_else(|| StoreError::Missing {
            what: "item",
            name: id.to_string(),
        })?;
        if present == ItemState::Resolved {
            continue;
        }
        let state = if votes.contains_key(&id) || annotations.contains_key(&id) {
            ItemState::Pending
        } else if score
            .rows
            .iter()
            .any(|row| matches!(row.decision, Decision::NeedsReview { .. }))
        {
            ItemState::NeedsReview
        } else {
            ItemState::Accepted
        };
        if state == ItemState::NeedsReview {
            let task = &score.lease.task;
            let review = new_task(environment, task.project_id, Some(id), TaskKind::Review, task.priority);
            reviews.push(review);
        } else {
            without_review.push(id);
        }
        if present != state {
            changed
                .entry(state.word())
                .or_insert((state, BTreeSet::new()))
                .1
                .insert(id);
        }
    }
    tx.insert_tasks(&reviews).await?;
    tx.cancel_tasks_of_items(&without_review, TaskKind::Review).await?;
    for (state, ids) in changed.into_values() {
        tx.set_item_states(&ids, state).await?;
    }
    Ok(())
}

/// Ends the asking by the rule about items that nobody is being asked about.
async fn end_asking(
    tx: &mut dyn Transaction,
    scores: &[&Score<'_>],
    being_asked: &BTreeMap<ItemId, i64>,
) -> StoreResult<()> {
    let mut ended: BTreeMap<RunId, Vec<(ItemId, u32)>> = BTreeMap::new();
    for score in scores {
        let item_id = item_of(score.lease)?;
        if let Some(run_id) = score.run_id.filter(|_| !being_asked.contains_key(&item_id)) {
            let stopped = score.rows.iter().find_map(|row| row.stopped.as_ref());
            let unasked = stopped.map_or(0, Stopped::unasked_count);
            ended.entry(run_id).or_default().push((item_id, unasked));
        }
    }
    for (run_id, items) in ended {
        tx.end_ruled_items(run_id, &items).await?;
    }
    Ok(())
}

/// Holds what the items of these leases are scored by, and locks the items. Gives what that is by project. To be called
/// first with all leases when several conclusions are kept in one transaction, so that transactions wait for each other and
/// not in a circle.
///
/// # Errors
/// `Missing` when a project or an item is not in the database.
pub async fn hold_for_scoring(
    tx: &mut dyn Transaction,
    leases: &[&Lease],
) -> StoreResult<BTreeMap<ProjectId, ScoringBasis>> {
    let mut bases = BTreeMap::new();
    for project_id in leases
        .iter()
        .map(|lease| lease.task.project_id)
        .collect::<BTreeSet<_>>()
    {
        tx.hold_scoring_basis(project_id, Hold::Shared).await?;
        bases.insert(project_id, tx.scoring_basis(project_id).await?);
    }
    let items = leases.iter().map(|lease| item_of(lease)).collect::<StoreResult<_>>()?;
    tx.lock_items(&items).await?;
    Ok(bases)
}

async fn finish_all(tx: &mut dyn Transaction, leases: &[&Lease]) -> StoreResult<()> {
    let held: Vec<(TaskId, &str)> = leases
        .iter()
        .map(|lease| (lease.task.id, lease.token.as_str()))
        .collect();
    let finished = tx.finish_tasks(&held, TaskState::Done).await?;
    match held.iter().find(|(task, _)| !finished.contains(task)) {
        Some((task, _)) => Err(StoreError::StaleLease { task: *task }),
        None => Ok(()),
    }
}

/// Finishes a leased `score` task by asking more annotators about its item, which has no consensus before they have
/// answered.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when nobody is named, or some of them were asked before.
pub async fn ask_next(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    lease: &Lease,
    wish: &Wish<'_>,
) -> StoreResult<Asked> {
    check_kind(lease, &[TaskKind::Score])?;
    let item_id = item_of(lease)?;
    let is_current = finish_current(tx, lease, wish.basis).await?;
    if tx.count_open_tasks(item_id, TaskKind::Annotate).await? > 0 {
        // Their last one plans the scoring.
        return Ok(Asked::Outdated);
    }
    if !is_current || !is_all_there_is(tx, item_id, wish).await? {
        tx.insert_tasks(&[scored_again(environment, lease)?]).await?;
        return Ok(Asked::Outdated);
    }
    let tasks: Vec<NewTask> = wish
        .annotators
        .iter()
        .map(|annotator_id| NewTask {
            annotator_id: Some(*annotator_id),
            run_id: wish.run_id,
            // As urgent as the scoring was: what has begun is finished before more begins.
            ..new_task(
                environment,
                lease.task.project_id,
                Some(item_id),
                TaskKind::Annotate,
                lease.task.priority,
            )
        })
        .collect();
    let planned = tx.insert_tasks(&tasks).await?;
    if planned != tasks.len() as u64 || tasks.is_empty() {
        return Err(StoreError::Invalid {
            what: "annotators to ask",
            problem: format!(
                "{planned} of {} have not been asked about item {item_id} before; expected one or more, and all of them",
                tasks.len()
            ),
        });
    }
    Ok(Asked::Planned)
}

/// Whether an item has the votes, and the run, that a wish arose from.
async fn is_all_there_is(tx: &mut dyn Transaction, item_id: ItemId, wish: &Wish<'_>) -> StoreResult<bool> {
    let present = tx.annotations_of_items(&[item_id]).await?;
    let present: BTreeSet<AnnotationId> = present.iter().map(|annotation| annotation.id).collect();
    let run_id = match tx.ruled_items(&[item_id]).await?.get(&item_id) {
        Some(Ruled::By(run_id)) => Some(*run_id),
        Some(Ruled::Before) | None => None,
    };
    Ok(present == *wish.annotation_ids && run_id == wish.run_id)
}

/// Finishes a leased `score` task whose item keeps the consensus that it has. The run that asked about it by the stopping
/// rule asks no further, unless somebody is being asked.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn keep_score(tx: &mut dyn Transaction, lease: &Lease, run_id: Option<RunId>) -> StoreResult<()> {
    check_kind(lease, &[TaskKind::Score])?;
    let item_id = item_of(lease)?;
    tx.lock_item(item_id).await?;
    tx.finish_task(lease.task.id, &lease.token, TaskState::Done).await?;
    if let Some(run_id) = run_id
        && tx.count_open_tasks(item_id, TaskKind::Annotate).await? == 0
    {
        tx.end_ruled_items(run_id, &[(item_id, 0)]).await?;
    }
    Ok(())
}

/// Finishes the task; tells whether what it was done by is still what counts.
async fn finish_current(tx: &mut dyn Transaction, lease: &Lease, basis: &ScoringBasis) -> StoreResult<bool> {
    let bases = hold_for_scoring(tx, &[lease]).await?;
    finish_all(tx, &[lease]).await?;
    Ok(bases.get(&lease.task.project_id) == Some(basis))
}

/// The task that scores the item of a lease once more, as urgently as that one.
fn scored_again(environment: &dyn Environment, lease: &Lease) -> StoreResult<NewTask> {
    let task = &lease.task;
    let priority = task.priority.saturating_sub(SCORE_LEAD);
    Ok(score_task(environment, task.project_id, item_of(lease)?, priority))
}
