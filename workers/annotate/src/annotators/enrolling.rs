//! Calls of models through batches: enrolled instead of made, and parked until a batch brings the answer.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::{Lease, Project, RunAnnotator};
use accord_store::flow::{CallTurn, Enrolment, WantedRequest};
use accord_store::{BatchLimits, NewCall, StoredCall};
use serde_json::Value;

use super::AttemptError;
use super::caller::Caller;
use crate::provider::batches::request_line;
use crate::provider::{BatchSettings, TokenEstimate};

/// When to look again whether what is reserved for a batch is free.
const LOOK_AT_RESERVED: Duration = Duration::from_secs(60);

/// A question that is to be enrolled for a task.
pub(super) struct QuestionOfTask {
    pub(super) project: Arc<Project>,
    pub(super) lease: Lease,
    pub(super) wanted: WantedRequest,
}

impl Caller {
    /// The kept reply to this very question; else the question is enrolled in a batch and its task parked until that is
    /// answered, which is told as [`AttemptError::Enrolled`]. What a batch said of the task's last question is told once.
    pub(crate) async fn enrol(
        &self,
        project: &Arc<Project>,
        (lease, run): (&Lease, RunAnnotator),
        model: &str,
        key: String,
        body: &Value,
    ) -> Result<StoredCall, AttemptError> {
        let name = &self.provider.name;
        let batch = self.provider.settings.batch.as_ref().ok_or_else(|| {
            AttemptError::permanent(format!(
                "provider `{name}` has no batches here: add [providers.{name}.batch] to the configuration"
            ))
        })?;
        let body_text = body.to_string();
        let bytes = count(request_line(&key, &body_text).len());
        let limits = limits_of(batch);
        if bytes > limits.bytes {
            return Err(AttemptError::permanent(format!(
                "the question takes {bytes} bytes, a whole batch of provider `{name}` may take {}: make the item smaller, or \
                 raise batch.maximum_bytes if the provider allows",
                limits.bytes
            )));
        }
        let mut call = self.new_call(project, Some(run), key, body);
        let estimate = TokenEstimate::of(body);
        let tokens = |tokens: u64| Some(i64::try_from(tokens).unwrap_or(i64::MAX));
        let settings = &self.provider.settings;
        let cost = settings.cost_in_batch(tokens(estimate.input), tokens(estimate.output));
        call.cost = cost.unwrap_or_default();
        let question = QuestionOfTask {
            project: Arc::clone(project),
            lease: lease.clone(),
            wanted: WantedRequest {
                call: call.clone(),
                run_id: run.run_id,
                model: model.to_owned(),
                body: body_text,
                bytes,
                limits,
            },
        };
        match self.book.enrol(question).await.map_err(AttemptError::transient)? {
            Enrolment::Kept(kept) => Ok(kept),
            Enrolment::Waiting(reason) => Err(AttemptError::Enrolled { reason }),
            Enrolment::Failed(failure) if failure.is_permanent => Err(AttemptError::permanent(failure.reason)),
            Enrolment::Failed(failure) => Err(AttemptError::transient(failure.reason)),
            Enrolment::NotNow(turn) => self.not_now(project, &call, turn).await,
        }
    }

    /// What is reserved for a batch stays so for long, so a task that waits for its end looks seldom.
    async fn not_now(
        &self,
        project: &Arc<Project>,
        call: &NewCall,
        turn: CallTurn,
    ) -> Result<StoredCall, AttemptError> {
        let is_reserved = matches!(turn, CallTurn::Reserved(_) | CallTurn::RunReserved(_));
        match self.after_turn(project, call, turn).await {
            Ok(Some(kept)) => Ok(kept),
            Ok(None) => Err(AttemptError::transient("the question was begun and not enrolled")),
            Err(AttemptError::Held { reason, wait, tried }) if is_reserved => Err(AttemptError::Held {
                reason,
                wait: wait.max(LOOK_AT_RESERVED),
                tried,
            }),
            Err(error) => Err(error),
        }
    }
}

fn limits_of(batch: &BatchSettings) -> BatchLimits {
    let milliseconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    BatchLimits {
        requests: i64::from(batch.maximum_requests.get()),
        bytes: i64::try_from(batch.maximum_bytes.get()).unwrap_or(i64::MAX),
        gather_milliseconds: milliseconds(batch.gather_seconds),
    }
}

fn count(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
