//! What the schema itself forbids, whoever connects.

use accord_domain::TaskKind;
use accord_store::conformance::TestStore;
use accord_store::conformance::fixture::{Fixture, plan, stored_task};
use accord_store::conformance::judgements::judgement;
use accord_store::{Store, StoreError};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

use super::open_file;

async fn test_store() -> (TestStore, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accord.sqlite");
    let store = open_file(&path).await;
    store.migrate().await.unwrap();
    let connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let second = open_file(&path).await;
    let test = TestStore {
        store: std::sync::Arc::new(store),
        second: std::sync::Arc::new(second),
        guard: Box::new(folder),
    };
    (test, connection)
}

/// Annotations, judgements, consensus, gold and calibrators cannot be changed or removed, not even by hand.
#[tokio::test]
async fn append_only_tables_stay_as_written() {
    let (test, mut connection) = test_store().await;
    let fixture = Fixture::create(&test).await;
    let item = fixture.add_items(&test, 1).await.remove(0);
    let task = fixture.annotate(item.id, 0);
    plan(&test, std::slice::from_ref(&task)).await;
    let task = stored_task(&test, task.id).await;
    assert_eq!(task.kind, TaskKind::Annotate);
    let annotation = fixture.annotation(&task, fixture.annotators[0].id);
    let mut tx = test.store.write().await.unwrap();
    tx.insert_annotation(&annotation).await.unwrap();
    tx.insert_consensus(&[fixture.consensus(item.id, "total", None, false)])
        .await
        .unwrap();
    tx.insert_gold(&[fixture.gold(item.id, "total", "1")]).await.unwrap();
    tx.insert_calibrators(&[fixture.calibrator("total", 1.0)])
        .await
        .unwrap();
    tx.insert_judgement(&judgement(&fixture, item.id, "key")).await.unwrap();
    tx.commit().await.unwrap();
    for statement in [
        "UPDATE judgements SET body = '{}'",
        "DELETE FROM judgements",
        "UPDATE annotations SET answers = '{}'",
        "DELETE FROM annotations",
        "UPDATE consensus SET body = '{}'",
        "DELETE FROM consensus",
        "UPDATE gold SET answer = '{}'",
        "DELETE FROM gold",
        "UPDATE calibrators SET body = '{}'",
        "DELETE FROM calibrators",
    ] {
        let refused = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
}

/// A file that is no database, and a schema of another program, are reported as what they are.
#[tokio::test]
async fn reports_what_is_not_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(
        &path,
        "This is no database at all, only a text of some length.\n".repeat(100),
    )
    .unwrap();
    let refused = SqliteStore::open(&path, SqliteOptions::default()).await;
    assert!(matches!(refused, Err(StoreError::Database { .. })), "{refused:?}");
    let missing = folder.path().join("no/such/folder/accord.sqlite");
    let refused = SqliteStore::open(&missing, SqliteOptions::default()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");

    let empty = open_file(&folder.path().join("empty.sqlite")).await;
    let unready = empty.check().await.unwrap_err().to_string();
    assert!(unready.contains("migrat"), "{unready}");

    let (test, mut connection) = test_store().await;
    test.store.check().await.unwrap();
    let newest: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version DESC LIMIT 2")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = ?")
        .bind(newest[0])
        .execute(&mut connection)
        .await
        .unwrap();
    let old = test.store.check().await.unwrap_err().to_string();
    let named = newest.iter().all(|version| old.contains(&format!("version {version}")));
    assert!(named, "{newest:?}: {old}");
}

/// A row that was damaged by hand is reported with its table, column and identifier.
#[tokio::test]
async fn names_corrupt_rows() {
    let (test, mut connection) = test_store().await;
    let fixture = Fixture::create(&test).await;
    let item = fixture.add_items(&test, 1).await.remove(0);
    sqlx::query("UPDATE items SET content = '{\"form\": \"unheard of\"}'")
        .execute(&mut connection)
        .await
        .unwrap();
    let mut tx = test.store.read().await.unwrap();
    let error = tx.item(item.id).await.unwrap_err().to_string();
    let place = format!("items.content of row {}", item.id);
    assert!(error.contains(&place), "{error}");
}
