//! An OpenAI-compatible endpoint that answers as told and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the endpoint does with one request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Answers with this status, these headers and this body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Waits before it answers.
    Late(Duration, Box<Self>),
    /// Does what it makes of the request.
    Obey(fn(&Value) -> Self),
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

#[derive(Clone, Default)]
pub(crate) struct Endpoint {
    pub(crate) base_url: String,
    plan: Arc<Mutex<VecDeque<Behaviour>>>,
    received: Arc<Mutex<Vec<Received>>>,
    has_batches: Arc<AtomicBool>,
}

impl Endpoint {
    /// Serves these behaviours in turn; the last one for ever.
    pub(crate) async fn serve(plan: impl IntoIterator<Item = Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Self {
            base_url: format!("http://{}/v1", listener.local_addr().unwrap()),
            plan: Arc::new(Mutex::new(plan.into_iter().collect())),
            received: Arc::default(),
            has_batches: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/chat/completions", post(answer))
            .route("/v1/batches", get(batches))
            .with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Has batches from now on.
    pub(crate) fn has_batches(&self) {
        self.has_batches.store(true, Ordering::Relaxed);
    }

    fn next(&self) -> Behaviour {
        let mut plan = self.plan.lock().unwrap();
        if plan.len() > 1 {
            plan.pop_front().unwrap()
        } else {
            plan.front().unwrap().clone()
        }
    }
}

async fn answer(State(endpoint): State<Endpoint>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    let body: Value = serde_json::from_slice(&body).unwrap();
    let received = Received {
        authorization,
        body: body.clone(),
    };
    endpoint.received.lock().unwrap().push(received);
    let mut behaviour = endpoint.next();
    let (status, headers, body) = loop {
        behaviour = match behaviour {
            Behaviour::Answer(status, headers, body) => break (status, headers, body),
            Behaviour::Obey(obey) => obey(&body),
            Behaviour::Late(pause, then) => {
                tokio::time::sleep(pause).await;
                *then
            }
        };
    };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// The list of batches, of which there are none yet.
async fn batches(State(endpoint): State<Endpoint>) -> Response {
    if endpoint.has_batches.load(Ordering::Relaxed) {
        axum::Json(json!({"object": "list", "data": [], "has_more": false})).into_response()
    } else {
        (StatusCode::NOT_FOUND, r#"{"error": {"message": "no such path"}}"#).into_response()
    }
}

/// A chat completion with this message and end.
pub(crate) fn completion(message: Value, finish_reason: &str) -> Behaviour {
    completion_of_tokens(message, finish_reason, Value::Null)
}

/// The same with what the server says of the tokens.
pub(crate) fn completion_of_tokens(message: Value, finish_reason: &str, logprobs: Value) -> Behaviour {
    let reply = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny-2026-11-01",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": logprobs}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    });
    Behaviour::Answer(
        200,
        vec![("content-type", "application/json".to_owned())],
        reply.to_string(),
    )
}

/// A chat completion whose message says this.
pub(crate) fn says(text: &str) -> Behaviour {
    completion(json!({"role": "assistant", "content": text, "refusal": null}), "stop")
}

pub(crate) fn status(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer(status, Vec::new(), body.to_owned())
}

pub(crate) fn with_header(behaviour: Behaviour, name: &'static str, value: &str) -> Behaviour {
    match behaviour {
        Behaviour::Answer(status, mut headers, body) => {
            headers.push((name, value.to_owned()));
            Behaviour::Answer(status, headers, body)
        }
        other => other,
    }
}

/// An address whose server promises more than it sends, and hangs up.
pub(crate) async fn cut_connection() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _bytes = stream.read(&mut request).await;
            let _written = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"choices\": [")
                .await;
        }
    });
    format!("http://{address}/v1")
}
