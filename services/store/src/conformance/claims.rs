//! Claiming automatic tasks.

use std::collections::HashSet;

use accord_domain::{TaskKind, TaskState};

use super::TestStore;
use super::fixture::{
    Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, definition, plan, request, stored_task,
};
use crate::in_transaction;
use crate::tasks::{ClaimRequest, NewTask};

/// The highest priority goes first, then the oldest; a claim counts an attempt and leases to a worker, not a person.
pub async fn claims_by_priority_then_age(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 5).await;
    let priorities = [0, 5, -3, 5, 0];
    let tasks: Vec<NewTask> = items
        .iter()
        .zip(priorities)
        .map(|(item, priority)| NewTask {
            priority,
            ..fixture.annotate(item.id, 0)
        })
        .collect();
    plan(test, &tasks).await;
    let expected = [1, 3, 0, 4, 2].map(|position: usize| tasks[position].id);
    let first = fixture.claim(test, &[TaskKind::Annotate], 3).await;
    let then = fixture.claim(test, &[TaskKind::Annotate], 3).await;
    let claimed: Vec<_> = first.iter().chain(&then).map(|lease| lease.task.id).collect();
    assert_eq!(claimed, expected);
    assert!(fixture.claim(test, &[TaskKind::Annotate], 3).await.is_empty());
    let lease = &first[0];
    assert_eq!(lease.task.state, TaskState::Leased);
    assert_eq!((lease.task.attempts, lease.task.user_id), (1, None));
    assert_eq!(lease.task.item_id, Some(items[1].id));
    assert_eq!(lease.task.annotator_id, Some(fixture.annotators[0].id));
    let left = lease
        .task
        .lease_until
        .unwrap()
        .milliseconds_since(lease.task.created_at);
    assert!((599_000..700_000).contains(&left), "{left} ms");
    assert!(lease.token.len() >= 16);
    assert_ne!(lease.token, first[1].token);
    assert_eq!(stored_task(test, lease.task.id).await, lease.task);
}

/// A worker gets only the kinds and the project it asks for, and never a person's tasks.
pub async fn claims_only_asked_kinds_and_projects(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let other = Fixture::create_with(test, definition("others", 1)).await;
    let items = fixture.add_items(test, 1).await;
    let others = other.add_items(test, 1).await;
    let score = fixture.task(Some(items[0].id), TaskKind::Score);
    let tasks = [
        fixture.annotate(items[0].id, 0),
        score.clone(),
        fixture.vote(items[0].id, 0),
        fixture.task(Some(items[0].id), TaskKind::Review),
        fixture.task(None, TaskKind::Refit),
        other.annotate(others[0].id, 0),
    ];
    plan(test, &tasks).await;
    let nothing = fixture.claim(test, &[TaskKind::Vote, TaskKind::Review], 10).await;
    assert!(nothing.is_empty());
    assert!(fixture.claim(test, &[], 10).await.is_empty());
    let scores = fixture.claim(test, &[TaskKind::Score], 10).await;
    assert_eq!(scores.iter().map(|lease| lease.task.id).collect::<Vec<_>>(), [score.id]);
    let kinds = [TaskKind::Annotate, TaskKind::Score, TaskKind::Refit];
    let bound = ClaimRequest {
        project_id: Some(other.project.id),
        ..request(&kinds, 10)
    };
    let leases = in_transaction!(test, |tx| tx.claim_tasks(&bound)).unwrap();
    assert_eq!(
        leases.iter().map(|lease| lease.task.id).collect::<Vec<_>>(),
        [tasks[5].id]
    );
    let rest = fixture.claim(test, &kinds, 10).await;
    let kinds_left: HashSet<_> = rest.iter().map(|lease| lease.task.kind).collect();
    assert_eq!(kinds_left, HashSet::from([TaskKind::Annotate, TaskKind::Refit]));
    assert_eq!(rest.len(), 2);
}

/// A delayed task cannot be claimed before its time.
pub async fn waits_for_delays(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let late = NewTask {
        delay_milliseconds: 120,
        priority: 9,
        ..fixture.annotate(items[0].id, 0)
    };
    plan(test, &[late.clone(), fixture.annotate(items[1].id, 0)]).await;
    let now = fixture.claim(test, &[TaskKind::Annotate], 10).await;
    assert_eq!(now.len(), 1);
    assert_eq!(now[0].task.item_id, Some(items[1].id));
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    let then = fixture.claim(test, &[TaskKind::Annotate], 10).await;
    assert_eq!(then.len(), 1);
    assert_eq!(then[0].task.id, late.id);
}

/// A lease that has ended is taken over with a new token, and the old one is worth nothing any more.
pub async fn takes_over_expired_leases(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 1)
    };
    let lost = in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let taken = fixture.claim(test, &[TaskKind::Annotate], 1).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].task.id, lost[0].task.id);
    assert_eq!(taken[0].task.attempts, 2);
    assert_ne!(taken[0].token, lost[0].token);
    assert!(fixture.claim(test, &[TaskKind::Annotate], 1).await.is_empty());
    let (id, stale) = (lost[0].task.id, lost[0].token.as_str());
    let results = [
        in_transaction!(test, |tx| tx.finish_task(id, stale, TaskState::Done)).err(),
        in_transaction!(test, |tx| tx.renew_lease(id, stale, 1000)).err(),
        in_transaction!(test, |tx| tx.release_task(id, stale)).err(),
        in_transaction!(test, |tx| tx.fail_task(id, stale, "late", 0, 3)).err(),
    ];
    for error in results {
        assert!(
            matches!(error, Some(crate::StoreError::StaleLease { task }) if task == id),
            "{error:?}"
        );
    }
    in_transaction!(test, |tx| tx.finish_task(id, &taken[0].token, TaskState::Done)).unwrap();
}

/// Many workers at once share the tasks without ever getting the same one.
pub async fn never_gives_a_task_twice(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 120).await;
    let tasks: Vec<NewTask> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    plan(test, &tasks).await;
    let workers: Vec<_> = (0..12)
        .map(|worker| {
            let store = if worker % 2 == 0 { &test.store } else { &test.second }.clone();
            tokio::spawn(async move {
                let mut claimed = Vec::new();
                // PostgreSQL skips rows that are locked at the moment, so one empty answer is not the end.
                let mut empty = 0;
                while empty < 5 {
                    let mut tx = store.write().await.unwrap();
                    let leases = tx.claim_tasks(&request(&[TaskKind::Annotate], 3)).await.unwrap();
                    tx.commit().await.unwrap();
                    empty = if leases.is_empty() { empty + 1 } else { 0 };
                    claimed.extend(leases.into_iter().map(|lease| lease.task.id));
                }
                claimed
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), tasks.len());
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>().len(), tasks.len());
}
