//! The batch interface of the scripted server: files, and batches that end as the plan says. What a batch answers is asked
//! of the same script and counted like any call.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Shared, ask};

/// How a batch ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Every request is answered, after this time.
    Completed(Duration),
    /// So many requests are answered, then its time is over.
    Expired(usize),
    /// It is refused: codes, messages and lines.
    Failed(Vec<(&'static str, &'static str, Option<i64>)>),
    /// It never ends by itself; when it is cancelled, so many requests have been answered.
    Never(usize),
}

/// Where the server leaves a client without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// When a batch is to be created, before it is.
    BeforeCreation,
    /// When a batch was created.
    AfterCreation,
    /// In the middle of the file of answers.
    InAnswers,
}

/// The files and batches of the server.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    plan: Vec<Ending>,
    hold: Option<Hold>,
    held: usize,
    refusals: Vec<u16>,
    names: usize,
    uploads: usize,
    files: BTreeMap<String, String>,
    batches: Vec<Remote>,
}

#[derive(Debug, Clone)]
struct Remote {
    id: String,
    input: String,
    output: Option<String>,
    errors: Option<String>,
    metadata: Value,
    created: Instant,
    ending: Ending,
    status: &'static str,
}

impl Inner {
    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}-{}", self.names)
    }

    /// Takes the hold if it is this one.
    fn takes(&mut self, hold: Hold) -> bool {
        let is_it = self.hold == Some(hold);
        if is_it {
            self.hold = None;
            self.held += 1;
        }
        is_it
    }
}

impl Batches {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// How batches end, in the order in which they are created; the last ending stands for all others.
    pub(crate) fn plan(&self, endings: &[Ending]) {
        self.inner().plan = endings.to_vec();
    }

    /// Leaves the next client that comes there without an answer.
    pub(crate) fn hold(&self, hold: Hold) {
        self.inner().hold = Some(hold);
    }

    /// Answers the next so many requests with this status.
    pub(crate) fn refuse(&self, requests: usize, status: u16) {
        self.inner().refusals = vec![status; requests];
    }

    pub(super) fn refusal(&self) -> Option<u16> {
        self.inner().refusals.pop()
    }

    /// How many clients were left without an answer.
    pub(crate) fn held(&self) -> usize {
        self.inner().held
    }

    /// The present words of all batches.
    pub(crate) fn statuses(&self) -> Vec<&'static str> {
        self.inner().batches.iter().map(|batch| batch.status).collect()
    }

    /// How many files of requests came up, and how many files there are now.
    pub(crate) fn files(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.uploads, inner.files.len())
    }
}

fn shown(batch: &Remote) -> Value {
    let errors = match (&batch.ending, batch.status) {
        (Ending::Failed(errors), "failed") => {
            let data: Vec<Value> = errors
                .iter()
                .map(|(code, message, line)| json!({ "code": code, "message": message, "param": null, "line": line }))
                .collect();
            json!({ "object": "list", "data": data })
        }
        _ => Value::Null,
    };
    json!({
        "id": batch.id, "object": "batch", "endpoint": "/v1/chat/completions", "errors": errors,
        "input_file_id": batch.input, "completion_window": "24h", "status": batch.status,
        "output_file_id": batch.output, "error_file_id": batch.errors, "created_at": 1_900_000_000,
        "expires_at": 1_900_086_400, "metadata": batch.metadata,
    })
}

