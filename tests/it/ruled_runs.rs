//! Runs on projects with a stopping rule: as many calls as the rule says, all of them the run's.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::ScriptedModel;
use crate::stopping::{MODELS, act, calls_by_text, consensus, course_of, definition, number_of, open_with, text_of};

crate::on_both_databases!(
    a_run_follows_the_rule,
    a_killed_worker_neither_stalls_a_run_nor_asks_more,
    a_budget_holds_for_whom_the_rule_asks_later,
    a_run_of_some_models_asks_these_alone,
    each_stage_is_a_batch,
);

const RUNS: &str = "/api/v1/projects/work/runs";

/// Creates a project with a rule and imports letters about which nobody is asked yet.
async fn hold(admin: &Client, name: &str, stopping: &Value, items: usize) {
    let mut definition = definition(name, stopping);
    for annotator in definition["annotators"].as_array_mut().unwrap() {
        annotator["maximum_tokens"] = json!(20);
    }
    admin.post("/api/v1/projects", &definition).await.expect(201);
    let lines: Vec<Value> = (0..items)
        .map(|number| json!({ "external_id": format!("letter-{number:04}"), "text": text_of(number) }))
        .collect();
    admin.import_held(name, &lines).await;
}

fn address(run: &Value) -> String {
    format!("/api/v1/runs/{}", run["id"].as_str().unwrap())
}

async fn wait_for_state(admin: &Client, run: &Value, state: &str) -> Value {
    let is_there = |report: &Value| report["state"] == state;
    admin.wait_for(&address(run), state, is_there).await
}

fn number(report: &Value, pointer: &str) -> usize {
    let found = report
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer} of {report}"));
    usize::try_from(found.as_i64().unwrap()).unwrap()
}

/// As many calls about each letter as the rule says, on drawn ones all; returns them all together.
fn check_calls(calls: &BTreeMap<String, usize>, rows: &BTreeMap<String, Value>) -> usize {
    for (name, row) in rows {
        let text = text_of(number_of(name));
        let (_, needed) = course_of(&text);
        let left_out = row["stopped"]["left_out"].as_array().map_or(0, Vec::len);
        assert_eq!(row["stopped"]["asked_count"], json!(needed), "{text}: {row}");
        assert_eq!(row["stopped"]["panel_count"], json!(MODELS.len()));
        assert_eq!(calls[&text], needed + left_out, "{text}");
        assert!(left_out == 0 || calls[&text] == MODELS.len(), "{text}");
    }
    calls.values().sum()
}

/// One command does what the rule says and no more; the winners are those of all votes, and what is told of it is right
/// wherever it is told. Started again, it asks nobody; who wants all votes gets the rest.
async fn a_run_follows_the_rule(kind: DatabaseKind) {
    const ITEMS: usize = 50;
    let model = ScriptedModel::start(Duration::from_millis(2), act).await;
    let (house, admin) = open_with(kind, &model, &[], &["--no-workers"]).await;
    let stopping = json!({ "rule": "cannot_change", "full_votes": 0.2 });
    hold(&admin, "work", &stopping, ITEMS).await;
    let arguments = ["run", "start", "--project", "work", "--work", "--json"];
    let report: Value = serde_json::from_str(&house.surroundings.run(&arguments).await).unwrap();
    assert_eq!(report["state"], "finished", "{report}");

    let (calls, rows) = (calls_by_text(&model), consensus(&admin, "work").await);
    assert_eq!(rows.len(), ITEMS);
    let called = check_calls(&calls, &rows);
    let all = ITEMS * MODELS.len();
    assert!(called < all - ITEMS / 2, "{called} calls");
    // The run's own numbers.
    let tasks = |key: &str| number(&report, &format!("/tasks/{key}"));
    assert_eq!((tasks("total"), tasks("done") + tasks("set_aside")), (called, called));
    assert_eq!(tasks("set_aside"), 10, "a model that is lost does not hold its item up");
    let saved = all - called;
    let rule = &report["rule"];
    assert_eq!(
        (&rule["items"], &rule["ended"], &rule["saved"]),
        (&json!(ITEMS), &json!(ITEMS), &json!(saved))
    );
    let share = rule["saved_share"].as_f64().unwrap();
    assert!((share - saved as f64 / all as f64).abs() < 1e-9, "{rule}");
    assert_eq!(report["forecast"]["tasks_to_come"], json!(0));
    // The project's.
    let progress = admin.get("/api/v1/projects/work/progress").await.expect(200);
    let told = &progress["stopping"];
    assert_eq!(
        (&told["item_count"], &told["called_count"], &told["panel_count"]),
        (&json!(ITEMS), &json!(called), &json!(all))
    );
    assert!((told["calls_saved"].as_f64().unwrap() - share).abs() < 1e-9, "{told}");
    check_pages(&house, saved).await;

    // The same items with everybody's votes, which a run may have whatever the rule says.
    hold(&admin, "everybody", &stopping, ITEMS).await;
    let arguments = [
        "run",
        "start",
        "--project",
        "everybody",
        "--all-votes",
        "--work",
        "--json",
    ];
    let full: Value = serde_json::from_str(&house.surroundings.run(&arguments).await).unwrap();
    assert_eq!((&full["all_votes"], &full["rule"]), (&json!(true), &Value::Null));
    assert_eq!(number(&full, "/tasks/total"), all);
    for (name, row) in consensus(&admin, "everybody").await {
        let winner = |row: &Value| row["outcome"]["canonical"].clone();
        assert_eq!(winner(&row), winner(&rows[&name]), "{name}");
        assert_eq!(
            row["stopped"]["asked_count"], rows[&name]["stopped"]["asked_count"],
            "{name}: replayed"
        );
    }
    let asked = model.total_calls();
    let again = house
        .surroundings
        .run(&["run", "start", "--project", "work", "--work"])
        .await;
    let present = format!("0 tasks planned, 0 taken over, {called} there already");
    assert!(again.contains("finished") && again.contains(&present), "{again}");
    assert_eq!(model.total_calls(), asked);
}

