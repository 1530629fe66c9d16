//! Runs that ask by the stopping rule of their project.

use std::collections::BTreeSet;

use accord_domain::{
    AnnotationId, AnnotatorId, Consensus, Item, ItemId, Lease, RunId, RunState, StopReason, Stopped, TaskKind,
};

use super::TestStore;
use super::fixture::{Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, open_tasks, request, stored_task};
use super::flow_stopping::{annotator, is_drawn, stopping};
use super::runs::{all, pause, report, resume, settle, start, stored};
use crate::flow::{self, Asked, NewRun, Score, Scored, Wish};
use crate::in_transaction;
use crate::ruled_items::Ruled;
use crate::tasks::{ClaimRequest, TaskFilter};

/// How many models the rule asks about each item here, of three.
const ASKED: usize = 2;

async fn ruled(test: &TestStore, item_id: ItemId) -> Option<Ruled> {
    let mut tx = test.store.read().await.unwrap();
    tx.ruled_items(&[item_id]).await.unwrap().get(&item_id).copied()
}

/// The runs of all `annotate` tasks of an item.
async fn runs_of_tasks(test: &TestStore, fixture: &Fixture, item_id: ItemId) -> Vec<Option<RunId>> {
    let filter = TaskFilter {
        kind: Some(TaskKind::Annotate),
        item_id: Some(item_id),
        state: None,
    };
    let mut tx = test.store.read().await.unwrap();
    let page = crate::page::PageRequest::first(99);
    let tasks = tx.list_tasks(fixture.project.id, &filter, page).await.unwrap();
    tasks.rows.iter().map(|task| task.run_id).collect()
}

async fn votes(test: &TestStore, item_id: ItemId) -> (BTreeSet<AnnotationId>, BTreeSet<AnnotatorId>) {
    let mut tx = test.store.read().await.unwrap();
    let annotations = tx.annotations_of_items(&[item_id]).await.unwrap();
    annotations.iter().map(|one| (one.id, one.annotator_id)).unzip()
}

/// A consensus that came about under the project's rule.
fn by_the_rule(fixture: &Fixture, item_id: ItemId, called: usize) -> Consensus {
    let others = fixture.annotators.iter().map(|one| one.id).take(called - ASKED);
    Consensus {
        stopped: Some(Stopped {
            version: fixture.project.definition.policy.stopping.version(),
            reason: StopReason::CannotChange,
            asked_count: u32::try_from(ASKED).unwrap(),
            panel_count: 3,
            left_out: others.collect(),
            in_full: called > ASKED,
        }),
        ..fixture.consensus(item_id, "total", None, false)
    }
}

/// What a scoring does: asks the next of three models, or ends after [`ASKED`] of them.
async fn score(test: &TestStore, fixture: &Fixture, lease: &Lease) {
    let item_id = lease.task.item_id.unwrap();
    let run_id = match ruled(test, item_id).await {
        Some(Ruled::By(run_id)) => Some(run_id),
        _ => None,
    };
    let (annotation_ids, asked) = votes(test, item_id).await;
    let basis = fixture.basis(test).await;
    let environment = &fixture.environment;
    if asked.len() >= ASKED {
        let rows = [by_the_rule(fixture, item_id, asked.len())];
        let score = Score {
            lease,
            basis: &basis,
            rows: &rows,
            run_id,
        };
        let stored = in_transaction!(test, |tx| flow::store_scores(tx, environment, &[score])).unwrap();
        assert_eq!(stored, [Scored::Stored]);
        return;
    }
    let next = fixture.annotators.iter().find(|one| !asked.contains(&one.id)).unwrap();
    let wish = Wish {
        basis: &basis,
        annotation_ids: &annotation_ids,
        run_id,
        annotators: &[next.id],
    };
    let asked = in_transaction!(test, |tx| flow::ask_next(tx, environment, lease, &wish)).unwrap();
    assert_eq!(asked, Asked::Planned);
}

async fn submit(test: &TestStore, fixture: &Fixture, lease: &Lease) {
    let annotation = fixture.annotation(&lease.task, lease.task.annotator_id.unwrap());
    let environment = &fixture.environment;
    in_transaction!(test, |tx| flow::submit_annotation(tx, environment, lease, &annotation)).unwrap();
}

