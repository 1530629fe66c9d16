//! The schema: brought up to date by many at once, checked, and keeping what is append-only.

use std::sync::Arc;

use accord_store::{Store, StoreError};
use accord_store_postgres::testing::TestDatabase;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

async fn connection(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(database.url().expose_secret()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_migrate_an_empty_database_at_once() {
    let database = TestDatabase::create().await.unwrap();
    let mut connection = connection(&database).await;
    for statement in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    let store = Arc::new(database.connect().await.unwrap());
    let error = store.check().await.unwrap_err().to_string();
    assert!(error.contains("version 0"), "{error}");
    let migrations: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.migrate().await })
        })
        .collect();
    for migration in migrations {
        migration.await.unwrap().unwrap();
    }
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_told() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of tomorrow', true, '\\x00', 1)",
    )
    .execute(&mut connection(&database).await)
    .await
    .unwrap();
    let error = store.check().await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error:?}");
    assert!(error.to_string().contains("9999"), "{error}");
}

#[tokio::test]
async fn evidence_cannot_be_changed_or_removed() {
    let database = TestDatabase::create().await.unwrap();
    let mut connection = connection(&database).await;
    for table in ["annotations", "consensus", "gold", "calibrators", "judgements"] {
        for statement in [
            format!("UPDATE {table} SET project_id = project_id"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let outcome = sqlx::query(AssertSqlSafe(statement.clone()))
                .execute(&mut connection)
                .await;
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("is append-only"), "{statement}: {error}");
        }
    }
}
