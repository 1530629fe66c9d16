//! From gathered requests to a batch that the provider works on.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::{BatchId, BatchRequestId, BatchStage, Timestamp};
use accord_store::{BatchLine, Store, StoreError};
use futures::Stream;
use futures::stream::try_unfold;

use super::{StepError, Work};
use crate::provider::batches::{BatchMark, RemoteBatch, request_line};

/// Lines that are fetched at once.
const LINES_AT_ONCE: u32 = 200;

/// About how many bytes of lines are held in memory.
const BYTES_AT_ONCE: i64 = 4 << 20;

/// A day, within which providers answer where they do not say until when.
const DAY_MILLISECONDS: i64 = 24 * 3_600_000;

impl Work<'_> {
    /// Uploads the file of requests.
    pub(super) async fn upload(&mut self) -> Result<bool, StepError> {
        self.drop_unwanted().await?;
        let size = self.worker.store.read().await?.open_size(self.batch.id).await?;
        if size.requests == 0 {
            self.note_unwanted();
            return self.finish(None).await;
        }
        let bytes = u64::try_from(size.bytes).unwrap_or(0);
        let lines = lines_of(Arc::clone(&self.worker.store), self.batch.id);
        let name = format!("accord-{}.jsonl", self.batch.id);
        let input_file = self.provider.upload_requests(&name, bytes, lines).await?;
        self.batch.stage = BatchStage::Uploaded {
            input_file,
            creation_tried: false,
        };
        self.went_well().await
    }

    /// Creates the batch of the file, unless an earlier try did so.
    pub(super) async fn create(&mut self, input_file: String, creation_tried: bool) -> Result<bool, StepError> {
        let mark = BatchMark {
            batch: self.batch.id.to_string(),
            send: self.batch.sends + 1,
        };
        let opened_at = self.batch.opened_at.as_microseconds() / 1_000_000;
        let found = if creation_tried {
            self.provider.find_batch(&mark, opened_at).await?
        } else {
            None
        };
        let created = match found {
            Some(found) => {
                tracing::info!(batch.id = %self.batch.id, remote = found.id, "a batch of an earlier try was found");
                found
            }
            None if !self.worker.store.read().await?.is_batch_wanted(self.batch.id).await? => {
                self.drop_unwanted().await?;
                self.delete_file(Some(&input_file)).await;
                self.note_unwanted();
                return self.finish(None).await;
            }
            None => {
                self.batch.stage = BatchStage::Uploaded {
                    input_file: input_file.clone(),
                    creation_tried: true,
                };
                self.keep(None).await?;
                let window = &self.settings.completion_window;
                match self.provider.create_batch(&input_file, window, &mark).await {
                    Ok(created) => created,
                    Err(error) => {
                        if !error.is_transient() {
                            // It is not there for certain.
                            self.batch.stage = BatchStage::Uploaded {
                                input_file,
                                creation_tried: false,
                            };
                        }
                        return Err(error.into());
                    }
                }
            }
        };
        self.note_sent(input_file, &created);
        self.wait(Duration::from_secs(self.settings.poll_seconds.get())).await
    }

    fn note_sent(&mut self, input_file: String, created: &RemoteBatch) {
        let now = self.worker.environment.now();
        let moment = |seconds: i64| Timestamp::from_microseconds(seconds.saturating_mul(1_000_000));
        self.batch.sends += 1;
        self.batch.sent_at = Some(now);
        self.batch.ends_by = Some(match created.expires_at {
            Some(seconds) => moment(seconds),
            None => now.plus_milliseconds(DAY_MILLISECONDS),
        });
        self.batch.note = None;
        self.batch.stage = BatchStage::Sent {
            input_file,
            remote: created.id.clone(),
            status: created.status.clone(),
            cancel_asked: false,
        };
    }

    fn note_unwanted(&mut self) {
        self.batch.note = Some("it was not sent: nobody waits for its requests any more".to_owned());
    }

    async fn went_well(&mut self) -> Result<bool, StepError> {
        self.batch.failed_steps = 0;
        self.batch.note = None;
        self.keep(None).await?;
        Ok(true)
    }
}

/// The lines of the file of requests, fetched as they are sent.
fn lines_of(
    store: Arc<dyn Store>,
    id: BatchId,
) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static {
    try_unfold((store, None), move |(store, after)| async move {
        let lines = next_lines(store.as_ref(), id, after)
            .await
            .map_err(std::io::Error::other)?;
        let Some(last) = lines.last().map(|line| line.id) else {
            return Ok(None);
        };
        let text: String = lines.iter().map(|line| request_line(&line.key, &line.body)).collect();
        Ok(Some((text.into_bytes(), (store, Some(last)))))
    })
}

async fn next_lines(
    store: &dyn Store,
    id: BatchId,
    after: Option<BatchRequestId>,
) -> Result<Vec<BatchLine>, StoreError> {
    let mut transaction = store.read().await?;
    transaction
        .lines_of_batch(id, after, LINES_AT_ONCE, BYTES_AT_ONCE)
        .await
}
