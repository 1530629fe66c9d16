//! Keeping, finishing and giving back what was claimed.

use accord_domain::{TaskKind, TaskState};

use super::TestStore;
use super::fixture::{
    Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, assert_error, plan, request, stored_task,
};
use crate::in_transaction;
use crate::tasks::ClaimRequest;

/// Only the token renews and finishes; finished is finished.
pub async fn renews_and_finishes_with_the_token_only(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let id = lease.task.id;
    assert_error(
        in_transaction!(test, |tx| tx.renew_lease(id, "guess", 1_000)),
        "StaleLease",
    );
    let until = in_transaction!(test, |tx| tx.renew_lease(id, &lease.token, 3_600_000)).unwrap();
    assert!(until > lease.task.lease_until.unwrap());
    assert_eq!(stored_task(test, id).await.lease_until, Some(until));
    assert_error(
        in_transaction!(test, |tx| tx.finish_task(id, "guess", TaskState::Done)),
        "StaleLease",
    );
    in_transaction!(test, |tx| tx.finish_task(id, &lease.token, TaskState::Done)).unwrap();
    let done = stored_task(test, id).await;
    assert_eq!((done.state, done.lease_until), (TaskState::Done, None));
    assert_error(
        in_transaction!(test, |tx| tx.finish_task(id, &lease.token, TaskState::Done)),
        "StaleLease",
    );
    assert_error(
        in_transaction!(test, |tx| tx.renew_lease(id, &lease.token, 1_000)),
        "StaleLease",
    );
}

/// An expired lease that nobody took over can be prolonged and finished.
pub async fn lets_an_unclaimed_expired_lease_go_on(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    plan(
        test,
        &[fixture.annotate(items[0].id, 0), fixture.annotate(items[1].id, 0)],
    )
    .await;
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 2)
    };
    let leases = in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    in_transaction!(test, |tx| tx.finish_task(
        leases[0].task.id,
        &leases[0].token,
        TaskState::Done
    ))
    .unwrap();
    in_transaction!(test, |tx| tx.renew_lease(leases[1].task.id, &leases[1].token, 60_000)).unwrap();
    assert!(fixture.claim(test, &[TaskKind::Annotate], 2).await.is_empty());
}

/// What is released can be claimed at once, and the attempt does not count.
pub async fn releases_without_counting(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    in_transaction!(test, |tx| tx.release_task(lease.task.id, &lease.token)).unwrap();
    let released = stored_task(test, lease.task.id).await;
    assert_eq!((released.state, released.attempts), (TaskState::Ready, 0));
    assert_eq!(released.lease_until, None);
    assert_error(
        in_transaction!(test, |tx| tx.release_task(lease.task.id, &lease.token)),
        "StaleLease",
    );
    let again = fixture.claim(test, &[TaskKind::Annotate], 1).await;
    assert_eq!(again[0].task.attempts, 1);
}

/// A task ends as done, skipped or cancelled; nothing else is an end.
pub async fn refuses_unfinished_states(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let tasks: Vec<_> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    plan(test, &tasks).await;
    let leases = fixture.claim(test, &[TaskKind::Annotate], 3).await;
    for state in [TaskState::Ready, TaskState::Leased, TaskState::Dead] {
        assert_error(
            in_transaction!(test, |tx| tx.finish_task(leases[0].task.id, &leases[0].token, state)),
            "Invalid",
        );
    }
    let ends = [TaskState::Done, TaskState::Skipped, TaskState::Cancelled];
    for (lease, state) in leases.iter().zip(ends) {
        in_transaction!(test, |tx| tx.finish_task(lease.task.id, &lease.token, state)).unwrap();
        assert_eq!(stored_task(test, lease.task.id).await.state, state);
    }
}
