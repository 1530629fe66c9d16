//! Workers and server are killed at random, again and again, while items come in and are voted on: nothing is lost,
//! nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::client::{Client, count_tasks, open_tasks};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::program::Process;
use crate::scripted::ScriptedModel;
use crate::scripted::action::answer;

crate::on_both_databases!(killing_at_random_loses_and_doubles_nothing);

/// Names another number of items, for runs at full size.
const ITEMS_VARIABLE: &str = "ACCORD_KILL_ITEMS";

/// Items of an ordinary run.
const ITEMS: usize = 200;

/// Of them, with gold, so that refits happen amid the killing.
const WITH_GOLD: usize = 40;

/// Lines of one import request.
const LINES_PER_REQUEST: usize = 50;

/// Processes that only work.
const WORKERS: usize = 3;

/// Calls that one process has in flight.
const CONCURRENCY: usize = 3;

/// How long the model thinks.
const THINKING: Duration = Duration::from_millis(150);

/// At least so many kills, however quick the run is.
const LEAST_KILLS: usize = 10;

/// When a run has failed, for each item.
const PATIENCE_PER_ITEM: Duration = Duration::from_millis(600);

/// The annotators of the project, two of which ask the model.
const ANNOTATORS: [&str; 3] = ["model-one", "model-two", "reader"];

/// The fields of the project.
const FIELDS: [&str; 2] = ["label", "amount"];

