//! Many at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use accord_domain::{ItemState, Lease, ProjectDefinition, TaskKind, TaskState};

use super::TestStore;
use super::fixture::{Fixture, definition, open_tasks, request};
use crate::StoreError;
use crate::flow;
use crate::page::PageRequest;
use crate::tasks::ClaimRequest;
use crate::transaction::Store;

/// Sixteen writers, each reading, changing and writing in two hundred short transactions: nothing fails, not even for
/// a locked database, and no update is lost.
pub async fn sixteen_writers_lose_no_update(test: &TestStore) {
    const WRITERS: usize = 16;
    const UPDATES: usize = 200;
    let fixture = Fixture::create(test).await;
    let item_id = fixture.add_items(test, 1).await[0].id;
    let project_id = fixture.project.id;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = if writer % 2 == 0 { &test.store } else { &test.second }.clone();
            tokio::spawn(async move {
                for _ in 0..UPDATES {
                    let mut tx = store.write().await.unwrap();
                    tx.lock_item(item_id).await.unwrap();
                    let present = tx.project(project_id).await.unwrap().unwrap();
                    let sum: u64 = present.definition.description.parse().unwrap_or(0);
                    let changed = ProjectDefinition {
                        description: (sum + 1).to_string(),
                        ..present.definition
                    };
                    tx.update_project(project_id, present.version, &changed).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut tx = test.store.read().await.unwrap();
    let project = tx.project(project_id).await.unwrap().unwrap();
    let updates = WRITERS * UPDATES;
    assert_eq!(project.definition.description, updates.to_string());
    assert_eq!(project.version, i64::try_from(updates).unwrap() + 1);
}

/// Of two annotators that finish an item at the same moment one is the last: its scoring is planned, and once.
pub async fn last_annotators_at_the_same_moment_plan_scoring_once(test: &TestStore) {
    const ITEMS: usize = 30;
    let fixture = Arc::new(Fixture::create(test).await);
    let items = fixture.import_items(test, ITEMS).await;
    let leases = fixture.claim(test, &[TaskKind::Annotate], 1_000).await;
    assert_eq!(leases.len(), 2 * ITEMS);
    let submissions: Vec<_> = leases
        .into_iter()
        .enumerate()
        .map(|(number, lease)| {
            let store = if number % 2 == 0 { &test.store } else { &test.second }.clone();
            let fixture = fixture.clone();
            tokio::spawn(async move { submit(store.as_ref(), &fixture, &lease).await })
        })
        .collect();
    let mut complete = 0;
    for submission in submissions {
        complete += usize::from(submission.await.unwrap());
    }
    assert_eq!(
        complete, ITEMS,
        "exactly one submission of each item completes its panel"
    );
    for item in &items {
        assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 1);
    }
}

/// Submits, again when the database asks for it, and says whether that completed the panel.
async fn submit(store: &dyn Store, fixture: &Fixture, lease: &Lease) -> bool {
    let annotator_id = lease.task.annotator_id.unwrap();
    let annotation = fixture.annotation(&lease.task, annotator_id);
    loop {
        let mut tx = store.write().await.unwrap();
        match flow::submit_annotation(tx.as_mut(), &fixture.environment, lease, &annotation).await {
            Ok(submitted) => {
                tx.commit().await.unwrap();
                return submitted.panel_complete;
            }
            // Whoever took the task over completes the panel.
            Err(StoreError::StaleLease { .. }) => return false,
            Err(StoreError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Six workers, some of which die in the middle of their work, annotate and score everything; nothing is lost and
/// nothing is done twice.
pub async fn workers_do_everything_once(test: &TestStore) {
    const ITEMS: usize = 60;
    let mut definition = definition("receipts", 2);
    definition.policy.maximum_attempts = 100;
    let fixture = Arc::new(Fixture::create_with(test, definition).await);
    let items = fixture.import_items(test, ITEMS).await;
    let lives = Arc::new(AtomicU64::new(0));
    let deadline = Instant::now() + Duration::from_secs(60);
    let workers: Vec<_> = (0..6)
        .map(|worker| {
            let store = if worker % 2 == 0 { &test.store } else { &test.second }.clone();
            let (fixture, lives) = (fixture.clone(), lives.clone());
            tokio::spawn(async move { work(store.as_ref(), &fixture, &lives, deadline).await })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    assert!(Instant::now() < deadline, "the work did not end in time");
    let mut tx = test.store.read().await.unwrap();
    let counts = tx.count_items(fixture.project.id).await.unwrap();
    assert_eq!(counts.accepted, i64::try_from(ITEMS).unwrap());
    let page = tx
        .list_annotations(fixture.project.id, PageRequest::first(1_000))
        .await
        .unwrap();
    let pairs: HashSet<_> = page.rows.iter().map(|row| (row.item_id, row.annotator_id)).collect();
    assert_eq!((page.rows.len(), pairs.len()), (2 * ITEMS, 2 * ITEMS));
    for item in &items {
        assert_eq!(tx.item(item.id).await.unwrap().unwrap().state, ItemState::Accepted);
        assert_eq!(tx.consensus_of_items(&[item.id]).await.unwrap().len(), 1);
    }
    let tasks = tx.count_tasks(fixture.project.id).await.unwrap();
    assert!(
        tasks
            .iter()
            .all(|count| matches!(count.state, TaskState::Done | TaskState::Cancelled)),
        "{tasks:?}"
    );
}

async fn work(store: &dyn Store, fixture: &Fixture, lives: &AtomicU64, deadline: Instant) {
    let kinds = [TaskKind::Annotate, TaskKind::Score];
    let short = ClaimRequest {
        lease_milliseconds: 300,
        ..request(&kinds, 2)
    };
    while Instant::now() < deadline {
        let mut tx = store.write().await.unwrap();
        let leases = flow::claim(tx.as_mut(), &fixture.environment, &short).await.unwrap();
        tx.commit().await.unwrap();
        if leases.is_empty() && all_is_done(store, fixture).await {
            return;
        }
        for lease in leases {
            // Every ninth task takes its worker with it: the lease ends and somebody else takes over.
            if lives.fetch_add(1, Ordering::Relaxed) % 9 == 8 {
                continue;
            }
            match lease.task.kind {
                TaskKind::Score => score(store, fixture, &lease).await,
                _ => {
                    submit(store, fixture, &lease).await;
                }
            }
        }
    }
}

async fn all_is_done(store: &dyn Store, fixture: &Fixture) -> bool {
    let mut tx = store.read().await.unwrap();
    let counts = tx.count_tasks(fixture.project.id).await.unwrap();
    drop(tx);
    let is_open = |state| matches!(state, TaskState::Ready | TaskState::Leased);
    if counts.iter().any(|count| is_open(count.state)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        return false;
    }
    true
}

async fn score(store: &dyn Store, fixture: &Fixture, lease: &Lease) {
    let item_id = lease.task.item_id.unwrap();
    let row = fixture.consensus(item_id, "company", Some(0.99), true);
    loop {
        let mut tx = store.write().await.unwrap();
        let rows = std::slice::from_ref(&row);
        let basis = tx.scoring_basis(fixture.project.id).await.unwrap();
        match flow::store_score(tx.as_mut(), &fixture.environment, lease, &basis, rows).await {
            Ok(_) => return tx.commit().await.unwrap(),
            Err(StoreError::StaleLease { .. }) => return,
            Err(StoreError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
