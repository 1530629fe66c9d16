//! Runs: paused, resumed, cancelled, bounded by a budget of their own, and told of as the server of the models counted them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE, open_tasks};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::program::Process;
use crate::scripted::ScriptedModel;
use crate::scripted::action::{answer, says, status};

crate::on_both_databases!(
    pausing_stops_calls_and_resuming_goes_on,
    cancelling_ends_a_run_and_loses_nothing,
    a_run_keeps_to_its_budget_among_workers,
    a_run_whose_planning_was_killed_is_planned_to_its_end,
    one_command_starts_does_and_tells,
    a_persons_vote_on_what_is_held_asks_no_model,
);

/// Calls that one process has in flight.
const CONCURRENCY: usize = 4;

/// What a call costs in thousandths of a cent, at 2.50 for a million tokens of the question and 10 for a million of
/// the answer: 0.00035.
const COST: u64 = 35;

const RUNS: &str = "/api/v1/projects/work/runs";

fn definition(models: &[&str]) -> Value {
    let annotators = models.iter().map(|model| {
        json!({
            "name": model, "kind": "language_model", "provider": "scripted", "model": model, "prompt": "classify",
            "maximum_tokens": 20,
        })
    });
    json!({
        "name": "work",
        "fields": [{ "name": "label", "type": "choice", "options": ["even", "odd"], "required": true }],
        "annotators": annotators.collect::<Vec<_>>(),
        "policy": { "maximum_attempts": 3 },
    })
}

