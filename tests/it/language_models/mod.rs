//! Language models over real HTTP: whatever the server does, every item ends with an answer or a recorded failure.

mod behaviours;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, count_tasks};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::action::{Action, COMPLETION_TOKENS, PROMPT_TOKENS, answer, status};
use crate::scripted::{Call, KEY, ScriptedModel};
use behaviours::{BEHAVIOURS, Behaviour, Expected, MAXIMUM_ATTEMPTS, behaviour_of};

crate::on_both_databases!(whatever_a_server_does_no_item_is_lost);

/// Items of each behaviour.
const ITEMS_PER_BEHAVIOUR: usize = 2;

/// A word that stands in every text and must not stand in any log.
const CONFIDENTIAL: &str = "xyzzy-confidential";

/// What a call costs at 2.50 for a million tokens of the question and 10 for a million of the answer.
const COST: &str = "0.00035";

/// An annotator's name, and its annotations by the text of the item.
type Annotations = BTreeMap<String, BTreeMap<String, Vec<Value>>>;

async fn whatever_a_server_does_no_item_is_lost(kind: DatabaseKind) {
    let healthy = Arc::new(AtomicBool::new(false));
    let model = scripted_model(Arc::clone(&healthy)).await;
    let variables = variables(&model);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let mut house = House::open_with(kind, &variables, &[]).await;
    let admin = house.administrator().await;
    create_and_import(&admin, "first").await;
    let progress = admin.wait_until_idle("first").await;

    let annotations = annotations(&admin, "first").await;
    check_every_item_has_every_annotator(&annotations);
    for (text, found) in &annotations["troubled"] {
        check_troubled(text, &found[0]);
    }
    check_calls(&model);
    let lost = lost_items();
    let dead = count_tasks(&progress, |kind, state| kind == "annotate" && state == "dead");
    assert_eq!(usize::try_from(dead).unwrap(), lost, "{progress}");
    check_consensus(&admin).await;

    // The server recovers, the program restarts, and the lost tasks are revived.
    healthy.store(true, Ordering::Relaxed);
    house.stop_server().await;
    house.start_server().await;
    let calls_before = model.total_calls();
    revive(&admin).await;
    check_revived(&admin).await;
    assert_eq!(
        model.total_calls() - calls_before,
        lost,
        "one call for each revived task"
    );

    // The same content in another project asks the same questions: every reply is known.
    create_and_import(&admin, "second").await;
    admin.wait_until_idle("second").await;
    assert_eq!(model.total_calls() - calls_before, lost, "kept replies are used");
    check_every_item_has_every_annotator(&self::annotations(&admin, "second").await);
    check_log(&house);
}

fn lost_items() -> usize {
    let is_lost = |behaviour: &&Behaviour| matches!(behaviour.expected, Expected::Lost(_));
    BEHAVIOURS.iter().filter(is_lost).count() * ITEMS_PER_BEHAVIOUR
}

async fn scripted_model(healthy: Arc<AtomicBool>) -> ScriptedModel {
    ScriptedModel::start(Duration::from_millis(5), move |call| {
        let good = json!({ "label": "praise", "amount": "12.50" });
        match call.model {
            "troubled" if !healthy.load(Ordering::Relaxed) => (behaviour_of(call.text).act)(call.attempt, &good),
            "hurried" if call.attempt == 1 && call.text.ends_with("number 0") => {
                Action::Late(Duration::from_secs(20), Box::new(answer(&good)))
            }
            "worded" => complain_or(question_without_schema(call), &good),
            _ => complain_or(question_with_schema(call), &good),
        }
    })
    .await
}

fn complain_or(problem: Option<&'static str>, good: &Value) -> Action {
    match problem {
        Some(problem) => status(400, problem),
        None => answer(good),
    }
}

