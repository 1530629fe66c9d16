//! Serves the pages over invented invoices and texts, to look at them while working on templates and styles:
//! `cargo run -p accord-server --example demo_pages`. Log in as `ada` (administrator), `rita` (reviewer) or `anna`
//! (annotator) with the password that is printed. Everything is forgotten when it stops.
//!
//! The machines' votes are the gold with invented mistakes; scoring and calibration are the real ones.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example for people at a terminal"
)]

use std::sync::Arc;

use accord_datasets::intake::{IncomingContent, IncomingItem, Place};
use accord_domain::{
    Annotation, AnnotationId, Annotator, FieldType, Lease, PeopleVote, Project, Provenance, Role, TaskKind,
    answers_from_json,
};
use accord_samples::{generate, generate_text_classification};
use accord_score::worker::ScoreWorker;
use accord_server::accounts::create_user;
use accord_server::{AppState, ServerSettings, serve};
use accord_store::{ClaimRequest, LocalBlobs, Store, SystemEnvironment, flow};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

const PASSWORD: &str = "look at the pages";
const SEED: u64 = 7;
const INVOICES: usize = 40;
const TEXTS: usize = 24;
const LETTERS: usize = 540;

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).unwrap_or_else(|| "8087".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).await;
    people(&state).await;
    invoices(&state, "invoice", INVOICES, PeopleVote::Never).await;
    invoices(&state, "invoice-people", 6, PeopleVote::Always).await;
    texts(&state).await;
    letters(&state).await;
    score(&state).await;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    println!("http://127.0.0.1:{port}/ as ada, rita or anna with the password `{PASSWORD}`");
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    serve(listener, state, stop).await.unwrap();
}

