//! The worker that lets automatic annotators vote, task by task: claim in a short transaction, work outside of any,
//! finish in a short one that checks the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accord_documents::Limits;
use accord_domain::{Annotation, AnnotationId, Environment, Lease, ProjectId, RunAnnotator, TaskKind};
use accord_store::idle::wait_for_work;
use accord_store::{AfterFailure, Blobs, ClaimRequest, Store, StoreError, Transaction, flow};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::annotators::{AnnotatorInput, AnnotatorOutput, AskedFor, AttemptError};
use crate::assignment::{Assignment, assignments};
use crate::factory::AnnotatorFactory;
use crate::pauses::{Backoff, milliseconds, pause_of_parked};

/// Signs of life during the length of a lease, so that one may be late without losing it.
const HEARTBEATS_PER_LEASE: u32 = 3;

/// The most tasks claimed in one transaction.
const TASKS_PER_CLAIM: u32 = 256;

/// The shortest and the longest time between two claims, so that places which become free one by one are filled together.
const BETWEEN_CLAIMS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// One of the shortest times more for each so many tasks that are done at the same time: with many, places become free
/// all the time, and a few that wait are a small part of them.
const TASKS_PER_WAIT: u32 = 8;

/// How long to wait for wake-ups that may have been missed.
const POLL: Duration = Duration::from_secs(1);

/// Between attempts of a task.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

/// How long a task keeps its place while it waits for its provider; longer waits are spent in the queue.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lets automatic annotators vote. Any number may run side by side.
#[derive(Clone)]
pub struct AnnotateWorker {
    inner: Arc<Inner>,
    /// The only project whose tasks it takes.
    project_id: Option<ProjectId>,
}

/// How a worker takes tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// A name that is unique to this start of the process.
    pub name: String,
    /// Tasks done at the same time.
    pub concurrency: usize,
    /// How long a task stays reserved without a sign of life of the worker.
    pub lease: Duration,
    /// The longest that one attempt may take.
    pub deadline: Duration,
}

struct Inner {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    environment: Arc<dyn Environment>,
    factory: AnnotatorFactory,
    limits: Limits,
    name: String,
    concurrency: usize,
    lease: Duration,
    deadline: Duration,
    /// Tells that a task has ended, so that its place and its provider's are free.
    ended: Notify,
}

