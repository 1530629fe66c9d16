//! Claims and plans that meet at the same moment, which only a database with many writers can have.

use std::time::Duration;

use accord_domain::{TaskKind, TaskState};
use accord_store::AfterFailure;
use accord_store::conformance::fixture::{Fixture, LONG_LEASE_MILLISECONDS, request};
use tokio::time::sleep;

use crate::factory;

#[tokio::test(flavor = "multi_thread")]
async fn scoring_waits_for_the_transaction_that_wants_it() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let items = fixture.add_items(&test, 1).await;
    let score = || fixture.task(Some(items[0].id), TaskKind::Score);
    let mut tx = test.store.write().await.unwrap();
    assert_eq!(tx.insert_tasks(&[score()]).await.unwrap(), 1);
    tx.commit().await.unwrap();

    let mut wanting = test.store.write().await.unwrap();
    assert_eq!(wanting.insert_tasks(&[score()]).await.unwrap(), 0);
    let mut worker = test.second.write().await.unwrap();
    let early = worker.claim_tasks(&request(&[TaskKind::Score], 5)).await.unwrap();
    assert!(early.is_empty(), "it would have missed what the other transaction adds");
    wanting.commit().await.unwrap();
    let leases = worker.claim_tasks(&request(&[TaskKind::Score], 5)).await.unwrap();
    assert_eq!(leases.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_of_one_person_show_the_same_task() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let items = fixture.add_items(&test, 3).await;
    let person = fixture.add_user(&test, "ada").await;
    let votes: Vec<_> = items
        .iter()
        .flat_map(|item| [fixture.vote(item.id, 0), fixture.vote(item.id, 1)])
        .collect();
    let mut tx = test.store.write().await.unwrap();
    tx.insert_tasks(&votes).await.unwrap();
    tx.commit().await.unwrap();

    let (project_id, user_id) = (fixture.project.id, person.id);
    let mut first = test.store.write().await.unwrap();
    let shown = first
        .claim_task_for_person(project_id, TaskKind::Vote, user_id, LONG_LEASE_MILLISECONDS)
        .await
        .unwrap()
        .unwrap();
    let store = test.second.clone();
    let second = tokio::spawn(async move {
        let mut tx = store.write().await.unwrap();
        let lease = tx
            .claim_task_for_person(project_id, TaskKind::Vote, user_id, LONG_LEASE_MILLISECONDS)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        lease.unwrap()
    });
    sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished(), "the second window waits for the first");
    first.commit().await.unwrap();
    let shown_again = second.await.unwrap();
    assert_eq!(shown_again.task.id, shown.task.id);
    assert_ne!(shown_again.token, shown.token);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_score_gives_way_to_a_twin_planned_at_that_moment() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let items = fixture.add_items(&test, 1).await;
    let score = || fixture.task(Some(items[0].id), TaskKind::Score);
    let mut tx = test.store.write().await.unwrap();
    tx.insert_tasks(&[score()]).await.unwrap();
    tx.commit().await.unwrap();
    let lease = fixture.claim(&test, &[TaskKind::Score], 1).await.remove(0);

    let mut planning = test.store.write().await.unwrap();
    assert_eq!(planning.insert_tasks(&[score()]).await.unwrap(), 1);
    let store = test.second.clone();
    let (id, token) = (lease.task.id, lease.token.clone());
    let failing = tokio::spawn(async move {
        let mut tx = store.write().await.unwrap();
        let after = tx.fail_task(id, &token, "boom", 0, 9).await.unwrap();
        tx.commit().await.unwrap();
        after
    });
    sleep(Duration::from_millis(100)).await;
    assert!(!failing.is_finished(), "whether there is a twin is not known yet");
    planning.commit().await.unwrap();
    assert_eq!(failing.await.unwrap(), AfterFailure::Ready);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.task(id).await.unwrap().unwrap().state, TaskState::Cancelled);
    assert_eq!(tx.count_open_tasks(items[0].id, TaskKind::Score).await.unwrap(), 1);
}
