//! A judge that rates the values that win: asked about each once, within the budget, and seen for what it knows.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use crate::client::Client;
use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::action::{Action, answer, says};
use crate::scripted::{Call, ScriptedModel};

crate::on_both_databases!(
    a_judge_is_asked_once_and_shows_what_it_knows,
    a_judge_stops_where_the_budget_is_spent_and_goes_on_when_it_is_raised,
);

/// Items with gold.
const ITEMS: usize = 60;

/// Calls of the judge about one item.
const CALLS: usize = 3;

/// Tokens of a call, as the scripted server counts them.
const TOKENS: usize = 110;

fn truth(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "even" } else { "odd" }
}

/// Something between 0 and 99 that depends on both, as if by chance.
fn chance(number: usize, other: usize) -> u32 {
    let [number, other] = [number, other].map(|one| u32::try_from(one).unwrap());
    let mut mixed = number
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add(other.wrapping_mul(0x85EB_CA77));
    for (shift, factor) in [(15, 0x2C1B_3C6D), (12, 0x297A_2D39)] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
    }
    (mixed ^ (mixed >> 15)) % 100
}

fn number_of(text: &str) -> usize {
    text.rsplit(' ').next().unwrap().parse().unwrap()
}

/// The value that a judge is shown between marks of its own, in front of the document.
fn judged_value(call: &Call<'_>) -> String {
    let question = call.body["messages"][1]["content"].as_str().unwrap();
    let (_, rest) = question.split_once("<values-").unwrap();
    let (_, rest) = rest.split_once(">\n").unwrap();
    let (values, rest) = rest.split_once("\n</values-").unwrap();
    assert!(rest.contains("<document-"), "the document comes last");
    let values: Value = serde_json::from_str(values).unwrap();
    values["label"].as_str().unwrap().to_owned()
}

/// Three models vote, each wrong in three of ten; `knowing` mostly sees which values are wrong, `guessing` never.
fn act(call: &Call<'_>) -> Action {
    let number = number_of(call.text);
    let seed = usize::try_from(call.body["seed"].as_i64().unwrap_or(0)).unwrap();
    let rating = |sees_right: bool| if sees_right { 88 + seed % 10 } else { 5 + seed % 10 };
    match call.model {
        "knowing" => {
            let is_right = judged_value(call) == truth(number);
            let errs = chance(number, 90 + seed) < 8;
            answer(&json!({ "label": rating(is_right != errs) }))
        }
        // One of its replies is not readable.
        "guessing" if number == 7 && seed == 5 => says("I cannot say.", "stop"),
        "guessing" => answer(&json!({ "label": rating(chance(number, 70 + seed) < 50) })),
        voter => {
            let voter = usize::from(voter.as_bytes()[voter.len() - 1]);
            let says = if chance(number, voter) < 30 { number + 1 } else { number };
            answer(&json!({ "label": truth(says) }))
        }
    }
}

fn definition(judge: &str, budget: &Value) -> Value {
    let annotator = |name: &str| {
        json!({
            "name": name, "kind": "language_model", "provider": "scripted", "model": name, "prompt": "classify",
            "maximum_tokens": 20,
        })
    };
    json!({
        "name": "work",
        "fields": [{ "name": "label", "type": "choice", "options": ["even", "odd"], "required": true }],
        "annotators": [annotator("voter-1"), annotator("voter-2"), annotator("voter-3")],
        "judge": { "provider": "scripted", "model": judge, "calls": CALLS, "seed": 5, "maximum_tokens": 20 },
        "policy": { "budget": budget },
    })
}

/// A project on whose items everybody has voted.
async fn open(kind: DatabaseKind, budget: &Value) -> (House, Client, ScriptedModel) {
    let model = ScriptedModel::start(Duration::from_millis(2), act).await;
    let settings = [
        ("INPUT_PRICE", "2.50"),
        ("OUTPUT_PRICE", "10"),
        ("CURRENCY", "USD"),
        ("TIMEOUT_SECONDS", "90"),
        ("CONCURRENCY", "8"),
    ];
    let variables = model.provider("scripted", &settings);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, &["--no-workers"]).await;
    let admin = house.administrator().await;
    let definition = definition("knowing", budget);
    admin.post("/api/v1/projects", &definition).await.expect(201);
    let lines = (0..ITEMS).map(|number| {
        json!({
            "external_id": format!("letter-{number:04}"), "text": format!("letter number {number}"),
            "gold": { "label": truth(number) },
        })
    });
    let report = admin.import("work", &lines.collect::<Vec<_>>()).await;
    assert_eq!(report["created"], json!(ITEMS));
    house.surroundings.run(&["work", "--until-idle"]).await;
    (house, admin, model)
}

async fn evaluate(house: &House) -> Value {
    let found = house
        .surroundings
        .run(&["evaluate", "--project", "work", "--json"])
        .await;
    serde_json::from_str(&found).unwrap()
}

async fn redefine(admin: &Client, version: i64, definition: &Value) {
    let request = admin
        .request(Method::PUT, "/api/v1/projects/work")
        .header(IF_MATCH, format!("\"{version}\""))
        .json(definition);
    admin.send(request).await.expect(200);
}

fn calls_of(model: &ScriptedModel, name: &str) -> usize {
    let counts = model.counts();
    let own = counts.iter().filter(|(question, _)| question.model == name);
    own.map(|(_, counts)| counts.calls).sum()
}