async fn open(kind: DatabaseKind, model: &ScriptedModel, models: &[&str]) -> (House, Client) {
    let settings = [
        ("INPUT_PRICE", "2.50"),
        ("OUTPUT_PRICE", "10"),
        ("CURRENCY", "USD"),
        ("TIMEOUT_SECONDS", "90"),
        ("RETRIES_PER_MINUTE", "100"),
    ];
    let mut variables = model.provider("scripted", &settings);
    variables.push(("ACCORD__WORKERS__CONCURRENCY".to_owned(), CONCURRENCY.to_string()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, &["--no-workers"]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition(models)).await.expect(201);
    (house, admin)
}

/// Imports letters about which nobody is asked yet.
async fn hold(admin: &Client, items: usize) {
    let lines: Vec<Value> = (0..items)
        .map(
            |number| json!({ "external_id": format!("letter-{number:05}"), "text": format!("letter number {number}") }),
        )
        .collect();
    admin.import_held("work", &lines).await;
    let progress = admin.get("/api/v1/projects/work/progress").await.expect(200);
    assert_eq!(open_tasks(&progress), 0, "nobody is asked yet");
}

fn start_worker(house: &House, number: usize) -> Process {
    house.surroundings.start(&format!("work-{number}"), &["work"])
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not {what} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn address(run: &Value) -> String {
    format!("/api/v1/runs/{}", run["id"].as_str().unwrap())
}

fn number(report: &Value, pointer: &str) -> usize {
    let found = report
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer} of {report}"));
    usize::try_from(found.as_i64().unwrap()).unwrap()
}

/// The one amount of a list, in thousandths of a cent.
fn cents(amounts: &Value) -> u64 {
    let [only] = amounts.as_array().unwrap().as_slice() else {
        panic!("one currency: {amounts}")
    };
    assert_eq!(only["currency"], "USD");
    let amount = only["amount"].as_str().unwrap();
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    assert!(decimals.len() <= 5, "{amount}");
    format!("{whole}{decimals:0<5}").parse().unwrap()
}

async fn wait_for_state(admin: &Client, run: &Value, state: &str) -> Value {
    let is_there =
        |report: &Value| report["state"] == state && (state == "paused" || report["ended_at"] != Value::Null);
    admin.wait_for(&address(run), state, is_there).await
}

/// While a run is paused, nobody is asked; what was in flight is kept; it goes on when it is resumed, and what is told of it
/// is what the server counted.
async fn pausing_stops_calls_and_resuming_goes_on(kind: DatabaseKind) {
    const ITEMS: usize = 40;
    let model = ScriptedModel::start(Duration::from_millis(60), |_| answer(&json!({ "label": "odd" }))).await;
    let (house, admin) = open(kind, &model, &["model"]).await;
    hold(&admin, ITEMS).await;
    let run = admin.post(RUNS, &json!({})).await.expect(201);
    assert_eq!((number(&run, "/tasks/total"), &run["number"]), (ITEMS, &json!(1)));
    let workers = [start_worker(&house, 0), start_worker(&house, 1)];
    wait_until("at work", || model.total_calls() >= 8).await;
    let paused = admin
        .post(&format!("{}/pause", address(&run)), &Value::Null)
        .await
        .expect(200);
    assert_eq!(paused["state"], "paused");
    admin
        .wait_for(&address(&run), "end of what is in hand", |report| {
            report["tasks"]["leased"] == 0
        })
        .await;
    let calls = model.total_calls();
    assert!(calls < ITEMS, "all was done before it was paused");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(model.total_calls(), calls, "nobody is asked while it is paused");
    let report = admin.get(&address(&run)).await.expect(200);
    assert_eq!(
        (number(&report, "/calls/kept"), number(&report, "/tasks/done")),
        (calls, calls)
    );
    assert_eq!(cents(&report["spent"]), calls as u64 * COST);
    // Every task costs the same, so the forecast is exact.
    assert_eq!(
        cents(&report["forecast"]["total"]),
        ITEMS as u64 * COST,
        "{}",
        report["forecast"]
    );
    assert_eq!(
        report["forecast"]["seconds"],
        Value::Null,
        "nobody knows when it goes on"
    );
    // A command that works until nothing is left does not wait for it.
    house.surroundings.run(&["work", "--until-idle"]).await;
    house.user("ada", "administrator").await;
    let page = house.session("ada").await.get("/projects/work/runs/1").await.text();
    assert!(
        page.contains("id=\"resume\"") && !page.contains("id=\"pause\""),
        "{page}"
    );

    admin
        .post(&format!("{}/resume", address(&run)), &Value::Null)
        .await
        .expect(200);
    let report = wait_for_state(&admin, &run, "finished").await;
    assert_eq!(model.total_calls(), ITEMS, "each was asked once");
    assert_eq!(
        (number(&report, "/calls/kept"), number(&report, "/tasks/done")),
        (ITEMS, ITEMS)
    );
    assert_eq!(
        (cents(&report["spent"]), &report["success"]),
        (ITEMS as u64 * COST, &json!(1.0))
    );
    let slowest = &report["latencies"][0];
    assert_eq!(
        (&slowest["provider"], &slowest["calls"]),
        (&json!("scripted"), &json!(ITEMS))
    );
    assert!(number(slowest, "/median_milliseconds") >= 60, "{slowest}");
    let shown = house
        .surroundings
        .run(&["run", "show", "--project", "work", "--json"])
        .await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    for part in ["id", "state", "tasks", "spent", "latencies", "panel", "failures"] {
        assert_eq!(shown[part], report[part], "the command says the same");
    }
    let refused = admin.post(&format!("{}/pause", address(&run)), &Value::Null).await;
    assert_eq!(refused.status.as_u16(), 409, "{}", refused.text());
    for worker in workers {
        assert!(worker.terminate().await.success());
    }
}

/// A run that is cancelled while calls are in flight keeps their replies, asks nobody else, and its items are scored by what
/// they have.
async fn cancelling_ends_a_run_and_loses_nothing(kind: DatabaseKind) {
    const ITEMS: usize = 12;
    let model = ScriptedModel::start(Duration::from_millis(400), |_| answer(&json!({ "label": "odd" }))).await;
    let (house, admin) = open(kind, &model, &["first", "second"]).await;
    hold(&admin, ITEMS).await;
    let run = admin.post(RUNS, &json!({})).await.expect(201);
    assert_eq!(number(&run, "/tasks/total"), 2 * ITEMS);
    let worker = start_worker(&house, 0);
    let answers = || model.counts().values().map(|counts| counts.answers).sum::<usize>();
    wait_until("at work", || answers() > 0 && model.total_calls() > answers()).await;
    let cancelled = admin
        .post(&format!("{}/cancel", address(&run)), &Value::Null)
        .await
        .expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    let report = wait_for_state(&admin, &run, "cancelled").await;
    let calls = model.total_calls();
    assert_eq!(
        (number(&report, "/calls/kept"), number(&report, "/tasks/done")),
        (calls, calls),
        "{report}"
    );
    assert_eq!(number(&report, "/tasks/cancelled"), 2 * ITEMS - calls);
    assert_eq!(cents(&report["spent"]), calls as u64 * COST);
    let progress = admin.wait_until_idle("work").await;
    assert_eq!(
        progress["annotation_count"],
        json!(calls),
        "nothing that was paid for is lost"
    );
    let annotations = admin.rows("/api/v1/projects/work/annotations").await;
    let annotated: BTreeSet<&str> = annotations.iter().map(|one| one["item_id"].as_str().unwrap()).collect();
    let consensus = admin.rows("/api/v1/projects/work/consensus").await;
    let scored: BTreeSet<&str> = consensus.iter().map(|one| one["item_id"].as_str().unwrap()).collect();
    assert_eq!(
        scored, annotated,
        "items with a vote are scored, the others wait for another run"
    );
    // Another run asks the rest, and only that.
    let rest = admin.post(RUNS, &json!({})).await.expect(201);
    assert_eq!(
        (number(&rest, "/planning/planned"), number(&rest, "/planning/present")),
        (2 * ITEMS - calls, calls)
    );
    wait_for_state(&admin, &rest, "finished").await;
    assert_eq!(model.total_calls(), 2 * ITEMS);
    let again = admin.post(&format!("{}/cancel", address(&run)), &Value::Null).await;
    assert_eq!(again.status.as_u16(), 200, "once more is harmless");
    assert!(worker.terminate().await.success());
}

/// Two workers spend a run's budget and never more; then it is paused with the reason, on the page as well, and goes on with
/// a larger one.
async fn a_run_keeps_to_its_budget_among_workers(kind: DatabaseKind) {
    const ITEMS: usize = 60;
    let model = ScriptedModel::start(Duration::from_millis(20), |_| answer(&json!({ "label": "odd" }))).await;
    let (house, admin) = open(kind, &model, &["model"]).await;
    hold(&admin, ITEMS).await;
    let wrong = admin.post(RUNS, &json!({ "budget": { "money": "0.01" } })).await;
    assert_eq!(wrong.status.as_u16(), 422, "{}", wrong.text());
    let budget = json!({ "currency": "USD", "money": "0.0100" });
    let run = admin.post(RUNS, &json!({ "budget": budget })).await.expect(201);
    assert_eq!(run["number"], 1, "what was refused has no number");
    let workers = [start_worker(&house, 0), start_worker(&house, 1)];
    wait_for_state(&admin, &run, "paused").await;
    let report = admin
        .wait_for(&address(&run), "end of what is in hand", |report| {
            report["tasks"]["leased"] == 0
        })
        .await;
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("budget of 0.0100 USD is spent"), "{reason}");
    let calls = model.total_calls();
    assert!(calls > 5 && cents(&report["spent"]) <= 1_000, "{report}");
    assert_eq!(
        calls as u64 * COST,
        cents(&report["spent"]),
        "every call is accounted for"
    );
    house.user("ada", "administrator").await;
    let session = house.session("ada").await;
    let page = session.get("/projects/work/runs/1").await.text();
    assert!(page.contains("budget of 0.0100 USD is spent"), "{page}");
    assert!(
        session
            .get("/projects/work")
            .await
            .text()
            .contains("/projects/work/runs/1")
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(model.total_calls(), calls, "nobody goes on asking");

    let arguments = ["run", "resume", "--project", "work", "1", "--budget", "1 USD", "--json"];
    let resumed: Value = serde_json::from_str(&house.surroundings.run(&arguments).await).unwrap();
    assert_eq!(
        (&resumed["state"], &resumed["budget"]["money"]),
        (&json!("running"), &json!("1"))
    );
    let report = wait_for_state(&admin, &run, "finished").await;
    assert_eq!(
        (cents(&report["spent"]), model.total_calls()),
        (ITEMS as u64 * COST, ITEMS)
    );
    let spending = admin.get("/api/v1/projects/work/spending").await.expect(200);
    assert_eq!(
        spending["days"][0]["cost"], report["spent"][0]["amount"],
        "the project's own sum is the same"
    );
    for worker in workers {
        assert!(worker.terminate().await.success());
    }
}

/// The process that starts a run is killed while it plans; whoever resumes the run plans the rest, every task once.
async fn a_run_whose_planning_was_killed_is_planned_to_its_end(kind: DatabaseKind) {
    const ITEMS: usize = 6_000;
    let model = ScriptedModel::start(Duration::ZERO, |_| answer(&json!({ "label": "odd" }))).await;
    let (house, admin) = open(kind, &model, &["first", "second"]).await;
    hold(&admin, ITEMS).await;
    let starting = house.surroundings.start("run", &["run", "start", "--project", "work"]);
    let started = Instant::now();
    let run = loop {
        if let [run, ..] = admin.rows(RUNS).await.as_slice() {
            break run.clone();
        }
        assert!(started.elapsed() < PATIENCE, "no run in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    starting.kill().await;
    let report = admin
        .post(&format!("{}/pause", address(&run)), &Value::Null)
        .await
        .expect(200);
    assert_eq!(
        report["planning"]["is_complete"],
        json!(false),
        "it was killed too late: {}",
        report["planning"]
    );
    let planned = number(&report, "/planning/planned");
    assert_eq!(
        number(&report, "/tasks/total"),
        planned,
        "what is told is what is there"
    );
    let report = admin
        .post(&format!("{}/resume", address(&run)), &Value::Null)
        .await
        .expect(200);
    assert_eq!(report["planning"]["is_complete"], json!(true));
    assert_eq!(
        (
            number(&report, "/planning/planned"),
            number(&report, "/planning/present")
        ),
        (2 * ITEMS, 0)
    );
    assert_eq!(
        (number(&report, "/tasks/total"), number(&report, "/tasks/ready")),
        (2 * ITEMS, 2 * ITEMS)
    );
    let report = admin
        .post(&format!("{}/cancel", address(&run)), &Value::Null)
        .await
        .expect(200);
    assert_eq!(number(&report, "/tasks/cancelled"), 2 * ITEMS);
    assert_eq!(model.total_calls(), 0);
}

/// One command starts a run, does its work and tells what went wrong, by kind and as often as the server saw it.
async fn one_command_starts_does_and_tells(kind: DatabaseKind) {
    const ITEMS: usize = 30;
    let number_of = |text: &str| -> usize { text.rsplit(' ').next().unwrap().trim().parse().unwrap() };
    let model = ScriptedModel::start(Duration::from_millis(5), move |call| {
        match (number_of(call.text) % 10, call.attempt) {
            (0, 1) => status(500, "try again later"),
            (1, _) => says("I would rather not.", "stop"),
            (2, _) => status(404, "no such model"),
            _ => answer(&json!({ "label": "odd" })),
        }
    })
    .await;
    let (house, admin) = open(kind, &model, &["model"]).await;
    hold(&admin, ITEMS).await;
    let arguments = [
        "run",
        "start",
        "--project",
        "work",
        "--prefix",
        "letter-",
        "--work",
        "--json",
    ];
    let printed = house.surroundings.run(&arguments).await;
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["state"], "finished", "{report}");
    assert_eq!(
        (number(&report, "/tasks/done"), number(&report, "/tasks/set_aside")),
        (27, 3)
    );
    assert_eq!(number(&report, "/tasks/failed_answers"), 3, "{report}");
    let success = report["success"].as_f64().unwrap();
    assert!((success - 24.0 / 30.0).abs() < 1e-9, "{success}");
    let calls = model.total_calls();
    assert_eq!(
        (calls, number(&report, "/calls/kept"), number(&report, "/calls/failed")),
        (33, 27, 6)
    );
    assert_eq!(number(&report, "/tasks/retries"), 3);
    assert_eq!(cents(&report["spent"]), 27 * COST);
    let failures = report["failures"].as_array().unwrap();
    let of_kind = |beginning: &str| {
        let found = failures
            .iter()
            .find(|one| one["kind"].as_str().unwrap().starts_with(beginning));
        found.unwrap_or_else(|| panic!("no `{beginning}` among {failures:?}"))
    };
    assert_eq!(of_kind("provider answered 500")["passed"], json!(3));
    let gone = of_kind("provider answered 404");
    assert_eq!(gone["set_aside"], json!(3));
    assert!(gone["example"].as_str().unwrap().contains("no such model"), "{gone}");
    let answered: i64 = failures.iter().map(|one| one["answered"].as_i64().unwrap()).sum();
    assert_eq!(answered, 3);
    let progress = admin.get("/api/v1/projects/work/progress").await.expect(200);
    assert_eq!(open_tasks(&progress), 0, "it did not end before the items were scored");
    let shown = house.surroundings.run(&["run", "list", "--project", "work"]).await;
    assert!(shown.contains("finished") && shown.contains("0.00945 USD"), "{shown}");
    let again = house
        .surroundings
        .run(&["run", "start", "--project", "work", "--newest", "5"])
        .await;
    assert!(
        again.contains("0 tasks planned, 0 taken over, 5 there already"),
        "{again}"
    );
}

/// Items that were held wait for a run, also when a person votes on them first; then the run asks as ever.
async fn a_persons_vote_on_what_is_held_asks_no_model(kind: DatabaseKind) {
    let model = ScriptedModel::start(Duration::from_millis(5), |_| answer(&json!({ "label": "odd" }))).await;
    let (house, admin) = open(kind, &model, &["model"]).await;
    let mut voting = definition(&["model"]);
    voting["policy"]["people"] = json!("always");
    let changed = admin
        .request(Method::PUT, "/api/v1/projects/work")
        .header(IF_MATCH, "\"1\"")
        .json(&voting);
    admin.send(changed).await.expect(200);
    let letter = json!({ "external_id": "letter", "text": "letter number 1" });
    admin.import_held("work", &[letter]).await;
    house.user("ada", "annotator").await;
    let ada = house.token(&["annotate"], None).await;
    let wanted = json!({ "kind": "vote", "user": "ada" });
    let claimed = ada.post("/api/v1/projects/work/tasks/claim", &wanted).await.expect(200);
    let submit = format!("/api/v1/tasks/{}/submit", claimed["task"]["id"].as_str().unwrap());
    let vote = json!({ "lease_token": claimed["lease_token"], "answers": { "label": "odd" } });
    ada.post(&submit, &vote).await.expect(200);
    let worker = start_worker(&house, 0);
    let consensus = "/api/v1/projects/work/consensus";
    let is_scored = |rows: &Value| rows["rows"].as_array().is_some_and(|rows| rows.len() == 1);
    admin.wait_for(consensus, "consensus", is_scored).await;
    admin.wait_until_idle("work").await;
    assert_eq!(model.total_calls(), 0, "it is left to a run");

    let run = admin.post(RUNS, &json!({})).await.expect(201);
    wait_for_state(&admin, &run, "finished").await;
    admin.wait_until_idle("work").await;
    worker.kill().await;
    assert_eq!(model.total_calls(), 1);
    let rows = admin.get(consensus).await.expect(200);
    assert_eq!(rows["rows"][0]["vote_count"], json!(2), "{rows}");
}