async fn killing_at_random_loses_and_doubles_nothing(kind: DatabaseKind) {
    let items = std::env::var(ITEMS_VARIABLE).map_or(ITEMS, |number| number.parse().unwrap());
    let model = ScriptedModel::start(THINKING, |call| answer(&answers_to(call.text))).await;
    let mut variables = model.provider("scripted", &[("TIMEOUT_SECONDS", "60")]);
    variables.push(("ACCORD__WORKERS__CONCURRENCY".to_owned(), CONCURRENCY.to_string()));
    variables.push(("ACCORD__WORKERS__LEASE_SECONDS".to_owned(), "5".to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, &["--no-workers"]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition()).await.expect(201);

    let started = Instant::now();
    let deadline = Duration::from_secs(120) + PATIENCE_PER_ITEM * u32::try_from(items).unwrap();
    let import = tokio::spawn(import(admin.clone(), items, deadline));
    let mut killing = Killing::start(house);
    while !(import.is_finished() && killing.kills() >= LEAST_KILLS && is_nearly_done(&admin, items).await) {
        killing.strike().await;
        assert!(
            started.elapsed() < deadline,
            "not done in time: {:?}",
            try_progress(&admin).await
        );
    }
    import.await.unwrap();
    killing.house.wait_until_ready().await;
    wait_for_the_end(&admin, deadline).await;

    check_progress(&admin, items).await;
    check_annotations(&admin, items).await;
    check_consensus(&admin, items).await;
    report(kind, items, &killing, &model, started.elapsed());
}

fn definition() -> Value {
    let model = |name: &str, seed: i64| {
        json!({
            "name": name, "kind": "language_model", "provider": "scripted", "model": name, "prompt": "classify",
            "seed": seed,
        })
    };
    json!({
        "name": "work",
        "fields": [
            { "name": "label", "type": "choice", "options": ["even", "odd"], "required": true },
            { "name": "amount", "type": "integer" },
        ],
        "annotators": [
            model(ANNOTATORS[0], 1), model(ANNOTATORS[1], 2),
            { "name": ANNOTATORS[2], "kind": "reader", "reader": "labelled_anchors" },
        ],
        // Attempts that died with their worker count; a task must not be given up because of them here.
        "policy": { "maximum_attempts": 100 },
    })
}

fn text_of(number: usize) -> String {
    format!("letter number {number}")
}

fn answers_to(text: &str) -> Value {
    let number: usize = text.rsplit(' ').next().unwrap().parse().unwrap();
    let label = if number.is_multiple_of(2) { "even" } else { "odd" };
    json!({ "label": label, "amount": number })
}

/// Imports everything however often the server goes away; repeating a request is harmless.
async fn import(admin: Client, items: usize, deadline: Duration) {
    let lines: Vec<String> = (0..items)
        .map(|number| {
            let mut line = json!({ "external_id": format!("letter-{number:05}"), "text": text_of(number) });
            if number < WITH_GOLD {
                line["gold"] = answers_to(&text_of(number));
            }
            line.to_string()
        })
        .collect();
    let started = Instant::now();
    for chunk in lines.chunks(LINES_PER_REQUEST) {
        loop {
            let request = admin
                .request(Method::POST, "/api/v1/projects/work/items")
                .header(CONTENT_TYPE, "application/x-ndjson")
                .body(chunk.join("\n"));
            match admin.try_send(request).await {
                Some(reply) if reply.status.is_success() => break,
                Some(reply) => assert!(reply.status.is_server_error(), "{}", reply.text()),
                None => {}
            }
            assert!(started.elapsed() < deadline, "the import does not end");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The processes and who kills them.
struct Killing {
    house: House,
    workers: Vec<Process>,
    chance: StdRng,
    server_kills: usize,
    worker_kills: usize,
}

impl Killing {
    fn start(house: House) -> Self {
        let workers = (0..WORKERS).map(|number| start_worker(&house, number)).collect();
        Self {
            house,
            workers,
            chance: StdRng::seed_from_u64(2026),
            server_kills: 0,
            worker_kills: 0,
        }
    }

    const fn kills(&self) -> usize {
        self.server_kills + self.worker_kills
    }

    /// Waits a little, kills one of the processes, and starts it again.
    async fn strike(&mut self) {
        let pause = Duration::from_millis(self.chance.random_range(300..1300));
        tokio::time::sleep(pause).await;
        let victim = self.chance.random_range(0..=WORKERS);
        if victim == WORKERS {
            self.house.kill_server().await;
            self.house.spawn_server();
            self.server_kills += 1;
        } else {
            let ended = self.workers[victim].ended();
            assert!(ended.is_none(), "worker {victim} ended by itself: {ended:?}");
            let fresh = start_worker(&self.house, victim);
            std::mem::replace(&mut self.workers[victim], fresh).kill().await;
            self.worker_kills += 1;
        }
    }
}

fn start_worker(house: &House, number: usize) -> Process {
    house.surroundings.start(&format!("work-{number}"), &["work"])
}

/// How far the project is; none while the server is away.
async fn try_progress(admin: &Client) -> Option<Value> {
    let request = admin.request(Method::GET, "/api/v1/projects/work/progress");
    let reply = admin.try_send(request).await?;
    reply.status.is_success().then(|| reply.json())
}

/// Whether most of it is done; until then there is killing.
async fn is_nearly_done(admin: &Client, items: usize) -> bool {
    let enough = i64::try_from(items * ANNOTATORS.len() * 19 / 20).unwrap();
    let progress = try_progress(admin).await;
    progress.is_some_and(|progress| progress["annotation_count"].as_i64().unwrap() >= enough)
}

async fn wait_for_the_end(admin: &Client, deadline: Duration) {
    let started = Instant::now();
    loop {
        if let Some(progress) = try_progress(admin).await {
            if open_tasks(&progress) == 0 {
                return;
            }
            assert!(started.elapsed() < deadline, "tasks stay open: {progress}");
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn check_progress(admin: &Client, items: usize) {
    let progress = admin.get("/api/v1/projects/work/progress").await.expect(200);
    assert_eq!(progress["items"]["total"], json!(items), "{progress}");
    assert_eq!(progress["items"]["pending"], json!(0), "{progress}");
    assert_eq!(progress["annotation_count"], json!(items * ANNOTATORS.len()));
    assert_eq!(progress["gold_count"], json!(WITH_GOLD.min(items) * FIELDS.len()));
    assert_eq!(
        count_tasks(&progress, |_, state| state == "leased" || state == "dead"),
        0,
        "{progress}"
    );
    let answered = count_tasks(&progress, |kind, state| kind == "annotate" && state == "done");
    assert_eq!(
        usize::try_from(answered).unwrap(),
        items * ANNOTATORS.len(),
        "{progress}"
    );
}

/// Every item has exactly one good annotation of every annotator.
async fn check_annotations(admin: &Client, items: usize) {
    let mut by_item: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for annotation in admin.rows("/api/v1/projects/work/annotations").await {
        assert_eq!(annotation["provenance"]["failure"], Value::Null, "{annotation}");
        let text = |key: &str| annotation[key].as_str().unwrap().to_owned();
        let is_new = by_item.entry(text("item_id")).or_default().insert(text("annotator_id"));
        assert!(is_new, "doubled: {annotation}");
    }
    assert_eq!(by_item.len(), items);
    for (item, annotators) in by_item {
        assert_eq!(annotators.len(), ANNOTATORS.len(), "item {item}");
    }
}

/// Every item has exactly one present consensus for every field, by the votes that are there and the calibrator that is
/// present.
async fn check_consensus(admin: &Client, items: usize) {
    let calibrators = admin.get("/api/v1/projects/work/calibrators/current").await.expect(200);
    let present: BTreeMap<&str, &str> = calibrators
        .as_array()
        .unwrap()
        .iter()
        .map(|calibrator| {
            (
                calibrator["field"].as_str().unwrap(),
                calibrator["id"].as_str().unwrap(),
            )
        })
        .collect();
    let mut seen = BTreeSet::new();
    for row in admin.rows("/api/v1/projects/work/consensus").await {
        let field = row["field"].as_str().unwrap().to_owned();
        assert_eq!(row["vote_count"], json!(2), "{row}");
        assert_eq!(row["outcome"]["outcome"], "winner", "{row}");
        if row["confidence"]["kind"] == "calibrated" {
            let calibrator = row["confidence"]["calibrator_id"].as_str();
            assert_eq!(
                calibrator,
                present.get(field.as_str()).copied(),
                "scored with an old calibrator: {row}"
            );
        }
        let item = row["item_id"].as_str().unwrap().to_owned();
        assert!(seen.insert((item, field)), "doubled: {row}");
    }
    assert_eq!(seen.len(), items * FIELDS.len());
}

/// Answers that were given in vain are those in flight when a worker was killed.
#[expect(clippy::print_stderr, reason = "the figures of the run are its result")]
fn report(kind: DatabaseKind, items: usize, killing: &Killing, model: &ScriptedModel, elapsed: Duration) {
    let counts = model.counts();
    let needed = items * 2;
    assert_eq!(counts.len(), needed, "every question was asked");
    let answers: usize = counts.values().map(|counts| counts.answers).sum();
    let calls: usize = counts.values().map(|counts| counts.calls).sum();
    assert!(counts.values().all(|counts| counts.answers >= 1));
    let lost = answers - needed;
    let in_flight = killing.worker_kills * CONCURRENCY;
    eprintln!(
        "{kind:?}: {items} items, {} annotations, {} kills of workers and {} of the server in {:.1} s; the model was \
         asked {calls} times and answered {answers} times where {needed} were needed: {lost} answers went down with \
         their worker, at most {in_flight} were in flight",
        items * ANNOTATORS.len(),
        killing.worker_kills,
        killing.server_kills,
        elapsed.as_secs_f64(),
    );
    assert!(lost <= in_flight, "{lost} answers too many, {in_flight} were in flight");
}
