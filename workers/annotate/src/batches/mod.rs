//! The worker that takes batches from their gathering to their answers. Any number may run side by side: who works at a
//! batch holds a lease on it. Every step is kept before the next one begins, so that a crash at any moment repeats at most
//! the step, and no step that was paid for.

mod collecting;
mod sending;
mod watching;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use accord_domain::{Batch, BatchId, BatchStage, Environment, ProjectId};
use accord_store::flow::{REQUESTS_AT_ONCE, drop_unwanted, fail_requests};
use accord_store::{BatchClaim, BatchLease, OpenRequests, RequestFailure, Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::pauses::{Backoff, milliseconds};
use crate::provider::{BatchSettings, CallError, Provider};

/// How often it looks for batches whose next step is due.
const INTERVAL: Duration = Duration::from_secs(1);

/// The most batches of one provider that a process works at at the same time. Each provider has places of its own, so that
/// one that hangs holds up no other.
const AT_ONCE: usize = 4;

/// Signs of life during the length of a lease.
const HEARTBEATS_PER_LEASE: u32 = 3;

/// How long steps in hand may go on after the process was told to stop. They can be repeated.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(5);

/// Between tries of a step.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(10 * 60),
};

/// How long after its end a batch is given up of which nothing can be heard any more.
const GIVEN_UP_AFTER_MILLISECONDS: i64 = 24 * 3_600_000;

/// Takes batches from their gathering to their answers.
#[derive(Clone)]
pub struct BatchWorker {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    providers: Arc<BTreeMap<String, Arc<Provider>>>,
    lease: Duration,
    /// The only project whose batches it takes.
    project_id: Option<ProjectId>,
}

/// How many more batches of each provider this process may work at.
type Places = BTreeMap<String, Arc<Semaphore>>;

/// A step that did not come to its end.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Call(#[from] CallError),
    /// Somebody else works at the batch.
    #[error("the lease on the batch was lost")]
    LeaseLost,
}

/// A batch in hand.
struct Work<'a> {
    worker: &'a BatchWorker,
    provider: &'a Provider,
    settings: &'a BatchSettings,
    batch: Batch,
    token: String,
}

impl BatchWorker {
    /// A worker on the batches of those of these providers that have any. `lease` is how long a batch stays reserved without
    /// a sign of life.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        environment: Arc<dyn Environment>,
        providers: BTreeMap<String, Arc<Provider>>,
        lease: Duration,
    ) -> Self {
        let with_batches = providers.into_iter();
        let with_batches = with_batches.filter(|(_, provider)| provider.settings.batch.is_some());
        Self {
            store,
            environment,
            providers: Arc::new(with_batches.collect()),
            lease,
            project_id: None,
        }
    }

    /// The same, taking batches of this project only.
    #[must_use]
    pub fn of_project(mut self, project_id: Option<ProjectId>) -> Self {
        self.project_id = project_id;
        self
    }

    /// Works until told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        if self.providers.is_empty() {
            return;
        }
        let mut steps = JoinSet::new();
        let places: Places = self
            .providers
            .keys()
            .map(|name| (name.clone(), Arc::new(Semaphore::new(AT_ONCE))))
            .collect();
        while !stop.is_cancelled() {
            if let Err(error) = self.begin_steps(&mut steps, &places).await {
                tracing::warn!(error = %error, "no batch fetched, trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                Some(_) = steps.join_next() => {}
                () = stop.cancelled() => {}
            }
        }
        let at_end = async { while steps.join_next().await.is_some() {} };
        // What is cut off here is repeated when the lease has ended.
        drop(tokio::time::timeout(PATIENCE_AT_THE_END, at_end).await);
    }

    /// Begins the steps that are due, as far as there are places.
    async fn begin_steps(&self, steps: &mut JoinSet<()>, places: &Places) -> Result<(), StoreError> {
        loop {
            let free = places.iter().filter(|(_, places)| places.available_permits() > 0);
            let free: Vec<&str> = free.map(|(name, _)| name.as_str()).collect();
            let Some(lease) = self.claim(&free).await? else {
                return Ok(());
            };
            let place = places
                .get(&lease.batch.provider)
                .and_then(|places| Arc::clone(places).try_acquire_owned().ok());
            let worker = self.clone();
            steps.spawn(async move {
                worker.step(lease).await;
                drop(place);
            });
        }
    }

    async fn claim(&self, providers: &[&str]) -> Result<Option<BatchLease>, StoreError> {
        let claim = BatchClaim {
            providers,
            project_id: self.project_id,
            lease_milliseconds: milliseconds(self.lease),
        };
        let mut transaction = self.store.write().await?;
        let lease = transaction.claim_batch(&claim).await?;
        transaction.commit().await?;
        Ok(lease)
    }

    /// The next steps of a batch, as long as it need not wait and its lease is held.
    async fn step(&self, lease: BatchLease) {
        let Some(provider) = self.providers.get(&lease.batch.provider) else {
            return;
        };
        let Some(settings) = &provider.settings.batch else {
            return;
        };
        let (id, token) = (lease.batch.id, lease.token.clone());
        let mut work = Work {
            worker: self,
            provider,
            settings,
            batch: lease.batch,
            token: lease.token,
        };
        let result = tokio::select! {
            result = work.go_on() => result,
            () = self.keep_lease(id, &token) => Err(StepError::LeaseLost),
        };
        let result = match result {
            Err(StepError::Call(error)) => work.after_failure(error).await,
            other => other,
        };
        match result {
            Ok(()) => tracing::info!(
                batch.id = %id, provider = %work.batch.provider, state = work.batch.stage.state().word(),
                status = work.batch.stage.status(), "batch"
            ),
            Err(error) => tracing::warn!(batch.id = %id, error = %error, "batch left to the end of its lease"),
        }
    }

    /// Gives signs of life; ends when the lease is lost.
    async fn keep_lease(&self, id: BatchId, token: &str) {
        let mut held_at = Instant::now();
        while held_at.elapsed() < self.lease {
            tokio::time::sleep(self.lease / HEARTBEATS_PER_LEASE).await;
            match self.renew(id, token).await {
                Ok(true) => held_at = Instant::now(),
                Ok(false) => return,
                Err(error) => tracing::warn!(batch.id = %id, error = %error, "lease on a batch not renewed yet"),
            }
        }
    }

    async fn renew(&self, id: BatchId, token: &str) -> Result<bool, StoreError> {
        let mut transaction = self.store.write().await?;
        let renewed = transaction.renew_batch(id, token, milliseconds(self.lease)).await?;
        transaction.commit().await?;
        Ok(renewed)
    }
}