async fn open(folder: &std::path::Path) -> AppState {
    let store = SqliteStore::open(&folder.join("accord.db"), SqliteOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let blobs = LocalBlobs::new(&folder.join("blobs")).unwrap();
    let settings = ServerSettings::default();
    AppState::new(Arc::new(store), Arc::new(blobs), Arc::new(SystemEnvironment), settings).unwrap()
}

async fn people(state: &AppState) {
    let password = SecretString::from(PASSWORD);
    for (name, role) in [
        ("ada", Role::Administrator),
        ("rita", Role::Reviewer),
        ("anna", Role::Annotator),
    ] {
        let (store, environment) = (state.store.as_ref(), state.environment.as_ref());
        create_user(store, environment, &state.passwords, name, &password, role)
            .await
            .unwrap();
    }
}

async fn project(
    state: &AppState,
    template: &str,
    change: impl FnOnce(&mut accord_domain::ProjectDefinition),
) -> Project {
    let mut definition = accord_domain::template(template).unwrap();
    change(&mut definition);
    let mut transaction = state.store.write().await.unwrap();
    let project = flow::create_project(transaction.as_mut(), state.environment.as_ref(), definition)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    project
}

async fn invoices(state: &AppState, name: &str, count: usize, people: PeopleVote) {
    let project = project(state, "invoice", |definition| {
        name.clone_into(&mut definition.name);
        definition.policy.people = people;
    })
    .await;
    let samples = generate(SEED, count).unwrap();
    let mut truths = Vec::new();
    let mut items = Vec::new();
    for (position, sample) in samples.into_iter().enumerate() {
        let gold = truth(&project, &serde_json::to_value(&sample.gold.gold).unwrap());
        truths.push(gold.clone());
        items.push(IncomingItem {
            place: Place::File(sample.id.clone()),
            external_id: sample.id.clone(),
            content: IncomingContent::File {
                file_name: format!("{}.pdf", sample.id),
                bytes: sample.pdf.into(),
            },
            metadata: Map::new(),
            gold: (position % 4 != 0).then_some(gold),
        });
    }
    import_and_vote(state, &project, items, &truths).await;
}

async fn texts(state: &AppState) {
    let project = project(state, "text-classification", |_| {}).await;
    let mut truths = Vec::new();
    let mut items = Vec::new();
    for sample in generate_text_classification(SEED, TEXTS) {
        truths.push(truth(&project, &serde_json::to_value(&sample.gold).unwrap()));
        items.push(IncomingItem {
            place: Place::Request,
            external_id: sample.external_id,
            content: IncomingContent::Data(Map::from_iter([("text".to_owned(), json!(sample.text))])),
            metadata: Map::new(),
            gold: None,
        });
    }
    import_and_vote(state, &project, items, &truths).await;
}

/// Texts on which machines of three families and two people vote, most of them with gold.
async fn letters(state: &AppState) {
    let project = project(state, "text-classification", |definition| {
        "letters".clone_into(&mut definition.name);
        "Letters of customers".clone_into(&mut definition.title);
        definition.policy.people = PeopleVote::Always;
        definition.policy.overlap = 2;
        definition.annotators = serde_json::from_value(json!([
            {"name": "gpt-a-p1", "family": "gpt", "kind": "reader", "reader": "labelled_anchors"},
            {"name": "gpt-a-p2", "family": "gpt", "kind": "reader", "reader": "labelled_anchors"},
            {"name": "gpt-a-p3", "family": "gpt", "kind": "reader", "reader": "labelled_anchors"},
            {"name": "claude", "kind": "reader", "reader": "labelled_anchors"},
            {"name": "mistral", "kind": "reader", "reader": "labelled_anchors"},
        ]))
        .unwrap();
    })
    .await;
    let mut truths = Vec::new();
    let mut items = Vec::new();
    for (position, sample) in generate_text_classification(SEED, LETTERS).into_iter().enumerate() {
        let gold = truth(&project, &serde_json::to_value(&sample.gold).unwrap());
        truths.push(gold.clone());
        items.push(IncomingItem {
            place: Place::Request,
            external_id: sample.external_id,
            content: IncomingContent::Data(Map::from_iter([("text".to_owned(), json!(sample.text))])),
            metadata: Map::new(),
            gold: (position % 6 != 0).then_some(gold),
        });
    }
    let by_name: std::collections::HashMap<String, Map<String, Value>> = items
        .iter()
        .zip(&truths)
        .map(|(item, truth)| (item.external_id.clone(), truth.clone()))
        .collect();
    import_and_vote(state, &project, items, &truths).await;
    for person in ["anna", "rita"] {
        votes_of_person(state, &project, person, &by_name).await;
    }
}

/// A person votes on everything that waits, and is wrong now and then.
async fn votes_of_person(
    state: &AppState,
    project: &Project,
    name: &str,
    truths: &std::collections::HashMap<String, Map<String, Value>>,
) {
    let environment = state.environment.as_ref();
    let mut transaction = state.store.write().await.unwrap();
    let (user, _) = transaction.user_by_name(name).await.unwrap().unwrap();
    let annotator = flow::ensure_human_annotator(transaction.as_mut(), environment, project.id, &user)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    loop {
        let mut transaction = state.store.write().await.unwrap();
        let lease = transaction
            .claim_task_for_person(project.id, TaskKind::Vote, user.id, 60_000)
            .await
            .unwrap();
        let Some(lease) = lease else { return };
        let item = transaction.item(lease.task.item_id.unwrap()).await.unwrap().unwrap();
        let truth = &truths[&item.external_id];
        vote(state, transaction.as_mut(), project, &lease, &annotator, truth).await;
        transaction.commit().await.unwrap();
    }
}

/// The gold as answers to the fields of a project.
fn truth(project: &Project, gold: &Value) -> Map<String, Value> {
    let names = project.definition.fields.iter().map(|field| field.name.to_string());
    names
        .map(|name| {
            let value = gold.get(&name).cloned().unwrap_or(Value::Null);
            (name, value)
        })
        .collect()
}

async fn import_and_vote(state: &AppState, project: &Project, items: Vec<IncomingItem>, truths: &[Map<String, Value>]) {
    let summary = state.importer().import(project, items, 0).await.unwrap();
    assert_eq!(summary.rejected, 0, "{:?}", summary.rejections);
    let annotators = state
        .store
        .read()
        .await
        .unwrap()
        .annotators_of_project(project.id)
        .await
        .unwrap();
    loop {
        let mut transaction = state.store.write().await.unwrap();
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate],
            project_id: Some(project.id),
            worker: "demo",
            lease_milliseconds: 60_000,
            limit: 100,
            limits: &[],
        };
        let leases = flow::claim(transaction.as_mut(), state.environment.as_ref(), &request)
            .await
            .unwrap();
        for lease in &leases {
            let position = summary
                .items
                .iter()
                .position(|item| Some(item.item_id) == lease.task.item_id);
            let annotator = annotators
                .iter()
                .find(|known| Some(known.id) == lease.task.annotator_id)
                .unwrap();
            vote(
                state,
                transaction.as_mut(),
                project,
                lease,
                annotator,
                &truths[position.unwrap()],
            )
            .await;
        }
        transaction.commit().await.unwrap();
        if leases.is_empty() {
            return;
        }
    }
}

