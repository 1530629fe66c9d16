//! The worker that scores items and refits projects, task by task.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accord_domain::{Consensus, Decision, Environment, Lease, Project, ProjectId, TaskKind};
use accord_statistics::InvalidInput;
use accord_store::flow::Scored;
use accord_store::idle::wait_for_work;
use accord_store::{ClaimRequest, Store, StoreError, flow};
use tokio_util::sync::CancellationToken;

use crate::gold::ProjectGold;
use crate::scene::{Conclusion, Scene};

/// Signs of life during the length of a lease, so that one may be late without losing it.
const HEARTBEATS_PER_LEASE: u32 = 3;

/// Tasks claimed in one transaction.
const TASKS_PER_CLAIM: u32 = 20;

/// How long to wait for wake-ups that may have been missed.
const POLL: Duration = Duration::from_secs(1);

/// How long a failed attempt waits.
const RETRY_MILLISECONDS: i64 = 2_000;

/// Scores items and refits projects. Any number may run side by side.
#[derive(Clone)]
pub struct ScoreWorker {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    name: String,
    lease: Duration,
}

/// An attempt that did not end with a stored result.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the votes cannot be scored: {0}")]
    Statistics(#[from] InvalidInput),
    #[error("{0}")]
    Gone(String),
    #[error("the computing thread ended early")]
    Interrupted,
}