/// What is wrong with a question whose answer's form is told by a schema.
fn question_with_schema(call: &Call<'_>) -> Option<&'static str> {
    let format = &call.body["response_format"];
    let schema = &format["json_schema"]["schema"];
    if format["type"] != "json_schema" || format["json_schema"]["strict"] != true {
        return Some("no strict schema");
    }
    if schema["additionalProperties"] != false || schema["required"] != json!(["label", "amount"]) {
        return Some("the schema is not a strict one");
    }
    (!call.body["max_tokens"].is_u64()).then_some("no limit")
}

/// What is wrong with a question whose answer's form is told in words.
fn question_without_schema(call: &Call<'_>) -> Option<&'static str> {
    let prompt = call.body["messages"][1]["content"].as_str().unwrap_or_default();
    if call.body.get("response_format").is_some() {
        return Some("this server knows no response_format");
    }
    (!prompt.contains("\"additionalProperties\"")).then_some("no schema in the prompt")
}

fn variables(model: &ScriptedModel) -> Vec<(String, String)> {
    let prices = [("INPUT_PRICE", "2.50"), ("OUTPUT_PRICE", "10"), ("CURRENCY", "USD")];
    // Most of these calls fail at first; how repetitions are limited is tested elsewhere.
    let patient: Vec<_> = [
        ("TIMEOUT_SECONDS", "90"),
        ("CONCURRENCY", "6"),
        ("RETRIES_PER_MINUTE", "1000"),
    ]
    .into_iter()
    .chain(prices)
    .collect();
    let hurried: Vec<_> = [
        ("TIMEOUT_SECONDS", "3"),
        ("SEED", "false"),
        ("RETRIES_PER_MINUTE", "1000"),
    ]
    .into_iter()
    .chain(prices)
    .collect();
    let worded = [("TIMEOUT_SECONDS", "90"), ("STRUCTURED_OUTPUT", "none")];
    let mut variables = model.provider("scripted", &patient);
    variables.extend(model.provider("hurried", &hurried));
    variables.extend(model.provider("worded", &worded));
    variables
}

fn definition(name: &str) -> Value {
    let annotator = |name: &str, provider: &str, model: &str, sample: u32| {
        json!({
            "name": name, "kind": "language_model", "provider": provider, "model": model, "prompt": "classify",
            "seed": 40, "sample": sample,
        })
    };
    json!({
        "name": name,
        "title": "Letters",
        "guidelines": "Read the letter.",
        "fields": [
            { "name": "label", "type": "choice", "options": ["praise", "complaint"], "required": true },
            { "name": "amount", "type": "decimal", "locale": "en" },
        ],
        "annotators": [
            annotator("steady", "scripted", "steady", 0),
            annotator("steady-again", "scripted", "steady", 1),
            annotator("troubled", "scripted", "troubled", 0),
            annotator("hurried", "hurried", "hurried", 0),
            annotator("worded", "worded", "worded", 0),
        ],
        "policy": { "maximum_attempts": MAXIMUM_ATTEMPTS },
    })
}

async fn create_and_import(admin: &Client, name: &str) {
    admin.post("/api/v1/projects", &definition(name)).await.expect(201);
    let lines: Vec<Value> = texts()
        .iter()
        .map(|text| json!({ "external_id": text, "text": text }))
        .collect();
    let report = admin.import(name, &lines).await;
    assert_eq!(report["created"], json!(lines.len()));
}

fn texts() -> Vec<String> {
    let numbers = 0..ITEMS_PER_BEHAVIOUR;
    let text = |behaviour: &Behaviour, number| format!("{} {CONFIDENTIAL} number {number}", behaviour.name);
    BEHAVIOURS
        .iter()
        .flat_map(|behaviour| numbers.clone().map(move |number| text(behaviour, number)))
        .collect()
}

async fn annotations(admin: &Client, project: &str) -> Annotations {
    let names: BTreeMap<String, String> = names(admin, &format!("/api/v1/projects/{project}/annotators"), "name").await;
    let texts = names_of_items(admin, project).await;
    let mut found = Annotations::new();
    for annotation in admin.rows(&format!("/api/v1/projects/{project}/annotations")).await {
        let name = &names[annotation["annotator_id"].as_str().unwrap()];
        let text = &texts[annotation["item_id"].as_str().unwrap()];
        let of_annotator = found.entry(name.clone()).or_default();
        of_annotator.entry(text.clone()).or_default().push(annotation);
    }
    found
}

async fn names(admin: &Client, path: &str, key: &str) -> BTreeMap<String, String> {
    let rows = admin.get(path).await.expect(200);
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "id"), text(row, key)))
        .collect()
}

async fn names_of_items(admin: &Client, project: &str) -> BTreeMap<String, String> {
    let rows = admin.rows(&format!("/api/v1/projects/{project}/items")).await;
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (text(row, "id"), text(row, "external_id")))
        .collect()
}

/// One annotation each, no more and no fewer; with a value or a reason.
fn check_every_item_has_every_annotator(annotations: &Annotations) {
    let names: Vec<&str> = annotations.keys().map(String::as_str).collect();
    assert_eq!(names, ["hurried", "steady", "steady-again", "troubled", "worded"]);
    for (annotator, by_text) in annotations {
        let found: Vec<&String> = by_text.keys().collect();
        let mut expected = texts();
        expected.sort();
        assert_eq!(found, expected.iter().collect::<Vec<_>>(), "{annotator}");
        for (text, annotations) in by_text {
            assert_eq!(annotations.len(), 1, "{annotator} on {text}");
            if annotator != "troubled" {
                check_answered(&annotations[0], annotator, true);
            }
        }
    }
}

fn check_answered(annotation: &Value, annotator: &str, with_usage: bool) {
    let provenance = &annotation["provenance"];
    assert_eq!(
        annotation["answers"]["label"]["canonical"], "praise",
        "{annotator}: {annotation}"
    );
    assert_eq!(annotation["answers"]["amount"]["canonical"], "12.5", "{annotator}");
    assert_eq!(provenance["failure"], Value::Null);
    assert_eq!(provenance["blind"], true);
    for key in ["raw_output", "prompt_hash", "call_key", "code_version"] {
        assert!(
            provenance[key].as_str().is_some_and(|text| !text.is_empty()),
            "{annotator}: {key}"
        );
    }
    if with_usage {
        check_cost(provenance, annotator != "worded");
    } else {
        assert_eq!(
            (&provenance["input_tokens"], &provenance["cost"]),
            (&Value::Null, &Value::Null)
        );
    }
}

