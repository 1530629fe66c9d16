//! The steps of the way: from scores to the states of items.

use accord_domain::{Item, ItemState, PeopleVote, TaskKind, TaskState};

use super::TestStore;
use super::fixture::{Fixture, LONG_LEASE_MILLISECONDS, assert_error, definition, open_tasks, plan, stored_task};
use crate::StoreResult;
use crate::flow;
use crate::in_transaction;

/// Scores an item with one accepted field and one that is accepted or not.
async fn score(test: &TestStore, fixture: &Fixture, item: &Item, accepted: bool) -> StoreResult<()> {
    plan(test, &[fixture.task(Some(item.id), TaskKind::Score)]).await;
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    let rows = [
        fixture.consensus(item.id, "company", Some(0.95), true),
        fixture.consensus(item.id, "total", Some(0.5), accepted),
    ];
    let basis = fixture.basis(test).await;
    in_transaction!(test, |tx| flow::store_score(
        tx,
        &fixture.environment,
        &lease,
        &basis,
        &rows
    ))?;
    assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Done);
    Ok(())
}

async fn state(test: &TestStore, item: &Item) -> ItemState {
    let mut tx = test.store.read().await.unwrap();
    tx.item(item.id).await.unwrap().unwrap().state
}

/// A doubtful item needs review once; when it is accepted later the review goes, unless somebody works on it; what a
/// person resolved stays resolved.
pub async fn moves_items_through_their_states(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let item = &items[0];
    for _ in 0..2 {
        score(test, &fixture, item, false).await.unwrap();
        assert_eq!(state(test, item).await, ItemState::NeedsReview);
        assert_eq!(open_tasks(test, item.id, TaskKind::Review).await, 1);
    }
    score(test, &fixture, item, true).await.unwrap();
    assert_eq!(state(test, item).await, ItemState::Accepted);
    assert_eq!(open_tasks(test, item.id, TaskKind::Review).await, 0);
    let mut tx = test.store.read().await.unwrap();
    let present = tx.consensus_of_items(&[item.id]).await.unwrap();
    assert_eq!(present.len(), 2);
    assert_eq!(tx.consensus_history(item.id).await.unwrap().len(), 6);
    drop(tx);

    score(test, &fixture, item, false).await.unwrap();
    let user = fixture.add_user(test, "rita").await;
    let held = in_transaction!(test, |tx| tx.claim_task_for_person(
        fixture.project.id,
        TaskKind::Review,
        user.id,
        LONG_LEASE_MILLISECONDS
    ))
    .unwrap()
    .unwrap();
    score(test, &fixture, item, true).await.unwrap();
    assert_eq!(stored_task(test, held.task.id).await.state, TaskState::Leased);
    in_transaction!(test, |tx| tx.set_item_state(item.id, ItemState::Resolved)).unwrap();
    score(test, &fixture, item, false).await.unwrap();
    assert_eq!(state(test, item).await, ItemState::Resolved);

    plan(test, &[fixture.task(Some(item.id), TaskKind::Score)]).await;
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    let basis = fixture.basis(test).await;
    let nothing = in_transaction!(test, |tx| flow::store_score(
        tx,
        &fixture.environment,
        &lease,
        &basis,
        &[]
    ));
    assert_error(nothing, "Invalid");
    let rows = [fixture.consensus(item.id, "total", None, false)];
    let stale = accord_domain::Lease {
        token: "guess".to_owned(),
        ..lease
    };
    let result = in_transaction!(test, |tx| flow::store_score(
        tx,
        &fixture.environment,
        &stale,
        &basis,
        &rows
    ));
    assert_error(result, "StaleLease");
}

/// While people still vote, a doubtful item is pending and nobody is asked to review it.
pub async fn waits_with_review_for_people(test: &TestStore) {
    let mut with_people = definition("receipts", 0);
    with_people.policy.people = PeopleVote::Always;
    let fixture = Fixture::create_with(test, with_people).await;
    let item = &fixture.import_items(test, 1).await[0];
    score(test, &fixture, item, false).await.unwrap();
    assert_eq!(state(test, item).await, ItemState::Pending);
    assert_eq!(open_tasks(test, item.id, TaskKind::Review).await, 0);
    let user = fixture.add_user(test, "anna").await;
    let lease = in_transaction!(test, |tx| tx.claim_task_for_person(
        fixture.project.id,
        TaskKind::Vote,
        user.id,
        LONG_LEASE_MILLISECONDS
    ))
    .unwrap()
    .unwrap();
    in_transaction!(test, |tx| tx.finish_task(lease.task.id, &lease.token, TaskState::Done)).unwrap();
    score(test, &fixture, item, false).await.unwrap();
    assert_eq!(state(test, item).await, ItemState::NeedsReview);
    assert_eq!(open_tasks(test, item.id, TaskKind::Review).await, 1);
}

/// New calibrators are kept and everything with a complete panel is scored anew; without any, nothing is.
pub async fn stores_a_fit_and_scores_anew(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 2).await;
    for lease in fixture.claim(test, &[TaskKind::Annotate], 3).await {
        let annotation = fixture.annotation(&lease.task, lease.task.annotator_id.unwrap());
        in_transaction!(test, |tx| flow::submit_annotation(
            tx,
            &fixture.environment,
            &lease,
            &annotation
        ))
        .unwrap();
    }
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    let rows = [fixture.consensus(items[0].id, "total", None, true)];
    let basis = fixture.basis(test).await;
    in_transaction!(test, |tx| flow::store_score(
        tx,
        &fixture.environment,
        &lease,
        &basis,
        &rows
    ))
    .unwrap();
    for (calibrators, rescored) in [(vec![], 0), (vec![fixture.calibrator("total", 1.0)], 1)] {
        plan(test, &[fixture.task(None, TaskKind::Refit)]).await;
        let lease = fixture.claim(test, &[TaskKind::Refit], 1).await.remove(0);
        let count = in_transaction!(test, |tx| flow::store_fit(tx, &lease, &calibrators)).unwrap();
        assert_eq!(count, rescored);
        assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Done);
        let mut tx = test.store.read().await.unwrap();
        let present = tx.current_calibrators(fixture.project.id).await.unwrap();
        assert_eq!(present, calibrators);
    }
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 1);
    assert_eq!(open_tasks(test, items[1].id, TaskKind::Score).await, 0);
}
