//! SQLite: the conformance suite, crashes and size.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use accord_store::Store;
use accord_store::conformance::TestStore;
use accord_store_sqlite::{SqliteOptions, SqliteStore};

mod crash;
mod scale;
mod schema;

async fn open_file(path: &Path) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default()).await.unwrap()
}

async fn open() -> TestStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accord.sqlite");
    let store = open_file(&path).await;
    let second = open_file(&path).await;
    store.migrate().await.unwrap();
    TestStore {
        store: Arc::new(store),
        second: Arc::new(second),
        guard: Box::new(folder),
    }
}

accord_store::conformance_suite!(open);
