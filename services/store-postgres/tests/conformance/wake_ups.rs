//! Wake-ups across processes.

use std::time::{Duration, Instant};

use accord_domain::TaskKind;
use accord_store::conformance::TestStore;
use accord_store::conformance::fixture::Fixture;
use accord_store_postgres::testing::TestDatabase;
use secrecy::ExposeSecret;
use sqlx::postgres::PgListener;
use sqlx::{Connection, PgConnection};
use tokio::sync::watch::Receiver;
use tokio::time::timeout;

use crate::factory;

const PATIENCE: Duration = Duration::from_secs(10);

async fn url_of(test: &TestStore) -> String {
    let database = test.guard.downcast_ref::<TestDatabase>().unwrap();
    database.url().expose_secret().to_owned()
}

async fn plan_one(test: &TestStore, fixture: &Fixture, name: &str) {
    let item = fixture.item(name);
    let mut tx = test.store.write().await.unwrap();
    tx.insert_items(std::slice::from_ref(&item)).await.unwrap();
    tx.insert_tasks(&[fixture.task(Some(item.id), TaskKind::Score)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn wait_for_change(receiver: &mut Receiver<u64>) {
    timeout(PATIENCE, receiver.changed()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_woken_up() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let mut receiver = test.second.wake_ups();
    // It says so once when it begins to listen.
    wait_for_change(&mut receiver).await;
    assert!(timeout(Duration::from_millis(300), receiver.changed()).await.is_err());
    plan_one(&test, &fixture, "one").await;
    wait_for_change(&mut receiver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_sends_few_notifications_and_one_at_its_end() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let mut listener = PgListener::connect(&url_of(&test).await).await.unwrap();
    listener.listen("accord_tasks").await.unwrap();
    let start = Instant::now();
    for number in 0..40 {
        plan_one(&test, &fixture, &format!("burst-{number}")).await;
    }
    let elapsed = start.elapsed();
    let mut count = 0;
    let mut last = start;
    while let Ok(notification) = timeout(Duration::from_millis(500), listener.recv()).await {
        notification.unwrap();
        count += 1;
        last = Instant::now();
    }
    let most = elapsed.as_millis() / 100 + 2;
    assert!(count >= 1 && count <= most, "{count} notifications in {elapsed:?}");
    assert!(
        last - start >= elapsed.saturating_sub(Duration::from_millis(100)),
        "the end of the burst was not told"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn listens_again_after_the_connection_was_lost() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let mut receiver = test.second.wake_ups();
    wait_for_change(&mut receiver).await;
    let mut connection = PgConnection::connect(&url_of(&test).await).await.unwrap();
    let ended: i64 = sqlx::query_scalar(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND query ILIKE 'LISTEN%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(ended, 1);
    wait_for_change(&mut receiver).await;
    plan_one(&test, &fixture, "after").await;
    wait_for_change(&mut receiver).await;
}
