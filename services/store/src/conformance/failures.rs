//! Trying again, and setting aside.

use accord_domain::{TaskKind, TaskState};

use super::TestStore;
use super::fixture::{
    Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, assert_error, plan, request, stored_task,
};
use crate::in_transaction;
use crate::tasks::{AfterFailure, ClaimRequest};

/// A failed task is tried again after its delay, and set aside with its reason after the last attempt.
pub async fn tries_again_then_sets_aside(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let id = lease.task.id;
    assert_error(
        in_transaction!(test, |tx| tx.fail_task(id, "guess", "no", 0, 2)),
        "StaleLease",
    );
    let after = in_transaction!(test, |tx| tx.fail_task(id, &lease.token, "429: wait\0", 120, 2)).unwrap();
    assert_eq!(after, AfterFailure::Ready);
    let failed = stored_task(test, id).await;
    assert_eq!(failed.state, TaskState::Ready);
    assert_eq!(failed.last_error.as_deref(), Some("429: wait\u{FFFD}"));
    assert!(fixture.claim(test, &[TaskKind::Annotate], 1).await.is_empty());
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    assert_eq!(lease.task.attempts, 2);
    assert_eq!(lease.task.last_error.as_deref(), Some("429: wait\u{FFFD}"));
    let reason = "x".repeat(100_000);
    let after = in_transaction!(test, |tx| tx.fail_task(id, &lease.token, &reason, 0, 2)).unwrap();
    assert_eq!(after, AfterFailure::Dead);
    let dead = stored_task(test, id).await;
    assert_eq!(dead.state, TaskState::Dead);
    assert_eq!(dead.last_error.unwrap().len(), crate::text::MAXIMUM_REASON_CHARACTERS);
    assert!(fixture.claim(test, &[TaskKind::Annotate], 1).await.is_empty());
    assert_error(
        in_transaction!(test, |tx| tx.fail_task(id, &lease.token, "again", 0, 2)),
        "StaleLease",
    );
}

/// Leases that have ended are taken back: ready again, or dead after the last attempt; others are left alone.
pub async fn takes_back_expired_leases(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let tasks: Vec<_> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    plan(test, &tasks).await;
    let lost = fixture.claim(test, &[TaskKind::Annotate], 2).await;
    let kept = fixture.claim(test, &[TaskKind::Annotate], 1).await;
    let none = in_transaction!(test, |tx| tx.take_back_expired(2, 10)).unwrap();
    assert!(none.is_empty(), "nothing has ended yet");
    for lease in &lost {
        let (id, token) = (lease.task.id, &lease.token);
        in_transaction!(test, |tx| tx.renew_lease(id, token, SHORT_LEASE_MILLISECONDS)).unwrap();
    }
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let one = in_transaction!(test, |tx| tx.take_back_expired(2, 1)).unwrap();
    assert_eq!(one.len(), 1);
    let other = in_transaction!(test, |tx| tx.take_back_expired(2, 10)).unwrap();
    assert_eq!(other.len(), 1);
    for task in one.iter().chain(&other) {
        assert_eq!((task.state, task.attempts), (TaskState::Ready, 1));
        assert_eq!(task.lease_until, None);
    }
    assert_eq!(stored_task(test, kept[0].task.id).await.state, TaskState::Leased);
    assert_error(
        in_transaction!(test, |tx| tx.finish_task(
            lost[0].task.id,
            &lost[0].token,
            TaskState::Done
        )),
        "StaleLease",
    );
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 2)
    };
    in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let dead = in_transaction!(test, |tx| tx.take_back_expired(2, 10)).unwrap();
    assert_eq!(dead.len(), 2);
    for task in &dead {
        assert_eq!((task.state, task.attempts), (TaskState::Dead, 2));
        assert!(task.last_error.as_ref().unwrap().contains("lease"), "{task:?}");
        assert_eq!(stored_task(test, task.id).await, *task);
    }
}

/// A person who left is no failure: the task only becomes ready again, for anybody.
pub async fn gives_peoples_leases_back(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.vote(items[0].id, 0)]).await;
    let user = fixture.add_user(test, "anna").await;
    let project_id = fixture.project.id;
    for _ in 0..3 {
        let lease = in_transaction!(test, |tx| tx.claim_task_for_person(
            project_id,
            TaskKind::Vote,
            user.id,
            SHORT_LEASE_MILLISECONDS
        ))
        .unwrap()
        .unwrap();
        assert_eq!(lease.task.user_id, Some(user.id));
        tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
        let back = in_transaction!(test, |tx| tx.take_back_expired(1, 10)).unwrap();
        assert_eq!(back.len(), 1);
        assert_eq!((back[0].state, back[0].user_id), (TaskState::Ready, None));
    }
}

/// A dead task can be put back with a fresh count of attempts; others cannot.
pub async fn revives_the_dead(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let id = lease.task.id;
    assert_error(in_transaction!(test, |tx| tx.revive_task(id)), "Missing");
    in_transaction!(test, |tx| tx.fail_task(id, &lease.token, "broken", 0, 1)).unwrap();
    in_transaction!(test, |tx| tx.revive_task(id)).unwrap();
    let revived = stored_task(test, id).await;
    assert_eq!((revived.state, revived.attempts), (TaskState::Ready, 0));
    assert_error(in_transaction!(test, |tx| tx.revive_task(id)), "Missing");
    assert_eq!(fixture.claim(test, &[TaskKind::Annotate], 1).await[0].task.attempts, 1);
    let unknown = fixture.vote(items[0].id, 0).id;
    assert_error(in_transaction!(test, |tx| tx.revive_task(unknown)), "Missing");
}

/// Where another ready task does the same work, one that would become ready again is cancelled.
pub async fn drops_a_twin_instead_of_doubling_it(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let kinds = [TaskKind::Score, TaskKind::Refit];
    let tasks = || {
        vec![
            fixture.task(Some(items[0].id), TaskKind::Score),
            fixture.task(None, TaskKind::Refit),
        ]
    };
    plan(test, &tasks()).await;
    let running = fixture.claim(test, &kinds, 10).await;
    plan(test, &tasks()).await;
    for lease in &running {
        let after = in_transaction!(test, |tx| tx.fail_task(lease.task.id, &lease.token, "busy", 0, 5)).unwrap();
        assert_eq!(after, AfterFailure::Ready, "its work will be done");
        assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Cancelled);
    }
    // The same for a release, and for a lease that ended.
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&kinds, 10)
    };
    let running = in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
    assert_eq!(running.len(), 2);
    plan(test, &tasks()).await;
    in_transaction!(test, |tx| tx.release_task(running[0].task.id, &running[0].token)).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let back = in_transaction!(test, |tx| tx.take_back_expired(5, 10)).unwrap();
    assert_eq!(back.len(), 1);
    for lease in &running {
        assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Cancelled);
    }
    // A dead one cannot come back beside a ready one.
    let running = fixture.claim(test, &[TaskKind::Score], 1).await.remove(0);
    in_transaction!(test, |tx| tx.fail_task(running.task.id, &running.token, "no", 0, 1)).unwrap();
    plan(test, &[fixture.task(Some(items[0].id), TaskKind::Score)]).await;
    assert_error(
        in_transaction!(test, |tx| tx.revive_task(running.task.id)),
        "Conflict { what: \"task\"",
    );
}
