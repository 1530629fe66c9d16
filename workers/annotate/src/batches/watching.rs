//! While the provider works on a batch, until it has ended it.

use std::collections::BTreeMap;
use std::time::Duration;

use accord_domain::{BatchFiles, BatchStage, Timestamp};
use accord_store::flow::{BatchOutcome, REQUESTS_AT_ONCE, settle_requests};
use accord_store::{OpenRequests, RequestFailure};

use super::{StepError, Work};
use crate::pauses::Backoff;
use crate::provider::batches::{RemoteBatch, RemoteError};

/// The most lines that are refused at once: all of them in one transaction, since it changes which line is which.
const MOST_REFUSED_LINES: usize = 1000;

/// The word of a provider that has more in hand than it allows: the batch is as good as it was.
const TOO_MUCH_IN_HAND: &str = "token_limit_exceeded";

/// The first pause before a batch is sent again for which there was no room; it doubles with each.
const FIRST_PAUSE_FOR_ROOM: Duration = Duration::from_secs(60);

/// The longest one.
const LONGEST_PAUSE_FOR_ROOM: Duration = Duration::from_secs(3600);

impl Work<'_> {
    /// Looks how the batch stands at the provider, and asks to cancel it when nobody wants it any more.
    pub(super) async fn look(
        &mut self,
        input_file: String,
        remote: String,
        (known, cancel_asked): (&str, bool),
    ) -> Result<bool, StepError> {
        let seen = self.provider.read_batch(&remote).await?;
        if let Some(seconds) = seen.expires_at {
            self.batch.ends_by = Some(Timestamp::from_microseconds(seconds.saturating_mul(1_000_000)));
        }
        if seen.status != known {
            tracing::info!(batch.id = %self.batch.id, remote, status = seen.status, "batch at the provider");
        }
        match seen.status.as_str() {
            "completed" | "expired" | "cancelled" => {
                self.batch.stage = BatchStage::Ended {
                    remote,
                    status: seen.status,
                    files: BatchFiles {
                        input: Some(input_file),
                        output: seen.output_file_id,
                        errors: seen.error_file_id,
                    },
                };
                self.batch.failed_steps = 0;
                self.batch.note = None;
                self.keep(None).await?;
                Ok(true)
            }
            "failed" => self.after_refusal(input_file, &seen).await,
            _ => {
                let cancel_asked = cancel_asked || self.cancel_unwanted(&remote).await?;
                self.batch.stage = BatchStage::Sent {
                    input_file,
                    remote,
                    status: seen.status,
                    cancel_asked,
                };
                self.batch.note = None;
                self.wait(Duration::from_secs(self.settings.poll_seconds.get())).await
            }
        }
    }

    /// Asks to cancel a batch that nobody wants any more; returns whether it did. What is answered by then is still kept.
    async fn cancel_unwanted(&self, remote: &str) -> Result<bool, StepError> {
        if self.worker.store.read().await?.is_batch_wanted(self.batch.id).await? {
            return Ok(false);
        }
        match self.provider.cancel_batch(remote).await {
            Ok(_) => {
                tracing::info!(batch.id = %self.batch.id, remote, "batch cancelled at the provider");
                Ok(true)
            }
            Err(error) if error.is_transient() => Err(error.into()),
            // It may have ended just now, which the next look shows.
            Err(error) => {
                tracing::info!(batch.id = %self.batch.id, error = %error, "the batch cannot be cancelled");
                Ok(true)
            }
        }
    }

    /// The provider took nothing of the batch, and no money. Requests that it names are refused and the others sent again;
    /// where it names none, all of them are refused.
    async fn after_refusal(&mut self, input_file: String, seen: &RemoteBatch) -> Result<bool, StepError> {
        let errors: &[RemoteError] = seen.errors.as_ref().map_or(&[], |errors| &errors.data);
        let said = said_by(errors);
        tracing::warn!(batch.id = %self.batch.id, remote = seen.id, said, "the provider refused the batch");
        if errors
            .iter()
            .any(|error| error.code.as_deref() == Some(TOO_MUCH_IN_HAND))
        {
            return self.send_again_later(input_file, said).await;
        }
        let refused = self.refuse_lines(errors).await?;
        self.delete_file(Some(&input_file)).await;
        if refused > 0 {
            return Ok(true);
        }
        self.fail_open(&format!("the provider refused the batch: {said}"), true)
            .await?;
        self.batch.note = Some(said);
        self.finish(Some(seen.status.clone())).await
    }

    async fn send_again_later(&mut self, input_file: String, said: String) -> Result<bool, StepError> {
        let backoff = Backoff {
            // Whoever looks often wants to send often.
            first: FIRST_PAUSE_FOR_ROOM.min(Duration::from_secs(self.settings.poll_seconds.get())),
            longest: LONGEST_PAUSE_FOR_ROOM,
        };
        let pause = backoff.ceiling(self.batch.sends);
        self.batch.stage = BatchStage::Uploaded {
            input_file,
            creation_tried: false,
        };
        self.batch.note = Some(format!("sent again later: {said}"));
        self.wait(pause).await
    }

    /// Ends the requests that stand in the lines that errors name, and puts the batch back to be sent again without them, in
    /// one transaction; returns how many there were.
    async fn refuse_lines(&mut self, errors: &[RemoteError]) -> Result<usize, StepError> {
        let mut lines = BTreeMap::new();
        for error in errors.iter().take(MOST_REFUSED_LINES) {
            if let Some(line) = error.line.filter(|line| *line >= 1) {
                let message = error.message.as_deref().or(error.code.as_deref());
                lines
                    .entry(line)
                    .or_insert_with(|| message.unwrap_or("no reason given"));
            }
        }
        let mut transaction = self.worker.store.write().await?;
        let mut outcomes = Vec::with_capacity(lines.len());
        for (line, message) in lines {
            let found = transaction
                .open_requests(self.batch.id, OpenRequests::Line(line), 1)
                .await?;
            outcomes.extend(found.into_iter().map(|request| BatchOutcome {
                key: request.call.key,
                result: Err(RequestFailure {
                    reason: format!("the provider refused the request in a batch: {message}"),
                    is_permanent: true,
                }),
            }));
        }
        if outcomes.is_empty() {
            return Ok(0);
        }
        for part in outcomes.chunks(REQUESTS_AT_ONCE as usize) {
            settle_requests(transaction.as_mut(), self.batch.id, part).await?;
        }
        self.batch.stage = BatchStage::Gathered;
        self.batch.failed_steps = 0;
        self.batch.note = Some(format!(
            "{} requests were refused, the others are sent again",
            outcomes.len()
        ));
        let is_kept = transaction.update_batch(&self.batch, &self.token, None).await?;
        if !is_kept {
            return Err(StepError::LeaseLost);
        }
        transaction.commit().await?;
        Ok(outcomes.len())
    }
}

/// What errors say, shortened.
fn said_by(errors: &[RemoteError]) -> String {
    const MOST: usize = 3;
    let said = |error: &RemoteError| {
        let message = error.message.as_deref().or(error.code.as_deref())?;
        Some(match error.line {
            Some(line) => format!("line {line}: {message}"),
            None => message.to_owned(),
        })
    };
    let mut texts: Vec<String> = errors.iter().filter_map(said).collect();
    if texts.is_empty() {
        return "no reason given".to_owned();
    }
    let more = texts.len().saturating_sub(MOST);
    texts.truncate(MOST);
    let text = texts.join("; ");
    if more > 0 {
        format!("{text}; and {more} more")
    } else {
        text
    }
}
