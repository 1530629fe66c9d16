//! What the scripted server can do with a call: everything that real servers have been seen to do.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

/// Tokens of every question, as reported.
pub(crate) const PROMPT_TOKENS: i64 = 100;

/// Tokens of every answer, as reported.
pub(crate) const COMPLETION_TOKENS: i64 = 10;

/// What the server does with a call.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// A chat completion whose one choice is this.
    Complete { message: Value, finish: Value, usage: bool },
    /// Any other answer.
    Answer {
        status: u16,
        header: Option<(&'static str, &'static str)>,
        media_type: &'static str,
        body: String,
    },
    /// Headers and half of a good body; then the connection is cut.
    Cut,
    /// The action, too late.
    Late(Duration, Box<Action>),
}

impl Action {
    /// Whether a provider takes money for it: a whole chat completion, whatever it says.
    pub(crate) const fn is_answer(&self) -> bool {
        match self {
            Self::Complete { .. } => true,
            Self::Late(_, action) => action.is_answer(),
            Self::Answer { .. } | Self::Cut => false,
        }
    }

    pub(crate) async fn respond(self, request: &Value) -> Response {
        match self {
            Self::Complete { message, finish, usage } => {
                let body = completion(request, &message, &finish, usage).to_string();
                response(200, None, "application/json", Body::from(body))
            }
            Self::Answer {
                status,
                header,
                media_type,
                body,
            } => response(status, header, media_type, Body::from(body)),
            Self::Cut => {
                let whole = completion(request, &json!({ "content": "{}" }), &json!("stop"), true).to_string();
                let (half, _) = whole.split_at(whole.len() / 2);
                let half: Result<Bytes, std::io::Error> = Ok(Bytes::copy_from_slice(half.as_bytes()));
                let pieces = futures::stream::iter([half, Err(std::io::Error::other("cut"))]);
                response(200, None, "application/json", Body::from_stream(pieces))
            }
            Self::Late(pause, action) => {
                tokio::time::sleep(pause).await;
                Box::pin(action.respond(request)).await
            }
        }
    }
}

fn completion(request: &Value, message: &Value, finish: &Value, usage: bool) -> Value {
    let mut body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1.5, "service_tier": "on_demand",
        "model": format!("{}-2026", request["model"].as_str().unwrap()),
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
    });
    if usage {
        body["usage"] = json!({
            "prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS,
            "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        });
    }
    body
}

fn response(
    status: u16,
    header: Option<(&'static str, &'static str)>,
    media_type: &'static str,
    body: Body,
) -> Response {
    let mut builder = Response::builder().status(status).header("content-type", media_type);
    if let Some((name, value)) = header {
        builder = builder.header(name, value);
    }
    builder.body(body).unwrap()
}

/// A good answer.
pub(crate) fn answer(answers: &Value) -> Action {
    says(&answers.to_string(), "stop")
}

/// A chat completion with this text, which ended for this reason.
pub(crate) fn says(text: &str, finish: &str) -> Action {
    Action::Complete {
        message: json!({ "role": "assistant", "content": text }),
        finish: json!(finish),
        usage: true,
    }
}

/// A chat completion with a message of its own form.
pub(crate) fn message(message: Value, finish: Value, usage: bool) -> Action {
    Action::Complete { message, finish, usage }
}

/// An error in the form of OpenAI.
pub(crate) fn status(status: u16, text: &str) -> Action {
    error(
        status,
        &json!({ "error": { "message": text, "type": "error", "code": "some_error" } }),
        None,
    )
}

/// An error with this body and header.
pub(crate) fn error(status: u16, body: &Value, header: Option<(&'static str, &'static str)>) -> Action {
    Action::Answer {
        status,
        header,
        media_type: "application/json",
        body: body.to_string(),
    }
}

/// An answer of a proxy in between.
pub(crate) fn page(status: u16, body: &str) -> Action {
    Action::Answer {
        status,
        header: None,
        media_type: "text/html",
        body: body.to_owned(),
    }
}
