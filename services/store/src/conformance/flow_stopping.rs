//! The steps of the way under a stopping rule: who is asked first, who is asked next, and what is no longer wanted.

use std::collections::BTreeSet;
use std::time::Duration;

use accord_domain::{
    AnnotationId, Calibrator, Item, ItemState, Lease, ProjectDefinition, Stopping, StoppingRule, TaskKind, TaskState,
};
use serde_json::json;

use super::TestStore;
use super::fixture::{Fixture, assert_error, definition, open_tasks, plan, stored_task};
use crate::flow::{self, Asked, Scored, Wish};
use crate::in_transaction;

/// Time enough for a statement that waits for nobody.
const A_WHILE: Duration = Duration::from_millis(200);

/// A project with so many readers and language models, that stops where the rest cannot change the winner.
pub(super) fn stopping(name: &str, readers: usize, models: usize) -> ProjectDefinition {
    let mut wanted = definition(name, readers);
    for number in 0..models {
        let model = json!({
            "name": format!("model-{number}"), "kind": "language_model", "provider": "local", "model": format!("m{number}"),
        });
        wanted.annotators.push(serde_json::from_value(model).unwrap());
    }
    wanted.policy.stopping = Stopping {
        rule: StoppingRule::CannotChange,
        full_votes: 0.2,
        ..Stopping::default()
    };
    wanted
}

pub(super) fn annotator(fixture: &Fixture, name: &str) -> accord_domain::AnnotatorId {
    fixture
        .annotators
        .iter()
        .find(|annotator| annotator.name == name)
        .unwrap()
        .id
}

pub(super) fn is_drawn(fixture: &Fixture, item: &Item) -> bool {
    fixture.project.definition.policy.stopping.draws_for_full_votes(item.id)
}

/// Readers are asked at once, language models only on the items that are drawn; where there are no readers, the scoring
/// decides whom to ask first.
pub async fn readers_come_before_language_models(test: &TestStore) {
    let fixture = Fixture::create_with(test, stopping("with-readers", 1, 2)).await;
    let items = fixture.import_items(test, 60).await;
    let drawn = items.iter().filter(|item| is_drawn(&fixture, item)).count();
    assert!((1..60).contains(&drawn), "{drawn}");
    for item in &items {
        let expected = if is_drawn(&fixture, item) { 3 } else { 1 };
        assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, expected);
        assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 0);
    }
    let alone = Fixture::create_with(test, stopping("models-alone", 0, 2)).await;
    for item in &alone.import_items(test, 30).await {
        let drawn = is_drawn(&alone, item);
        let expected = if drawn { (2, 0) } else { (0, 1) };
        let open = (
            open_tasks(test, item.id, TaskKind::Annotate).await,
            open_tasks(test, item.id, TaskKind::Score).await,
        );
        assert_eq!(open, expected);
    }
}

