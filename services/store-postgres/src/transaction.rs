//! A transaction; its aggregates are in files of their own.

use std::sync::Arc;

use accord_store::{StoreResult, Transaction};
use async_trait::async_trait;
use sqlx::{PgConnection, Postgres};

use crate::error::failure;
use crate::wake_up::WakeUps;

/// A transaction on PostgreSQL.
pub(crate) struct PostgresTransaction {
    transaction: sqlx::Transaction<'static, Postgres>,
    tasks_became_ready: bool,
    wake_ups: Arc<WakeUps>,
}

impl PostgresTransaction {
    pub(crate) fn new(transaction: sqlx::Transaction<'static, Postgres>, wake_ups: Arc<WakeUps>) -> Self {
        Self {
            transaction,
            tasks_became_ready: false,
            wake_ups,
        }
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Workers are to be woken up when this transaction commits.
    pub(crate) fn note_ready_tasks(&mut self) {
        self.tasks_became_ready = true;
    }
}

#[async_trait]
impl Transaction for PostgresTransaction {
    async fn commit(mut self: Box<Self>) -> StoreResult<()> {
        if !self.tasks_became_ready {
            return self.transaction.commit().await.map_err(failure);
        }
        let notification = self
            .wake_ups
            .notify_before_commit(&mut self.transaction)
            .await
            .map_err(failure)?;
        match self.transaction.commit().await {
            Ok(()) => {
                self.wake_ups.after_commit(notification);
                Ok(())
            }
            Err(error) => {
                self.wake_ups.after_failed_commit(notification);
                Err(failure(error))
            }
        }
    }
}
