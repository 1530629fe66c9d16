//! Opening the database.

use std::path::Path;
use std::time::Duration;

use accord_store::{Store, StoreError, StoreResult, Transaction};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

use crate::failure::failed;
use crate::transaction::SqliteTransaction;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// How much of the database the writer holds in memory, in KiB as SQLite writes them. What is not there comes from the
/// system's cache of the file, so that a process does not grow with the database.
const WRITER_CACHE: &str = "-32768";

/// The same for each of the readers.
const READER_CACHE: &str = "-4096";

/// How many prepared statements a connection keeps: those for lists come in several lengths.
const STATEMENTS_KEPT: usize = 512;

/// How many rows of an answer may wait to be read, so that whoever reads them is not waited for at each.
const ROWS_AHEAD: usize = 512;

/// Pages that are written before they are brought into the file, 16 MiB: most are written again before that.
const PAGES_BEFORE_CHECKPOINT: &str = "4096";

/// How the database is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How many read transactions may run at once.
    pub readers: u32,
    /// How long a transaction waits for its turn before it fails as unavailable: for the writer of this process, and
    /// then for writers of other processes.
    pub patience: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 8,
            patience: Duration::from_secs(30),
        }
    }
}

/// A database in one file. Any number of processes on the same machine may open it.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    wake_ups: watch::Sender<u64>,
}

impl SqliteStore {
    /// Opens the file, and makes it when it is not there. Its folder must exist.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened, `Database` when it is not a database.
    pub async fn open(path: &Path, options: SqliteOptions) -> StoreResult<Self> {
        // What was submitted must survive a power cut, so the writer waits for the disk at every commit.
        let writer_options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(options.patience)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .row_buffer_size(ROWS_AHEAD)
            .pragma("wal_autocheckpoint", PAGES_BEFORE_CHECKPOINT)
            .pragma("cache_size", WRITER_CACHE)
            .pragma("temp_store", "memory")
            .pragma("journal_size_limit", "67108864");
        let reader_options = writer_options
            .clone()
            .create_if_missing(false)
            .pragma("cache_size", READER_CACHE)
            .pragma("query_only", "on");
        // One writer in a process: transactions wait for it in the order in which they came, instead of polling the
        // lock of the file.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(options.patience)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(writer_options)
            .await
            .map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.patience)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(reader_options);
        Ok(Self {
            writer,
            readers,
            wake_ups: watch::Sender::new(0),
        })
    }

    /// Waits for transactions to end and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self) -> StoreResult<()> {
        // The write lock keeps two processes from migrating at once.
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        MIGRATIONS
            .run_direct(None, &mut *tx, false)
            .await
            .map_err(|error| StoreError::Database {
                problem: format!("the schema cannot be brought up to date: {error}"),
            })?;
        tx.commit().await.map_err(failed)?;
        let version = MIGRATIONS.iter().last().map(|migration| migration.version);
        tracing::info!(database = "sqlite", version, "schema is up to date");
        Ok(())
    }

    async fn check(&self) -> StoreResult<()> {
        let applied = sqlx::query("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&self.readers)
            .await
            .map_err(|error| match failed(error) {
                StoreError::Database { problem } => StoreError::Database {
                    problem: format!("its schema is not there, migrate it first: {problem}"),
                },
                other => other,
            })?;
        let known: Vec<_> = MIGRATIONS
            .iter()
            .map(|migration| (migration.version, migration.checksum.to_vec()))
            .collect();
        let mut found = Vec::with_capacity(applied.len());
        for row in &applied {
            found.push((
                row.try_get("version").map_err(failed)?,
                row.try_get("checksum").map_err(failed)?,
            ));
        }
        if found == known {
            return Ok(());
        }
        let last = |versions: &[(i64, Vec<u8>)]| versions.last().map_or(0, |(version, _)| *version);
        Err(StoreError::Database {
            problem: format!(
                "its schema, version {}, is not the one this program knows, version {}: migrate it, or use the program that it belongs to",
                last(&found),
                last(&known)
            ),
        })
    }

    async fn read(&self) -> StoreResult<Box<dyn Transaction>> {
        let inner = self.readers.begin().await.map_err(failed)?;
        Ok(Box::new(SqliteTransaction::new(inner, self.wake_ups.clone())))
    }

    async fn write(&self) -> StoreResult<Box<dyn Transaction>> {
        let inner = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        Ok(Box::new(SqliteTransaction::new(inner, self.wake_ups.clone())))
    }

    fn wake_ups(&self) -> watch::Receiver<u64> {
        self.wake_ups.subscribe()
    }

    fn writes_side_by_side(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        "sqlite"
    }
}
