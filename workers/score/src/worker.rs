//! The worker that scores items and refits projects, task by task.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use accord_domain::{
    AnnotationId, AnnotatorId, Consensus, Decision, Environment, ItemId, Lease, Project, ProjectId, TaskKind,
};
use accord_statistics::InvalidInput;
use accord_store::flow::{Score, Scored, Wish};
use accord_store::idle::wait_for_work;
use accord_store::{ClaimRequest, Store, StoreError, Transaction, flow};
use tokio_util::sync::CancellationToken;

use crate::gold::{ProjectGold, Refit};
use crate::scene::{Conclusion, Scene};

/// Signs of life during the length of a lease, so that one may be late without losing it.
const HEARTBEATS_PER_LEASE: u32 = 3;

/// Tasks claimed in one transaction.
const TASKS_PER_CLAIM: u32 = 64;

/// From one claim to the next, at least: an item that comes by itself is scored at once, those that come in a stream are
/// gathered, since many cost the store little more than one.
const BETWEEN_CLAIMS: Duration = Duration::from_millis(30);

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
    /// The only project whose tasks it takes.
    project_id: Option<ProjectId>,
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
        let mut wake_ups = self.store.wake_ups();
        let mut next_claim = tokio::time::Instant::now();
        while !stop.is_cancelled() {
            tokio::time::sleep_until(next_claim).await;
            next_claim = tokio::time::Instant::now() + BETWEEN_CLAIMS;
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
            project_id: self.project_id,
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
        while let Some(first) = rest.first() {
            // What is to be scored is scored together, a refit is a work of its own.
            let alike = rest
                .iter()
                .take_while(|lease| lease.task.kind == TaskKind::Score)
                .count();
            let (in_hand, waiting) = rest.split_at(alike.max(1));
            tokio::select! {
                () = self.attempt_all(in_hand, first.task.kind) => {}
                () = self.keep_alive(rest) => {}
            }
            rest = waiting;
        }
        Ok(count)
    }

    /// Attempts tasks of one kind: all together, or each by itself when that fails, so that one cannot spoil the others.
    async fn attempt_all(&self, leases: &[Lease], kind: TaskKind) {
        if kind == TaskKind::Score && leases.len() > 1 {
            let started = Instant::now();
            if self.score(leases).await.is_ok() {
                for lease in leases {
                    record_duration(lease, started.elapsed());
                    log_done(lease, started.elapsed());
                }
                return;
            }
        }
        for lease in leases {
            self.attempt(lease).await;
        }
    }

    /// Renews the leases of the tasks in hand and of those that wait behind it, for ever. A lease that is lost already
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
            TaskKind::Score => self.score(std::slice::from_ref(lease)).await,
            TaskKind::Refit => self.refit(lease).await,
            other => Err(WorkError::Gone(format!(
                "a task of kind {} is not for this worker",
                other.word()
            ))),
        };
        record_duration(lease, started.elapsed());
        match result {
            Ok(()) => log_done(lease, started.elapsed()),
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

    /// Decides about the items of these tasks, and keeps what comes of it in one transaction.
    async fn score(&self, leases: &[Lease]) -> Result<(), WorkError> {
        let mut by_project: BTreeMap<ProjectId, Vec<ItemId>> = BTreeMap::new();
        for lease in leases {
            by_project
                .entry(lease.task.project_id)
                .or_default()
                .push(item_of(lease)?);
        }
        let mut scenes = Vec::with_capacity(leases.len());
        for (project_id, item_ids) in by_project {
            scenes.extend(Scene::read(self.store.as_ref(), project_id, &item_ids).await?);
        }
        let environment = Arc::clone(&self.environment);
        let concluded = tokio::task::spawn_blocking(move || {
            let concluded = scenes.into_iter().map(|scene| {
                let conclusion = scene.conclude(environment.as_ref())?;
                Ok((scene.item_id(), (scene, conclusion)))
            });
            concluded.collect::<Result<HashMap<ItemId, (Scene, Conclusion)>, InvalidInput>>()
        });
        let concluded = concluded.await.map_err(|_| WorkError::Interrupted)??;
        let of = |lease: &Lease| {
            let known = concluded.get(&item_of(lease)?);
            known.ok_or_else(|| WorkError::Gone("the item does not exist".to_owned()))
        };
        let mut transaction = self.store.write().await?;
        let (mut scores, mut others) = (Vec::new(), Vec::new());
        for lease in leases {
            let (scene, conclusion) = of(lease)?;
            match conclusion {
                Conclusion::Scored(rows) => scores.push(Score {
                    lease,
                    basis: &scene.panel.basis,
                    rows,
                    run_id: scene.run_id(),
                }),
                Conclusion::Ask(annotators) => others.push((lease, scene, Some(annotators.as_slice()))),
                Conclusion::Keep => others.push((lease, scene, None)),
            }
        }
        if !others.is_empty() {
            // All at first, so that transactions wait for each other and not in a circle.
            flow::hold_for_scoring(transaction.as_mut(), &leases.iter().collect::<Vec<_>>()).await?;
        }
        self.keep_scores(transaction.as_mut(), &scores).await?;
        for (lease, scene, annotators) in others {
            self.ask_or_keep(transaction.as_mut(), lease, scene, annotators).await?;
        }
        transaction.commit().await?;
        for lease in leases {
            log_conclusion(item_of(lease)?, &of(lease)?.1);
        }
        Ok(())
    }

    /// Keeps the consensus of items.
    async fn keep_scores(&self, tx: &mut dyn Transaction, scores: &[Score<'_>]) -> Result<(), StoreError> {
        let kept = flow::store_scores(tx, self.environment.as_ref(), scores).await?;
        let outdated = kept.iter().filter(|scored| **scored == Scored::Outdated).count();
        if outdated > 0 {
            tracing::debug!(outdated, "consensus dropped: what it was computed by has changed");
        }
        Ok(())
    }

    /// Asks these annotators next, or keeps the consensus that the item has.
    async fn ask_or_keep(
        &self,
        tx: &mut dyn Transaction,
        lease: &Lease,
        scene: &Scene,
        annotators: Option<&[AnnotatorId]>,
    ) -> Result<(), StoreError> {
        let Some(annotators) = annotators else {
            return flow::keep_score(tx, lease, scene.run_id()).await;
        };
        let known: BTreeSet<AnnotationId> = scene.annotations.iter().map(|annotation| annotation.id).collect();
        let wish = Wish {
            basis: &scene.panel.basis,
            annotation_ids: &known,
            run_id: scene.run_id(),
            annotators,
        };
        flow::ask_next(tx, self.environment.as_ref(), lease, &wish).await?;
        Ok(())
    }

    async fn refit(&self, lease: &Lease) -> Result<(), WorkError> {
        let project = self.project(lease.task.project_id).await?;
        let gold = ProjectGold::read(self.store.as_ref(), project).await?;
        let known = self.store.read().await?.method_comparison(gold.project.id).await?;
        let environment = Arc::clone(&self.environment);
        let refit = tokio::task::spawn_blocking(move || gold.refit(environment.as_ref(), known.as_ref()))
            .await
            .map_err(|_| WorkError::Interrupted)??;
        let Refit {
            calibrators,
            comparison,
        } = refit;
        let mut transaction = self.store.write().await?;
        let rescored = flow::store_fit(transaction.as_mut(), lease, &calibrators).await?;
        if let Some(comparison) = &comparison {
            transaction.put_method_comparison(comparison).await?;
        }
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

/// The item that a task is about.
fn item_of(lease: &Lease) -> Result<ItemId, WorkError> {
    let id = lease.task.item_id;
    id.ok_or_else(|| WorkError::Gone("the task names no item".to_owned()))
}

fn record_duration(lease: &Lease, duration: Duration) {
    let kind = lease.task.kind.word();
    metrics::histogram!("accord_task_duration_seconds", "kind" => kind).record(duration.as_secs_f64());
}

/// One line for each task that is done.
fn log_done(lease: &Lease, duration: Duration) {
    let task = &lease.task;
    tracing::info!(
        task.id = %task.id, task.kind = task.kind.word(), project.id = %task.project_id,
        duration_milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "task done"
    );
}

/// What was decided about an item.
fn log_conclusion(item_id: ItemId, conclusion: &Conclusion) {
    match conclusion {
        Conclusion::Ask(annotators) => {
            metrics::counter!("accord_annotators_asked_next_total").increment(annotators.len() as u64);
            tracing::debug!(item.id = %item_id, annotators = annotators.len(), "asking more annotators");
        }
        Conclusion::Keep => {}
        Conclusion::Scored(rows) => log_decisions(rows),
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