/// Does all work there is, one part after the other.
async fn work(test: &TestStore, fixture: &Fixture) {
    loop {
        let scores = fixture.claim(test, &[TaskKind::Score], 500).await;
        let annotations = fixture.claim(test, &[TaskKind::Annotate], 500).await;
        if scores.is_empty() && annotations.is_empty() {
            return;
        }
        for lease in &scores {
            score(test, fixture, lease).await;
        }
        for lease in &annotations {
            submit(test, fixture, lease).await;
        }
    }
}

async fn project(test: &TestStore, name: &str, items: usize) -> (Fixture, Vec<Item>) {
    let fixture = Fixture::create_with(test, stopping(name, 0, 3)).await;
    let items = fixture.add_items(test, items).await;
    (fixture, items)
}

/// At first those are asked who are asked whatever others say; the others when the scoring wants them, for the run. It is
/// finished when no item may lead on, and tells how many were saved; started again, it asks nobody.
pub async fn a_run_asks_by_the_rule(test: &TestStore) {
    const ITEMS: usize = 60;
    let (fixture, items) = project(test, "by-the-rule", ITEMS).await;
    let drawn = items.iter().filter(|item| is_drawn(&fixture, item)).count();
    assert!((1..ITEMS).contains(&drawn), "{drawn}");
    let run = start(test, &fixture, &all()).await;
    let run = settle(test, &fixture, run.id).await;
    assert_eq!(run.state, RunState::Running);
    let planning = run.planning;
    let at_once = i64::try_from(3 * drawn).unwrap();
    assert_eq!((planning.items, planning.planned, planning.present), (60, at_once, 0));
    for item in &items {
        let expected = if is_drawn(&fixture, item) { (3, 0) } else { (0, 1) };
        let open = (
            open_tasks(test, item.id, TaskKind::Annotate).await,
            open_tasks(test, item.id, TaskKind::Score).await,
        );
        assert_eq!(open, expected);
        assert_eq!(ruled(test, item.id).await, Some(Ruled::By(run.id)));
    }
    // Another run finds that somebody asks.
    let other = start(test, &fixture, &all()).await;
    let other = settle(test, &fixture, other.id).await;
    let found = (other.planning.planned, other.planning.present, other.state);
    assert_eq!(found, (0, at_once, RunState::Finished));
    assert_eq!(report(test, &fixture, other.id).await.rule, None);

    work(test, &fixture).await;
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Finished);
    let told = report(test, &fixture, run.id).await;
    let rule = told.rule.unwrap();
    let saved = i64::try_from(ITEMS - drawn).unwrap();
    assert_eq!((rule.items, rule.ended, rule.saved), (60, 60, saved));
    assert!((rule.saved_share.unwrap() - saved as f64 / 180.0).abs() < 1e-9);
    assert_eq!((told.tasks.total, told.tasks.done), (180 - saved, 180 - saved));
    assert_eq!((told.forecast.tasks_to_come, told.tasks.open()), (0, 0));
    for item in &items {
        assert_eq!(ruled(test, item.id).await, Some(Ruled::Before));
        let runs = runs_of_tasks(test, &fixture, item.id).await;
        assert!(runs.iter().all(|of| *of == Some(run.id)), "{runs:?}");
    }
    let again = start(test, &fixture, &all()).await;
    let again = settle(test, &fixture, again.id).await;
    let found = (again.planning.planned, again.planning.present, again.state);
    assert_eq!(found, (0, 180 - saved, RunState::Finished));
    // Who wants all votes gets them.
    let everybody = NewRun {
        all_votes: true,
        ..all()
    };
    let everybody = start(test, &fixture, &everybody).await;
    let everybody = settle(test, &fixture, everybody.id).await;
    assert!(stored(test, everybody.id).await.all_votes);
    assert_eq!(
        (everybody.planning.planned, everybody.planning.present),
        (saved, 180 - saved)
    );
    assert_eq!(report(test, &fixture, everybody.id).await.rule, None);
}

