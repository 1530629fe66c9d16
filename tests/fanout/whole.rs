//! The whole way: `accord work` takes tasks from the queue, asks, keeps replies and annotations, scores and decides.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Arguments;
use crate::client::{Client, count_tasks, open_tasks};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::model::Model;
use crate::process::used;
use crate::program::Process;
use crate::report::{Run, Verdicts, print_runs};
use crate::scripted::KEY;
use crate::work::{Watch, calls_of_run, text_of};

/// Annotators of the project: one model, asked five times with seeds of their own.
pub(crate) const ANNOTATORS: usize = 5;

/// Lines of one import request.
const LINES_PER_REQUEST: usize = 1000;

/// Between two looks at the progress, which is counted anew each time.
const LOOK: Duration = Duration::from_millis(500);

/// When a run has failed: so long without any progress.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a million tokens cost.
const PRICES: [(&str, &str); 3] = [("INPUT_PRICE", "2.50"), ("OUTPUT_PRICE", "10"), ("CURRENCY", "USD")];

/// What one answer costs in thousandths of a cent: 100 tokens of the question and 10 of the answer at these prices.
pub(crate) const COST: u64 = 35;

pub(crate) async fn measure(kind: DatabaseKind, arguments: &Arguments, verdicts: &mut Verdicts) {
    let mut runs = Vec::new();
    for in_flight in &arguments.in_flight {
        let calls = calls_of_run(arguments, *in_flight);
        runs.push(run(kind, *in_flight, calls, arguments.latency()).await);
    }
    let title =
        format!("The whole way through the store ({kind:?}): claimed, reserved, asked, kept, submitted, scored");
    print_runs(&title, &runs);
    verdicts.judge_runs(&format!("whole way, {kind:?}"), &runs);
}

async fn run(kind: DatabaseKind, in_flight: usize, calls: usize, latency: Duration) -> Run {
    let mut model = Model::start(0, latency).await;
    let house = open(kind, &model, in_flight, &[]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition()).await.expect(201);
    let items = calls.div_ceil(ANNOTATORS);
    import(&admin, items).await;
    let worker = start_worker(&house);
    let id = worker.id();
    let mut watch = Watch::new(items * ANNOTATORS, latency);
    let started = Instant::now();
    let longest = PATIENCE * 5 + latency.mul_f64((items * ANNOTATORS) as f64 / in_flight as f64);
    loop {
        watch.pause().await;
        let made = model.totals().await.calls;
        watch.look(id, made);
        if made == items * ANNOTATORS {
            break;
        }
        assert!(started.elapsed() < longest, "{made} calls in {:?}", started.elapsed());
    }
    let asked = Instant::now();
    let progress = wait_until_idle(&admin).await;
    let scored_after = asked.elapsed();
    let used = used(id).expect("the worker runs");
    assert!(worker.terminate().await.success());
    assert_eq!(progress["annotation_count"], json!(items * ANNOTATORS), "{progress}");
    let summary = model.summary().await;
    assert_eq!(
        (summary.questions, summary.answers),
        (items * ANNOTATORS, items * ANNOTATORS)
    );
    let totals = model.totals().await;
    Run {
        scored_after: Some(scored_after),
        ..watch.end(in_flight, &totals, used, model.used())
    }
}

/// A house whose workers ask the scripted server, so many calls at a time.
pub(crate) async fn open(kind: DatabaseKind, model: &Model, in_flight: usize, settings: &[(&str, &str)]) -> House {
    let name = |key: &str| format!("ACCORD__PROVIDERS__SCRIPTED__{key}");
    let mut variables: Vec<(String, String)> = PRICES
        .iter()
        .chain(settings)
        .map(|(key, value)| (name(key), (*value).to_owned()))
        .collect();
    variables.extend([
        (name("BASE_URL"), model.base_url.clone()),
        (name("KEY_VARIABLE"), "SCRIPTED_KEY".to_owned()),
        (name("CONCURRENCY"), in_flight.to_string()),
        ("SCRIPTED_KEY".to_owned(), KEY.to_owned()),
        ("ACCORD__WORKERS__LEASE_SECONDS".to_owned(), "5".to_owned()),
    ]);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    House::open_with(kind, &variables, &["--no-workers"]).await
}

