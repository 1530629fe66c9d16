//! A client of the API.

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// How long something may take to come about on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Rows that are asked for at once.
const PAGE: usize = 1000;

/// Whoever speaks to the server: its address and its credentials.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) address: String,
    credentials: Option<(HeaderName, HeaderValue)>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl Client {
    pub(crate) fn new(address: String) -> Self {
        // The answer that the first of two calls installs it is not needed.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            http,
            address,
            credentials: None,
        }
    }

    /// The same with a token.
    pub(crate) fn with_token(&self, secret: &str) -> Self {
        let value = HeaderValue::try_from(format!("Bearer {secret}")).unwrap();
        Self {
            credentials: Some((AUTHORIZATION, value)),
            ..self.clone()
        }
    }

    /// The same with a session.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        Self {
            credentials: Some((COOKIE, HeaderValue::try_from(cookie).unwrap())),
            ..self.clone()
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.address));
        match &self.credentials {
            Some((name, value)) => request.header(name, value),
            None => request,
        }
    }

    /// Sends a request; none when the server cannot be reached or goes away in the middle.
    pub(crate) async fn try_send(&self, request: RequestBuilder) -> Option<Reply> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.ok()?.to_vec();
        Some(Reply { status, headers, body })
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap().to_vec();
        Reply { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn post_as(&self, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, media_type);
        self.send(request.body(body)).await
    }

    /// Imports lines of JSON.
    pub(crate) async fn import(&self, project: &str, lines: &[Value]) -> Value {
        self.import_to(&format!("/api/v1/projects/{project}/items"), lines)
            .await
    }

    /// Imports lines of JSON about which nobody is asked before a run does, all of them new.
    pub(crate) async fn import_held(&self, project: &str, lines: &[Value]) {
        let path = format!("/api/v1/projects/{project}/items?hold=true");
        let report = self.import_to(&path, lines).await;
        assert_eq!(report["created"], json!(lines.len()), "{report}");
    }

    async fn import_to(&self, path: &str, lines: &[Value]) -> Value {
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        self.post_as(path, "application/x-ndjson", text.join("\n"))
            .await
            .expect(200)
    }

    /// All rows of a paged list, page by page.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let page = self
                .get(&format!("{path}{separator}limit={PAGE}{after}"))
                .await
                .expect(200);
            rows.extend(page["rows"].as_array().unwrap().iter().cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return rows,
            }
        }
    }

    /// Asks until the answer passes, and returns it.
    pub(crate) async fn wait_for(&self, path: &str, what: &str, passes: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.get(path).await.expect(200);
            if passes(&answer) {
                return answer;
            }
            assert!(started.elapsed() < PATIENCE, "no {what} in time: {answer}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until no automatic task of the project is open, and returns its progress.
    pub(crate) async fn wait_until_idle(&self, project: &str) -> Value {
        let path = format!("/api/v1/projects/{project}/progress");
        self.wait_for(&path, "end of the automatic tasks", |progress| {
            open_tasks(progress) == 0 && progress["items"]["total"] != 0
        })
        .await
    }
}

/// Automatic tasks that are ready or leased.
pub(crate) fn open_tasks(progress: &Value) -> i64 {
    count_tasks(progress, |kind, state| {
        matches!(kind, "annotate" | "score" | "refit") && matches!(state, "ready" | "leased")
    })
}

/// The tasks whose kind and state are wanted.
pub(crate) fn count_tasks(progress: &Value, wanted: impl Fn(&str, &str) -> bool) -> i64 {
    let counts = progress["tasks"].as_array().unwrap().iter();
    counts
        .filter(|count| wanted(count["kind"].as_str().unwrap(), count["state"].as_str().unwrap()))
        .map(|count| count["count"].as_i64().unwrap())
        .sum()
}