impl AnnotateWorker {
    /// A worker that takes tasks as the settings say.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        environment: Arc<dyn Environment>,
        factory: AnnotatorFactory,
        limits: Limits,
        settings: WorkerSettings,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                blobs,
                environment,
                factory,
                limits,
                name: settings.name,
                concurrency: settings.concurrency.max(1),
                lease: settings.lease,
                deadline: settings.deadline,
                ended: Notify::new(),
            }),
            project_id: None,
        }
    }

    /// The same, taking tasks of this project only.
    #[must_use]
    pub fn of_project(mut self, project_id: Option<ProjectId>) -> Self {
        self.project_id = project_id;
        self
    }

    /// Works until told to stop; tasks in hand are finished first.
    pub async fn run(&self, stop: CancellationToken) {
        let permits = Arc::new(Semaphore::new(self.inner.concurrency));
        let tasks = TaskTracker::new();
        let mut wake_ups = self.inner.store.wake_ups();
        let between_claims = between_claims(self.inner.concurrency);
        let mut next_claim = tokio::time::Instant::now();
        while !stop.is_cancelled() {
            tokio::time::sleep_until(next_claim).await;
            next_claim = tokio::time::Instant::now() + between_claims;
            // One free place at least; then as many tasks as there are free places.
            let first = tokio::select! {
                permit = Arc::clone(&permits).acquire_owned() => permit,
                () = stop.cancelled() => break,
            };
            let Ok(first) = first else { break };
            wake_ups.mark_unchanged();
            let ended = self.inner.ended.notified();
            match self.claim(permits.available_permits() + 1).await {
                Ok(leases) if leases.is_empty() => {
                    drop(first);
                    let poll = self
                        .inner
                        .factory
                        .next_opening()
                        .map_or(POLL, |opening| opening.min(POLL));
                    tokio::select! {
                        () = wait_for_work(&mut wake_ups, self.inner.environment.as_ref(), poll) => {}
                        () = ended => {}
                        () = stop.cancelled() => {}
                    }
                }
                Ok(leases) => self.start(leases, first, &permits, &tasks).await,
                Err(error) => {
                    drop(first);
                    tracing::warn!(worker = %self.inner.name, error = %error, "cannot claim tasks, trying again");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        tasks.close();
        tasks.wait().await;
        self.inner.factory.finish_calls().await;
    }

    /// Claims as many tasks as the worker does at the same time and does them; returns how many there were.
    ///
    /// # Errors
    /// The store cannot be asked for tasks. A failure of one task is noted with the task instead.
    pub async fn work_once(&self) -> Result<usize, StoreError> {
        let leases = self.claim(self.inner.concurrency).await?;
        let count = leases.len();
        let assignments = assignments(self.inner.store.as_ref(), &leases).await?;
        let claimed = leases.into_iter().zip(assignments);
        futures::future::join_all(claimed.map(|(lease, assignment)| self.inner.attempt(lease, assignment))).await;
        Ok(count)
    }

    async fn start(
        &self,
        leases: Vec<Lease>,
        first: OwnedSemaphorePermit,
        permits: &Arc<Semaphore>,
        tasks: &TaskTracker,
    ) {
        let assignments = match assignments(self.inner.store.as_ref(), &leases).await {
            Ok(assignments) => assignments,
            Err(error) => {
                tracing::warn!(worker = %self.inner.name, error = %error, "tasks left to the end of their leases");
                return;
            }
        };
        let mut permit = Some(first);
        for (lease, assignment) in leases.into_iter().zip(assignments) {
            let place = match permit.take() {
                Some(place) => Ok(place),
                None => Arc::clone(permits).acquire_owned().await,
            };
            let inner = Arc::clone(&self.inner);
            tasks.spawn(async move {
                inner.attempt(lease, assignment).await;
                drop(place);
                inner.ended.notify_waiters();
            });
        }
    }

    async fn claim(&self, places: usize) -> Result<Vec<Lease>, StoreError> {
        let inner = &self.inner;
        let limits = inner.factory.claim_limits();
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate],
            project_id: self.project_id,
            worker: &inner.name,
            lease_milliseconds: inner.lease_milliseconds(),
            limit: u32::try_from(places).unwrap_or(TASKS_PER_CLAIM).min(TASKS_PER_CLAIM),
            limits: &limits,
        };
        let mut transaction = inner.store.write().await?;
        let leases = flow::claim(transaction.as_mut(), inner.environment.as_ref(), &request).await?;
        transaction.commit().await?;
        Ok(leases)
    }
}

/// For whom a task's annotator is asked, and how.
fn asked_for(lease: &Lease, assignment: &Assignment) -> AskedFor {
    let Some(run_id) = lease.task.run_id else {
        return AskedFor::Project;
    };
    let run = RunAnnotator {
        run_id,
        annotator_id: assignment.annotator.id,
    };
    if assignment.in_batch {
        AskedFor::Batch(run, Box::new(lease.clone()))
    } else {
        AskedFor::Run(run)
    }
}

/// How long the places that become free are gathered, when so many tasks are done at the same time.
fn between_claims(concurrency: usize) -> Duration {
    let [shortest, longest] = BETWEEN_CLAIMS;
    let waits = u32::try_from(concurrency).unwrap_or(u32::MAX) / TASKS_PER_WAIT;
    shortest.saturating_mul(waits).clamp(shortest, longest)
}

impl Inner {
    fn lease_milliseconds(&self) -> i64 {
        milliseconds(self.lease)
    }

    async fn attempt(&self, lease: Lease, assignment: Result<Assignment, StoreError>) {
        let started = Instant::now();
        let result = self.work(&lease, assignment).await;
        let seconds = started.elapsed().as_secs_f64();
        metrics::histogram!("accord_task_duration_seconds", "kind" => "annotate").record(seconds);
        let outcome = match &result {
            Ok(outcome) => outcome,
            Err(StoreError::StaleLease { .. }) => "lease lost, result dropped",
            Err(error) => {
                tracing::warn!(task.id = %lease.task.id, error = %error, "task left to its lease's end");
                "left"
            }
        };
        tracing::info!(
            task.id = %lease.task.id, task.kind = "annotate", project.id = %lease.task.project_id,
            item.id = lease.task.item_id.map(tracing::field::display),
            attempt = lease.task.attempts, outcome,
            duration_milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "task"
        );
    }

