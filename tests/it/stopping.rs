//! Asking language models until the stopping rule has heard enough: how many calls are made, whatever workers do meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use crate::client::{Client, count_tasks};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::action::{Action, answer, status};
use crate::scripted::{Call, ScriptedModel};

crate::on_both_databases!(
    the_rule_decides_how_many_calls_are_made,
    a_killed_worker_neither_stalls_an_item_nor_asks_more,
    a_switched_rule_learns_from_full_votes_and_lets_what_is_complete_be,
);

/// The models in the order of the definition, which is that of the calls until there is gold.
pub(crate) const MODELS: [&str; 5] = ["one", "two", "three", "four", "five"];

/// How an item goes: who says what (`p` praise, `c` complaint, `-` nothing, as the call fails for good), and how many are
/// asked where the rest cannot change the winner.
const COURSES: [(&str, &str, usize); 5] = [
    ("agreed", "ppppp", 3),
    ("late", "ppcpc", 4),
    ("divided", "pccpp", 5),
    ("turned", "cpppp", 4),
    ("lost", "p-ppp", 4),
];

pub(crate) fn course_of(text: &str) -> (&'static str, usize) {
    let word = text.split(' ').next().unwrap();
    let course = COURSES.iter().find(|(name, ..)| *name == word).unwrap();
    (course.1, course.2)
}

pub(crate) fn text_of(number: usize) -> String {
    format!("{} letter {number}", COURSES[number % COURSES.len()].0)
}

pub(crate) fn act(call: &Call<'_>) -> Action {
    let place = MODELS.iter().position(|model| *model == call.model).unwrap();
    match course_of(call.text).0.as_bytes()[place] {
        b'p' => answer(&json!({ "label": "praise" })),
        b'c' => answer(&json!({ "label": "complaint" })),
        _ => status(400, "this letter is too much for me"),
    }
}

pub(crate) fn definition(name: &str, stopping: &Value) -> Value {
    let annotators = MODELS.map(|model| {
        json!({ "name": model, "kind": "language_model", "provider": "scripted", "model": model, "prompt": "classify" })
    });
    json!({
        "name": name,
        "fields": [{ "name": "label", "type": "choice", "options": ["praise", "complaint"], "required": true }],
        "annotators": annotators,
        "policy": { "stopping": stopping, "accept_at": 0.8 },
    })
}

async fn open(kind: DatabaseKind, model: &ScriptedModel, arguments: &'static [&'static str]) -> (House, Client) {
    open_with(kind, model, &[], arguments).await
}

pub(crate) async fn open_with(
    kind: DatabaseKind,
    model: &ScriptedModel,
    settings: &[(&str, &str)],
    arguments: &'static [&'static str],
) -> (House, Client) {
    let prices = [("INPUT_PRICE", "2.50"), ("OUTPUT_PRICE", "10"), ("CURRENCY", "USD")];
    let patient = [
        ("TIMEOUT_SECONDS", "90"),
        ("RETRIES_PER_MINUTE", "1000"),
        ("CONCURRENCY", "4"),
    ];
    let own = prices.into_iter().chain(patient);
    let settings: Vec<(&str, &str)> = own.chain(settings.iter().copied()).collect();
    let mut variables = model.provider("scripted", &settings);
    variables.push(("ACCORD__WORKERS__LEASE_SECONDS".to_owned(), "3".to_owned()));
    variables.push(("ACCORD__WORKERS__CONCURRENCY".to_owned(), "4".to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, arguments).await;
    let admin = house.administrator().await;
    (house, admin)
}

async fn import(admin: &Client, project: &str, numbers: std::ops::Range<usize>, gold: Option<&str>) {
    let lines: Vec<Value> = numbers
        .map(|number| {
            let mut line = json!({ "external_id": format!("letter-{number:04}"), "text": text_of(number) });
            if let Some(label) = gold {
                line["gold"] = json!({ "label": label });
            }
            line
        })
        .collect();
    let report = admin.import(project, &lines).await;
    assert_eq!(report["created"], json!(lines.len()), "{report}");
}

/// How many models were asked about each text.
pub(crate) fn calls_by_text(model: &ScriptedModel) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for (question, _) in model.counts() {
        *calls.entry(question.text).or_default() += 1;
    }
    calls
}

