//! The worker that takes back and removes what has had its time. Any number may run side by side.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::Environment;
use accord_store::{Store, StoreError, flow};
use tokio_util::sync::CancellationToken;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(15);

/// Leases taken back in one transaction.
const LEASES_PER_ROUND: u32 = 500;

/// No project may ask for more attempts, so a task that had these is lost whatever its project says.
const MAXIMUM_ATTEMPTS: u32 = 100;

/// How long a repeated request is recognised, in milliseconds.
const KEY_LIFE_MILLISECONDS: i64 = 48 * 3600 * 1000;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Tasks that can be claimed again.
    pub ready: u64,
    /// Tasks that were set aside.
    pub dead: u64,
    /// Sessions removed.
    pub sessions: u64,
    /// Idempotency keys removed.
    pub keys: u64,
    /// Calls of models that were never heard of again.
    pub lost_calls: u64,
}

/// Takes back and removes what has had its time.
#[derive(Clone)]
pub struct RetentionWorker {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
}

impl RetentionWorker {
    /// A worker on this store.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>, environment: Arc<dyn Environment>) -> Self {
        Self { store, environment }
    }

    /// Works until told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            match self.work_once().await {
                Ok(round) if round == Round::default() => {}
                Ok(round) => tracing::info!(
                    ready = round.ready,
                    dead = round.dead,
                    sessions = round.sessions,
                    keys = round.keys,
                    lost_calls = round.lost_calls,
                    "took back or removed what had its time"
                ),
                Err(error) => tracing::warn!(error = %error, "retention failed, trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One round, each part in a transaction of its own.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn work_once(&self) -> Result<Round, StoreError> {
        let mut transaction = self.store.write().await?;
        let environment = self.environment.as_ref();
        let taken = flow::take_back(transaction.as_mut(), environment, MAXIMUM_ATTEMPTS, LEASES_PER_ROUND).await?;
        transaction.commit().await?;
        metrics::counter!("accord_leases_taken_back_total").increment(taken.ready + taken.dead);

        let now = self.environment.now();
        let mut transaction = self.store.write().await?;
        let sessions = transaction.delete_expired_sessions(now).await?;
        let keys = transaction
            .delete_keys_before(now.plus_milliseconds(-KEY_LIFE_MILLISECONDS))
            .await?;
        transaction.commit().await?;

        let mut transaction = self.store.write().await?;
        let lost_calls = transaction.lose_calls(LEASES_PER_ROUND).await?;
        transaction.commit().await?;
        metrics::counter!("accord_model_calls_lost_total").increment(lost_calls);
        Ok(Round {
            ready: taken.ready,
            dead: taken.dead,
            sessions,
            keys,
            lost_calls,
        })
    }
}
