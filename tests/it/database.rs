//! A fresh database for each test.

use std::path::Path;

use accord_store_postgres::testing::TestDatabase;
use secrecy::ExposeSecret;

/// On which database a scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    Sqlite,
    Postgres,
}

/// A database that goes when this value goes.
pub(crate) struct Database {
    pub(crate) url: String,
    _postgres: Option<TestDatabase>,
}

impl Database {
    /// A new database; a file of the embedded one lies in the folder.
    pub(crate) async fn create(kind: DatabaseKind, folder: &Path) -> Self {
        match kind {
            DatabaseKind::Sqlite => Self {
                url: format!("sqlite:{}", folder.join("accord.db").display()),
                _postgres: None,
            },
            DatabaseKind::Postgres => {
                let database = TestDatabase::create().await.unwrap();
                Self {
                    url: database.url().expose_secret().to_owned(),
                    _postgres: Some(database),
                }
            }
        }
    }
}