/// A scoring that asks somebody leaves the item pending and without consensus; what arose from votes that are not all any
/// more, or while somebody is being asked, asks nobody.
pub async fn asks_the_next_ones_once(test: &TestStore) {
    let fixture = Fixture::create_with(test, stopping("asks", 0, 3)).await;
    let item = &fixture.add_items(test, 1).await[0];
    let models = ["model-0", "model-1"].map(|name| annotator(&fixture, name));
    let basis = fixture.basis(test).await;
    let nothing: BTreeSet<AnnotationId> = BTreeSet::new();
    let lease = score_lease(test, &fixture, item).await;
    let ask = |lease: Lease, seen: BTreeSet<AnnotationId>, whom: Vec<accord_domain::AnnotatorId>| {
        let (fixture, basis) = (&fixture, basis.clone());
        async move {
            let wish = Wish {
                basis: &basis,
                annotation_ids: &seen,
                run_id: None,
                annotators: &whom,
            };
            in_transaction!(test, |tx| flow::ask_next(tx, &fixture.environment, &lease, &wish))
        }
    };
    assert_eq!(
        ask(lease.clone(), nothing.clone(), vec![models[0]]).await.unwrap(),
        Asked::Planned
    );
    assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Done);
    assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, 1);
    assert_error(ask(lease, nothing.clone(), vec![models[1]]).await, "StaleLease");

    // Another scoring while the first model is being asked.
    let second = score_lease(test, &fixture, item).await;
    assert_eq!(
        ask(second, nothing.clone(), vec![models[1]]).await.unwrap(),
        Asked::Outdated
    );
    assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, 1);
    assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 0);

    // Its answer plans the scoring; a wish from before it comes too late, and the item is scored again.
    let annotate = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let annotation = fixture.annotation(&annotate.task, models[0]);
    in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &annotate,
        &annotation
    ))
    .unwrap();
    let late = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    assert_eq!(ask(late, nothing, vec![models[1]]).await.unwrap(), Asked::Outdated);
    assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, 0);
    assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 1);
    let seen = BTreeSet::from([annotation.id]);
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    // Who was asked is not asked again, and nothing is half done.
    assert_error(ask(lease.clone(), seen.clone(), vec![models[0]]).await, "Invalid");
    assert_error(ask(lease.clone(), seen.clone(), Vec::new()).await, "Invalid");
    assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Leased);
    assert_eq!(ask(lease, seen, vec![models[1]]).await.unwrap(), Asked::Planned);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.item(item.id).await.unwrap().unwrap().state, ItemState::Pending);
    assert_eq!(tx.consensus_of_items(&[item.id]).await.unwrap(), []);
}

async fn score_lease(test: &TestStore, fixture: &Fixture, item: &Item) -> Lease {
    plan(test, &[fixture.task(Some(item.id), TaskKind::Score)]).await;
    fixture.claim(test, &[TaskKind::Score], 1).await.remove(0)
}

async fn refit_lease(test: &TestStore, fixture: &Fixture) -> Lease {
    plan(test, &[fixture.task(None, TaskKind::Refit)]).await;
    fixture.claim(test, &[TaskKind::Refit], 1).await.remove(0)
}

/// An item with one annotation, whose scoring is leased.
async fn voted_item(test: &TestStore, fixture: &Fixture) -> (Item, Lease) {
    let item = fixture.import_items(test, 1).await.remove(0);
    let annotate = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let annotation = fixture.annotation(&annotate.task, annotate.task.annotator_id.unwrap());
    in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &annotate,
        &annotation
    ))
    .unwrap();
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    (item, lease)
}

/// A consensus by calibrators that are replaced meanwhile is not stored: whoever is second waits for the first, and in
/// either order the item is scored by what is present.
pub async fn a_refit_and_a_score_at_the_same_moment_leave_nothing_old(test: &TestStore) {
    for (name, score_first) in [("score-first", true), ("refit-first", false)] {
        let fixture = std::sync::Arc::new(Fixture::create_with(test, definition(name, 1)).await);
        let (item, score) = voted_item(test, &fixture).await;
        let refit = refit_lease(test, &fixture).await;
        let basis = fixture.basis(test).await;
        let rows = [fixture.consensus(item.id, "total", Some(0.9), true)];
        let calibrators = [fixture.calibrator("total", 2.0)];
        let mut first = test.store.write().await.unwrap();
        if score_first {
            let scored = flow::store_score(first.as_mut(), &fixture.environment, &score, &basis, &rows).await;
            assert_eq!(scored.unwrap(), Scored::Stored);
        } else {
            assert_eq!(flow::store_fit(first.as_mut(), &refit, &calibrators).await.unwrap(), 1);
        }
        let (store, other) = (std::sync::Arc::clone(&test.second), std::sync::Arc::clone(&fixture));
        let second = tokio::spawn(async move {
            let mut tx = store.write().await.unwrap();
            let outcome = if score_first {
                flow::store_fit(tx.as_mut(), &refit, &calibrators).await.unwrap();
                None
            } else {
                let scored = flow::store_score(tx.as_mut(), &other.environment, &score, &basis, &rows).await;
                Some(scored.unwrap())
            };
            tx.commit().await.unwrap();
            outcome
        });
        tokio::time::sleep(A_WHILE).await;
        assert!(!second.is_finished(), "{name}: the second does not wait");
        first.commit().await.unwrap();
        let outcome = second.await.unwrap();
        assert_eq!(outcome, (!score_first).then_some(Scored::Outdated), "{name}");
        assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 1, "{name}");
        let mut tx = test.store.read().await.unwrap();
        let stored = tx.consensus_of_items(&[item.id]).await.unwrap().len();
        assert_eq!(stored, usize::from(score_first), "{name}");
    }
}