/// A project that asks one model several times, within a budget that has to be kept.
pub(crate) fn definition() -> Value {
    let model = |number: usize| {
        json!({
            "name": format!("model-{number}"), "kind": "language_model", "provider": "scripted", "model": "model",
            "prompt": "classify", "seed": number, "maximum_tokens": 200,
        })
    };
    json!({
        "name": "letters",
        "fields": [
            { "name": "label", "type": "choice", "options": ["praise", "complaint", "question"], "required": true },
            { "name": "amount", "type": "integer" },
        ],
        "annotators": (0..ANNOTATORS).map(model).collect::<Vec<_>>(),
        // Attempts that died with their worker count; a task must not be given up because of them here.
        "policy": { "maximum_attempts": 100, "budget": { "currency": "USD", "money": "1000" } },
    })
}

pub(crate) async fn import(admin: &Client, items: usize) {
    let numbers: Vec<usize> = (0..items).collect();
    for chunk in numbers.chunks(LINES_PER_REQUEST) {
        let lines: Vec<Value> = chunk
            .iter()
            .map(|number| json!({ "external_id": format!("letter-{number:06}"), "text": text_of(*number) }))
            .collect();
        let report = admin.import("letters", &lines).await;
        assert_eq!(report["created"], json!(chunk.len()));
    }
}

pub(crate) fn start_worker(house: &House) -> Process {
    house.surroundings.start("work", &["work"])
}

/// How far the project is.
pub(crate) async fn progress(admin: &Client) -> Value {
    admin.get("/api/v1/projects/letters/progress").await.expect(200)
}

/// Waits until no automatic task is open, as long as there is progress.
pub(crate) async fn wait_until_idle(admin: &Client) -> Value {
    let (mut least, mut changed) = (i64::MAX, Instant::now());
    loop {
        let progress = progress(admin).await;
        let open = open_tasks(&progress);
        if open == 0 {
            return progress;
        }
        if open < least {
            (least, changed) = (open, Instant::now());
        }
        assert!(changed.elapsed() < PATIENCE, "no progress: {progress}");
        tokio::time::sleep(LOOK).await;
    }
}

/// The annotations that count: how many there are, how many of them failed, and how many there are of a task that has
/// another one.
pub(crate) struct Annotations {
    pub(crate) tasks: usize,
    pub(crate) failed: usize,
    pub(crate) doubled: usize,
    /// Of the annotations that answer, what they cost in thousandths of a cent.
    pub(crate) cost: u64,
}

pub(crate) async fn annotations(admin: &Client) -> Annotations {
    let mut tasks = BTreeSet::new();
    let (mut failed, mut doubled, mut cost) = (0, 0, 0);
    for annotation in admin.rows("/api/v1/projects/letters/annotations").await {
        let text = |key: &str| annotation[key].as_str().unwrap().to_owned();
        doubled += usize::from(!tasks.insert((text("item_id"), text("annotator_id"))));
        failed += usize::from(!annotation["provenance"]["failure"].is_null());
        cost += annotation["provenance"]["cost"].as_str().map_or(0, thousandths_of);
    }
    Annotations {
        tasks: tasks.len(),
        failed,
        doubled,
        cost,
    }
}

/// An amount in thousandths of a cent.
pub(crate) fn thousandths_of(amount: &str) -> u64 {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    assert!(decimals.len() <= 5, "{amount}");
    format!("{whole}{decimals:0<5}").parse().unwrap()
}

/// Automatic tasks that were given up.
pub(crate) fn dead_tasks(progress: &Value) -> i64 {
    count_tasks(progress, |_, state| state == "dead")
}