fn check_cost(provenance: &Value, with_prices: bool) {
    assert_eq!(provenance["input_tokens"], json!(PROMPT_TOKENS), "{provenance}");
    assert_eq!(provenance["output_tokens"], json!(COMPLETION_TOKENS));
    if with_prices {
        assert_eq!(
            (&provenance["cost"], &provenance["cost_currency"]),
            (&json!(COST), &json!("USD"))
        );
    } else {
        assert_eq!(provenance["cost"], Value::Null, "without prices there is no cost");
    }
}

fn check_troubled(text: &str, annotation: &Value) {
    let behaviour = behaviour_of(text);
    let (reason, is_kept) = match behaviour.expected {
        Expected::Answered => return check_answered(annotation, "troubled", behaviour.name != "without-usage"),
        Expected::Unusable(reason) => (reason, true),
        Expected::Lost(reason) => (reason, false),
    };
    let provenance = &annotation["provenance"];
    let failure = provenance["failure"].as_str().unwrap_or_default();
    assert!(failure.contains(reason), "{text}: {annotation}");
    for field in ["label", "amount"] {
        assert_eq!(annotation["answers"][field]["status"], "failed", "{text}");
    }
    assert_eq!(provenance["raw_output"].is_string(), is_kept, "{text}: {provenance}");
    if is_kept && behaviour.name != "no-choices" {
        check_cost(provenance, true);
    }
}

/// No question was answered twice, and none was asked more often than its behaviour explains.
fn check_calls(model: &ScriptedModel) {
    let counts = model.counts();
    for (question, counts) in &counts {
        if question.model == "hurried" {
            assert!(counts.answers >= 1, "{question:?}");
            continue;
        }
        assert!(counts.answers <= 1, "paid twice: {question:?} {counts:?}");
        let expected = if question.model == "troubled" {
            behaviour_of(&question.text).calls
        } else {
            1
        };
        assert_eq!(counts.calls, expected, "{question:?}");
    }
    let seeds: Vec<Option<i64>> = counts
        .keys()
        .filter(|question| question.model == "steady")
        .map(|question| question.seed)
        .collect();
    assert!(
        seeds.contains(&Some(40)) && seeds.contains(&Some(41)),
        "samples have seeds of their own"
    );
}

async fn check_consensus(admin: &Client) {
    let rows = admin.rows("/api/v1/projects/first/consensus").await;
    assert_eq!(rows.len(), texts().len() * 2, "one row for each item and field");
    for row in &rows {
        assert_eq!(row["confidence"]["kind"], "uncalibrated", "there is no gold");
        assert_eq!(
            row["decision"]["decision"], "needs_review",
            "what is not calibrated is never accepted"
        );
        let (votes, failures) = (
            row["vote_count"].as_u64().unwrap(),
            row["failure_count"].as_u64().unwrap(),
        );
        assert_eq!(votes + failures, 5, "{row}");
    }
}

async fn revive(admin: &Client) {
    let dead = admin
        .rows("/api/v1/projects/first/tasks?kind=annotate&state=dead")
        .await;
    assert_eq!(dead.len(), lost_items());
    for task in dead {
        assert!(
            task["last_error"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{task}"
        );
        let path = format!("/api/v1/tasks/{}/revive", task["id"].as_str().unwrap());
        admin.post(&path, &Value::Null).await.expect(200);
    }
    admin.wait_until_idle("first").await;
}

/// The annotations that count are the good ones now; the failures stay on record.
async fn check_revived(admin: &Client) {
    let annotations = annotations(admin, "first").await;
    for (text, found) in &annotations["troubled"] {
        let is_lost = matches!(behaviour_of(text).expected, Expected::Lost(_));
        assert_eq!(found.len(), if is_lost { 2 } else { 1 }, "{text}");
        if !is_lost {
            continue;
        }
        let item = found[0]["item_id"].as_str().unwrap();
        let counting = admin
            .get(&format!("/api/v1/projects/first/items/{item}/annotations"))
            .await
            .expect(200);
        assert_eq!(counting.as_array().unwrap().len(), 5, "{text}");
        let consensus = admin
            .get(&format!("/api/v1/projects/first/items/{item}/consensus"))
            .await
            .expect(200);
        for row in consensus.as_array().unwrap() {
            assert_eq!(
                (&row["vote_count"], &row["failure_count"]),
                (&json!(5), &json!(0)),
                "{text}: {row}"
            );
        }
    }
}

fn check_log(house: &House) {
    let log = std::fs::read_to_string(house.folder().join("serve.log")).unwrap();
    assert!(!log.contains(KEY), "the key is in the log");
    assert!(!log.contains(CONFIDENTIAL), "contents are in the log");
    assert!(log.contains("attempt failed"), "failed attempts are logged");
}
