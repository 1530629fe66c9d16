//! What has had its time on a real database.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use accord_deliver::retention::{RetentionWorker, Round};
use accord_domain::{
    Environment, Item, ItemContent, ItemId, ItemState, ProjectDefinition, Role, TaskKind, Timestamp, User, UserId,
};
use accord_store::{ClaimRequest, KeyState, NewCall, Store, SystemEnvironment, flow};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// A clock that a test sets.
struct Clock(AtomicI64);

impl Clock {
    fn pass(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds * 1000, Ordering::Relaxed);
    }
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microseconds(self.0.load(Ordering::Relaxed))
    }

    fn random_bytes(&self) -> [u8; 16] {
        SystemEnvironment.random_bytes()
    }
}

const HOUR_MILLISECONDS: i64 = 3600 * 1000;

async fn open(folder: &tempfile::TempDir) -> (Arc<dyn Store>, Arc<Clock>, RetentionWorker) {
    let store = SqliteStore::open(&folder.path().join("accord.db"), SqliteOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(store), Arc::new(Clock(AtomicI64::new(0))));
    let worker = RetentionWorker::new(Arc::clone(&store), Arc::clone(&clock) as Arc<dyn Environment>);
    (store, clock, worker)
}

fn definition() -> ProjectDefinition {
    serde_json::from_value(json!({
        "name": "letters", "fields": [{"name": "label", "type": "text"}],
        "annotators": [{"name": "first", "kind": "reader", "reader": "labelled_anchors"}],
    }))
    .unwrap()
}

#[tokio::test]
async fn tasks_of_a_worker_that_died_can_be_claimed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, worker) = open(&folder).await;
    let mut tx = store.write().await.unwrap();
    let project = flow::create_project(tx.as_mut(), clock.as_ref(), definition())
        .await
        .unwrap();
    let annotators = tx.annotators_of_project(project.id).await.unwrap();
    let item = Item {
        id: ItemId::generate(clock.as_ref()),
        project_id: project.id,
        external_id: "a".to_owned(),
        content_hash: "a".to_owned(),
        content: ItemContent::Inline {
            data: serde_json::Map::new(),
        },
        metadata: serde_json::Map::new(),
        state: ItemState::Pending,
        created_at: clock.now(),
    };
    flow::add_items(tx.as_mut(), clock.as_ref(), &project, &annotators, &[item], 0)
        .await
        .unwrap();
    let request = ClaimRequest {
        kinds: &[TaskKind::Annotate],
        project_id: None,
        worker: "dies",
        lease_milliseconds: 30,
        limit: 1,
        limits: &[],
    };
    assert_eq!(
        flow::claim(tx.as_mut(), clock.as_ref(), &request).await.unwrap().len(),
        1
    );
    tx.commit().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let expected = Round {
        ready: 1,
        ..Round::default()
    };
    assert_eq!(worker.work_once().await.unwrap(), expected);
    assert_eq!(worker.work_once().await.unwrap(), Round::default());
}

#[tokio::test]
async fn calls_that_are_never_heard_of_again_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, worker) = open(&folder).await;
    let mut tx = store.write().await.unwrap();
    let project = flow::create_project(tx.as_mut(), clock.as_ref(), definition())
        .await
        .unwrap();
    let call = NewCall {
        key: "key".to_owned(),
        token: "token".to_owned(),
        project_id: project.id,
        run: None,
        provider: "local".to_owned(),
        day: 20_000,
        tokens: 10,
        cost: 0.into(),
        currency: None,
    };
    tx.begin_calls(&[&call], 20).await.unwrap();
    tx.commit().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let expected = Round {
        lost_calls: 1,
        ..Round::default()
    };
    assert_eq!(worker.work_once().await.unwrap(), expected);
    let spent = store.read().await.unwrap().spending(project.id).await.unwrap();
    assert_eq!(spent[0].lost_calls, 1);
}

#[tokio::test]
async fn sessions_and_repeated_requests_are_forgotten_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, worker) = open(&folder).await;
    let user = User {
        id: UserId::generate(clock.as_ref()),
        name: "ada".to_owned(),
        role: Role::Annotator,
        active: true,
        created_at: clock.now(),
    };
    let mut tx = store.write().await.unwrap();
    tx.insert_user(&user, "hash").await.unwrap();
    tx.insert_session("session", user.id, clock.now().plus_milliseconds(HOUR_MILLISECONDS))
        .await
        .unwrap();
    tx.claim_key("owner", "key", "request", "reference", clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(worker.work_once().await.unwrap(), Round::default());
    clock.pass(2 * HOUR_MILLISECONDS);
    assert_eq!(
        worker.work_once().await.unwrap(),
        Round {
            sessions: 1,
            ..Round::default()
        }
    );
    clock.pass(47 * HOUR_MILLISECONDS);
    assert_eq!(
        worker.work_once().await.unwrap(),
        Round {
            keys: 1,
            ..Round::default()
        }
    );
    let mut tx = store.write().await.unwrap();
    let again = tx
        .claim_key("owner", "key", "another request", "other", clock.now())
        .await
        .unwrap();
    assert_eq!(again, KeyState::New);
}

#[tokio::test]
async fn it_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, _clock, worker) = open(&folder).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running)
        .await
        .unwrap()
        .unwrap();
}
