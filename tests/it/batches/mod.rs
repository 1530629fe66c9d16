//! Runs whose models are asked through batches: the same answers at half the price, each paid once whatever happens.

mod trouble;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::ScriptedModel;
use crate::scripted::action::{answer, status};
use crate::scripted::batches::Ending;

crate::on_both_databases!(
    a_batch_answers_as_calls_do_at_half_the_price,
    what_was_not_answered_comes_into_another_batch,
    a_refused_batch_costs_nothing_and_names_who_is_to_blame,
    a_cancelled_run_cancels_its_batch_and_keeps_what_was_answered,
    a_paused_run_sends_nothing_and_runs_need_providers_with_batches,
    what_fits_into_no_batch_is_set_aside,
);

/// What a call costs in millionths, at 2.50 for a million tokens of the question and 10 for a million of the
/// answer: 0.00035; half of that in a batch.
const COST: u64 = 350;

/// At once.
const NOW: Ending = Ending::Completed(Duration::ZERO);

fn definition(name: &str, seed: i64) -> Value {
    json!({
        "name": name,
        "title": "Letters",
        "fields": [{ "name": "label", "type": "choice", "options": ["even", "odd"], "required": true }],
        "annotators": [
            {
                "name": "model", "kind": "language_model", "provider": "scripted", "model": "model",
                "prompt": "classify", "maximum_tokens": 20, "seed": seed,
            },
            { "name": "reader", "kind": "reader", "reader": "labelled_anchors" },
        ],
        "policy": { "maximum_attempts": 3 },
    })
}

/// A model that sees whether the number of a letter is even; letters in trouble are refused or fail at first.
async fn scripted_model() -> ScriptedModel {
    ScriptedModel::start(Duration::from_millis(5), |call| {
        let number: usize = call.text.rsplit(' ').next().unwrap().parse().unwrap();
        if call.text.starts_with("impossible") {
            return status(400, "this letter is too long");
        }
        if call.text.starts_with("troubled") && call.attempt == 1 {
            return status(500, "something broke");
        }
        let label = if number.is_multiple_of(2) { "even" } else { "odd" };
        answer(&json!({ "label": label }))
    })
    .await
}

async fn open(kind: DatabaseKind, model: &ScriptedModel, settings: &[(&str, &str)]) -> (House, Client) {
    open_with(kind, model, settings, &[]).await
}

