//! A transaction.

use accord_store::{StoreResult, Transaction};
use async_trait::async_trait;
use sqlx::sqlite::Sqlite;
use sqlx::{Row, SqliteConnection};
use tokio::sync::watch;

use crate::failure::failed;
use crate::sql::now;

/// A transaction; the aggregates are implemented in the modules of their names.
pub(crate) struct SqliteTransaction {
    inner: sqlx::Transaction<'static, Sqlite>,
    wake_ups: watch::Sender<u64>,
    has_ready_tasks: bool,
}

impl SqliteTransaction {
    pub(crate) const fn new(inner: sqlx::Transaction<'static, Sqlite>, wake_ups: watch::Sender<u64>) -> Self {
        Self {
            inner,
            wake_ups,
            has_ready_tasks: false,
        }
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }

    /// Notes that workers are to be woken when this is committed.
    pub(crate) const fn note_ready_tasks(&mut self) {
        self.has_ready_tasks = true;
    }

    /// The present moment by the database's clock, in microseconds.
    pub(crate) async fn now_microseconds(&mut self) -> StoreResult<i64> {
        let row = sqlx::query(concat!("SELECT ", now!()))
            .fetch_one(self.connection())
            .await
            .map_err(failed)?;
        row.try_get(0).map_err(failed)
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn commit(self: Box<Self>) -> StoreResult<()> {
        self.inner.commit().await.map_err(failed)?;
        if self.has_ready_tasks {
            self.wake_ups.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }
}
