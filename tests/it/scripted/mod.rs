//! A server that speaks the OpenAI protocol as a script tells it to, and counts what it was asked.

pub(crate) mod action;
pub(crate) mod batches;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use action::Action;
use batches::Batches;

/// The key that clients must send.
pub(crate) const KEY: &str = "sk-scripted-0123456789";

/// One call as the script sees it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) model: &'a str,
    /// The text of the item that is asked about.
    pub(crate) text: &'a str,
    /// Counts the calls with this very question from 1.
    pub(crate) attempt: usize,
    pub(crate) body: &'a Value,
}

/// What makes two questions the same: model, seed and text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Question {
    pub(crate) model: String,
    pub(crate) seed: Option<i64>,
    pub(crate) text: String,
}

/// How often a question was asked, and how often it was answered, for which a provider takes money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) calls: usize,
    pub(crate) answers: usize,
}

type Script = dyn Fn(&Call<'_>) -> Action + Send + Sync;

#[derive(Clone)]
struct Shared {
    script: Arc<Script>,
    counts: Arc<Mutex<BTreeMap<Question, Counts>>>,
    pause: Duration,
    batches: Arc<Batches>,
}

/// The running server; it ends when this value goes.
pub(crate) struct ScriptedModel {
    pub(crate) base_url: String,
    shared: Shared,
    task: JoinHandle<()>,
}

impl ScriptedModel {
    /// Starts a server that asks the script what to do and takes this long to think before it does it.
    pub(crate) async fn start(pause: Duration, script: impl Fn(&Call<'_>) -> Action + Send + Sync + 'static) -> Self {
        let shared = Shared {
            script: Arc::new(script),
            counts: Arc::default(),
            pause,
            batches: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/files", post(batches::upload))
            .route("/v1/files/{id}", axum::routing::delete(batches::delete))
            .route("/v1/files/{id}/content", get(batches::content))
            .route("/v1/batches", get(batches::list).post(batches::create))
            .route("/v1/batches/{id}", get(batches::read))
            .route("/v1/batches/{id}/cancel", post(batches::cancel))
            .layer(from_fn_with_state(shared.clone(), checked))
            .layer(DefaultBodyLimit::disable())
            .with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, shared, task }
    }

    /// The variables that make it the provider of this name.
    pub(crate) fn provider(&self, name: &str, settings: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = [("BASE_URL", self.base_url.as_str()), ("KEY_VARIABLE", "SCRIPTED_KEY")];
        let variable = |(key, value): &(&str, &str)| {
            let name = format!("ACCORD__PROVIDERS__{}__{key}", name.to_uppercase());
            (name, (*value).to_owned())
        };
        let mut variables: Vec<_> = own.iter().chain(settings).map(variable).collect();
        variables.push(("SCRIPTED_KEY".to_owned(), KEY.to_owned()));
        variables
    }

    /// What was asked so far.
    pub(crate) fn counts(&self) -> BTreeMap<Question, Counts> {
        self.shared.counts.lock().unwrap().clone()
    }

    /// Its files and batches.
    pub(crate) fn batches(&self) -> &Batches {
        &self.shared.batches
    }

    /// Answers to what had been answered before.
    pub(crate) fn answers_in_vain(&self) -> usize {
        let counts = self.counts();
        counts.values().map(|counts| counts.answers.saturating_sub(1)).sum()
    }

    /// All calls so far.
    pub(crate) fn total_calls(&self) -> usize {
        self.counts().values().map(|counts| counts.calls).sum()
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Refuses whoever does not send the key, and whoever comes for batches while they are out of order.
async fn checked(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let authorized = request
        .headers()
        .get("authorization")
        .is_some_and(|value| *value == *format!("Bearer {KEY}"));
    let is_call = request.uri().path() == "/v1/chat/completions";
    let refusal = match authorized {
        false => Some((401, "the key is missing")),
        true if is_call => None,
        true => shared.batches.refusal().map(|status| (status, "out of order")),
    };
    match refusal {
        None => next.run(request).await,
        Some((status, text)) => action::status(status, text).respond(&Value::Null).await,
    }
}

async fn complete(State(shared): State<Shared>, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    let (question, action) = told(&shared, &body);
    tokio::time::sleep(shared.pause).await;
    let is_answer = action.is_answer();
    let response = action.respond(&body).await;
    if is_answer {
        count(&shared, &question, |counts| counts.answers += 1);
    }
    response
}

/// Status and body of the answer to a request of a batch.
async fn ask(shared: &Shared, body: &Value) -> (u16, Value) {
    let (question, action) = told(shared, body);
    if action.is_answer() {
        count(shared, &question, |counts| counts.answers += 1);
    }
    let response = action.respond(body).await;
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    (status, body)
}

/// What the script makes of a request, which is counted.
fn told(shared: &Shared, body: &Value) -> (Question, Action) {
    let question = Question {
        model: body["model"].as_str().unwrap().to_owned(),
        seed: body["seed"].as_i64(),
        text: text_of(body).to_owned(),
    };
    let attempt = count(shared, &question, |counts| {
        counts.calls += 1;
        counts.calls
    });
    let action = (shared.script)(&Call {
        model: &question.model,
        text: &question.text,
        attempt,
        body,
    });
    (question, action)
}

fn count<T>(shared: &Shared, question: &Question, change: impl FnOnce(&mut Counts) -> T) -> T {
    let mut counts = shared.counts.lock().unwrap();
    change(counts.entry(question.clone()).or_default())
}

/// The text that stands between the last marks of the prompt, or the first image or file behind the words.
fn text_of<'a>(body: &'a Value) -> &'a str {
    let content = &body["messages"][1]["content"];
    if let Some(parts) = content.as_array() {
        let attached = |part: &'a Value| {
            let image = part["image_url"]["url"].as_str();
            image.or_else(|| part["file"]["file_data"].as_str())
        };
        return parts.iter().find_map(attached).unwrap();
    }
    let prompt = content.as_str().unwrap();
    let (_, rest) = prompt
        .rsplit_once("\n</")
        .expect("the prompt marks the end of the text");
    let (mark, _) = rest.split_once('>').expect("the mark has an end");
    let (_, text) = prompt
        .rsplit_once(&format!("<{mark}>\n"))
        .expect("the prompt marks the text");
    let (text, _) = text.rsplit_once("\n</").expect("the text stands before its end");
    text
}
