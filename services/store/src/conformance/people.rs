//! Claiming tasks for people.

use std::collections::{HashMap, HashSet};

use accord_domain::{TaskKind, TaskState};

use super::TestStore;
use super::fixture::{
    Fixture, LONG_LEASE_MILLISECONDS, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, assert_error, plan, stored_task,
};
use crate::in_transaction;
use crate::tasks::NewTask;

macro_rules! next_for {
    ($test:expr, $fixture:expr, $kind:expr, $user:expr) => {
        in_transaction!($test, |tx| tx.claim_task_for_person(
            $fixture.project.id,
            $kind,
            $user.id,
            LONG_LEASE_MILLISECONDS
        ))
        .unwrap()
    };
}

/// Asking again gives the task that is held, with a new token; the old one is worth nothing.
pub async fn gives_a_held_task_again(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let first = fixture.vote(items[0].id, 0);
    let urgent = NewTask {
        priority: 1,
        ..fixture.vote(items[1].id, 0)
    };
    plan(test, std::slice::from_ref(&first)).await;
    let anna = fixture.add_user(test, "anna").await;
    let lease = next_for!(test, fixture, TaskKind::Vote, anna).unwrap();
    assert_eq!((lease.task.id, lease.task.attempts), (first.id, 1));
    plan(test, std::slice::from_ref(&urgent)).await;
    let again = next_for!(test, fixture, TaskKind::Vote, anna).unwrap();
    assert_eq!((again.task.id, again.task.attempts), (first.id, 1));
    assert_ne!(again.token, lease.token);
    assert_error(
        in_transaction!(test, |tx| tx.finish_task(first.id, &lease.token, TaskState::Done)),
        "StaleLease",
    );
    in_transaction!(test, |tx| tx.finish_task(first.id, &again.token, TaskState::Done)).unwrap();
    assert_eq!(stored_task(test, first.id).await.user_id, Some(anna.id));
    let next = next_for!(test, fixture, TaskKind::Vote, anna).unwrap();
    assert_eq!(next.task.id, urgent.id);
    // Kinds for workers are not given to people.
    plan(test, &[fixture.annotate(items[0].id, 0)]).await;
    assert_eq!(next_for!(test, fixture, TaskKind::Annotate, anna), None);
}

/// Nobody votes on an item twice: not after doing it, and not after skipping it.
pub async fn never_gives_an_item_twice_to_one_person(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let votes: Vec<NewTask> = items
        .iter()
        .flat_map(|item| (0..3).map(|slot| fixture.vote(item.id, slot)))
        .collect();
    plan(test, &votes).await;
    let anna = fixture.add_user(test, "anna").await;
    let bert = fixture.add_user(test, "bert").await;
    let done = next_for!(test, fixture, TaskKind::Vote, anna).unwrap();
    in_transaction!(test, |tx| tx.finish_task(done.task.id, &done.token, TaskState::Done)).unwrap();
    let skipped = next_for!(test, fixture, TaskKind::Vote, anna).unwrap();
    assert_ne!(skipped.task.item_id, done.task.item_id);
    in_transaction!(test, |tx| tx.finish_task(
        skipped.task.id,
        &skipped.token,
        TaskState::Skipped
    ))
    .unwrap();
    assert_eq!(next_for!(test, fixture, TaskKind::Vote, anna), None);
    // What was given back without a decision may come again.
    let released = next_for!(test, fixture, TaskKind::Vote, bert).unwrap();
    in_transaction!(test, |tx| tx.release_task(released.task.id, &released.token)).unwrap();
    let again = next_for!(test, fixture, TaskKind::Vote, bert).unwrap();
    assert_eq!(again.task.id, released.task.id);
    assert_eq!((again.task.slot, again.task.item_id), (1, Some(items[0].id)));
    // Reviews are another matter: whoever voted may review.
    plan(test, &[fixture.task(Some(items[0].id), TaskKind::Review)]).await;
    let review = next_for!(test, fixture, TaskKind::Review, anna).unwrap();
    assert_eq!(review.task.item_id, Some(items[0].id));
    assert_eq!(next_for!(test, fixture, TaskKind::Review, bert), None);
}

