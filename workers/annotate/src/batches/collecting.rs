//! From the files of answers and failures to settled requests. Reading them once more after a crash is harmless: each
//! request is settled once.

use accord_domain::BatchFiles;
use accord_store::flow::{BatchAnswer, BatchOutcome, BatchPrice, REQUESTS_AT_ONCE, settle_requests};
use accord_store::{RequestFailure, StoredCall};

use super::{StepError, Work};
use crate::provider::batches::{AnsweredLine, FileLine, LineOutcome};
use crate::provider::{ChatReply, Usage};

/// About how many bytes of answers are settled in one transaction.
const BYTES_AT_ONCE: usize = 8 << 20;

/// What was found in the files of a batch.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    settled: usize,
    /// Lines of no request that is open.
    others: usize,
    /// Lines that cannot be read.
    unreadable: usize,
}

impl Work<'_> {
    /// Settles every request of a batch that the provider has ended.
    pub(super) async fn collect(&mut self, status: String, files: &BatchFiles) -> Result<bool, StepError> {
        // Where every request is settled, the files may have been deleted before a crash.
        let open = self.worker.store.read().await?.open_size(self.batch.id).await?;
        let mut found = Found::default();
        if open.requests > 0 {
            self.settle_files(&status, files, &mut found).await?;
        }
        for file in [&files.input, &files.output, &files.errors] {
            self.delete_file(file.as_deref()).await;
        }
        self.batch.note = match found.unreadable {
            0 => None,
            1 => Some("1 line of the answers could not be read".to_owned()),
            count => Some(format!("{count} lines of the answers could not be read")),
        };
        self.finish(Some(status)).await
    }

    /// Settles what the files say, and fails the requests of which they say nothing.
    async fn settle_files(&self, status: &str, files: &BatchFiles, found: &mut Found) -> Result<(), StepError> {
        for file in [&files.output, &files.errors].into_iter().flatten() {
            self.settle_file(file, status, found).await?;
        }
        tracing::info!(
            batch.id = %self.batch.id, status, settled = found.settled, others = found.others,
            unreadable = found.unreadable, "answers of a batch collected"
        );
        let reason = match status {
            "expired" => "the batch expired before the request was answered",
            "cancelled" => "the batch was cancelled at the provider before the request was answered",
            _ => "the batch ended without an answer to the request",
        };
        self.fail_open(reason, false).await
    }

    /// Settles what one file says, some lines in each transaction.
    async fn settle_file(&self, file: &str, status: &str, found: &mut Found) -> Result<(), StepError> {
        let mut lines = self.provider.open_file(file).await?;
        let (mut outcomes, mut bytes) = (Vec::new(), 0);
        while let Some(line) = lines.next().await? {
            let read = match &line {
                FileLine::Whole(text) => AnsweredLine::read(text).map_err(|error| error.to_string()),
                FileLine::TooLong => Err("it is longer than any line may be".to_owned()),
            };
            let read = match read {
                Ok(read) => read,
                Err(problem) => {
                    found.unreadable += 1;
                    tracing::warn!(batch.id = %self.batch.id, file, problem, "a line of a batch cannot be read");
                    continue;
                }
            };
            if let FileLine::Whole(text) = &line {
                bytes += text.len();
            }
            outcomes.extend(self.outcome(read, status));
            if outcomes.len() >= REQUESTS_AT_ONCE as usize || bytes >= BYTES_AT_ONCE {
                self.settle(&outcomes, found).await?;
                outcomes.clear();
                bytes = 0;
            }
        }
        self.settle(&outcomes, found).await
    }

    async fn settle(&self, outcomes: &[BatchOutcome], found: &mut Found) -> Result<(), StepError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let mut transaction = self.worker.store.write().await?;
        let settled = settle_requests(transaction.as_mut(), self.batch.id, outcomes).await?;
        transaction.commit().await?;
        found.settled += settled.settled;
        found.others += settled.others;
        Ok(())
    }

    /// What a line means for its request; nothing where the whole batch ended before it came to the request.
    fn outcome(&self, line: AnsweredLine, status: &str) -> Option<BatchOutcome> {
        let result = match line.outcome {
            LineOutcome::Replied(body) => Ok(self.answer(&line.key, body)),
            LineOutcome::Refused(error) => Err(RequestFailure {
                is_permanent: !error.is_transient(),
                reason: self.provider.without_key(error).to_string(),
            }),
            LineOutcome::NotReached(_) if matches!(status, "expired" | "cancelled") => return None,
            LineOutcome::NotReached(message) => Err(RequestFailure {
                reason: format!("the provider did not come to the request: {message}"),
                is_permanent: false,
            }),
        };
        Some(BatchOutcome { key: line.key, result })
    }

    fn answer(&self, key: &str, response: String) -> BatchAnswer {
        let reply: Option<ChatReply> = serde_json::from_str(&response).ok();
        let usage = reply.and_then(|reply| reply.usage);
        let now = self.worker.environment.now();
        let sent_at = self.batch.sent_at.unwrap_or(now);
        BatchAnswer {
            price: usage
                .filter(|usage| usage.total().is_some())
                .map(|usage| self.price(usage)),
            reply: StoredCall {
                key: key.to_owned(),
                provider: self.batch.provider.clone(),
                response,
                latency_milliseconds: now.milliseconds_since(sent_at).max(0),
                received_at: now,
                in_batch: true,
            },
        }
    }

    fn price(&self, usage: Usage) -> BatchPrice {
        let settings = &self.provider.settings;
        let cost = settings.cost_in_batch(usage.prompt_tokens, usage.completion_tokens);
        BatchPrice {
            input_tokens: usage.prompt_tokens.unwrap_or_default().max(0),
            output_tokens: usage.completion_tokens.unwrap_or_default().max(0),
            cost: cost.unwrap_or_default(),
        }
    }
}
