//! One HTTP exchange with a provider: bounded in time and size, its errors kept whole.
//!
//! The client library's own error handling loses the status and the `Retry-After` of many servers' errors, and has no
//! time limits; this service stands in its place. Retries are not made here but by the queue, where a waiting task holds
//! neither a permit nor a lease.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::error::CallError;
use super::limits::admission::Admission;
pub(super) use super::limits::headers::Headers;

/// The largest reply that is read.
const MAXIMUM_REPLY_BYTES: usize = 16 << 20;

/// How much of an error's text is kept.
const MAXIMUM_MESSAGE_CHARACTERS: usize = 500;

/// Sends requests of the client library.
#[derive(Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
    /// Hears what replies say about limits, good and bad ones alike.
    admission: Arc<Admission>,
}

impl Transport {
    pub(super) fn new(timeout: Duration, admission: Arc<Admission>) -> Result<Self, CallError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10).min(timeout))
            .timeout(timeout)
            // A redirect could carry the key to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| CallError::Request(error.to_string()))?;
        Ok(Self { client, admission })
    }

    async fn exchange(self, factory: HttpRequestFactory) -> Result<Response, CallError> {
        let request = factory
            .build()
            .await
            .map_err(|error| CallError::Request(error.to_string()))?;
        let response = self.client.execute(request).await.map_err(connection_error)?;
        self.admission
            .observe(&Headers::read(response.headers(), SystemTime::now()));
        let body = whole_body(accepted(response).await?).await?;
        // A body that the client library cannot read would be written to the log by it, contents and all.
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
            return Err(CallError::Unreadable(error.to_string()));
        }
        Ok(Response::from(http::Response::new(body)))
    }
}

impl Transport {
    /// A request beside those of the client library.
    pub(super) fn request(&self, method: Method, url: String) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads the reply, whose status is good.
    pub(super) async fn fetch(&self, request: RequestBuilder) -> Result<Vec<u8>, CallError> {
        whole_body(self.open(request).await?).await
    }

    /// Sends a request; the reply, whose status is good, is yet to be read.
    pub(super) async fn open(&self, request: RequestBuilder) -> Result<Response, CallError> {
        let request = request
            .build()
            .map_err(|error| CallError::Request(error.without_url().to_string()))?;
        accepted(self.client.execute(request).await.map_err(connection_error)?).await
    }
}

/// A reply whose status is good; any other one is an error.
async fn accepted(response: Response) -> Result<Response, CallError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let headers = Headers::read(response.headers(), SystemTime::now());
    let body = whole_body(response).await?;
    Err(status_error(status, &headers, &body))
}

async fn whole_body(mut response: Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(connection_error)? {
        if body.len() + piece.len() > MAXIMUM_REPLY_BYTES {
            return Err(CallError::Unreadable(format!(
                "longer than {} MiB",
                MAXIMUM_REPLY_BYTES >> 20
            )));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            transport
                .exchange(factory)
                .await
                .map_err(|error| OpenAIError::Boxed(Box::new(error)))
        })
    }
}

pub(super) fn connection_error(error: reqwest::Error) -> CallError {
    // The address may hold a key in its query.
    let timed_out = error.is_timeout();
    let text = error_chain(&error.without_url());
    if timed_out {
        CallError::TimedOut(text)
    } else {
        CallError::Connection(text)
    }
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

pub(super) fn status_error(status: StatusCode, headers: &Headers, body: &[u8]) -> CallError {
    let message = message_of(body);
    // Providers say 429 for an empty account too; waiting does not fill it.
    let exhausted = status == StatusCode::TOO_MANY_REQUESTS && is_quota_error(body);
    CallError::Status {
        status: if exhausted {
            StatusCode::PAYMENT_REQUIRED.as_u16()
        } else {
            status.as_u16()
        },
        retry_after: headers.retry_after,
        message,
    }
}

/// Finds the message in the shapes that servers use: `error` as object or text, a list of one object, plain text.
fn message_of(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => {
            let object = value.as_array().and_then(|list| list.first()).unwrap_or(&value).clone();
            let found = object
                .pointer("/error/message")
                .or_else(|| object.get("message"))
                .or_else(|| object.get("error"));
            found
                .and_then(Value::as_str)
                .map_or_else(|| object.to_string(), str::to_owned)
        }
        Err(_) => String::from_utf8_lossy(body).trim().to_owned(),
    };
    text.chars().take(MAXIMUM_MESSAGE_CHARACTERS).collect()
}

fn is_quota_error(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| {
        ["/error/type", "/error/code"]
            .iter()
            .filter_map(|place| value.pointer(place).and_then(Value::as_str))
            .any(|word| word == "insufficient_quota")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_messages_in_every_known_shape() {
        for (body, expected) in [
            (r#"{"error": {"message": "slow down", "code": 429}}"#, "slow down"),
            (r#"[{"error": {"code": 429, "message": "exhausted"}}]"#, "exhausted"),
            (r#"{"message": "flat", "code": 400}"#, "flat"),
            (r#"{"error": "just text"}"#, "just text"),
            ("<html>bad gateway</html>", "<html>bad gateway</html>"),
        ] {
            assert_eq!(message_of(body.as_bytes()), expected);
        }
    }

    #[test]
    fn an_empty_account_is_not_worth_waiting_for() {
        let body = br#"{"error": {"type": "insufficient_quota", "message": "pay"}}"#;
        let error = status_error(StatusCode::TOO_MANY_REQUESTS, &Headers::default(), body);
        assert!(!error.is_transient());
    }
}