/// A run is never taken for finished between a scoring and its question, and a process that dies between them leaves what the
/// next one asks, once.
pub async fn a_crash_between_score_and_ask_loses_nothing(test: &TestStore) {
    let (fixture, items) = project(test, "crash", 12).await;
    let item = items.iter().find(|item| !is_drawn(&fixture, item)).unwrap();
    let only = NewRun {
        items: accord_domain::ItemSelection::Listed {
            external_ids: vec![item.external_id.clone()],
        },
        ..all()
    };
    let run = start(test, &fixture, &only).await;
    settle(test, &fixture, run.id).await;
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Score], 1)
    };
    let lease = in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap().remove(0);
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Running);
    let basis = fixture.basis(test).await;
    let first = [annotator(&fixture, "model-0")];
    let wish = Wish {
        basis: &basis,
        annotation_ids: &BTreeSet::new(),
        run_id: Some(run.id),
        annotators: &first,
    };
    let mut tx = test.store.write().await.unwrap();
    let asked = flow::ask_next(tx.as_mut(), &fixture.environment, &lease, &wish)
        .await
        .unwrap();
    assert_eq!(asked, Asked::Planned);
    drop(tx);
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, 0);
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Running);
    let again = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    score(test, &fixture, &again).await;
    assert_eq!(runs_of_tasks(test, &fixture, item.id).await, [Some(run.id)]);
    work(test, &fixture).await;
    assert_eq!(runs_of_tasks(test, &fixture, item.id).await, [Some(run.id); ASKED]);
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Finished);
    // A scoring that is lost for good does not hold its run up.
    let other = items
        .iter()
        .find(|one| !is_drawn(&fixture, one) && one.id != item.id)
        .unwrap();
    let only = NewRun {
        items: accord_domain::ItemSelection::Listed {
            external_ids: vec![other.external_id.clone()],
        },
        ..all()
    };
    let run = start(test, &fixture, &only).await;
    settle(test, &fixture, run.id).await;
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    let lost = in_transaction!(test, |tx| flow::set_aside(
        tx,
        &fixture.environment,
        &fixture.project,
        &lease,
        "cannot be scored"
    ));
    lost.unwrap();
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Finished);
    assert_eq!(ruled(test, other.id).await, Some(Ruled::Before));
    assert_eq!(report(test, &fixture, run.id).await.rule.unwrap().saved, 0);
}

/// What a paused run asks next waits with the rest of it.
pub async fn a_paused_run_asks_nobody(test: &TestStore) {
    let (fixture, items) = project(test, "paused", 20).await;
    let run = start(test, &fixture, &all()).await;
    settle(test, &fixture, run.id).await;
    pause(test, &fixture, run.id).await;
    let asking = items.iter().filter(|item| !is_drawn(&fixture, item)).count();
    for lease in fixture.claim(test, &[TaskKind::Score], 99).await {
        score(test, &fixture, &lease).await;
    }
    settle(test, &fixture, run.id).await;
    assert_eq!(fixture.claim(test, &[TaskKind::Annotate], 99).await, []);
    resume(test, &fixture, run.id).await;
    let drawn = 20 - asking;
    let claimed = fixture.claim(test, &[TaskKind::Annotate], 99).await;
    assert_eq!(claimed.len(), asking + 3 * drawn);
    for lease in &claimed {
        submit(test, &fixture, lease).await;
    }
    work(test, &fixture).await;
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Finished);
}

/// A cancelled run asks nobody else, not even by a scoring that read of it before, and leaves items to other runs.
pub async fn a_cancelled_run_asks_nobody_else(test: &TestStore) {
    let (fixture, items) = project(test, "cancelled", 20).await;
    let run = start(test, &fixture, &all()).await;
    settle(test, &fixture, run.id).await;
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    let item_id = lease.task.item_id.unwrap();
    in_transaction!(test, |tx| flow::cancel_run(tx, &fixture.environment, run.id)).unwrap();
    let cancelled = settle(test, &fixture, run.id).await;
    assert!(cancelled.ended_at.is_some(), "nothing is in hand");
    let basis = fixture.basis(test).await;
    let wish = Wish {
        basis: &basis,
        annotation_ids: &BTreeSet::new(),
        run_id: Some(run.id),
        annotators: &[annotator(&fixture, "model-0")],
    };
    let asked = in_transaction!(test, |tx| flow::ask_next(tx, &fixture.environment, &lease, &wish)).unwrap();
    assert_eq!(asked, Asked::Outdated);
    assert_eq!(
        stored_task(test, lease.task.id).await.state,
        accord_domain::TaskState::Done
    );
    assert_eq!(open_tasks(test, item_id, TaskKind::Annotate).await, 0);
    for item in &items {
        assert_eq!(ruled(test, item.id).await, Some(Ruled::Before));
    }
    for lease in fixture.claim(test, &[TaskKind::Score], 99).await {
        in_transaction!(test, |tx| flow::keep_score(tx, &lease, None)).unwrap();
    }
    let next = start(test, &fixture, &all()).await;
    settle(test, &fixture, next.id).await;
    assert_eq!(ruled(test, item_id).await, Some(Ruled::By(next.id)));
    work(test, &fixture).await;
    let next = settle(test, &fixture, next.id).await;
    assert_eq!(next.state, RunState::Finished);
    assert_eq!(report(test, &fixture, next.id).await.rule.unwrap().ended, 20);
}

