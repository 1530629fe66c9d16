//! Calls of models that outlive whoever waits for them: a reply that was paid for is kept, even when the attempt that asked
//! for it was ended meanwhile.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::Environment;
use accord_store::{Store, StoreResult, StoredCall};
use serde_json::Value;
use tokio_util::task::TaskTracker;

use super::AttemptError;
use crate::provider::{CallError, Provider, Turn};

/// When to try again after a call of a provider in trouble, where nothing else is known.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Asks a provider and keeps what it replies.
#[derive(Clone)]
pub struct Caller {
    /// Who answers.
    pub provider: Arc<Provider>,
    /// Where replies are kept.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub environment: Arc<dyn Environment>,
    /// The calls under way, which are waited for before the process ends.
    pub calls: TaskTracker,
}

impl Caller {
    /// Makes a call whose turn it is and keeps the reply. The call goes on when nobody waits for it any more.
    pub(super) async fn call(&self, turn: Turn, key: String, body: Value) -> Result<StoredCall, AttemptError> {
        let caller = self.clone();
        let call = self
            .calls
            .spawn(async move { caller.ask_and_keep(turn, key, &body).await });
        call.await.map_err(AttemptError::transient)?
    }

    async fn ask_and_keep(&self, turn: Turn, key: String, body: &Value) -> Result<StoredCall, AttemptError> {
        let reply = self.provider.send(turn, body).await;
        let reply = reply.map_err(|error| self.attempt_error(error, true))?;
        self.keep(StoredCall {
            key,
            provider: self.provider.name.clone(),
            response: reply.body,
            latency_milliseconds: reply.latency_milliseconds,
            received_at: self.environment.now(),
        })
        .await
    }

    /// Keeps a paid reply, trying a few times: losing it would mean paying again. Gives back the reply that is kept,
    /// which is another one when somebody asked the same at the same time.
    async fn keep(&self, call: StoredCall) -> Result<StoredCall, AttemptError> {
        const TRIES: u32 = 5;
        let mut attempt = 1;
        loop {
            let result: StoreResult<Option<StoredCall>> = async {
                let mut transaction = self.store.write().await?;
                let earlier = if transaction.insert_call(&call).await? {
                    None
                } else {
                    transaction.call(&call.key).await?
                };
                transaction.commit().await?;
                Ok(earlier)
            }
            .await;
            match result {
                Ok(earlier) => return Ok(earlier.unwrap_or(call)),
                Err(error) if attempt < TRIES => {
                    tracing::warn!(call.key = %call.key, error = %error, attempt, "paid reply could not be kept yet");
                    tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(AttemptError::transient(error)),
            }
        }
    }

    /// What a call without a reply means for the task. Where the provider is in trouble, it is no fault of the task.
    pub(super) fn attempt_error(&self, error: CallError, tried: bool) -> AttemptError {
        if !error.is_transient() {
            return AttemptError::permanent(error);
        }
        if let CallError::Held { reason, wait } = error {
            let reason = format!("provider `{}` {reason}", self.provider.name);
            return AttemptError::Held { reason, wait, tried };
        }
        let reason = error.to_string();
        if self.provider.is_in_trouble() {
            let wait = self.provider.opens_in().unwrap_or(LOOK_AGAIN);
            return AttemptError::Held { reason, wait, tried };
        }
        AttemptError::Transient {
            reason,
            retry_after: error.retry_after(),
        }
    }
}