impl Work<'_> {
    async fn go_on(&mut self) -> Result<(), StepError> {
        loop {
            let goes_on = match self.batch.stage.clone() {
                BatchStage::Gathering => {
                    self.batch.stage = BatchStage::Gathered;
                    self.keep(None).await?;
                    true
                }
                BatchStage::Gathered => self.upload().await?,
                BatchStage::Uploaded {
                    input_file,
                    creation_tried,
                } => self.create(input_file, creation_tried).await?,
                BatchStage::Sent {
                    input_file,
                    remote,
                    status,
                    cancel_asked,
                } => self.look(input_file, remote, (&status, cancel_asked)).await?,
                BatchStage::Ended { status, files, .. } => self.collect(status, &files).await?,
                BatchStage::Collected { .. } => false,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Keeps what is known of the batch. The lease goes on, or ends and the next step is due after this time.
    async fn keep(&self, next: Option<Duration>) -> Result<(), StepError> {
        let mut transaction = self.worker.store.write().await?;
        let is_kept = transaction
            .update_batch(&self.batch, &self.token, next.map(milliseconds))
            .await?;
        transaction.commit().await?;
        if is_kept { Ok(()) } else { Err(StepError::LeaseLost) }
    }

    /// Keeps that a step went well; returns that nothing is to be done before this time.
    async fn wait(&mut self, next: Duration) -> Result<bool, StepError> {
        self.batch.failed_steps = 0;
        self.keep(Some(next)).await?;
        Ok(false)
    }

    /// Keeps that every request is settled.
    async fn finish(&mut self, status: Option<String>) -> Result<bool, StepError> {
        self.batch.stage = BatchStage::Collected { status };
        self.batch.ended_at = Some(self.worker.environment.now());
        self.wait(Duration::ZERO).await
    }

    /// Drops the requests that nobody waits for any more; returns how many.
    async fn drop_unwanted(&self) -> Result<usize, StepError> {
        let mut dropped = 0;
        loop {
            let mut transaction = self.worker.store.write().await?;
            let count = drop_unwanted(transaction.as_mut(), self.batch.id).await?;
            transaction.commit().await?;
            dropped += count;
            if count < REQUESTS_AT_ONCE as usize {
                return Ok(dropped);
            }
        }
    }

    /// Ends all open requests without an answer, some in each transaction.
    async fn fail_open(&self, reason: &str, is_permanent: bool) -> Result<(), StepError> {
        let failure = RequestFailure {
            reason: reason.to_owned(),
            is_permanent,
        };
        loop {
            let mut transaction = self.worker.store.write().await?;
            let ended = fail_requests(transaction.as_mut(), self.batch.id, OpenRequests::All, &failure).await?;
            transaction.commit().await?;
            if ended == 0 {
                return Ok(());
            }
        }
    }

    /// What a failed call means for the batch: it is tried again after a while. What was never sent and is refused for good
    /// ends with its requests; what was sent, or may have been, is waited for well beyond its end.
    async fn after_failure(&mut self, error: CallError) -> Result<(), StepError> {
        let text = error.to_string();
        let (may_be_sent, status) = match &self.batch.stage {
            BatchStage::Sent { .. }
            | BatchStage::Ended { .. }
            | BatchStage::Uploaded {
                creation_tried: true, ..
            } => (true, "lost"),
            _ => (false, "refused"),
        };
        let is_lost = may_be_sent && self.is_long_over();
        if is_lost || (!may_be_sent && !error.is_transient()) {
            let reason = if is_lost {
                format!("nothing was heard of the batch for a day after its end: {text}")
            } else {
                text
            };
            self.fail_open(&reason, !is_lost).await?;
            self.batch.note = Some(reason);
            self.finish(Some(status.to_owned())).await?;
            return Ok(());
        }
        self.batch.failed_steps = self.batch.failed_steps.saturating_add(1);
        self.batch.note = Some(text);
        let environment = self.worker.environment.as_ref();
        let pause = BACKOFF.pause(self.batch.failed_steps, error.retry_after(), environment);
        tracing::warn!(
            batch.id = %self.batch.id, error = %error, failed_steps = self.batch.failed_steps,
            pause_milliseconds = milliseconds(pause), "step of a batch failed, trying again"
        );
        self.keep(Some(pause)).await
    }

    fn is_long_over(&self) -> bool {
        let now = self.worker.environment.now();
        let end = self.batch.ends_by.unwrap_or(self.batch.opened_at);
        now.milliseconds_since(end) > GIVEN_UP_AFTER_MILLISECONDS
    }

    /// Deletes a file at the provider, where it allows: nothing depends on it.
    async fn delete_file(&self, name: Option<&str>) {
        let Some(name) = name else { return };
        if let Err(error) = self.provider.delete_file(name).await {
            tracing::info!(batch.id = %self.batch.id, file = name, error = %error, "a file of a batch stays at the provider");
        }
    }
}