fn problem(status: u16, message: &str) -> Response {
    let body = json!({ "error": { "message": message, "type": "invalid_request_error", "code": null } });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

pub(super) async fn upload(State(shared): State<Shared>, mut form: Multipart) -> Response {
    let (mut purpose, mut content) = (String::new(), None);
    while let Some(field) = form.next_field().await.unwrap() {
        match field.name().unwrap() {
            "purpose" => purpose = field.text().await.unwrap(),
            "file" => {
                assert!(field.file_name().unwrap().ends_with(".jsonl"));
                content = Some(field.text().await.unwrap());
            }
            other => panic!("no field {other}"),
        }
    }
    assert_eq!(purpose, "batch");
    let mut inner = shared.batches.inner();
    inner.uploads += 1;
    let id = inner.name("file");
    inner.files.insert(id.clone(), content.unwrap());
    Json(json!({ "id": id, "object": "file", "purpose": purpose })).into_response()
}

pub(super) async fn create(State(shared): State<Shared>, Json(wanted): Json<Value>) -> Response {
    let is_held = shared.batches.inner().takes(Hold::BeforeCreation);
    if is_held {
        return std::future::pending().await;
    }
    let (created, is_held) = {
        let mut inner = shared.batches.inner();
        let input = wanted["input_file_id"].as_str().unwrap().to_owned();
        assert_eq!(wanted["endpoint"], "/v1/chat/completions");
        assert_eq!(wanted["completion_window"], "24h");
        if !inner.files.contains_key(&input) {
            return problem(400, "no such file");
        }
        let place = inner.batches.len().min(inner.plan.len().saturating_sub(1));
        let ending = inner.plan.get(place).cloned();
        let batch = Remote {
            id: inner.name("batch"),
            input,
            output: None,
            errors: None,
            metadata: wanted["metadata"].clone(),
            created: Instant::now(),
            ending: ending.unwrap_or(Ending::Completed(Duration::ZERO)),
            status: "validating",
        };
        inner.batches.push(batch.clone());
        (shown(&batch), inner.takes(Hold::AfterCreation))
    };
    if is_held {
        return std::future::pending().await;
    }
    Json(created).into_response()
}

pub(super) async fn list(State(shared): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let inner = shared.batches.inner();
    // Two at once, so that whoever looks for one has to turn pages.
    let limit = query["limit"].parse::<usize>().unwrap().min(2);
    let newest = inner.batches.iter().rev();
    let rest: Vec<&Remote> = match query.get("after") {
        None => newest.collect(),
        Some(last) => newest.skip_while(|batch| batch.id != *last).skip(1).collect(),
    };
    let data: Vec<Value> = rest.iter().take(limit).map(|batch| shown(batch)).collect();
    Json(json!({ "object": "list", "data": data, "has_more": rest.len() > limit })).into_response()
}

/// How a batch stands; it ends when it is looked at and its time has come.
pub(super) async fn read(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let found = shared
        .batches
        .inner()
        .batches
        .iter()
        .find(|batch| batch.id == id)
        .cloned();
    let Some(batch) = found else {
        return problem(404, "no such batch");
    };
    let next = match (&batch.ending, batch.status) {
        (Ending::Completed(pause), "validating" | "in_progress") if batch.created.elapsed() >= *pause => {
            end(&shared, &batch, usize::MAX, "completed").await
        }
        (Ending::Expired(answered), "validating" | "in_progress") => end(&shared, &batch, *answered, "expired").await,
        (Ending::Failed(_), _) => Remote {
            status: "failed",
            ..batch
        },
        (Ending::Never(answered), "cancelling") => end(&shared, &batch, *answered, "cancelled").await,
        (_, "validating") => Remote {
            status: "in_progress",
            ..batch
        },
        _ => batch,
    };
    keep(&shared, &next);
    Json(shown(&next)).into_response()
}

pub(super) async fn cancel(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let found = shared
        .batches
        .inner()
        .batches
        .iter()
        .find(|batch| batch.id == id)
        .cloned();
    let Some(batch) = found else {
        return problem(404, "no such batch");
    };
    if !matches!(batch.status, "validating" | "in_progress") {
        return problem(409, "it has ended");
    }
    let next = Remote {
        status: "cancelling",
        ..batch
    };
    keep(&shared, &next);
    Json(shown(&next)).into_response()
}

fn keep(shared: &Shared, batch: &Remote) {
    let mut inner = shared.batches.inner();
    let place = inner.batches.iter().position(|one| one.id == batch.id).unwrap();
    inner.batches[place] = batch.clone();
}

/// Answers the first of the requests, and writes the files of answers and failures, in an order of their own, with lines
/// that nobody can use among them.
async fn end(shared: &Shared, batch: &Remote, answered: usize, status: &'static str) -> Remote {
    let content = shared.batches.inner().files[&batch.input].clone();
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    for (number, line) in content.lines().enumerate() {
        let request: Value = serde_json::from_str(line).unwrap();
        assert_eq!(request["method"], "POST");
        assert_eq!(request["url"], "/v1/chat/completions");
        let id = request["custom_id"].as_str().unwrap();
        assert!(id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if number >= answered {
            let error = json!({ "code": format!("batch_{status}"), "message": "it was not reached" });
            errors.push(json!({ "id": "e", "custom_id": id, "response": null, "error": error }).to_string());
            continue;
        }
        let (code, body) = ask(shared, &request["body"]).await;
        let response = json!({ "status_code": code, "request_id": "r", "body": body });
        let line = json!({ "id": "b", "custom_id": id, "response": response, "error": null }).to_string();
        if code < 400 {
            output.push(line)
        } else {
            errors.push(line)
        }
    }
    output.reverse();
    let strange = json!({ "custom_id": "of-nobody", "response": { "status_code": 200, "body": {} }, "error": null });
    output.insert(output.len() / 2, strange.to_string());
    output.push("{\"custom_id\": \"cut".to_owned());
    let mut inner = shared.batches.inner();
    let mut file = |lines: Vec<String>| {
        let id = inner.name("file");
        inner.files.insert(id.clone(), lines.join("\n"));
        id
    };
    let files = (file(output), (!errors.is_empty()).then(|| file(errors)));
    Remote {
        output: Some(files.0),
        errors: files.1,
        status,
        ..batch.clone()
    }
}

pub(super) async fn content(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let mut inner = shared.batches.inner();
    let Some(text) = inner.files.get(&id).cloned() else {
        return problem(404, "no such file");
    };
    if !inner.takes(Hold::InAnswers) {
        return text.into_response();
    }
    let half = text.len() / 2;
    let first: Result<Bytes, std::io::Error> = Ok(Bytes::copy_from_slice(&text.as_bytes()[..half]));
    let pieces = futures::stream::once(std::future::ready(first));
    let never = futures::stream::once(std::future::pending());
    Response::new(Body::from_stream(futures::StreamExt::chain(pieces, never)))
}

pub(super) async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    match shared.batches.inner().files.remove(&id) {
        Some(_) => Json(json!({ "id": id, "object": "file", "deleted": true })).into_response(),
        None => problem(404, "no such file"),
    }
}
