//! The batch interface of OpenAI: a file of requests goes up, a batch of it is created and looked at, files of answers and
//! failures come down line by line. Nothing here takes places among the provider's ordinary calls, and nothing is tried
//! twice.

use std::collections::BTreeMap;
use std::time::Duration;

use async_openai::config::Config;
use futures::Stream;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::transport::{connection_error, status_error};
use super::{CallError, Provider};

/// Which interface the requests of a batch are for.
const ENDPOINT: &str = "/v1/chat/completions";

/// The longest that a file may take on its way.
const LONGEST_TRANSFER: Duration = Duration::from_secs(3600);

/// The longest line that is read of a file.
const LONGEST_LINE_BYTES: usize = 16 << 20;

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

/// A request as a line of the file of requests, with its end.
#[must_use]
pub(crate) fn request_line(key: &str, body: &str) -> String {
    // The key is hexadecimal and the body is JSON, so neither needs to be escaped.
    format!("{{\"custom_id\":\"{key}\",\"method\":\"POST\",\"url\":\"{ENDPOINT}\",\"body\":{body}}}\n")
}

/// A line of a file of answers or failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnsweredLine {
    /// The key of the request.
    pub(crate) key: String,
    /// What came of it.
    pub(crate) outcome: LineOutcome,
}

/// What came of a request of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LineOutcome {
    /// A reply, as it came.
    Replied(String),
    /// The model's endpoint answered with an error.
    Refused(CallError),
    /// It never came to the model.
    NotReached(String),
}

#[derive(Deserialize)]
struct OutputLine<'a> {
    custom_id: String,
    #[serde(borrow)]
    response: Option<OutputResponse<'a>>,
    error: Option<OutputError>,
}

#[derive(Deserialize)]
struct OutputResponse<'a> {
    status_code: u16,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct OutputError {
    code: Option<String>,
    message: Option<String>,
}

impl AnsweredLine {
    /// Reads a line.
    ///
    /// # Errors
    /// It is not the JSON of one.
    pub(crate) fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        let line: OutputLine<'_> = serde_json::from_slice(line)?;
        let outcome = match line.response {
            Some(response) => {
                let body = response.body.map_or("", RawValue::get);
                let status =
                    http::StatusCode::from_u16(response.status_code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
                if status.is_success() {
                    LineOutcome::Replied(body.to_owned())
                } else {
                    LineOutcome::Refused(status_error(
                        status,
                        &super::transport::Headers::default(),
                        body.as_bytes(),
                    ))
                }
            }
            None => {
                let error = line.error.unwrap_or_default();
                let message = error.message.or(error.code);
                LineOutcome::NotReached(message.unwrap_or_else(|| "no reason given".to_owned()))
            }
        };
        Ok(Self {
            key: line.custom_id,
            outcome,
        })
    }
}

/// A file of a provider, read line by line.
pub(crate) struct FileLines {
    response: Response,
    /// What came of the lines that are not read yet.
    rest: Vec<u8>,
    /// How much of that is known to hold no end of a line.
    searched: usize,
    /// Whether the beginning of the present line was thrown away, since it is too long.
    is_too_long: bool,
    is_whole: bool,
    /// How long nothing may come.
    patience: Duration,
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileLine {
    /// The line without its end.
    Whole(Vec<u8>),
    /// It is longer than any line may be.
    TooLong,
}

impl FileLines {
    /// The next line that is not empty; none at the end of the file.
    ///
    /// # Errors
    /// The connection failed or nothing came for too long.
    pub(crate) async fn next(&mut self) -> Result<Option<FileLine>, CallError> {
        loop {
            if let Some(length) = memchr::memchr(b'\n', self.rest.get(self.searched..).unwrap_or_default()) {
                let end = self.searched + length;
                let after = self.rest.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.rest, after);
                line.truncate(end);
                self.searched = 0;
                if let Some(line) = self.taken(line) {
                    return Ok(Some(line));
                }
                continue;
            }
            self.searched = self.rest.len();
            if self.searched > LONGEST_LINE_BYTES {
                (self.rest, self.searched, self.is_too_long) = (Vec::new(), 0, true);
            }
            if self.is_whole {
                let line = std::mem::take(&mut self.rest);
                self.searched = 0;
                return Ok(self.taken(line));
            }
            let piece = tokio::time::timeout(self.patience, self.response.chunk()).await;
            let piece = piece.map_err(|_| {
                CallError::TimedOut(format!("nothing came of the file for {} s", self.patience.as_secs()))
            })?;
            match piece.map_err(connection_error)? {
                Some(piece) => self.rest.extend_from_slice(&piece),
                None => self.is_whole = true,
            }
        }
    }