fn method<'a>(found: &'a Value, name: &str) -> &'a Value {
    let methods = found["fields"][0]["methods"].as_array().unwrap();
    methods.iter().find(|method| method["method"] == name).unwrap()
}

fn auroc(found: &Value) -> f64 {
    method(found, "judge")["auroc"].as_f64().unwrap()
}

async fn a_judge_is_asked_once_and_shows_what_it_knows(kind: DatabaseKind) {
    let (house, admin, model) = open(kind, &json!({})).await;
    let before = admin.get("/api/v1/projects/work/methods").await.expect(200);
    assert_eq!(before["judge"]["model"], "knowing");
    let left_out = &before["comparison"]["fields"][0]["left_out"];
    assert!(
        left_out.to_string().contains("`accord evaluate --project` asks it"),
        "{before}"
    );
    assert_eq!(calls_of(&model, "knowing"), 0, "nobody asks by himself");

    let knowing = evaluate(&house).await;
    assert_eq!(
        knowing["judge"],
        json!({ "answered": ITEMS * CALLS, "failed": {}, "stopped": null })
    );
    assert_eq!(calls_of(&model, "knowing"), ITEMS * CALLS);
    let (voting, judge) = (method(&knowing, "voting"), method(&knowing, "judge"));
    assert_eq!(
        (&voting["cost"]["calls"], &judge["cost"]["calls"]),
        (&json!(3.0), &json!(6.0))
    );
    assert_eq!(
        (&voting["cost"]["money"], &judge["cost"]["money"]),
        (&json!({ "USD": "0.00105" }), &json!({ "USD": "0.0021" }))
    );
    let figures = &knowing["fields"][0]["judge"];
    assert_eq!(
        (&figures["ratings"], &figures["unreadable"]),
        (&json!(ITEMS * CALLS), &json!(0))
    );
    assert!(
        figures["variance"].as_f64().unwrap() > 0.0,
        "its calls differ: {figures}"
    );

    // Everything is known now, and every reply is kept.
    let again = evaluate(&house).await;
    assert_eq!(again["fields"], knowing["fields"]);
    assert_eq!(calls_of(&model, "knowing"), ITEMS * CALLS, "nothing is paid for twice");

    redefine(&admin, 1, &definition("guessing", &json!({}))).await;
    let guessing = evaluate(&house).await;
    assert_eq!(calls_of(&model, "guessing"), ITEMS * CALLS);
    assert_eq!(guessing["fields"][0]["judge"]["unreadable"], json!(1), "{guessing}");
    assert!(
        auroc(&knowing) > 0.8 && auroc(&knowing) > auroc(&guessing) + 0.15,
        "{} {}",
        auroc(&knowing),
        auroc(&guessing)
    );
    check_shown(&house, &admin).await;

    // The first judge's ratings are still there.
    redefine(&admin, 2, &definition("knowing", &json!({}))).await;
    house.surroundings.run(&["work", "--until-idle"]).await;
    let shown = admin.get("/api/v1/projects/work/methods").await.expect(200);
    assert_eq!(shown["is_current"], true);
    assert_eq!(
        auroc(&shown["comparison"]),
        auroc(&knowing),
        "a refit finds them without asking"
    );
    assert_eq!(calls_of(&model, "knowing"), ITEMS * CALLS);
}

/// The page and the API show what the command found.
async fn check_shown(house: &House, admin: &Client) {
    let shown = admin.get("/api/v1/projects/work/methods").await.expect(200);
    assert_eq!(
        (&shown["is_current"], &shown["judge"]["model"]),
        (&json!(true), &json!("guessing"))
    );
    let advice = &shown["advice"][0];
    assert_eq!(advice["field"], "label");
    house.user("rita", "reviewer").await;
    let rita = house.session("rita").await;
    let page = rita.get("/projects/work/methods").await.text();
    for part in [
        "guessing of provider scripted",
        "data-method=\"judge\"",
        "curve-2",
        "One call held no readable rating.",
        "accord evaluate --project work",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let overview = rita.get("/projects/work").await.text();
    assert!(overview.contains("href=\"/projects/work/methods\""), "{overview}");
}

async fn a_judge_stops_where_the_budget_is_spent_and_goes_on_when_it_is_raised(kind: DatabaseKind) {
    let votes = ITEMS * 3 * TOKENS;
    let (house, admin, model) = open(kind, &json!({ "tokens": votes + 40 * TOKENS })).await;
    let found = evaluate(&house).await;
    let stopped = found["judge"]["stopped"].as_str().unwrap();
    assert!(stopped.contains("budget of"), "{stopped}");
    let asked = calls_of(&model, "knowing");
    assert!((1..=40).contains(&asked), "{asked}");
    assert_eq!(found["judge"]["answered"], json!(asked));
    let spending = admin.get("/api/v1/projects/work/spending").await.expect(200);
    assert_eq!(spending["total"]["tokens"], json!(votes + asked * TOKENS), "{spending}");
    redefine(&admin, 1, &definition("knowing", &json!({ "tokens": 1_000_000 }))).await;
    let found = evaluate(&house).await;
    assert_eq!(found["judge"]["stopped"], Value::Null, "{found}");
    assert_eq!(
        found["judge"]["answered"],
        json!(ITEMS * CALLS - asked),
        "the rest, and no more"
    );
    assert_eq!(calls_of(&model, "knowing"), ITEMS * CALLS);
    assert_eq!(method(&found, "judge")["scored"], json!(ITEMS));
}
