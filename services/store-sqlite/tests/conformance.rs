//! The conformance suite on SQLite, on a database of its own for each test.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use accord_store::Store;
use accord_store::conformance::TestStore;
use accord_store_sqlite::{SqliteOptions, SqliteStore};

async fn open() -> TestStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accord.sqlite");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    let second = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    TestStore {
        store: Arc::new(store),
        second: Arc::new(second),
        guard: Box::new(folder),
    }
}

accord_store::conformance_suite!(open);