    /// The line, unless it is empty.
    fn taken(&mut self, line: Vec<u8>) -> Option<FileLine> {
        if std::mem::take(&mut self.is_too_long) {
            return Some(FileLine::TooLong);
        }
        (!line.trim_ascii().is_empty()).then_some(FileLine::Whole(line))
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
        Ok(FileLines {
            response: response.map_err(|error| self.without_key(error))?,
            rest: Vec::new(),
            searched: 0,
            is_too_long: false,
            is_whole: false,
            patience: Duration::from_secs(self.settings.timeout_seconds),
        })
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

    fn lines(pieces: &[&[u8]]) -> FileLines {
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> = pieces.iter().map(|piece| Ok(piece.to_vec())).collect();
        let body = Body::wrap_stream(futures::stream::iter(pieces));
        FileLines {
            response: Response::from(http::Response::new(body)),
            rest: Vec::new(),
            searched: 0,
            is_too_long: false,
            is_whole: false,
            patience: Duration::from_secs(1),
        }
    }

    async fn all(mut lines: FileLines) -> Vec<Option<String>> {
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(match line {
                FileLine::Whole(line) => Some(String::from_utf8(line).unwrap()),
                FileLine::TooLong => None,
            });
        }
        found
    }

    #[tokio::test]
    async fn lines_are_found_however_the_pieces_fall() {
        let text = |found: &[&str]| found.iter().map(|line| Some((*line).to_owned())).collect::<Vec<_>>();
        assert_eq!(all(lines(&[b"a\nb", b"c\n\n \r\nd"])).await, text(&["a", "bc", "d"]));
        assert_eq!(all(lines(&[b"", b"\n", b"a\r", b"\n"])).await, text(&["a\r"]));
        assert!(all(lines(&[])).await.is_empty());
    }

    #[tokio::test]
    async fn a_line_without_end_takes_no_memory() {
        let piece = vec![b'x'; 1 << 20];
        let mut pieces: Vec<&[u8]> = vec![&piece; 40];
        pieces.push(b"x\nshort\n");
        assert_eq!(all(lines(&pieces)).await, [None, Some("short".to_owned())]);
        assert_eq!(all(lines(&vec![piece.as_slice(); 20])).await, [None]);
    }

    #[test]
    fn lines_say_what_came_of_requests() {
        let read = |text: &str| AnsweredLine::read(text.as_bytes()).map(|line| line.outcome);
        let reply = r#"{"id": "1", "custom_id": "k", "response": {"status_code": 200, "request_id": "r", "body": {"a": 1.50}}, "error": null}"#;
        assert_eq!(read(reply).unwrap(), LineOutcome::Replied(r#"{"a": 1.50}"#.to_owned()));
        let busy =
            r#"{"custom_id": "k", "response": {"status_code": 429, "body": {"error": {"message": "slow down"}}}}"#;
        assert!(matches!(read(busy).unwrap(), LineOutcome::Refused(error) if error.is_transient()));
        let empty = r#"{"custom_id": "k", "response": {"status_code": 429, "body": {"error": {"type": "insufficient_quota"}}}}"#;
        assert!(matches!(read(empty).unwrap(), LineOutcome::Refused(error) if !error.is_transient()));
        let expired =
            r#"{"custom_id": "k", "response": null, "error": {"code": "batch_expired", "message": "too late"}}"#;
        assert_eq!(read(expired).unwrap(), LineOutcome::NotReached("too late".to_owned()));
        for wrong in ["", "{", "[]", r#"{"response": null}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_fit_into_addresses() {
        for name in ["file-abc_123", "batch_68f0"] {
            check_name(name).unwrap();
        }
        for name in ["", "../files", "a b", "a?b", &"a".repeat(201)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn requests_are_lines_of_json() {
        let line = request_line("ab12", r#"{"model":"m"}"#);
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["custom_id"], "ab12");
        assert_eq!(value["url"], "/v1/chat/completions");
        assert_eq!(value["body"]["model"], "m");
    }
}