async fn check_pages(house: &House, saved: usize) {
    house.user("ada", "administrator").await;
    let ada = house.session("ada").await;
    let page = ada.get("/projects/work/runs/1").await.text();
    assert!(page.contains(&format!("{saved} saved by the rule")), "{page}");
    assert!(
        page.contains("as the stopping rule says: 50 of 50 items at their end"),
        "{page}"
    );
    let shown = house.surroundings.run(&["run", "show", "--project", "work"]).await;
    let sentence = format!("by the stopping rule: 50 of 50 items at their end, {saved} questions saved");
    assert!(shown.contains(&sentence), "{shown}");
    let form = ada.get("/projects/work/runs").await.text();
    assert!(form.contains("name=\"all_votes\""), "{form}");
}

/// Workers are killed amid it: the run is finished when all is asked, nobody is asked whom the rule would not ask, and only what
/// was in flight is asked twice.
async fn a_killed_worker_neither_stalls_a_run_nor_asks_more(kind: DatabaseKind) {
    const ITEMS: usize = 40;
    const KILLS: usize = 6;
    let model = ScriptedModel::start(Duration::from_millis(80), act).await;
    let (house, admin) = open_with(kind, &model, &[], &["--no-workers"]).await;
    let stopping = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    hold(&admin, "work", &stopping, ITEMS).await;
    let run = admin.post(RUNS, &json!({})).await.expect(201);
    let start = |number: usize| house.surroundings.start(&format!("work-{number}"), &["work"]);
    for kill in 0..KILLS {
        let worker = start(kill);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        worker.kill().await;
    }
    let worker = start(KILLS);
    let report = wait_for_state(&admin, &run, "finished").await;
    worker.kill().await;
    let rows = consensus(&admin, "work").await;
    assert_eq!(rows.len(), ITEMS, "it is finished when all items are scored");
    let called = check_calls(&calls_by_text(&model), &rows);
    assert_eq!(number(&report, "/tasks/total"), called, "all of it is the run's");
    assert_eq!(number(&report, "/rule/saved"), ITEMS * MODELS.len() - called);
    let in_vain = model.answers_in_vain();
    assert!(in_vain <= KILLS * 4, "{in_vain} answers in vain");
}

/// What the rule asks for later spends the run's budget too: it is paused when that is spent, and goes on with a larger one.
async fn a_budget_holds_for_whom_the_rule_asks_later(kind: DatabaseKind) {
    const ITEMS: usize = 20;
    let model = ScriptedModel::start(Duration::from_millis(10), act).await;
    let (house, admin) = open_with(kind, &model, &[], &["--no-workers"]).await;
    let stopping = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    hold(&admin, "work", &stopping, ITEMS).await;
    // All first models alone cost 0.007, all that the rule asks for some 0.025.
    let budget = json!({ "currency": "USD", "money": "0.012" });
    let run = admin.post(RUNS, &json!({ "budget": budget })).await.expect(201);
    let worker = house.surroundings.start("work", &["work"]);
    wait_for_state(&admin, &run, "paused").await;
    let report = admin
        .wait_for(&address(&run), "end of what is in hand", |report| {
            report["tasks"]["leased"] == 0
        })
        .await;
    assert!(
        report["reason"]
            .as_str()
            .unwrap()
            .contains("budget of 0.012 USD is spent")
    );
    let panel = report["panel"].as_array().unwrap();
    let second = panel.iter().find(|line| line["annotator"] == "two").unwrap();
    assert!(
        second["kept_calls"].as_i64().unwrap() > 2,
        "it was spent before anybody was asked later: {report}"
    );
    assert!(number(&report, "/tasks/total") < ITEMS * 3, "{report}");
    let calls = model.total_calls();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(model.total_calls(), calls, "a paused run asks nobody");
    let unlimited = admin
        .request(Method::PUT, &format!("{}/budget", address(&run)))
        .json(&json!({}));
    admin.send(unlimited).await.expect(200);
    admin
        .post(&format!("{}/resume", address(&run)), &Value::Null)
        .await
        .expect(200);
    let report = wait_for_state(&admin, &run, "finished").await;
    let called = check_calls(&calls_by_text(&model), &consensus(&admin, "work").await);
    assert_eq!(number(&report, "/tasks/total"), called);
    assert!(worker.terminate().await.success());
}