/// The present consensus by external identifier.
pub(crate) async fn consensus(admin: &Client, project: &str) -> BTreeMap<String, Value> {
    let items = admin.rows(&format!("/api/v1/projects/{project}/items")).await;
    let name = |id: &Value| {
        items.iter().find(|item| item["id"] == *id).unwrap()["external_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let rows = admin.rows(&format!("/api/v1/projects/{project}/consensus")).await;
    rows.into_iter().map(|row| (name(&row["item_id"]), row)).collect()
}

pub(crate) fn number_of(external_id: &str) -> usize {
    external_id.rsplit('-').next().unwrap().parse().unwrap()
}

/// Exactly as many calls as the rule says, all on drawn items, and never another winner than with everybody's votes.
async fn the_rule_decides_how_many_calls_are_made(kind: DatabaseKind) {
    const ITEMS: usize = 50;
    let model = ScriptedModel::start(Duration::from_millis(2), act).await;
    let (house, admin) = open(kind, &model, &[]).await;
    let stopping = json!({ "rule": "cannot_change", "full_votes": 0.3 });
    admin
        .post("/api/v1/projects", &definition("work", &stopping))
        .await
        .expect(201);
    import(&admin, "work", 0..ITEMS, None).await;
    let progress = admin.wait_until_idle("work").await;
    assert_eq!(progress["items"]["pending"], json!(0), "{progress}");

    let calls = calls_by_text(&model);
    let rows = consensus(&admin, "work").await;
    assert_eq!(rows.len(), ITEMS);
    let (mut drawn, mut asked, mut called) = (0, 0, 0);
    for (name, row) in &rows {
        let text = text_of(number_of(name));
        let (_, needed) = course_of(&text);
        let stopped = &row["stopped"];
        assert_eq!(stopped["asked_count"], json!(needed), "{text}: {row}");
        assert_eq!(stopped["panel_count"], json!(MODELS.len()));
        let reason = if needed == MODELS.len() {
            "all_asked"
        } else {
            "cannot_change"
        };
        assert_eq!(stopped["reason"], reason, "{text}: {row}");
        let left_out = stopped["left_out"].as_array().map_or(0, Vec::len);
        assert_eq!(calls[&text], needed + left_out, "{text}");
        assert!(left_out == 0 || calls[&text] == MODELS.len(), "{text}");
        assert_eq!(row["annotation_ids"].as_array().unwrap().len(), needed, "{text}");
        drawn += usize::from(left_out > 0);
        asked += needed;
        called += calls[&text];
    }
    assert!((1..ITEMS / 2).contains(&drawn), "{drawn} were drawn");
    let told = &progress["stopping"];
    assert_eq!(
        (
            &told["item_count"],
            &told["asked_count"],
            &told["called_count"],
            &told["panel_count"]
        ),
        (
            &json!(ITEMS),
            &json!(asked),
            &json!(called),
            &json!(ITEMS * MODELS.len())
        )
    );
    let dead = count_tasks(&progress, |kind, state| kind == "annotate" && state == "dead");
    assert_eq!(dead, 10, "a model that is lost does not hold its item up: {progress}");
    let shown = house.surroundings.run(&["project", "show", "work", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    for key in ["called_count", "calls_saved", "calls_saved_by_rule"] {
        assert_eq!(shown["stopping"][key], told[key], "{key}: the command says the same");
    }

    // The same items with everybody's votes: the winners are the same.
    admin
        .post("/api/v1/projects", &definition("everybody", &json!({})))
        .await
        .expect(201);
    import(&admin, "everybody", 0..ITEMS, None).await;
    let progress = admin.wait_until_idle("everybody").await;
    assert_eq!(progress["stopping"], Value::Null);
    for (name, row) in consensus(&admin, "everybody").await {
        assert_eq!(
            row["outcome"]["canonical"], rows[&name]["outcome"]["canonical"],
            "{name}"
        );
        assert_eq!(row["stopped"], Value::Null);
    }
    check_pages(&house, &rows["letter-0001"]).await;
}

async fn check_pages(house: &House, row: &Value) {
    house.user("ada", "administrator").await;
    let ada = house.session("ada").await;
    let item = format!("/projects/work/items/{}", row["item_id"].as_str().unwrap());
    let page = ada.get(&item).await.text();
    let sentence = "4 of 5 language models asked: the rest could not change it";
    assert!(page.contains(sentence), "{page}");
    let page = ada.get("/projects/work").await.text();
    assert!(
        page.contains("id=\"stopping\"") && page.contains("calls made for 50 items"),
        "{page}"
    );
    let page = ada.get("/projects/everybody").await.text();
    assert!(
        !page.contains("id=\"stopping\""),
        "where everybody is asked there is nothing to say"
    );
}

/// Workers are killed amid it: every item is completed, nobody is asked whom the rule would not ask, and only what was in
/// flight is asked twice.
async fn a_killed_worker_neither_stalls_an_item_nor_asks_more(kind: DatabaseKind) {
    const ITEMS: usize = 40;
    const KILLS: usize = 6;
    let model = ScriptedModel::start(Duration::from_millis(80), act).await;
    let (house, admin) = open(kind, &model, &["--no-workers"]).await;
    let stopping = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    admin
        .post("/api/v1/projects", &definition("work", &stopping))
        .await
        .expect(201);
    import(&admin, "work", 0..ITEMS, None).await;
    let start = |number: usize| house.surroundings.start(&format!("work-{number}"), &["work"]);
    for kill in 0..KILLS {
        let worker = start(kill);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        worker.kill().await;
    }
    let worker = start(KILLS);
    let progress = admin.wait_until_idle("work").await;
    // It may have found nothing left to do, and not even have started.
    worker.kill().await;
    assert_eq!(progress["items"]["pending"], json!(0), "{progress}");

    let calls = calls_by_text(&model);
    let rows = consensus(&admin, "work").await;
    assert_eq!(rows.len(), ITEMS);
    for (name, row) in &rows {
        let text = text_of(number_of(name));
        let left_out = row["stopped"]["left_out"].as_array().map_or(0, Vec::len);
        assert_eq!(
            row["stopped"]["asked_count"],
            json!(course_of(&text).1),
            "{text}: {row}"
        );
        assert_eq!(calls[&text], course_of(&text).1 + left_out, "{text}");
    }
    let mut seen = BTreeSet::new();
    for annotation in admin.rows("/api/v1/projects/work/annotations").await {
        let key = (
            annotation["item_id"].to_string(),
            annotation["annotator_id"].to_string(),
        );
        assert!(seen.insert(key), "doubled: {annotation}");
    }
    let in_vain = model.answers_in_vain();
    assert!(in_vain <= KILLS * 4, "{in_vain} answers in vain");
}

/// Gold of items that everybody voted on trains the calibrators of the new rule; they serve new items; what was complete
/// is asked about no further, in either direction.
async fn a_switched_rule_learns_from_full_votes_and_lets_what_is_complete_be(kind: DatabaseKind) {
    const WITH_GOLD: usize = 60;
    const ITEMS: usize = 80;
    let model = ScriptedModel::start(Duration::from_millis(2), act).await;
    let (house, admin) = open(kind, &model, &[]).await;
    admin
        .post("/api/v1/projects", &definition("work", &json!({})))
        .await
        .expect(201);
    import(&admin, "work", 0..WITH_GOLD, Some("praise")).await;
    admin.wait_until_idle("work").await;
    let calibrator = async |admin: &Client| {
        let calibrators = admin.get("/api/v1/projects/work/calibrators/current").await.expect(200);
        calibrators[0].clone()
    };
    let before = calibrator(&admin).await;
    assert_eq!(before["stopping_version"], "all_votes");
    let full = model.total_calls();

    let rule = json!({ "rule": { "beta": 0.9 }, "full_votes": 0.02 });
    let put = async |version: &str, stopping: &Value| {
        let request = admin
            .request(Method::PUT, "/api/v1/projects/work")
            .header(IF_MATCH, format!("\"{version}\""))
            .json(&definition("work", stopping));
        admin.send(request).await.expect(200);
        admin.wait_until_idle("work").await;
    };
    put("1", &rule).await;
    assert_eq!(model.total_calls(), full, "what is complete is asked about no further");
    let during = calibrator(&admin).await;
    let version = during["stopping_version"].as_str().unwrap().to_owned();
    assert_ne!(version, "all_votes");
    let loss = &during["stopping"]["loss"];
    assert_eq!(loss["count"], json!(WITH_GOLD), "{during}");
    assert_eq!(loss["panel_count"], json!(WITH_GOLD * MODELS.len()));
    assert!(loss["asked_count"].as_u64() < loss["panel_count"].as_u64(), "{loss}");
    for row in consensus(&admin, "work").await.values() {
        assert_eq!(row["confidence"]["calibrator_id"], during["id"], "{row}");
        assert_eq!(
            row["stopped"]["version"],
            version.as_str(),
            "the votes are replayed: {row}"
        );
    }
    import(&admin, "work", WITH_GOLD..ITEMS, None).await;
    let progress = admin.wait_until_idle("work").await;
    assert_eq!(progress["items"]["pending"], json!(0));
    let asked = model.total_calls();
    assert!(
        asked - full < (ITEMS - WITH_GOLD) * MODELS.len() - 10,
        "{} calls",
        asked - full
    );
    let under_rule = consensus(&admin, "work").await;
    assert!(
        under_rule
            .values()
            .all(|row| row["confidence"]["calibrator_id"] == during["id"])
    );
    house.user("ada", "administrator").await;
    let page = house.session("ada").await.get("/projects/work").await.text();
    assert!(page.contains("id=\"stopping-losses\""), "{page}");
    let shown = house.surroundings.run(&["project", "show", "work"]).await;
    assert!(
        shown.contains("asking stops where the rest cannot change the winner, or at 0.9 by the Beta rule"),
        "{shown}"
    );

    put("2", &json!({})).await;
    assert_eq!(model.total_calls(), asked, "nobody is asked after the fact");
    let after = calibrator(&admin).await;
    assert_eq!(after["stopping_version"], "all_votes");
    for (name, row) in consensus(&admin, "work").await {
        if under_rule[&name]["stopped"]["asked_count"] == json!(MODELS.len()) || number_of(&name) < WITH_GOLD {
            assert_eq!(row["confidence"]["calibrator_id"], after["id"], "{name}: {row}");
        } else if under_rule[&name]["stopped"]["left_out"] == Value::Null {
            assert_eq!(row, under_rule[&name], "{name} lacks votes and stays as it was");
        }
    }
    // From now on everybody is asked.
    import(&admin, "work", ITEMS..ITEMS + 1, None).await;
    admin.wait_until_idle("work").await;
    assert_eq!(model.total_calls(), asked + MODELS.len());
}
