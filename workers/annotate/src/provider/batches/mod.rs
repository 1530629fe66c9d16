//! The batch interface of OpenAI: a file of requests goes up, a batch of it is created and looked at, files of answers and
//! failures come down line by line. Nothing here takes places among the provider's ordinary calls, and nothing is tried
//! twice.

mod lines;

use std::collections::BTreeMap;
use std::time::Duration;

use async_openai::config::Config;
use futures::Stream;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CallError, Provider};
pub(crate) use lines::{AnsweredLine, FileLine, FileLines, LineOutcome, request_line};

/// Which interface the requests of a batch are for.
const ENDPOINT: &str = "/v1/chat/completions";

/// The longest that a file may take on its way.
const LONGEST_TRANSFER: Duration = Duration::from_secs(3600);

/// Batches that are listed at once, as many as OpenAI allows.
const LISTED_AT_ONCE: u32 = 100;

/// The most lists that are looked through for a batch.
const MOST_LISTS: usize = 500;

/// How far the provider's clock may be from ours.
const CLOCK_DIFFERENCE_SECONDS: i64 = 3600;

/// The names under which a batch carries what it is of ours.
const MARK_BATCH: &str = "accord_batch";
const MARK_SEND: &str = "accord_send";

/// What tells a batch of ours from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BatchMark {
    /// Our identifier of it.
    pub(crate) batch: String,
    /// Which sending of it, from 1.
    pub(crate) send: i64,
}

/// A batch as the provider shows it. Servers leave out much of it; only what is used is read.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RemoteBatch {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) input_file_id: Option<String>,
    pub(crate) output_file_id: Option<String>,
    pub(crate) error_file_id: Option<String>,
    /// Seconds since 1970.
    pub(crate) created_at: Option<i64>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) errors: Option<RemoteErrors>,
    pub(crate) metadata: Option<BTreeMap<String, Value>>,
}

/// Why a batch was refused.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RemoteErrors {
    pub(crate) data: Vec<RemoteError>,
}

/// One reason for which a batch was refused.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RemoteError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// The line of the file of requests, from 1.
    pub(crate) line: Option<i64>,
}

/// The longest word of a provider for how far a batch is.
const LONGEST_STATUS_CHARACTERS: usize = 40;

/// The longest name of a file or batch.
const LONGEST_NAME: usize = 200;

#[derive(Deserialize)]
struct RemoteFile {
    id: String,
}

#[derive(Deserialize)]
struct RemoteList {
    data: Vec<RemoteBatch>,
    #[serde(default)]
    has_more: bool,
}

impl RemoteBatch {
    fn carries(&self, mark: &BatchMark) -> bool {
        let word = |name: &str| {
            let value = self.metadata.as_ref()?.get(name)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        word(MARK_BATCH).as_deref() == Some(&mark.batch) && word(MARK_SEND) == Some(mark.send.to_string())
    }
}

impl Provider {
    fn batch_request(&self, method: Method, path: &str) -> RequestBuilder {
        let endpoint = self.client.config();
        self.transport
            .request(method, endpoint.url(path))
            .headers(endpoint.headers())
    }

    /// A batch as it is shown, with names that can stand in an address and without the key in what is said of it.
    async fn fetch_batch(&self, request: RequestBuilder) -> Result<RemoteBatch, CallError> {
        let mut batch: RemoteBatch = self.fetch(request).await?;
        let files = [&batch.input_file_id, &batch.output_file_id, &batch.error_file_id];
        for name in files.into_iter().flatten().chain([&batch.id]) {
            check_name(name)?;
        }
        batch.status = batch.status.chars().take(LONGEST_STATUS_CHARACTERS).collect();
        for error in batch.errors.iter_mut().flat_map(|errors| &mut errors.data) {
            error.message = error.message.take().map(|message| self.text_without_key(message));
        }
        Ok(batch)
    }

    async fn fetch<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let body = self.transport.fetch(request).await;
        let body = body.map_err(|error| self.without_key(error))?;
        serde_json::from_slice(&body).map_err(|error| CallError::Unreadable(error.to_string()))
    }

    /// Uploads a file of requests that is so many bytes long; returns its name there.
    ///
    /// # Errors
    /// Says what went wrong and whether the same may succeed later.
    pub(crate) async fn upload_requests<S>(&self, name: &str, bytes: u64, lines: S) -> Result<String, CallError>
    where
        S: Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static,
    {
        let file = Part::stream_with_length(Body::wrap_stream(lines), bytes)
            .file_name(name.to_owned())
            .mime_str("application/jsonl")
            .map_err(|error| CallError::Request(error.to_string()))?;
        let form = Form::new().text("purpose", "batch").part("file", file);
        let request = self
            .batch_request(Method::POST, "/files")
            .timeout(LONGEST_TRANSFER)
            .multipart(form);
        let file: RemoteFile = self.fetch(request).await?;
        check_name(&file.id)?;
        Ok(file.id)
    }