/// A run of some models asks these alone, and counts nobody else as saved.
async fn a_run_of_some_models_asks_these_alone(kind: DatabaseKind) {
    const ITEMS: usize = 20;
    let model = ScriptedModel::start(Duration::from_millis(2), act).await;
    let (house, admin) = open_with(kind, &model, &[], &["--no-workers"]).await;
    let stopping = json!({ "rule": "cannot_change", "full_votes": 0.2 });
    hold(&admin, "work", &stopping, ITEMS).await;
    let arguments = [
        "run",
        "start",
        "--project",
        "work",
        "--annotators",
        "one,two,three",
        "--work",
        "--json",
    ];
    let report: Value = serde_json::from_str(&house.surroundings.run(&arguments).await).unwrap();
    assert_eq!(report["state"], "finished", "{report}");
    assert!(
        model
            .counts()
            .keys()
            .all(|question| ["one", "two", "three"].contains(&&*question.model))
    );
    let calls = calls_by_text(&model);
    let mut saved = 0;
    for (name, row) in consensus(&admin, "work").await {
        let text = text_of(number_of(&name));
        // Of three that agree two settle it among themselves; of all five that takes three.
        let agree = course_of(&text).0.starts_with("pp");
        let stopped = &row["stopped"];
        assert_eq!(stopped["panel_count"], json!(3), "{row}");
        let is_drawn = stopped["in_full"] == true;
        assert_eq!(calls[&text], if agree && !is_drawn { 2 } else { 3 }, "{text}");
        assert_eq!(row["confidence"]["kind"], "uncalibrated", "{row}");
        saved += 3 - calls[&text];
    }
    assert_eq!(number(&report, "/rule/saved"), saved);
    // Another run asks the others where all together still want more.
    let arguments = ["run", "start", "--project", "work", "--work", "--json"];
    let report: Value = serde_json::from_str(&house.surroundings.run(&arguments).await).unwrap();
    assert_eq!(report["state"], "finished", "{report}");
    let (calls, rows) = (calls_by_text(&model), consensus(&admin, "work").await);
    check_calls(&calls, &rows);
    for (name, row) in rows.iter().filter(|(_, row)| row["stopped"]["in_full"] == true) {
        assert_eq!(
            calls[&text_of(number_of(name))],
            MODELS.len(),
            "drawn items are asked in full: {row}"
        );
    }
}

/// In batches each stage is a batch for each model, of what the stages before left open.
async fn each_stage_is_a_batch(kind: DatabaseKind) {
    const ITEMS: usize = 15;
    let model = ScriptedModel::start(Duration::from_millis(2), act).await;
    let settings = [
        ("BATCH__PRICE_FACTOR", "0.5"),
        ("BATCH__GATHER_SECONDS", "1"),
        ("BATCH__POLL_SECONDS", "1"),
    ];
    let (_house, admin) = open_with(kind, &model, &settings, &[]).await;
    let stages = json!({ "stages": [["one", "two", "three"], ["four", "five"]] });
    let stopping = json!({ "rule": "cannot_change", "order": stages, "full_votes": 0.02 });
    hold(&admin, "work", &stopping, ITEMS).await;
    let run = admin.post(RUNS, &json!({ "batch": true })).await.expect(201);
    let report = wait_for_state(&admin, &run, "finished").await;
    let rows = consensus(&admin, "work").await;
    assert_eq!(rows.len(), ITEMS);
    let mut called = 0;
    for (name, row) in &rows {
        let text = text_of(number_of(name));
        let needed = if course_of(&text).1 <= 3 { 3 } else { 5 };
        assert_eq!(row["stopped"]["asked_count"], json!(needed), "{text}: {row}");
        called += needed + row["stopped"]["left_out"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(number(&report, "/tasks/total"), called);
    assert_eq!(number(&report, "/rule/saved"), ITEMS * MODELS.len() - called);
    let batches = report["batches"].as_array().unwrap();
    let requests = |model: &str| -> i64 {
        let of_it = batches.iter().filter(|batch| batch["model"] == model);
        of_it.map(|batch| batch["requests"].as_i64().unwrap()).sum()
    };
    assert_eq!(requests("one"), i64::try_from(ITEMS).unwrap());
    assert!(requests("four") > 0 && requests("four") < requests("one"), "{report}");
    assert!(batches.iter().all(|batch| batch["state"] == "collected"), "{report}");
}