async fn open_with(
    kind: DatabaseKind,
    model: &ScriptedModel,
    settings: &[(&str, &str)],
    serve_arguments: &[&'static str],
) -> (House, Client) {
    let own = [
        ("INPUT_PRICE", "2.50"),
        ("OUTPUT_PRICE", "10"),
        ("CURRENCY", "USD"),
        ("TIMEOUT_SECONDS", "60"),
        ("BATCH__PRICE_FACTOR", "0.5"),
        ("BATCH__GATHER_SECONDS", "1"),
        ("BATCH__POLL_SECONDS", "1"),
    ];
    let settings: Vec<(&str, &str)> = own.iter().chain(settings).copied().collect();
    let mut variables = model.provider("scripted", &settings);
    let direct = model.provider("direct", &[]);
    variables.extend(direct);
    variables.push(("ACCORD__WORKERS__LEASE_SECONDS".to_owned(), "3".to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, serve_arguments).await;
    let admin = house.administrator().await;
    (house, admin)
}

/// Creates a project and imports letters about which nobody is asked yet.
async fn hold(admin: &Client, name: &str, seed: i64, letters: &[String]) {
    admin
        .post("/api/v1/projects", &definition(name, seed))
        .await
        .expect(201);
    let lines: Vec<Value> = letters
        .iter()
        .enumerate()
        .map(|(number, text)| json!({ "external_id": format!("letter-{number:05}"), "text": text }))
        .collect();
    admin.import_held(name, &lines).await;
}

fn letters(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("letter number {number}")).collect()
}

async fn start(admin: &Client, project: &str, batch: bool) -> Value {
    let path = format!("/api/v1/projects/{project}/runs");
    admin.post(&path, &json!({ "batch": batch })).await.expect(201)
}

fn address(run: &Value) -> String {
    format!("/api/v1/runs/{}", run["id"].as_str().unwrap())
}

async fn finished(admin: &Client, run: &Value) -> Value {
    let is_over = |report: &Value| report["state"] == "finished" && report["ended_at"] != Value::Null;
    admin.wait_for(&address(run), "finished", is_over).await
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not {what} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An amount in millionths.
fn millionths(amount: &Value) -> u64 {
    let amount = amount.as_str().unwrap();
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    assert!(decimals.len() <= 6, "{amount}");
    format!("{whole}{decimals:0<6}").parse().unwrap()
}

/// Kept and failed calls of a project, and what they cost.
async fn spent(admin: &Client, project: &str) -> (i64, i64, u64) {
    let spending = admin
        .get(&format!("/api/v1/projects/{project}/spending"))
        .await
        .expect(200);
    let days = spending["days"].as_array().unwrap();
    let sum = |key: &str| days.iter().map(|day| day[key].as_i64().unwrap()).sum();
    assert_eq!(
        days.iter().map(|day| day["lost_calls"].as_i64().unwrap()).sum::<i64>(),
        0,
        "{spending}"
    );
    assert_eq!(spending["calls_under_way"], 0, "nothing stays reserved: {spending}");
    (
        sum("kept_calls"),
        sum("failed_calls"),
        days.iter().map(|day| millionths(&day["cost"])).sum(),
    )
}

/// What the model of a project answered to each item, with its price.
async fn answers(admin: &Client, project: &str) -> BTreeMap<String, (Value, Option<u64>)> {
    let mut names = BTreeMap::new();
    for item in admin.rows(&format!("/api/v1/projects/{project}/items")).await {
        names.insert(
            item["id"].clone().to_string(),
            item["external_id"].as_str().unwrap().to_owned(),
        );
    }
    let mut found = BTreeMap::new();
    for annotation in admin.rows(&format!("/api/v1/projects/{project}/annotations")).await {
        let provenance = &annotation["provenance"];
        if provenance["call_key"].is_null() && provenance["failure"].is_null() {
            continue;
        }
        let name = names[&annotation["item_id"].to_string()].clone();
        let cost = provenance["cost"].is_string().then(|| millionths(&provenance["cost"]));
        let former = found.insert(name, (annotation["answers"].clone(), cost));
        assert_eq!(former, None, "doubled: {annotation}");
    }
    found
}

/// The same letters, asked one by one and in batches: the same answers, half the price, and either is the answer of the
/// other.
async fn a_batch_answers_as_calls_do_at_half_the_price(kind: DatabaseKind) {
    const ITEMS: usize = 23;
    let model = scripted_model().await;
    let (house, admin) = open(kind, &model, &[("BATCH__MAXIMUM_REQUESTS", "10")]).await;
    hold(&admin, "direct", 1, &letters(ITEMS)).await;
    hold(&admin, "batched", 2, &letters(ITEMS)).await;
    let direct = start(&admin, "direct", false).await;
    finished(&admin, &direct).await;
    let run = start(&admin, "batched", true).await;
    let report = finished(&admin, &run).await;

    let (one_by_one, in_batches) = (answers(&admin, "direct").await, answers(&admin, "batched").await);
    assert_eq!(in_batches.len(), ITEMS);
    for (name, (labels, cost)) in &one_by_one {
        assert_eq!(cost, &Some(COST), "{name}");
        assert_eq!(in_batches[name], (labels.clone(), Some(COST / 2)), "{name}");
    }
    let items = ITEMS as u64;
    let kept = i64::try_from(ITEMS).unwrap();
    assert_eq!(spent(&admin, "direct").await, (kept, 0, items * COST));
    assert_eq!(spent(&admin, "batched").await, (kept, 0, items * COST / 2));

    assert!(report["batch"] == true && report["failures"] == json!([]), "{report}");
    let batches = report["batches"].as_array().unwrap();
    let figures: Vec<(i64, i64, &Value)> = batches
        .iter()
        .map(|batch| {
            (
                batch["requests"].as_i64().unwrap(),
                batch["answered"].as_i64().unwrap(),
                &batch["state"],
            )
        })
        .collect();
    let collected = json!("collected");
    assert_eq!(
        figures,
        [(10, 10, &collected), (10, 10, &collected), (3, 3, &collected)]
    );
    let cost: u64 = batches.iter().map(|batch| millionths(&batch["cost"]["amount"])).sum();
    assert_eq!(cost, items * COST / 2, "{report}");
    assert!(
        batches
            .iter()
            .all(|batch| batch["note"] == "1 line of the answers could not be read"),
        "{report}"
    );
    assert_eq!(model.batches().files(), (3, 0), "files do not stay at the provider");

    // Whoever asks the same again, one by one, finds what the batch brought.
    let calls = model.total_calls();
    hold(&admin, "again", 2, &letters(ITEMS)).await;
    let again = start(&admin, "again", false).await;
    finished(&admin, &again).await;
    assert_eq!(answers(&admin, "again").await, in_batches);
    assert_eq!((model.total_calls(), spent(&admin, "again").await), (calls, (0, 0, 0)));
    check_shown(&house).await;
}

/// Page and commands tell of batches in the same words.
async fn check_shown(house: &House) {
    house.user("ada", "administrator").await;
    let page = house.session("ada").await.get("/projects/batched/runs/1").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("id=\"batches\"") && text.contains("collected"), "{text}");
    assert!(text.contains("1 line of the answers could not be read"), "{text}");
    let shown = house.surroundings.run(&["run", "show", "--project", "batched"]).await;
    assert!(
        shown.contains("at the provider") && shown.contains("collected"),
        "{shown}"
    );
    let listed = house.surroundings.run(&["run", "list", "--project", "batched"]).await;
    assert!(listed.contains("in batches"), "{listed}");
}

/// A batch whose time is over keeps what it answered; the rest, and what failed for a passing reason, comes into another
/// one. What is refused for good is set aside.
async fn what_was_not_answered_comes_into_another_batch(kind: DatabaseKind) {
    let model = scripted_model().await;
    model.batches().plan(&[Ending::Expired(7), NOW]);
    let (_house, admin) = open(kind, &model, &[]).await;
    let mut texts = letters(10);
    texts.push("troubled letter 10".to_owned());
    texts.push("impossible letter 11".to_owned());
    hold(&admin, "work", 1, &texts).await;
    let run = start(&admin, "work", true).await;
    let report = finished(&admin, &run).await;
    assert_eq!(report["tasks"]["set_aside"], 1, "{report}");
    let failures = report["failures"].as_array().unwrap();
    let reasons: Vec<&str> = failures
        .iter()
        .map(|failure| failure["example"].as_str().unwrap())
        .collect();
    assert!(
        reasons
            .iter()
            .any(|reason| reason.contains("400: this letter is too long")),
        "{reasons:?}"
    );
    assert!(
        reasons.iter().all(|reason| !reason.contains("waits for")),
        "{reasons:?}"
    );
    let found = answers(&admin, "work").await;
    let labelled = found.values().filter(|(_, cost)| *cost == Some(COST / 2)).count();
    assert_eq!((found.len(), labelled), (12, 11), "{found:?}");
    let (kept, failed, cost) = spent(&admin, "work").await;
    assert_eq!((kept, cost), (11, 11 * COST / 2), "only answers cost");
    assert!(failed >= 6, "five expired, one or two failed: {failed}");
    let counts = model.counts();
    assert!(counts.values().all(|counts| counts.answers <= 1), "{counts:?}");
    let batches = report["batches"].as_array().unwrap();
    assert!(batches.len() >= 2, "{report}");
    assert_eq!(
        (&batches[0]["status"], &batches[0]["failed"]),
        (&json!("expired"), &json!(failed_in(&batches[0])))
    );
}

fn failed_in(batch: &Value) -> i64 {
    batch["requests"].as_i64().unwrap() - batch["answered"].as_i64().unwrap()
}

/// A batch that is refused costs nothing: lines that are named are set aside and the others sent again; one for which there
/// is no room is sent again as it is; one that is refused without a name is set aside as a whole.
async fn a_refused_batch_costs_nothing_and_names_who_is_to_blame(kind: DatabaseKind) {
    let model = scripted_model().await;
    model.batches().plan(&[
        Ending::Failed(vec![("token_limit_exceeded", "Enqueued token limit reached", None)]),
        Ending::Failed(vec![("invalid_body", "the body is odd", Some(2))]),
        NOW,
        Ending::Failed(vec![("invalid_file", "no batch of this kind", None)]),
    ]);
    let (_house, admin) = open(kind, &model, &[]).await;
    hold(&admin, "named", 1, &letters(4)).await;
    let run = start(&admin, "named", true).await;
    let report = finished(&admin, &run).await;
    assert_eq!(
        (&report["tasks"]["set_aside"], spent(&admin, "named").await),
        (&json!(1), (3, 1, 3 * COST / 2))
    );
    let told = report["failures"].to_string();
    assert!(told.contains("the body is odd"), "{told}");
    assert_eq!(report["batches"].as_array().unwrap().len(), 1);

    hold(&admin, "refused", 2, &letters(4)).await;
    let run = start(&admin, "refused", true).await;
    let report = finished(&admin, &run).await;
    assert_eq!(
        (&report["tasks"]["set_aside"], spent(&admin, "refused").await),
        (&json!(4), (0, 4, 0))
    );
    assert!(
        report["batches"][0]["note"]
            .as_str()
            .unwrap()
            .contains("no batch of this kind"),
        "{report}"
    );
    assert_eq!(model.batches().statuses(), ["failed", "failed", "completed", "failed"]);
}

/// What nobody wants any more is cancelled at the provider; what was answered by then is kept and paid.
async fn a_cancelled_run_cancels_its_batch_and_keeps_what_was_answered(kind: DatabaseKind) {
    let model = scripted_model().await;
    model.batches().plan(&[Ending::Never(3), NOW]);
    let (_house, admin) = open(kind, &model, &[]).await;
    hold(&admin, "work", 1, &letters(8)).await;
    let run = start(&admin, "work", true).await;
    wait_until("sent", || model.batches().statuses() == ["in_progress"]).await;
    let shown = admin
        .wait_for(&address(&run), "shown", |report| {
            report["batches"][0]["state"] == "sent"
        })
        .await;
    assert_ne!(shown["batches"][0]["ends_by"], Value::Null, "{shown}");
    admin
        .post(&format!("{}/cancel", address(&run)), &Value::Null)
        .await
        .expect(200);
    let report = admin
        .wait_for(&address(&run), "collected", |report| {
            report["batches"][0]["state"] == "collected"
        })
        .await;
    assert_eq!(model.batches().statuses(), ["cancelled"]);
    assert_eq!(spent(&admin, "work").await, (3, 0, 3 * COST / 2), "{report}");
    assert_eq!(report["batches"][0]["requests"], 3, "the others were dropped: {report}");

    // The answers are there for whoever asks again.
    let again = start(&admin, "work", true).await;
    finished(&admin, &again).await;
    assert_eq!(spent(&admin, "work").await, (8, 0, 8 * COST / 2));
    assert!(model.counts().values().all(|counts| counts.answers == 1));
}

/// A run needs providers with batches; one that is paused sends nothing.
async fn a_paused_run_sends_nothing_and_runs_need_providers_with_batches(kind: DatabaseKind) {
    let model = scripted_model().await;
    let (house, admin) = open(kind, &model, &[("BATCH__GATHER_SECONDS", "3")]).await;
    let mut without = definition("without", 1);
    without["annotators"][0]["provider"] = json!("direct");
    admin.post("/api/v1/projects", &without).await.expect(201);
    let refused = admin
        .post("/api/v1/projects/without/runs", &json!({ "batch": true }))
        .await
        .expect(422);
    assert!(refused.to_string().contains("[providers.direct.batch]"), "{refused}");
    let arguments = ["run", "start", "--project", "without", "--batch"];
    let output = house.surroundings.run_with_input(&arguments, "").await;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && complaint.contains("provider `direct`"),
        "{complaint}"
    );

    hold(&admin, "work", 1, &letters(4)).await;
    let run = start(&admin, "work", true).await;
    admin
        .wait_for(&address(&run), "gathering", |report| {
            report["batches"][0]["requests"] == 4
        })
        .await;
    admin
        .post(&format!("{}/pause", address(&run)), &Value::Null)
        .await
        .expect(200);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(
        model.batches().statuses().is_empty() && model.total_calls() == 0,
        "nothing is sent"
    );
    admin
        .post(&format!("{}/resume", address(&run)), &Value::Null)
        .await
        .expect(200);
    finished(&admin, &run).await;
    assert_eq!(spent(&admin, "work").await, (4, 0, 4 * COST / 2));
}

/// A question that is larger than a whole batch may be is set aside with what to do.
async fn what_fits_into_no_batch_is_set_aside(kind: DatabaseKind) {
    let model = scripted_model().await;
    let (_house, admin) = open(kind, &model, &[("BATCH__MAXIMUM_BYTES", "300")]).await;
    hold(&admin, "work", 1, &letters(2)).await;
    let run = start(&admin, "work", true).await;
    let report = finished(&admin, &run).await;
    assert_eq!(
        (&report["tasks"]["set_aside"], spent(&admin, "work").await),
        (&json!(2), (0, 0, 0))
    );
    let told = report["failures"].to_string();
    assert!(told.contains("batch.maximum_bytes"), "{told}");
}
