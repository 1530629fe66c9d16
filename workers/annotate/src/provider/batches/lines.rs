//! The files of batches: a request as a line, and lines of answers and failures, read as they come.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::transport::{Headers, connection_error, status_error};
use super::{CallError, ENDPOINT};

/// The longest line that is read of a file.
const LONGEST_LINE_BYTES: usize = 16 << 20;

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
                if status.is_success() && body.is_empty() {
                    LineOutcome::NotReached("its answer has no body".to_owned())
                } else if status.is_success() {
                    LineOutcome::Replied(body.to_owned())
                } else {
                    LineOutcome::Refused(status_error(status, &Headers::default(), body.as_bytes()))
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
    /// The lines of a reply, of which nothing may come for so long at most.
    pub(super) const fn of(response: Response, patience: Duration) -> Self {
        Self {
            response,
            rest: Vec::new(),
            searched: 0,
            is_too_long: false,
            is_whole: false,
            patience,
        }
    }

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

#[cfg(test)]
mod tests {
    use reqwest::Body;
    use serde_json::Value;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> FileLines {
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> = pieces.iter().map(|piece| Ok(piece.to_vec())).collect();
        let body = Body::wrap_stream(futures::stream::iter(pieces));
        FileLines::of(Response::from(http::Response::new(body)), Duration::from_secs(1))
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
        let bodiless = r#"{"custom_id": "k", "response": {"status_code": 200}}"#;
        assert!(matches!(read(bodiless).unwrap(), LineOutcome::NotReached(_)));
        for wrong in ["", "{", "[]", r#"{"response": null}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
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
