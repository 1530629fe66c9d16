//! The worker that carries runs on: plans their tasks to the end, pauses and cancels what is left of them, and notes when
//! they have ended. Any number may run side by side.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::Environment;
use accord_store::{Store, StoreError, flow};
use tokio_util::sync::CancellationToken;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Runs that are fetched at once.
const RUNS_AT_ONCE: u32 = 200;

/// The most transactions for one run in a round, so that a large one does not keep others waiting.
const STEPS_PER_RUN: u32 = 20;

/// Carries runs on.
#[derive(Clone)]
pub struct RunWorker {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
}

impl RunWorker {
    /// A worker on this store.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>, environment: Arc<dyn Environment>) -> Self {
        Self { store, environment }
    }

    /// Works until told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.work_once().await {
                tracing::warn!(error = %error, "runs not carried on yet, trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Does the next steps of every run that has not ended. A failure with one run leaves the others their turn.
    ///
    /// # Errors
    /// The last one of those of the store.
    pub async fn work_once(&self) -> Result<(), StoreError> {
        let (mut result, mut last) = (Ok(()), None);
        loop {
            let open = self.store.read().await?.open_runs(last, RUNS_AT_ONCE).await?;
            for id in &open {
                let store = self.store.as_ref();
                if let Err(error) = flow::settle_run(store, self.environment.as_ref(), *id, STEPS_PER_RUN).await {
                    result = Err(error);
                }
            }
            match open.last() {
                Some(id) => last = Some(*id),
                None => return result,
            }
        }
    }
}
