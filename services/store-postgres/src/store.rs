//! The store: connections, the schema, and where transactions begin.

use std::sync::{Arc, OnceLock};

use accord_store::{Store, StoreError, StoreResult, Transaction};
use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::{failure, migration_failure};
use crate::options::{PostgresOptions, parse_address};
use crate::transaction::PostgresTransaction;
use crate::wake_up::{self, WakeUps};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// The oldest server whose SQL is understood: PostgreSQL 15.
const OLDEST_SERVER_VERSION: i32 = 150_000;

/// The store on PostgreSQL. Listens for wake-ups of other processes from the first call of
/// [`Store::wake_ups`] until it is dropped.
pub struct PostgresStore {
    pool: PgPool,
    /// Without time limits, for what may take long.
    address: PgConnectOptions,
    wake_ups: Arc<WakeUps>,
    listener: OnceLock<JoinHandle<()>>,
    runtime: Handle,
}

impl PostgresStore {
    /// Connects to the database at `postgres://user:password@host:port/database`. Must be called inside the runtime in
    /// which the store is used.
    ///
    /// # Errors
    /// `Unavailable` when the address is not valid or the server cannot be reached; never with the address in it.
    /// `Database` when the server is older than PostgreSQL 15.
    pub async fn connect(url: &SecretString, options: &PostgresOptions) -> StoreResult<Self> {
        let address = parse_address(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(options.maximum_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(options.limit(address.clone()))
            .await
            .map_err(failure)?;
        check_server(&pool).await?;
        let name: String = sqlx::query_scalar("SELECT gen_random_uuid()::TEXT")
            .fetch_one(&pool)
            .await
            .map_err(failure)?;
        Ok(Self {
            wake_ups: Arc::new(WakeUps::new(name, pool.clone())),
            pool,
            address,
            listener: OnceLock::new(),
            runtime: Handle::current(),
        })
    }

    async fn begin(&self, statement: &'static str) -> StoreResult<Box<dyn Transaction>> {
        let transaction = self.pool.begin_with(statement).await.map_err(failure)?;
        Ok(Box::new(PostgresTransaction::new(
            transaction,
            Arc::clone(&self.wake_ups),
        )))
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

async fn check_server(pool: &PgPool) -> StoreResult<()> {
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::INTEGER")
        .fetch_one(pool)
        .await
        .map_err(failure)?;
    if version < OLDEST_SERVER_VERSION {
        return Err(StoreError::Database {
            problem: format!("PostgreSQL 15 or later is needed, the server is {}", version / 10_000),
        });
    }
    Ok(())
}

/// Brings the schema of the database at this address up to date. The driver takes an advisory lock meanwhile, so other
/// processes wait, for which no time limit may apply.
pub(crate) async fn migrate(address: &PgConnectOptions) -> StoreResult<()> {
    let mut connection = PgConnection::connect_with(address).await.map_err(failure)?;
    let outcome = MIGRATIONS
        .run_direct(None, &mut connection, false)
        .await
        .map_err(migration_failure);
    // Closing also releases the advisory lock when a migration failed.
    connection.close().await.map_err(failure)?;
    outcome
}

#[async_trait]
impl Store for PostgresStore {
    async fn migrate(&self) -> StoreResult<()> {
        migrate(&self.address).await
    }

    async fn check(&self) -> StoreResult<()> {
        let applied: Vec<(i64, bool, Vec<u8>)> =
            match sqlx::query_as("SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&self.pool)
                .await
            {
                Ok(applied) => applied,
                // SQLSTATE of a table that does not exist: nothing was migrated yet.
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Vec::new(),
                Err(error) => return Err(failure(error)),
            };
        let known: Vec<(i64, bool, Vec<u8>)> = MIGRATIONS
            .iter()
            .map(|migration| (migration.version, true, migration.checksum.to_vec()))
            .collect();
        if applied == known {
            return Ok(());
        }
        let version_of = |migrations: &[(i64, bool, Vec<u8>)]| migrations.last().map_or(0, |(version, ..)| *version);
        Err(StoreError::Database {
            problem: format!(
                "its schema has version {}, this program knows version {}: migrate it with this program, or use the program it was migrated with",
                version_of(&applied),
                version_of(&known)
            ),
        })
    }

    async fn read(&self) -> StoreResult<Box<dyn Transaction>> {
        self.begin(BEGIN_READ).await
    }

    async fn write(&self) -> StoreResult<Box<dyn Transaction>> {
        self.begin(BEGIN_WRITE).await
    }

    fn wake_ups(&self) -> watch::Receiver<u64> {
        let receiver = self.wake_ups.subscribe();
        self.listener.get_or_init(|| {
            self.runtime
                .spawn(wake_up::listen(self.address.clone(), Arc::clone(&self.wake_ups)))
        });
        receiver
    }

    fn writes_side_by_side(&self) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "postgres"
    }
}
