//! Providers that are limited, busy or down: what is asked of them by their own count, and what becomes of the tasks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use accord_annotate::provider::{CallError, HoldReason, Provider, TokenEstimate};
use accord_annotate::worker::{AnnotateWorker, WorkerSettings};
use accord_domain::{Task, TaskKind, TaskState};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::endpoint::{Behaviour, Endpoint, says, status, with_header};
use crate::house::{House, definition, named_provider, provider};

const GOOD: &str = r#"{"sender": "Ben", "mood": "glad"}"#;

fn request() -> Value {
    json!({"model": "tiny", "messages": [], "max_tokens": 10})
}

pub(crate) fn letters(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("letter number {number}")).collect()
}

/// A worker that runs until it is told to stop.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(worker: AnnotateWorker) -> Self {
        let stop = CancellationToken::new();
        let told = stop.clone();
        let task = tokio::spawn(async move { worker.run(told).await });
        Self { stop, task }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

pub(crate) fn worker(house: &House, providers: &[(&str, &Arc<Provider>)], concurrency: usize) -> AnnotateWorker {
    let providers = providers
        .iter()
        .map(|(name, provider)| ((*name).to_owned(), Arc::clone(provider)));
    house.worker_as(
        providers.collect(),
        WorkerSettings {
            name: "test".to_owned(),
            concurrency,
            lease: Duration::from_secs(30),
            deadline: Duration::from_secs(30),
        },
    )
}