async fn vote(
    state: &AppState,
    transaction: &mut dyn accord_store::Transaction,
    project: &Project,
    lease: &Lease,
    annotator: &Annotator,
    truth: &Map<String, Value>,
) {
    let environment = state.environment.as_ref();
    let key = format!("{}{}", annotator.name, lease.task.id);
    // Members of one family mostly err on the same items.
    let of_family = annotator.family != annotator.name && chance(&format!("{key}alike")) < 0.7;
    let item = lease.task.item_id.map(|id| id.to_string()).unwrap_or_default();
    let key = if of_family {
        format!("{}{item}", annotator.family)
    } else {
        key
    };
    let dice = |salt: &str| chance(&format!("{key}{salt}"));
    if annotator.name == "trained-model" && dice("broken") < 0.03 {
        let reason = "the trained model is missing: train it again with `accord train-reader`";
        flow::set_aside(transaction, environment, project, lease, reason)
            .await
            .unwrap();
        return;
    }
    let mistakes = 0.04 + 0.22 * chance(&annotator.name);
    let mut answers = Map::new();
    for field in &project.definition.fields {
        let name = field.name.as_str();
        let value = truth.get(name).cloned().unwrap_or(Value::Null);
        let throw = dice(name);
        if throw < mistakes {
            answers.insert(
                name.to_owned(),
                mistaken(&field.field_type, &value, dice(&format!("{name}which"))),
            );
        } else if throw < 0.93 {
            answers.insert(name.to_owned(), value);
        }
    }
    let annotation = Annotation {
        id: AnnotationId::generate(environment),
        project_id: project.id,
        item_id: lease.task.item_id.unwrap(),
        annotator_id: annotator.id,
        task_id: lease.task.id,
        answers: answers_from_json(&project.definition.fields, &answers).unwrap(),
        provenance: Provenance {
            blind: true,
            latency_milliseconds: Some(3 + (dice("pace") * 40.0) as i64),
            code_version: "demo".to_owned(),
            ..Provenance::default()
        },
        submitted_at: environment.now(),
    };
    flow::submit_annotation(transaction, environment, lease, &annotation)
        .await
        .unwrap();
}

/// A wrong answer that somebody could give.
fn mistaken(field_type: &FieldType, value: &Value, which: f64) -> Value {
    match (field_type, value) {
        (FieldType::Choice { options }, _) => json!(options[(which * options.len() as f64) as usize % options.len()]),
        (FieldType::Table { .. }, Value::Array(rows)) => Value::Array(rows.iter().skip(1).cloned().collect()),
        (FieldType::Date, _) => json!(format!("2025-0{}-1{}", 1 + (which * 8.0) as u8, (which * 9.0) as u8)),
        (FieldType::Money, Value::String(text)) => {
            json!(text.chars().rev().collect::<String>().replace('.', "") + ".10")
        }
        (_, Value::String(text)) => json!(text.split_whitespace().next().unwrap_or("unknown")),
        _ => json!("2"),
    }
}

/// A number from 0 to 1 that belongs to a text.
fn chance(text: &str) -> f64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 16) as f64 / 281_474_976_710_656.0
}

async fn score(state: &AppState) {
    let worker = ScoreWorker::new(
        Arc::clone(&state.store),
        Arc::clone(&state.environment),
        "demo".to_owned(),
        std::time::Duration::from_secs(60),
    );
    let mut idle = 0;
    // Refits wait some seconds for more gold and votes before they begin.
    while idle < 8 {
        if worker.work_once().await.unwrap() > 0 {
            idle = 0;
        } else {
            idle += 1;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }
}