/// What waits already becomes the run's, and so does what follows from it; what is in another's hands is waited for.
pub async fn a_run_takes_over_what_is_being_asked(test: &TestStore) {
    let fixture = Fixture::create_with(test, stopping("taken-over", 1, 3)).await;
    let items = fixture.import_items(test, 20).await;
    let item = items.iter().find(|item| !is_drawn(&fixture, item)).unwrap();
    assert_eq!(runs_of_tasks(test, &fixture, item.id).await, [None]);
    let in_hand = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let run = start(test, &fixture, &all()).await;
    let run = settle(test, &fixture, run.id).await;
    let waiting: i64 = items
        .iter()
        .map(|item| if is_drawn(&fixture, item) { 4 } else { 1 })
        .sum();
    let planning = run.planning;
    assert_eq!(
        (planning.planned, planning.taken_over, planning.present),
        (0, waiting - 1, 1)
    );
    for item in &items {
        assert_eq!(
            open_tasks(test, item.id, TaskKind::Score).await,
            0,
            "their readers come first"
        );
    }
    submit(test, &fixture, &in_hand).await;
    work(test, &fixture).await;
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Finished);
    for item in &items {
        let runs = runs_of_tasks(test, &fixture, item.id).await;
        let strange = runs.iter().filter(|of| **of != Some(run.id)).count();
        assert_eq!(strange, usize::from(Some(item.id) == in_hand.task.item_id));
        assert_eq!(runs.len(), if is_drawn(&fixture, item) { 4 } else { ASKED });
    }
}

/// Many items end at once, each with how many were spared; those of other runs, and those that have ended, are left alone.
pub async fn many_items_end_at_once(test: &TestStore) {
    const ITEMS: usize = 300;
    let (fixture, items) = project(test, "many-ended", ITEMS).await;
    let runs = [start(test, &fixture, &all()).await, start(test, &fixture, &all()).await];
    let ids: Vec<ItemId> = items.iter().map(|item| item.id).collect();
    let (own, others) = ids.split_at(250);
    in_transaction!(test, |tx| tx.open_ruled_items(runs[0].id, own)).unwrap();
    in_transaction!(test, |tx| tx.open_ruled_items(runs[1].id, others)).unwrap();
    let spared = |number: usize| u32::try_from(number % 7).unwrap();
    let ended: Vec<(ItemId, u32)> = (0..ITEMS).map(|number| (ids[number], spared(number))).collect();
    in_transaction!(test, |tx| tx.end_ruled_items(runs[0].id, &ended[..200])).unwrap();
    // What has ended keeps its number.
    let again: Vec<(ItemId, u32)> = ended[..201].iter().map(|(item_id, _)| (*item_id, 50)).collect();
    in_transaction!(test, |tx| tx.end_ruled_items(runs[0].id, &again)).unwrap();
    in_transaction!(test, |tx| tx.end_ruled_items(runs[0].id, &ended[250..])).unwrap();
    in_transaction!(test, |tx| tx.end_ruled_items(runs[0].id, &[])).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let first = tx.count_ruled_items(runs[0].id).await.unwrap().unwrap();
    let unasked = (0..200).map(|number| i64::from(spared(number))).sum::<i64>() + 50;
    assert_eq!((first.ended, first.open, first.unasked), (201, 49, unasked));
    let second = tx.count_ruled_items(runs[1].id).await.unwrap().unwrap();
    assert_eq!((second.ended, second.open, second.unasked), (0, 50, 0));
    let still: BTreeSet<ItemId> = tx
        .still_ruled_items(runs[0].id, 99)
        .await
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(still, own[201..].iter().copied().collect());
}