/// A certain task can be claimed while nobody else holds it and the person may have it.
pub async fn claims_this_very_task(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let review = fixture.task(Some(items[0].id), TaskKind::Review);
    let votes = [fixture.vote(items[0].id, 0), fixture.vote(items[0].id, 1)];
    let annotate = fixture.annotate(items[0].id, 0);
    plan(
        test,
        &[review.clone(), votes[0].clone(), votes[1].clone(), annotate.clone()],
    )
    .await;
    let anna = fixture.add_user(test, "anna").await.id;
    let bert = fixture.add_user(test, "bert").await.id;
    let lease = in_transaction!(test, |tx| tx.claim_task(review.id, anna, 60_000))
        .unwrap()
        .unwrap();
    assert_eq!((lease.task.user_id, lease.task.attempts), (Some(anna), 1));
    let other = in_transaction!(test, |tx| tx.claim_task(review.id, bert, 60_000)).unwrap();
    assert_eq!(other, None, "held by somebody else");
    let again = in_transaction!(test, |tx| tx.claim_task(review.id, anna, 60_000))
        .unwrap()
        .unwrap();
    assert_ne!(again.token, lease.token);
    in_transaction!(test, |tx| tx.finish_task(review.id, &again.token, TaskState::Done)).unwrap();
    let finished = in_transaction!(test, |tx| tx.claim_task(review.id, anna, 60_000)).unwrap();
    assert_eq!(finished, None, "it is finished");
    in_transaction!(test, |tx| tx.claim_task(votes[0].id, anna, 60_000))
        .unwrap()
        .unwrap();
    let second = in_transaction!(test, |tx| tx.claim_task(votes[1].id, anna, 60_000)).unwrap();
    assert_eq!(second, None, "the person votes on the item already");
    let automatic = in_transaction!(test, |tx| tx.claim_task(annotate.id, anna, 60_000)).unwrap();
    assert_eq!(automatic, None, "it is not a person's task");
    let unknown = fixture.vote(items[0].id, 9).id;
    assert_eq!(
        in_transaction!(test, |tx| tx.claim_task(unknown, anna, 60_000)).unwrap(),
        None
    );
}

/// A reservation that has ended goes to the next person, and the first one's submission is refused.
pub async fn takes_over_from_a_person_who_left(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    plan(test, &[fixture.vote(items[0].id, 0)]).await;
    let anna = fixture.add_user(test, "anna").await;
    let bert = fixture.add_user(test, "bert").await;
    let project_id = fixture.project.id;
    let left = in_transaction!(test, |tx| tx.claim_task_for_person(
        project_id,
        TaskKind::Vote,
        anna.id,
        LONG_LEASE_MILLISECONDS
    ))
    .unwrap()
    .unwrap();
    assert_eq!(next_for!(test, fixture, TaskKind::Vote, bert), None);
    let (id, token) = (left.task.id, &left.token);
    in_transaction!(test, |tx| tx.renew_lease(id, token, SHORT_LEASE_MILLISECONDS)).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let taken = next_for!(test, fixture, TaskKind::Vote, bert).unwrap();
    assert_eq!((taken.task.id, taken.task.user_id), (left.task.id, Some(bert.id)));
    assert_error(
        in_transaction!(test, |tx| tx.finish_task(left.task.id, &left.token, TaskState::Done)),
        "StaleLease",
    );
    assert_eq!(next_for!(test, fixture, TaskKind::Vote, anna), None);
}

/// Thirty-two people at once never get more votes on an item than its overlap, and nobody gets one item twice; every
/// skip is made good by somebody else.
pub async fn never_exceeds_the_overlap(test: &TestStore) {
    const PEOPLE: usize = 32;
    const ITEMS: usize = 20;
    const OVERLAP: i32 = 3;
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, ITEMS).await;
    let votes: Vec<NewTask> = items
        .iter()
        .flat_map(|item| (0..OVERLAP).map(|slot| fixture.vote(item.id, slot)))
        .collect();
    plan(test, &votes).await;
    let fixture = std::sync::Arc::new(fixture);
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let user = fixture.add_user(test, &format!("person-{number}")).await;
        let store = if number % 2 == 0 { &test.store } else { &test.second }.clone();
        let fixture = fixture.clone();
        people.push(tokio::spawn(async move {
            let mut done = Vec::new();
            let mut empty = 0;
            let mut may_skip = number == 7;
            while empty < 20 {
                let mut tx = store.write().await.unwrap();
                let lease = tx
                    .claim_task_for_person(fixture.project.id, TaskKind::Vote, user.id, LONG_LEASE_MILLISECONDS)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                let Some(lease) = lease else {
                    empty += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    continue;
                };
                empty = 0;
                let mut tx = store.write().await.unwrap();
                if may_skip {
                    may_skip = false;
                    crate::flow::skip_task(tx.as_mut(), &fixture.environment, &lease)
                        .await
                        .unwrap();
                } else {
                    tx.finish_task(lease.task.id, &lease.token, TaskState::Done)
                        .await
                        .unwrap();
                    done.push(lease.task.item_id.unwrap());
                }
                tx.commit().await.unwrap();
            }
            (user.id, done)
        }));
    }
    let mut votes_of_item: HashMap<_, HashSet<_>> = HashMap::new();
    for person in people {
        let (user_id, done) = person.await.unwrap();
        for item_id in done {
            let is_new = votes_of_item.entry(item_id).or_default().insert(user_id);
            assert!(is_new, "one person voted on an item twice");
        }
    }
    assert_eq!(votes_of_item.len(), ITEMS);
    for voters in votes_of_item.values() {
        assert_eq!(voters.len(), usize::try_from(OVERLAP).unwrap());
    }
}
