//! Failures of the server, by what the caller can do about them.

use std::time::Duration;

use accord_store::conformance::fixture::Fixture;
use accord_store::{Store, StoreError};
use accord_store_postgres::testing::TestDatabase;
use accord_store_postgres::{PostgresOptions, PostgresStore};
use secrecy::SecretString;

use crate::factory;

#[tokio::test]
async fn an_unreachable_server_is_told_without_its_password() {
    let options = PostgresOptions {
        acquire_timeout: Duration::from_millis(500),
        ..PostgresOptions::default()
    };
    let url = SecretString::from("postgres://accord:hunter2@127.0.0.1:1/accord");
    let Err(error) = PostgresStore::connect(&url, &options).await else {
        panic!("nothing listens on port 1");
    };
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_waits_too_long_may_be_repeated() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let items = fixture.add_items(&test, 1).await;
    let database = test.guard.downcast_ref::<TestDatabase>().unwrap();
    let options = PostgresOptions {
        statement_timeout: Duration::from_millis(200),
        ..PostgresOptions::default()
    };
    let impatient = PostgresStore::connect(&database.url(), &options).await.unwrap();
    let mut holder = test.store.write().await.unwrap();
    holder.lock_item(items[0].id).await.unwrap();
    let mut waiting = impatient.write().await.unwrap();
    let error = waiting.lock_item(items[0].id).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    drop(waiting);
    holder.commit().await.unwrap();
    let mut again = impatient.write().await.unwrap();
    again.lock_item(items[0].id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deadlock_one_goes_on_and_one_may_repeat() {
    let test = factory().await;
    let fixture = Fixture::create(&test).await;
    let items = fixture.add_items(&test, 2).await;
    let (one, other) = (items[0].id, items[1].id);
    let mut left = test.store.write().await.unwrap();
    let mut right = test.store.write().await.unwrap();
    left.lock_item(one).await.unwrap();
    right.lock_item(other).await.unwrap();
    // A failed transaction gives its locks back when it is dropped, which lets the other go on.
    let left = tokio::spawn(async move { left.lock_item(other).await });
    let right = tokio::spawn(async move { right.lock_item(one).await });
    let outcomes = [left.await.unwrap(), right.await.unwrap()];
    let passing = |outcome: &&Result<(), StoreError>| matches!(outcome, Err(StoreError::Unavailable { .. }));
    assert_eq!(outcomes.iter().filter(passing).count(), 1, "{outcomes:?}");
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
}
