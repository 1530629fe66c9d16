//! What calls of models cost: nothing is paid twice but what was in flight when a worker was killed, budgets hold among
//! processes, and so do limits that processes share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::program::Process;
use crate::scripted::ScriptedModel;
use crate::scripted::action::{Action, answer};

crate::on_both_databases!(
    killing_costs_what_was_in_flight_and_says_so,
    a_budget_holds_among_workers_and_says_when_it_is_spent,
    workers_share_a_limit,
);

/// Calls that one process has in flight.
const CONCURRENCY: usize = 6;

/// What a call costs in thousandths of a cent, at 2.50 for a million tokens of the question and 10 for a million of
/// the answer: 0.00035.
pub(crate) const COST: u64 = 35;

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(600);

fn definition(budget: &Value) -> Value {
    json!({
        "name": "work",
        "fields": [{ "name": "label", "type": "choice", "options": ["even", "odd"], "required": true }],
        "annotators": [{
            "name": "model", "kind": "language_model", "provider": "scripted", "model": "model", "prompt": "classify",
            "maximum_tokens": 20,
        }],
        "policy": { "maximum_attempts": 20, "budget": budget },
    })
}

pub(crate) async fn open(
    kind: DatabaseKind,
    model: &ScriptedModel,
    settings: &[(&str, &str)],
    budget: &Value,
) -> (House, Client) {
    let own = [
        ("INPUT_PRICE", "2.50"),
        ("OUTPUT_PRICE", "10"),
        ("CURRENCY", "USD"),
        ("TIMEOUT_SECONDS", "90"),
    ];
    let settings: Vec<(&str, &str)> = own.iter().chain(settings).copied().collect();
    let mut variables = model.provider("scripted", &settings);
    variables.push(("ACCORD__WORKERS__CONCURRENCY".to_owned(), CONCURRENCY.to_string()));
    variables.push(("ACCORD__WORKERS__LEASE_SECONDS".to_owned(), "3".to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, &["--no-workers"]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition(budget)).await.expect(201);
    (house, admin)
}

pub(crate) async fn import(admin: &Client, items: usize) {
    let lines: Vec<Value> = (0..items)
        .map(
            |number| json!({ "external_id": format!("letter-{number:04}"), "text": format!("letter number {number}") }),
        )
        .collect();
    let report = admin.import("work", &lines).await;
    assert_eq!(report["created"], json!(items));
}

pub(crate) fn start_worker(house: &House, number: usize) -> Process {
    house.surroundings.start(&format!("work-{number}"), &["work"])
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not {what} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn spending(admin: &Client) -> Value {
    admin.get("/api/v1/projects/work/spending").await.expect(200)
}

pub(crate) fn sum(spending: &Value, key: &str) -> i64 {
    let days = spending["days"].as_array().unwrap().iter();
    days.map(|day| day[key].as_i64().unwrap()).sum()
}

/// An amount in thousandths of a cent.
fn thousandths_of(amount: &str) -> u64 {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    assert!(decimals.len() <= 5, "{amount}");
    format!("{whole}{decimals:0<5}").parse().unwrap()
}

pub(crate) fn cost(spending: &Value) -> u64 {
    let days = spending["days"].as_array().unwrap().iter();
    days.map(|day| thousandths_of(day["cost"].as_str().unwrap())).sum()
}

/// A worker is killed twice with all its calls in flight. Nothing is lost, what was in flight is paid twice and no more, and
/// the report says as much as the server's own count.
async fn killing_costs_what_was_in_flight_and_says_so(kind: DatabaseKind) {
    const ITEMS: usize = 40;
    const KILLS: usize = 2;
    let stuck = Arc::new(AtomicBool::new(false));
    let is_stuck = Arc::clone(&stuck);
    let model = ScriptedModel::start(Duration::from_millis(10), move |_| {
        let good = answer(&json!({ "label": "odd" }));
        if is_stuck.load(Ordering::SeqCst) {
            Action::Late(FOR_EVER, Box::new(good))
        } else {
            good
        }
    })
    .await;
    let (house, admin) = open(kind, &model, &[("RETRIES_PER_MINUTE", "100")], &json!({})).await;
    import(&admin, ITEMS).await;
    let answers = || model.counts().values().map(|counts| counts.answers).sum::<usize>();
    for kill in 0..KILLS {
        stuck.store(kill == 0, Ordering::SeqCst);
        let worker = start_worker(&house, kill);
        if kill > 0 {
            wait_until("at work again", || answers() >= ITEMS / 4).await;
            stuck.store(true, Ordering::SeqCst);
        }
        // Everything the worker may have in flight is with the server.
        let in_flight = || model.total_calls() - answers() - kill * CONCURRENCY;
        wait_until("stuck", || in_flight() == CONCURRENCY).await;
        worker.kill().await;
    }
    stuck.store(false, Ordering::SeqCst);
    let worker = start_worker(&house, KILLS);
    let progress = admin.wait_until_idle("work").await;
    assert!(worker.terminate().await.success());

    assert_eq!(progress["annotation_count"], json!(ITEMS), "{progress}");
    let mut annotated = BTreeSet::new();
    for annotation in admin.rows("/api/v1/projects/work/annotations").await {
        assert_eq!(annotation["provenance"]["failure"], Value::Null, "{annotation}");
        assert_eq!(annotation["provenance"]["cost"], json!("0.00035"));
        assert!(
            annotated.insert(annotation["item_id"].as_str().unwrap().to_owned()),
            "doubled: {annotation}"
        );
    }
    assert_eq!(annotated.len(), ITEMS);
    let counts = model.counts();
    assert_eq!(counts.len(), ITEMS);
    assert!(
        counts.values().all(|counts| counts.answers == 1),
        "answered twice: {counts:?}"
    );
    let twice = model.total_calls() - ITEMS;
    assert_eq!(twice, KILLS * CONCURRENCY, "only what was in flight was asked again");
    let spending = spending(&admin).await;
    assert_eq!(spending["lost_calls"], json!(twice), "{spending}");
    assert_eq!(
        sum(&spending, "kept_calls"),
        i64::try_from(ITEMS).unwrap(),
        "{spending}"
    );
    assert_eq!(
        (sum(&spending, "failed_calls"), &spending["calls_under_way"]),
        (0, &json!(0))
    );
    assert_eq!(cost(&spending), ITEMS as u64 * COST, "{spending}");
    assert_eq!(sum(&spending, "input_tokens"), 100 * i64::try_from(ITEMS).unwrap());
    let shown = house.surroundings.run(&["project", "show", "work", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["spending"], spending["days"], "the command says the same");
}

/// Two workers spend a budget and never more; the tasks that are left wait with the reason, on the page as well, and go on
/// when it is raised.
async fn a_budget_holds_among_workers_and_says_when_it_is_spent(kind: DatabaseKind) {
    const ITEMS: usize = 60;
    let model = ScriptedModel::start(Duration::from_millis(20), |_| answer(&json!({ "label": "odd" }))).await;
    let budget = json!({ "currency": "USD", "money": "0.0100", "tokens_per_day": 1_000_000 });
    let (house, admin) = open(kind, &model, &[], &budget).await;
    import(&admin, ITEMS).await;
    let workers = [start_worker(&house, 0), start_worker(&house, 1)];
    let path = "/api/v1/projects/work/spending";
    // What is left does not suffice for what the next call may need, as the reason tells.
    let is_used_up = |spending: &Value| {
        let mut parked = spending["parked"].as_array().unwrap().iter();
        let suffices_no_more = |reason: &str| {
            let (_, needed) = reason
                .split_once("budget of 0.0100 USD in all is spent")?
                .1
                .split_once("may need ")?;
            let (needed, _) = needed.split_once(';')?;
            let left = 0.01 - cost(spending) as f64 / 100_000.0;
            Some(needed.parse::<f64>().ok()? > left)
        };
        spending["calls_under_way"] == 0
            && parked.any(|parked| suffices_no_more(parked["reason"].as_str().unwrap()) == Some(true))
    };
    admin.wait_for(path, "spent budget", is_used_up).await;
    let (spent, calls) = (spending(&admin).await, model.total_calls());
    assert!(cost(&spent) <= 1_000, "{spent}");
    assert_eq!(calls as u64 * COST, cost(&spent), "every call is accounted for");
    assert_eq!(
        spent["total"]["money"], spent["days"][0]["cost"],
        "nothing is reserved any more"
    );
    house.user("ada", "administrator").await;
    let page = house.session("ada").await.get("/projects/work").await.text();
    assert!(
        page.contains("budget of 0.0100 USD in all is spent") && page.contains("id=\"budget\""),
        "{page}"
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(model.total_calls(), calls, "nobody goes on asking");

    let raised = definition(&json!({ "currency": "USD", "money": "1" }));
    let request = admin
        .request(Method::PUT, "/api/v1/projects/work")
        .header(IF_MATCH, "\"1\"")
        .json(&raised);
    admin.send(request).await.expect(200);
    admin.wait_until_idle("work").await;
    for worker in workers {
        assert!(worker.terminate().await.success());
    }
    let spent = spending(&admin).await;
    assert_eq!(
        (cost(&spent), model.total_calls()),
        (ITEMS as u64 * COST, ITEMS),
        "{spent}"
    );
    assert_eq!(spent["parked"], json!([]));
}

/// Two workers together keep to a limit that they share.
async fn workers_share_a_limit(kind: DatabaseKind) {
    const ITEMS: usize = 45;
    let model = ScriptedModel::start(Duration::from_millis(5), |_| answer(&json!({ "label": "odd" }))).await;
    let limits = [("REQUESTS_PER_MINUTE", "150"), ("SHARED_LIMITS", "true")];
    let (house, admin) = open(kind, &model, &limits, &json!({})).await;
    import(&admin, ITEMS).await;
    let started = Instant::now();
    let workers = [start_worker(&house, 0), start_worker(&house, 1)];
    while model.total_calls() < ITEMS {
        let (calls, elapsed) = (model.total_calls(), started.elapsed());
        assert!(elapsed < PATIENCE, "{calls} calls");
        // Fifteen lie ready, and five come in two seconds.
        let most = 16 + usize::try_from(elapsed.as_millis()).unwrap() / 400;
        assert!(
            calls <= most,
            "{calls} calls in {elapsed:?}, at most {most} are allowed"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_secs(11), "{elapsed:?} for {ITEMS} calls");
    admin.wait_until_idle("work").await;
    for worker in workers {
        assert!(worker.terminate().await.success());
    }
    assert_eq!(model.total_calls(), ITEMS, "nothing was asked twice");
}