/// A changed definition is noticed like a refit.
pub async fn a_consensus_of_an_old_definition_is_computed_again(test: &TestStore) {
    let fixture = Fixture::create_with(test, definition("changing", 1)).await;
    let (item, score) = voted_item(test, &fixture).await;
    let basis = fixture.basis(test).await;
    let mut changed = definition("changing", 1);
    changed.policy.accept_at = 0.5;
    in_transaction!(test, |tx| flow::update_project(
        tx,
        &fixture.environment,
        fixture.project.id,
        1,
        &changed
    ))
    .unwrap();
    let rows = [fixture.consensus(item.id, "total", Some(0.9), true)];
    let scored = in_transaction!(test, |tx| flow::store_score(
        tx,
        &fixture.environment,
        &score,
        &basis,
        &rows
    ));
    assert_eq!(scored.unwrap(), Scored::Outdated);
    assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 1);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.consensus_of_items(&[item.id]).await.unwrap(), []);
    let missing = tx
        .scoring_basis(accord_domain::ProjectId::generate(&fixture.environment))
        .await;
    assert_error(missing, "Missing");
}

/// A project that gets a stopping rule is refitted before it is scored anew; when nothing can be fitted, it is scored
/// without the calibrators of the other rule. A model that joins votes on the drawn items alone.
pub async fn a_new_rule_is_fitted_first(test: &TestStore) {
    let mut before = stopping("switched", 1, 1);
    before.policy.stopping = Stopping::default();
    let fixture = Fixture::create_with(test, before).await;
    let items = fixture.import_items(test, 40).await;
    for lease in fixture.claim(test, &[TaskKind::Annotate], 100).await {
        let annotation = fixture.annotation(&lease.task, lease.task.annotator_id.unwrap());
        in_transaction!(test, |tx| flow::submit_annotation(
            tx,
            &fixture.environment,
            &lease,
            &annotation
        ))
        .unwrap();
    }
    for lease in fixture.claim(test, &[TaskKind::Score], 100).await {
        in_transaction!(test, |tx| flow::keep_score(tx, &lease, None)).unwrap();
    }
    let gold = fixture.gold(items[0].id, "total", "12.50");
    in_transaction!(test, |tx| tx.insert_gold(&[gold])).unwrap();
    let old = Calibrator {
        stopping_version: accord_domain::all_votes_version(),
        ..fixture.calibrator("total", 1.0)
    };
    in_transaction!(test, |tx| tx.insert_calibrators(&[old])).unwrap();
    let changed = stopping("switched", 1, 2);
    in_transaction!(test, |tx| flow::update_project(
        tx,
        &fixture.environment,
        fixture.project.id,
        1,
        &changed
    ))
    .unwrap();
    for item in &items {
        let drawn = i64::from(changed.policy.stopping.draws_for_full_votes(item.id));
        assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, drawn);
        assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 0);
    }
    let mut tx = test.store.read().await.unwrap();
    let counts = tx.count_tasks(fixture.project.id).await.unwrap();
    drop(tx);
    let planned = counts
        .iter()
        .find(|count| count.kind == TaskKind::Refit && count.state == TaskState::Ready);
    assert_eq!(planned.map(|count| count.count), Some(1));
    let mut due = fixture.task(None, TaskKind::Refit);
    due.priority = 5;
    plan(test, &[due]).await;
    let refit = fixture.claim(test, &[TaskKind::Refit], 1).await.remove(0);
    let rescored = in_transaction!(test, |tx| flow::store_fit(tx, &refit, &[])).unwrap();
    let drawn = items
        .iter()
        .filter(|item| changed.policy.stopping.draws_for_full_votes(item.id));
    assert_eq!(rescored, (items.len() - drawn.count()) as u64);
}