    /// Creates a batch of a file of requests. It carries the mark, by which [`Self::find_batch`] finds it again.
    ///
    /// # Errors
    /// Says what went wrong and whether the same may succeed later.
    pub(crate) async fn create_batch(
        &self,
        input_file: &str,
        window: &str,
        mark: &BatchMark,
    ) -> Result<RemoteBatch, CallError> {
        let request = self.batch_request(Method::POST, "/batches").json(&json!({
            "input_file_id": input_file,
            "endpoint": ENDPOINT,
            "completion_window": window,
            "metadata": { MARK_BATCH: mark.batch, MARK_SEND: mark.send.to_string() },
        }));
        self.fetch_batch(request).await
    }

    /// The batch that carries this mark, among those that were created since then (in seconds since 1970).
    ///
    /// # Errors
    /// Says what went wrong and whether the same may succeed later.
    pub(crate) async fn find_batch(&self, mark: &BatchMark, since: i64) -> Result<Option<RemoteBatch>, CallError> {
        let mut after: Option<String> = None;
        for _ in 0..MOST_LISTS {
            let mut request = self
                .batch_request(Method::GET, "/batches")
                .query(&[("limit", LISTED_AT_ONCE.to_string())]);
            if let Some(last) = &after {
                request = request.query(&[("after", last)]);
            }
            let list: RemoteList = self.fetch(request).await?;
            if let Some(found) = list.data.iter().find(|batch| batch.carries(mark)) {
                return Ok(Some(found.clone()));
            }
            // The newest come first.
            let is_too_old = |batch: &RemoteBatch| {
                let created_at = batch.created_at.unwrap_or(i64::MAX);
                created_at.saturating_add(CLOCK_DIFFERENCE_SECONDS) < since
            };
            match list.data.last() {
                Some(last) if list.has_more && !is_too_old(last) => after = Some(last.id.clone()),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// How a batch stands.
    ///
    /// # Errors
    /// Says what went wrong and whether the same may succeed later.
    pub(crate) async fn read_batch(&self, id: &str) -> Result<RemoteBatch, CallError> {
        self.fetch_batch(self.batch_request(Method::GET, &format!("/batches/{id}")))
            .await
    }

    /// Asks to cancel a batch.
    ///
    /// # Errors
    /// Says what went wrong and whether the same may succeed later.
    pub(crate) async fn cancel_batch(&self, id: &str) -> Result<RemoteBatch, CallError> {
        self.fetch_batch(self.batch_request(Method::POST, &format!("/batches/{id}/cancel")))
            .await
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// Says what went wrong and whether the same may succeed later.
    pub(crate) async fn open_file(&self, id: &str) -> Result<FileLines, CallError> {
        let request = self
            .batch_request(Method::GET, &format!("/files/{id}/content"))
            .timeout(LONGEST_TRANSFER);
        let response = self.transport.open(request).await;
        let response = response.map_err(|error| self.without_key(error))?;
        Ok(FileLines::of(
            response,
            Duration::from_secs(self.settings.timeout_seconds),
        ))
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// Says what went wrong.
    pub(crate) async fn delete_file(&self, id: &str) -> Result<(), CallError> {
        let request = self.batch_request(Method::DELETE, &format!("/files/{id}"));
        let deleted = self.transport.fetch(request).await;
        deleted.map(|_| ()).map_err(|error| self.without_key(error))
    }

    /// Whether batches can be asked for.
    ///
    /// # Errors
    /// Says what the provider answers.
    pub(super) async fn check_batches(&self) -> Result<(), CallError> {
        let request = self.batch_request(Method::GET, "/batches").query(&[("limit", "1")]);
        let _list: RemoteList = self.fetch(request).await?;
        Ok(())
    }
}

/// Names of files and batches come into addresses.
fn check_name(name: &str) -> Result<(), CallError> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_fit) {
        return Ok(());
    }
    let shown: String = name.chars().take(LONGEST_STATUS_CHARACTERS).collect();
    Err(CallError::Unreadable(format!(
        "`{shown}` is no name of a file or batch"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_addresses() {
        for name in ["file-abc_123", "batch_68f0"] {
            check_name(name).unwrap();
        }
        for name in ["", "../files", "a b", "a?b", &"a".repeat(201)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
