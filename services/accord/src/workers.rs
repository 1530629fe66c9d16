//! The workers of one process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accord_annotate::batches::BatchWorker;
use accord_annotate::provider::Provider;
use accord_annotate::runs::RunWorker;
use accord_annotate::worker::{AnnotateWorker, WorkerSettings};
use accord_deliver::retention::RetentionWorker;
use accord_domain::ProjectId;
use accord_score::worker::ScoreWorker;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wiring::House;

/// Workers that run until told to stop.
pub(crate) struct Workers {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Workers {
    /// Starts all kinds of workers.
    pub(crate) fn start(house: &House) -> anyhow::Result<Self> {
        Self::start_for(house, None)
    }

    /// Starts all kinds of workers; those that take tasks take those of this project only, when one is named.
    pub(crate) fn start_for(house: &House, project_id: Option<ProjectId>) -> anyhow::Result<Self> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        // Once: whoever asks a provider in this process keeps to its limits together with the others.
        let providers = house.providers()?;
        let annotate = annotate_worker(house, providers.clone())?.of_project(project_id);
        let token = stop.clone();
        tasks.spawn(async move { annotate.run(token).await });
        for _ in 0..house.configuration.workers.scorers {
            let (score, token) = (score_worker(house).of_project(project_id), stop.clone());
            tasks.spawn(async move { score.run(token).await });
        }
        let runs = RunWorker::new(Arc::clone(&house.store), Arc::clone(&house.environment));
        let token = stop.clone();
        tasks.spawn(async move { runs.run(token).await });
        let batches = batch_worker(house, providers).of_project(project_id);
        let token = stop.clone();
        tasks.spawn(async move { batches.run(token).await });
        let retention = RetentionWorker::new(Arc::clone(&house.store), Arc::clone(&house.environment));
        let token = stop.clone();
        tasks.spawn(async move { retention.run(token).await });
        tasks.close();
        Ok(Self { tasks, stop })
    }

    /// Lets the tasks in hand be finished and ends.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

type Providers = BTreeMap<String, Arc<Provider>>;

fn annotate_worker(house: &House, providers: Providers) -> anyhow::Result<AnnotateWorker> {
    Ok(AnnotateWorker::new(
        Arc::clone(&house.store),
        Arc::clone(&house.blobs),
        Arc::clone(&house.environment),
        house.annotator_factory(providers)?,
        house.configuration.document_limits(),
        WorkerSettings {
            name: worker_name(house),
            concurrency: house.configuration.tasks_at_once(),
            lease: lease(house),
            deadline: Duration::from_secs(house.configuration.workers.deadline_seconds),
        },
    ))
}

fn batch_worker(house: &House, providers: Providers) -> BatchWorker {
    BatchWorker::new(
        Arc::clone(&house.store),
        Arc::clone(&house.environment),
        providers,
        lease(house),
    )
}

fn score_worker(house: &House) -> ScoreWorker {
    ScoreWorker::new(
        Arc::clone(&house.store),
        Arc::clone(&house.environment),
        worker_name(house),
        lease(house),
    )
}

fn lease(house: &House) -> Duration {
    Duration::from_secs(house.configuration.workers.lease_seconds)
}

/// Unique to this start of the process, and readable: the process number and a little chance.
fn worker_name(house: &House) -> String {
    let [first, second, third, ..] = house.environment.random_bytes();
    format!("{}-{first:02x}{second:02x}{third:02x}", std::process::id())
}