    /// One attempt, noted with the task whatever it comes to.
    async fn work(
        &self,
        lease: &Lease,
        assignment: Result<Assignment, StoreError>,
    ) -> Result<&'static str, StoreError> {
        let assignment = assignment?;
        let error = match self.annotate_with_heartbeat(lease, &assignment).await? {
            Ok(output) => {
                let annotation = self.annotation(lease, &assignment, output);
                let book = self.factory.book();
                book.submit(lease, annotation).await?;
                return Ok("done");
            }
            Err(error) => error,
        };
        let mut transaction = self.store.write().await?;
        let environment = self.environment.as_ref();
        let outcome = match error {
            // Parked together with its enrolment.
            AttemptError::Enrolled { reason } => {
                tracing::debug!(task.id = %lease.task.id, reason, "enrolled");
                return Ok("enrolled");
            }
            AttemptError::Permanent { reason } => {
                flow::set_aside(transaction.as_mut(), environment, &assignment.project, lease, &reason).await?;
                "set aside"
            }
            AttemptError::Held { reason, wait, tried } => {
                self.park(transaction.as_mut(), lease, &reason, (wait, tried)).await?
            }
            AttemptError::OverBudget { reason, wait } => {
                self.park(transaction.as_mut(), lease, &reason, (wait, false)).await?
            }
            AttemptError::Transient { reason, retry_after } => {
                let failures = i64::from(lease.task.attempts);
                let pause = milliseconds(BACKOFF.pause(failures, retry_after, environment));
                let after = flow::fail_attempt(
                    transaction.as_mut(),
                    environment,
                    &assignment.project,
                    lease,
                    &reason,
                    pause,
                )
                .await?;
                tracing::warn!(task.id = %lease.task.id, reason, pause_milliseconds = pause, "attempt failed");
                if after == AfterFailure::Dead {
                    "failed for good"
                } else {
                    "will be tried again"
                }
            }
        };
        transaction.commit().await?;
        Ok(outcome)
    }

    async fn park(
        &self,
        transaction: &mut dyn Transaction,
        lease: &Lease,
        reason: &str,
        (wait, tried): (Duration, bool),
    ) -> Result<&'static str, StoreError> {
        let pause = milliseconds(pause_of_parked(wait, self.environment.as_ref()));
        flow::park(transaction, lease, reason, pause, tried).await?;
        tracing::debug!(task.id = %lease.task.id, reason, pause_milliseconds = pause, "parked");
        Ok("parked")
    }

    /// Annotates while the lease is kept alive. Ends early when the lease is lost, since somebody else has the task then,
    /// and at the deadline; a call that is under way goes on and its reply is kept.
    async fn annotate_with_heartbeat(
        &self,
        lease: &Lease,
        assignment: &Assignment,
    ) -> Result<Result<AnnotatorOutput, AttemptError>, StoreError> {
        let work = self.annotate(lease, assignment);
        let deadline = tokio::time::sleep(self.deadline);
        tokio::pin!(work, deadline);
        loop {
            tokio::select! {
                result = &mut work => return Ok(result),
                () = &mut deadline => return Ok(Err(AttemptError::transient(format!(
                    "the attempt took longer than {} s", self.deadline.as_secs()
                )))),
                () = tokio::time::sleep(self.lease / HEARTBEATS_PER_LEASE) => match self.renew(lease).await {
                    Err(error @ StoreError::StaleLease { .. }) => return Err(error),
                    Err(error) => tracing::warn!(task.id = %lease.task.id, error = %error, "lease not renewed yet"),
                    Ok(()) => {}
                }
            }
        }
    }

    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut transaction = self.store.write().await?;
        transaction
            .renew_lease(lease.task.id, &lease.token, self.lease_milliseconds())
            .await?;
        transaction.commit().await
    }

    async fn annotate(&self, lease: &Lease, assignment: &Assignment) -> Result<AnnotatorOutput, AttemptError> {
        let annotator = self.factory.make(&assignment.annotator).await?;
        let of_item = &assignment.of_item;
        let document = of_item
            .document(self.store.as_ref(), self.blobs.as_ref(), &self.limits)
            .await;
        let input = AnnotatorInput {
            project: Arc::clone(&assignment.project),
            item: Arc::clone(&of_item.item),
            document: document.map_err(AttemptError::of_content)?,
            asked_for: asked_for(lease, assignment),
            repeated: lease.task.was_tried(),
            patience: PATIENCE,
        };
        annotator.annotate(&input).await
    }

    fn annotation(&self, lease: &Lease, assignment: &Assignment, output: AnnotatorOutput) -> Annotation {
        Annotation {
            id: AnnotationId::generate(self.environment.as_ref()),
            project_id: assignment.project.id,
            item_id: assignment.of_item.item.id,
            annotator_id: assignment.annotator.id,
            task_id: lease.task.id,
            answers: output.answers,
            provenance: output.provenance,
            submitted_at: self.environment.now(),
        }
    }
}
