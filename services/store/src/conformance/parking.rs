//! Parking tasks, and claims that pass over annotators.

use std::time::Duration;

use accord_domain::{AnnotatorId, TaskKind, TaskState};

use super::TestStore;
use super::fixture::{Fixture, assert_error, plan, request, stored_task};
use crate::in_transaction;
use crate::tasks::{ClaimLimit, ClaimRequest, NewTask};

fn limit(annotator: AnnotatorId, tasks: u32, repeated: bool) -> ClaimLimit {
    ClaimLimit {
        annotators: vec![annotator],
        tasks,
        repeated: if repeated { tasks } else { 0 },
    }
}

async fn claim_within(test: &TestStore, most: u32, limits: &[ClaimLimit]) -> Vec<accord_domain::Lease> {
    let wanted = ClaimRequest {
        limits,
        ..request(&[TaskKind::Annotate], most)
    };
    in_transaction!(test, |tx| tx.claim_tasks(&wanted)).unwrap()
}

/// A parked task waits with its reason until its time, and its attempt does not count; one that was made is remembered.
pub async fn parks_without_counting(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let id = lease.task.id;
    assert!(!lease.task.was_tried());
    assert_error(
        in_transaction!(test, |tx| tx.park_task(id, "guess", "no", 0, false)),
        "StaleLease",
    );
    in_transaction!(test, |tx| tx.park_task(
        id,
        &lease.token,
        "the provider is down\0",
        150,
        false
    ))
    .unwrap();
    let parked = stored_task(test, id).await;
    assert_eq!(
        (parked.state, parked.attempts, parked.uncounted),
        (TaskState::Ready, 0, 0)
    );
    assert_eq!(parked.last_error.as_deref(), Some("the provider is down\u{FFFD}"));
    let wait = parked.ready_at.milliseconds_since(parked.created_at);
    assert!((100..60_000).contains(&wait), "{wait} ms");
    assert!(fixture.claim(test, &[TaskKind::Annotate], 1).await.is_empty());
    assert_error(
        in_transaction!(test, |tx| tx.park_task(id, &lease.token, "twice", 0, false)),
        "StaleLease",
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    in_transaction!(test, |tx| tx.park_task(id, &lease.token, "429", 0, true)).unwrap();
    let parked = stored_task(test, id).await;
    assert_eq!((parked.attempts, parked.uncounted), (0, 1));
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    assert_eq!(lease.task.attempts, 1);
    assert!(lease.task.was_tried());
}

/// The tasks that wait are counted by their reason, as long as they wait.
pub async fn tells_why_tasks_wait(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let other = Fixture::create_with(test, super::fixture::definition("others", 1)).await;
    let items = fixture.add_items(test, 4).await;
    let tasks: Vec<NewTask> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    plan(test, &tasks).await;
    let mut leases = fixture.claim(test, &[TaskKind::Annotate], 4).await;
    for (lease, (reason, wait)) in
        leases
            .drain(..)
            .zip([("down", 60_000), ("down", 30_000), ("spent", 90_000), ("over", 0)])
    {
        in_transaction!(test, |tx| tx.park_task(
            lease.task.id,
            &lease.token,
            reason,
            wait,
            false
        ))
        .unwrap();
    }
    let (id, others) = (fixture.project.id, other.project.id);
    let parked = in_transaction!(test, |tx| tx.parked_tasks(id)).unwrap();
    let counts: Vec<_> = parked
        .iter()
        .map(|parked| (parked.reason.as_str(), parked.count))
        .collect();
    assert_eq!(counts, [("down", 2), ("spent", 1)]);
    let first = stored_task(test, tasks[1].id).await;
    assert_eq!(parked[0].ready_at, first.ready_at);
    assert!(in_transaction!(test, |tx| tx.parked_tasks(others)).unwrap().is_empty());
}

/// Only votes of automatic annotators are parked.
pub async fn parks_no_other_kind(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.task(Some(items[0].id), TaskKind::Score)]).await;
    let lease = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    assert_error(
        in_transaction!(test, |tx| tx.park_task(lease.task.id, &lease.token, "no", 0, false)),
        "StaleLease",
    );
    let mut tx = test.store.write().await.unwrap();
    assert_error(crate::flow::park(tx.as_mut(), &lease, "no", 0, false).await, "Invalid");
}