impl ScoreWorker {
    /// A worker with a name that is unique to this start of the process. Its tasks stay reserved for the length of
    /// `lease` without a sign of life.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>, environment: Arc<dyn Environment>, name: String, lease: Duration) -> Self {
        Self {
            store,
            environment,
            name,
            lease,
        }
    }

    /// Works until told to stop; tasks in hand are finished first.
    pub async fn run(&self, stop: CancellationToken) {
        let mut wake_ups = self.store.wake_ups();
        while !stop.is_cancelled() {
            wake_ups.mark_unchanged();
            match self.work_once().await {
                Ok(0) => {
                    tokio::select! {
                        () = wait_for_work(&mut wake_ups, self.environment.as_ref(), POLL) => {}
                        () = stop.cancelled() => {}
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(worker = %self.name, error = %error, "cannot claim tasks, trying again");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Claims some tasks and does them; returns how many there were.
    ///
    /// # Errors
    /// The store cannot be asked for tasks. A failure of one task is noted with the task instead.
    pub async fn work_once(&self) -> Result<usize, StoreError> {
        let request = ClaimRequest {
            kinds: &[TaskKind::Refit, TaskKind::Score],
            project_id: None,
            worker: &self.name,
            lease_milliseconds: self.lease_milliseconds(),
            limit: TASKS_PER_CLAIM,
            limits: &[],
        };
        let mut transaction = self.store.write().await?;
        let leases = flow::claim(transaction.as_mut(), self.environment.as_ref(), &request).await?;
        transaction.commit().await?;
        let count = leases.len();
        let mut rest = leases.as_slice();
        while let Some((lease, waiting)) = rest.split_first() {
            tokio::select! {
                () = self.attempt(lease) => {}
                () = self.keep_alive(rest) => {}
            }
            rest = waiting;
        }
        Ok(count)
    }

    /// Renews the leases of the task in hand and of those that wait behind it, for ever. A lease that is lost already
    /// is noticed when its result is stored.
    async fn keep_alive(&self, leases: &[Lease]) {
        loop {
            tokio::time::sleep(self.lease / HEARTBEATS_PER_LEASE).await;
            if let Err(error) = self.renew(leases).await {
                tracing::warn!(worker = %self.name, error = %error, "leases not renewed yet");
            }
        }
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), StoreError> {
        let mut transaction = self.store.write().await?;
        for lease in leases {
            match transaction
                .renew_lease(lease.task.id, &lease.token, self.lease_milliseconds())
                .await
            {
                Ok(_) | Err(StoreError::StaleLease { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        transaction.commit().await
    }

    fn lease_milliseconds(&self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }

    async fn attempt(&self, lease: &Lease) {
        let started = Instant::now();
        let task = &lease.task;
        let result = match task.kind {
            TaskKind::Score => self.score(lease).await,
            TaskKind::Refit => self.refit(lease).await,
            other => Err(WorkError::Gone(format!(
                "a task of kind {} is not for this worker",
                other.word()
            ))),
        };
        let duration_milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        metrics::histogram!("accord_task_duration_seconds", "kind" => task.kind.word())
            .record(started.elapsed().as_secs_f64());
        match result {
            Ok(()) => tracing::info!(
                task.id = %task.id, task.kind = task.kind.word(), project.id = %task.project_id, duration_milliseconds,
                "task done"
            ),
            Err(WorkError::Store(StoreError::StaleLease { .. })) => {
                tracing::info!(task.id = %task.id, "lease lost, result dropped");
            }
            Err(error) => {
                tracing::warn!(task.id = %task.id, task.kind = task.kind.word(), error = %error, "attempt failed");
                if let Err(problem) = self.note_failure(lease, &error.to_string()).await {
                    tracing::warn!(task.id = %task.id, error = %problem, "failure could not be noted; the lease will end");
                }
            }
        }
    }

    async fn note_failure(&self, lease: &Lease, reason: &str) -> Result<(), WorkError> {
        let project = self.project(lease.task.project_id).await?;
        let mut transaction = self.store.write().await?;
        flow::fail_attempt(
            transaction.as_mut(),
            self.environment.as_ref(),
            &project,
            lease,
            reason,
            RETRY_MILLISECONDS,
        )
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn project(&self, id: ProjectId) -> Result<Project, WorkError> {
        let project = self.store.read().await?.project(id).await?;
        project.ok_or_else(|| WorkError::Gone(format!("project {id} does not exist")))
    }

    async fn score(&self, lease: &Lease) -> Result<(), WorkError> {
        let item_id = lease
            .task
            .item_id
            .ok_or_else(|| WorkError::Gone("the task names no item".to_owned()))?;
        let scene = Scene::read(self.store.as_ref(), lease.task.project_id, item_id).await?;
        let basis = scene.basis.clone();
        let annotation_ids = scene.annotations.iter().map(|annotation| annotation.id).collect();
        let environment = Arc::clone(&self.environment);
        let result = tokio::task::spawn_blocking(move || scene.conclude(environment.as_ref()))
            .await
            .map_err(|_| WorkError::Interrupted)??;
        let environment = self.environment.as_ref();
        let mut transaction = self.store.write().await?;
        let tx = transaction.as_mut();
        match &result {
            Conclusion::Ask(annotators) => {
                flow::ask_next(tx, environment, lease, &basis, &annotation_ids, annotators).await?;
            }
            Conclusion::Keep => flow::keep_score(tx, lease).await?,
            Conclusion::Scored(rows) => {
                let scored = flow::store_score(tx, environment, lease, &basis, rows).await?;
                if scored == Scored::Outdated {
                    tracing::debug!(item.id = %item_id, "consensus dropped: what it was computed by has changed");
                }
            }
        }
        transaction.commit().await?;
        match &result {
            Conclusion::Ask(annotators) => {
                metrics::counter!("accord_annotators_asked_next_total").increment(annotators.len() as u64);
                tracing::debug!(item.id = %item_id, annotators = annotators.len(), "asking more annotators");
            }
            Conclusion::Keep => {}
            Conclusion::Scored(rows) => log_decisions(rows),
        }
        Ok(())
    }

    async fn refit(&self, lease: &Lease) -> Result<(), WorkError> {
        let project = self.project(lease.task.project_id).await?;
        let gold = ProjectGold::read(self.store.as_ref(), project).await?;
        let environment = Arc::clone(&self.environment);
        let calibrators = tokio::task::spawn_blocking(move || gold.fit(environment.as_ref()))
            .await
            .map_err(|_| WorkError::Interrupted)??;
        let mut transaction = self.store.write().await?;
        let rescored = flow::store_fit(transaction.as_mut(), lease, &calibrators).await?;
        transaction.commit().await?;
        for calibrator in &calibrators {
            tracing::info!(
                project.id = %calibrator.project_id, field = %calibrator.field, calibrator.id = %calibrator.id,
                rung = calibrator.rung.word(), gold_count = calibrator.gold_count, "calibrator fitted"
            );
        }
        tracing::info!(project.id = %lease.task.project_id, calibrators = calibrators.len(), rescored, "project refitted");
        Ok(())
    }
}

/// One line for each decision, as the record of what was accepted and why not.
fn log_decisions(rows: &[Consensus]) {
    for row in rows {
        let (decision, reason, threshold) = match &row.decision {
            Decision::Accepted { threshold } => ("accepted", "", *threshold),
            Decision::NeedsReview { reason, threshold } => ("needs_review", reason.sentence(), *threshold),
        };
        metrics::counter!("accord_decisions_total", "decision" => decision).increment(1);
        tracing::info!(
            item.id = %row.item_id, field = %row.field, decision, reason, threshold,
            vote_count = row.vote_count, "decided"
        );
    }
}