pub(crate) async fn wait_until(house: &House, what: &str, is_so: impl Fn(&[Task]) -> bool) -> Vec<Task> {
    let started = Instant::now();
    loop {
        let tasks = house.tasks(TaskKind::Annotate).await;
        if is_so(&tasks) {
            return tasks;
        }
        let states: Vec<_> = tasks.iter().map(|task| (task.state, &task.last_error)).collect();
        assert!(started.elapsed() < Duration::from_secs(60), "not {what}: {states:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn all_done(tasks: &[Task]) -> bool {
    tasks.iter().all(|task| task.state == TaskState::Done)
}

#[tokio::test]
async fn what_a_success_says_about_limits_is_obeyed() {
    let last = with_header(says(GOOD), "x-ratelimit-remaining-requests", "0");
    let last = with_header(last, "x-ratelimit-reset-requests", "700ms");
    let endpoint = Endpoint::serve([last, says(GOOD)]).await;
    let provider = provider(&endpoint.base_url, &json!({}));
    let started = Instant::now();
    provider.ask(&request()).await.unwrap();
    let held = provider
        .admit(TokenEstimate::of(&request()).total(), false, Duration::ZERO)
        .await
        .err()
        .unwrap();
    assert!(
        matches!(
            held,
            CallError::Held {
                reason: HoldReason::Requests,
                ..
            }
        ),
        "{held}"
    );
    provider.ask(&request()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(700));
    assert_eq!(endpoint.received().len(), 2);
}

#[tokio::test]
async fn calls_are_paced_by_the_operators_limit() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    let provider = Arc::new(provider(
        &endpoint.base_url,
        &json!({"requests_per_minute": 600, "concurrency": 200}),
    ));
    let asking = (0..200).map(|_| {
        let provider = Arc::clone(&provider);
        async move {
            let turn = provider
                .admit(TokenEstimate::of(&request()).total(), false, Duration::from_secs(2))
                .await?;
            provider.send(turn, &request()).await
        }
    });
    let started = Instant::now();
    let results = futures::future::join_all(asking).await;
    let (seconds, answered) = (
        started.elapsed().as_secs_f64(),
        results.iter().filter(|result| result.is_ok()).count(),
    );
    assert_eq!(endpoint.received().len(), answered);
    // Sixty at once and ten a second.
    assert!(
        (70..=60 + (seconds * 10.0) as usize + 1).contains(&answered),
        "{answered} in {seconds} s"
    );
    for held in results.into_iter().filter_map(Result::err) {
        assert!(
            matches!(
                held,
                CallError::Held {
                    reason: HoldReason::Requests,
                    ..
                }
            ),
            "{held}"
        );
    }
}

/// In a storm of 429 no call is repeated more often than the budget allows, by the server's own count.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_not_amplified() {
    const LETTERS: usize = 60;
    let busy = || with_header(status(429, r#"{"error": {"message": "busy"}}"#), "retry-after-ms", "20");
    let storm = (0..400).map(|call| if call % 4 == 0 { says(GOOD) } else { busy() });
    let endpoint = Endpoint::serve(storm).await;
    let mut wanted = definition();
    wanted["policy"]["maximum_attempts"] = json!(100);
    let house = House::with_texts(&endpoint.base_url, wanted, &letters(LETTERS)).await;
    let provider = Arc::new(provider(&endpoint.base_url, &json!({"retries_per_minute": 7})));
    let running = Running::start(worker(&house, &[("local", &provider)], 8));
    wait_until(&house, "asked for all", |_| endpoint.received().len() >= LETTERS + 7).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    running.end().await;
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for received in endpoint.received() {
        *calls.entry(received.body["messages"].to_string()).or_default() += 1;
    }
    let total: usize = calls.values().sum();
    let retries = total - calls.len();
    assert_eq!(calls.len(), LETTERS, "first calls go on");
    assert!((1..=7.max(total / 10)).contains(&retries), "{retries} of {total}");
    let tasks = house.tasks(TaskKind::Annotate).await;
    let waiting = tasks.iter().filter(|task| task.state == TaskState::Ready).count();
    assert!(waiting >= 30, "the others wait");
    assert!(
        tasks
            .iter()
            .all(|task| task.state != TaskState::Dead && task.attempts < 100)
    );
}

/// A provider that is down for a while is hardly asked, costs no task an attempt too many, and everything is done when it
/// is back.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_waited_for() {
    let down = (0..9).map(|_| status(500, "down"));
    let endpoint = Endpoint::serve(down.chain([says(GOOD)])).await;
    let mut wanted = definition();
    wanted["policy"]["maximum_attempts"] = json!(4);
    let house = House::with_texts(&endpoint.base_url, wanted, &letters(50)).await;
    let provider = Arc::new(provider(&endpoint.base_url, &json!({})));
    let running = Running::start(worker(&house, &[("local", &provider)], 8));
    let tasks = wait_until(&house, "done", all_done).await;
    running.end().await;
    assert_eq!(
        endpoint.received().len(),
        50 + 9,
        "what was not answered was asked again, once"
    );
    assert!(tasks.iter().all(|task| task.attempts + task.uncounted <= 4));
    assert!(
        tasks.iter().any(|task| task.uncounted > 0),
        "what the provider did was not counted"
    );
    assert_eq!(house.annotations().await.len(), 50);
}

/// A dead provider's tasks wait in the queue, and another's are done at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_does_not_hold_up_another() {
    let healthy = Endpoint::serve([says(GOOD)]).await;
    let dead = Endpoint::serve([status(503, "down")]).await;
    let mut wanted = definition();
    let mut other = wanted["annotators"][0].clone();
    other["name"] = json!("healthy");
    other["provider"] = json!("healthy");
    wanted["annotators"].as_array_mut().unwrap().push(other);
    let house = House::with_texts(&dead.base_url, wanted, &letters(40)).await;
    let dead_provider = Arc::new(provider(&dead.base_url, &json!({})));
    let healthy_provider = Arc::new(named_provider("healthy", &healthy.base_url, &json!({})));
    let providers = [("local", &dead_provider), ("healthy", &healthy_provider)];
    let started = Instant::now();
    let running = Running::start(worker(&house, &providers, 4));
    let done = |tasks: &[Task]| tasks.iter().filter(|task| task.state == TaskState::Done).count() == 40;
    let tasks = wait_until(&house, "done by the healthy one", done).await;
    let elapsed = started.elapsed();
    running.end().await;
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
    assert_eq!(healthy.received().len(), 40);
    assert!(dead.received().len() < 20, "{} calls", dead.received().len());
    let waiting: Vec<&Task> = tasks.iter().filter(|task| task.state == TaskState::Ready).collect();
    assert!(waiting.len() >= 35, "{}", waiting.len());
    let reasons: Vec<&str> = waiting.iter().filter_map(|task| task.last_error.as_deref()).collect();
    assert!(
        reasons
            .iter()
            .any(|reason| reason.contains("503") || reason.contains("is down")),
        "{reasons:?}"
    );
}

/// What takes longer than its deadline is tried again, and the reply that came meanwhile is used.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_after_the_deadline_is_kept() {
    let endpoint = Endpoint::serve([Behaviour::Late(Duration::from_millis(1500), Box::new(says(GOOD)))]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    let provider = Arc::new(provider(&endpoint.base_url, &json!({})));
    let hasty = WorkerSettings {
        name: "hasty".to_owned(),
        concurrency: 1,
        lease: Duration::from_secs(30),
        deadline: Duration::from_millis(500),
    };
    let worker = house.worker_as(BTreeMap::from([("local".to_owned(), provider)]), hasty);
    let running = Running::start(worker);
    let failed = |tasks: &[Task]| tasks[0].state == TaskState::Ready && tasks[0].last_error.is_some();
    let tasks = wait_until(&house, "given up", failed).await;
    assert!(
        tasks[0].last_error.as_deref().unwrap().contains("longer than"),
        "{tasks:?}"
    );
    // The end of the worker waits for the call.
    running.end().await;
    let started = Instant::now();
    while house.work().await == 0 {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(all_done(&house.tasks(TaskKind::Annotate).await));
    assert_eq!(endpoint.received().len(), 1, "the reply was not lost");
}