/// Annotators have limits of their own; the others are claimed by priority and age as ever.
pub async fn claims_within_limits(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 4).await;
    let (first, second) = (fixture.annotators[0].id, fixture.annotators[1].id);
    let of = |item: usize, annotator| fixture.annotate(items[item].id, annotator);
    let urgent = NewTask {
        priority: 5,
        ..of(3, 1)
    };
    let tasks = [of(0, 0), of(1, 0), of(2, 0), of(0, 1), of(1, 1), urgent.clone()];
    plan(test, &tasks).await;
    let score = ClaimRequest {
        limits: &[limit(first, 1, true)],
        ..request(&[TaskKind::Annotate, TaskKind::Score], 1)
    };
    assert_error(in_transaction!(test, |tx| tx.claim_tasks(&score)), "Invalid");
    assert!(claim_within(test, 0, &[limit(first, 1, true)]).await.is_empty());
    let claimed = claim_within(test, 3, &[limit(first, 1, true)]).await;
    let ids: Vec<_> = claimed.iter().map(|lease| lease.task.id).collect();
    assert_eq!(ids, [urgent.id, tasks[0].id, tasks[3].id]);
    let rest = claim_within(test, 9, &[limit(first, 0, true)]).await;
    assert_eq!(
        rest.iter().map(|lease| lease.task.id).collect::<Vec<_>>(),
        [tasks[4].id]
    );
    assert!(
        claim_within(test, 9, &[limit(first, 0, true), limit(second, 9, true)])
            .await
            .is_empty()
    );
    // A task that was tried goes only where those are wanted.
    in_transaction!(test, |tx| tx.park_task(
        rest[0].task.id,
        &rest[0].token,
        "busy",
        0,
        true
    ))
    .unwrap();
    let fresh = [limit(first, 9, true), limit(second, 9, false)];
    let claimed = claim_within(test, 1, &fresh).await;
    assert_eq!(claimed[0].task.id, tasks[1].id);
    let wanted = [limit(first, 0, true), limit(second, 9, true)];
    assert_eq!(claim_within(test, 9, &wanted).await[0].task.id, tasks[4].id);
}

/// A lease that ended is passed over like a ready task.
pub async fn passes_over_ended_leases(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let short = ClaimRequest {
        lease_milliseconds: super::fixture::SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 1)
    };
    in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
    tokio::time::sleep(super::fixture::UNTIL_SHORT_LEASE_ENDS).await;
    let annotator = fixture.annotators[0].id;
    assert!(claim_within(test, 1, &[limit(annotator, 0, true)]).await.is_empty());
    assert!(claim_within(test, 1, &[limit(annotator, 5, false)]).await.is_empty());
    assert_eq!(claim_within(test, 1, &[limit(annotator, 5, true)]).await.len(), 1);
}

/// Many tasks of an annotator that is passed over do not stand in the way of another's ten.
pub async fn finds_ten_behind_many(test: &TestStore) {
    const MANY: usize = 20_000;
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, MANY).await;
    let many: Vec<NewTask> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    let few: Vec<NewTask> = items[..10].iter().map(|item| fixture.annotate(item.id, 1)).collect();
    plan(test, &many).await;
    plan(test, &few).await;
    let passed_over = [limit(fixture.annotators[0].id, 0, true)];
    for task in &few {
        assert_eq!(claim_within(test, 1, &passed_over).await[0].task.id, task.id);
    }
    assert!(claim_within(test, 1, &passed_over).await.is_empty());
}
