//! Transactions, the schema and wake-ups.

use accord_domain::{ItemState, ProjectId, TaskKind};

use super::TestStore;
use super::fixture::{Fixture, assert_error, definition, plan};
use crate::in_transaction;
use crate::tasks::NewTask;

/// What was not committed never happened, wherever the work stopped; and the writer is free again.
pub async fn rolls_back_when_dropped(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let another = fixture.item("another");
    for _ in 0..5 {
        let mut tx = test.store.write().await.unwrap();
        tx.insert_items(std::slice::from_ref(&another)).await.unwrap();
        tx.set_item_state(items[0].id, ItemState::Accepted).await.unwrap();
        tx.insert_tasks(&[fixture.annotate(items[0].id, 0)]).await.unwrap();
        let seen = tx.item(another.id).await.unwrap();
        assert!(seen.is_some(), "a transaction sees its own writes");
        drop(tx);
    }
    // A future that is dropped while it waits for an answer.
    let mut tx = test.store.write().await.unwrap();
    let many: Vec<_> = (0..2_000).map(|number| fixture.item(&format!("m{number}"))).collect();
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(1), tx.insert_items(&many)).await;
    drop(stopped);
    drop(tx);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.item(another.id).await.unwrap(), None);
    let counts = tx.count_items(fixture.project.id).await.unwrap();
    assert_eq!((counts.pending, counts.accepted), (1, 0));
    assert_eq!(tx.count_open_tasks(items[0].id, TaskKind::Annotate).await.unwrap(), 0);
    drop(tx);
    in_transaction!(test, |tx| tx.insert_items(std::slice::from_ref(&another))).unwrap();
}

/// A read transaction sees one state from its first look on, while others write.
pub async fn sees_one_consistent_state(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.add_items(test, 3).await;
    let mut reading = test.store.read().await.unwrap();
    let before = reading.count_items(fixture.project.id).await.unwrap();
    let another = fixture.item("another");
    in_transaction!(test, |tx| tx.insert_items(std::slice::from_ref(&another))).unwrap();
    assert_eq!(reading.count_items(fixture.project.id).await.unwrap(), before);
    assert_eq!(reading.item(another.id).await.unwrap(), None);
    drop(reading);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_items(fixture.project.id).await.unwrap().pending, 4);
}

/// A read transaction cannot write.
pub async fn refuses_writes_while_reading(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let item = fixture.item("a");
    let mut tx = test.store.read().await.unwrap();
    assert!(tx.insert_items(&[item]).await.is_err());
    drop(tx);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_items(fixture.project.id).await.unwrap().pending, 0);
}

/// Migrating again changes nothing, by any number of processes at once, and the check is content.
pub async fn migrates_again_and_checks(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let migrations: Vec<_> = [&test.store, &test.second, &test.store, &test.second]
        .map(|store| {
            let store = store.clone();
            tokio::spawn(async move { store.migrate().await })
        })
        .into_iter()
        .collect();
    for migration in migrations {
        migration.await.unwrap().unwrap();
    }
    test.store.check().await.unwrap();
    test.second.check().await.unwrap();
    let mut tx = test.second.read().await.unwrap();
    assert_eq!(
        tx.project(fixture.project.id).await.unwrap(),
        Some(fixture.project.clone())
    );
    assert!(["sqlite", "postgres"].contains(&test.store.kind()));
}

/// A commit that makes tasks ready wakes up once; one that does not, or that never comes, does not.
pub async fn wakes_up_once_a_commit(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let mut wake_ups = test.store.wake_ups();
    let settle = || tokio::time::sleep(std::time::Duration::from_millis(100));
    settle().await;
    wake_ups.mark_unchanged();
    let tasks: Vec<NewTask> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    let mut tx = test.store.write().await.unwrap();
    tx.insert_tasks(&tasks[..1]).await.unwrap();
    tx.insert_tasks(&tasks[1..]).await.unwrap();
    settle().await;
    assert!(!wake_ups.has_changed().unwrap(), "nothing is committed yet");
    tx.commit().await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), wake_ups.changed())
        .await
        .expect("woken within five seconds")
        .unwrap();
    settle().await;
    assert!(!wake_ups.has_changed().unwrap(), "one wake-up a commit");
    assert_eq!(plan(test, &tasks).await, 0);
    in_transaction!(test, |tx| tx.set_item_state(items[0].id, ItemState::Accepted)).unwrap();
    let mut tx = test.store.write().await.unwrap();
    tx.insert_tasks(&[fixture.annotate(items[0].id, 1)]).await.unwrap();
    drop(tx);
    settle().await;
    assert!(!wake_ups.has_changed().unwrap(), "nothing became ready");
    // Giving back makes ready as well.
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    wake_ups.mark_unchanged();
    in_transaction!(test, |tx| tx.release_task(lease.task.id, &lease.token)).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), wake_ups.changed())
        .await
        .expect("woken within five seconds")
        .unwrap();
}

/// What refers to nothing is refused as missing.
pub async fn reports_broken_references(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let stranger = ProjectId::generate(&fixture.environment);
    let item = super::fixture::item(&fixture.environment, stranger, "a");
    let lost = item.id;
    assert_error(in_transaction!(test, |tx| tx.insert_items(&[item])), "Missing");
    let task = fixture.annotate(lost, 0);
    assert_error(in_transaction!(test, |tx| tx.insert_tasks(&[task])), "Missing");
}

/// Another process sees what was committed, and continues it.
pub async fn works_through_a_second_opening(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 2).await;
    let mut tx = test.second.write().await.unwrap();
    let leases = tx
        .claim_tasks(&super::fixture::request(&[TaskKind::Annotate], 3))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(leases.len(), 3);
    assert_eq!(fixture.claim(test, &[TaskKind::Annotate], 10).await.len(), 1);
    let mut tx = test.second.read().await.unwrap();
    assert_eq!(tx.item(items[1].id).await.unwrap(), Some(items[1].clone()));
    drop(tx);
    let mut tx = test.second.write().await.unwrap();
    let taken = crate::flow::create_project(tx.as_mut(), &fixture.environment, definition("receipts", 0)).await;
    assert_error(taken, "Conflict");
}
