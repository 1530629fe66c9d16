//! Batches: many requests of one run to one model, given to a provider together and answered within a day at a lower price.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::identifiers::{BatchId, ProjectId, RunId};
use crate::run_report::Money;
use crate::task::words;
use crate::time::Timestamp;

/// Requests of one run to one model of one provider. A batch never mixes runs, so that the documents of two projects are
/// never in one file and a run is cancelled with its batches.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its identifier, by which the provider knows it too.
    pub id: BatchId,
    /// The project.
    pub project_id: ProjectId,
    /// The run.
    pub run_id: RunId,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// How far it is.
    pub stage: BatchStage,
    /// How often it was sent; more than once where the provider refused it as a whole.
    pub sends: i64,
    /// Requests that are in it.
    pub requests: i64,
    /// Of them, those that are answered.
    pub answered: i64,
    /// Of them, those that ended without an answer.
    pub failed: i64,
    /// What the answers cost, exactly.
    pub cost: Decimal,
    /// The currency of the provider's prices.
    pub currency: Option<String>,
    /// When its first request came in.
    pub opened_at: Timestamp,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// Until when the provider answers it.
    pub ends_by: Option<Timestamp>,
    /// When the last of its requests was settled.
    pub ended_at: Option<Timestamp>,
    /// What went wrong last, or what is to be known besides.
    pub note: Option<String>,
    /// Failed steps since the last one that went well.
    pub failed_steps: i64,
}

/// How far a batch is, with what is known by then. Each stage is kept before the next step is made, so that a crash at any
/// moment repeats at most the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum BatchStage {
    /// Requests come in.
    Gathering,
    /// No more requests come in; the file of them is to be uploaded.
    Gathered,
    /// The provider has the file; the batch is to be created there.
    Uploaded {
        /// The provider's name of the file.
        input_file: String,
        /// Whether it may have been created already: then it is looked for first, since two would be paid twice.
        creation_tried: bool,
    },
    /// The provider works on it.
    Sent {
        /// The provider's name of the file.
        input_file: String,
        /// The provider's name of the batch.
        remote: String,
        /// The provider's word of how far it is.
        status: String,
        /// Whether the provider was asked to cancel it, since nobody wants it any more.
        cancel_asked: bool,
    },
    /// The provider has ended its work; the answers are to be fetched.
    Ended {
        /// The provider's name of the batch.
        remote: String,
        /// The provider's word of how it ended.
        status: String,
        /// The provider's names of the files: of requests, of answers and of failures.
        files: BatchFiles,
    },
    /// Every request is settled.
    Collected {
        /// The provider's word of how it ended; none where it was never sent.
        status: Option<String>,
    },
}

/// The provider's names of the files of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchFiles {
    /// The requests.
    pub input: Option<String>,
    /// The answers.
    pub output: Option<String>,
    /// The failures.
    pub errors: Option<String>,
}

/// How far a batch is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Requests come in.
    Gathering,
    /// No more requests come in.
    Gathered,
    /// The provider has the file of requests.
    Uploaded,
    /// The provider works on it.
    Sent,
    /// The provider has ended its work.
    Ended,
    /// Every request is settled.
    Collected,
}

words!(
    BatchState, "state of a batch", Gathering => "gathering", Gathered => "gathered", Uploaded => "uploaded", Sent => "sent",
    Ended => "ended", Collected => "collected"
);

impl BatchStage {
    /// The stage in one word.
    #[must_use]
    pub const fn state(&self) -> BatchState {
        match self {
            Self::Gathering => BatchState::Gathering,
            Self::Gathered => BatchState::Gathered,
            Self::Uploaded { .. } => BatchState::Uploaded,
            Self::Sent { .. } => BatchState::Sent,
            Self::Ended { .. } => BatchState::Ended,
            Self::Collected { .. } => BatchState::Collected,
        }
    }

    /// The provider's word of how far it is.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        match self {
            Self::Sent { status, .. } | Self::Ended { status, .. } => Some(status),
            Self::Collected { status } => status.as_deref(),
            Self::Gathering | Self::Gathered | Self::Uploaded { .. } => None,
        }
    }
}

/// What is told about a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchReport {
    /// Its identifier, by which the provider knows it too.
    pub id: BatchId,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// How far it is.
    pub state: BatchState,
    /// The provider's word of how far it is; none where it has not got it yet.
    pub status: Option<String>,
    /// Requests that are in it.
    pub requests: i64,
    /// Of them, those that are answered.
    pub answered: i64,
    /// Of them, those that ended without an answer.
    pub failed: i64,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// Until when the provider answers it.
    pub ends_by: Option<Timestamp>,
    /// When the last of its requests was settled.
    pub ended_at: Option<Timestamp>,
    /// What its answers cost, exactly; none where the provider has no prices.
    pub cost: Option<Money>,
    /// What went wrong last, or what is to be known besides.
    pub note: Option<String>,
}

impl From<&Batch> for BatchReport {
    fn from(batch: &Batch) -> Self {
        Self {
            id: batch.id,
            provider: batch.provider.clone(),
            model: batch.model.clone(),
            state: batch.stage.state(),
            status: batch.stage.status().map(str::to_owned),
            requests: batch.requests,
            answered: batch.answered,
            failed: batch.failed,
            sent_at: batch.sent_at,
            ends_by: batch.ends_by,
            ended_at: batch.ended_at,
            cost: batch.currency.as_ref().map(|currency| Money {
                currency: currency.clone(),
                amount: batch.cost.normalize(),
            }),
            note: batch.note.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_keep_what_they_know() {
        let stages = [
            BatchStage::Gathering,
            BatchStage::Gathered,
            BatchStage::Uploaded {
                input_file: "file-1".to_owned(),
                creation_tried: true,
            },
            BatchStage::Sent {
                input_file: "file-1".to_owned(),
                remote: "batch-1".to_owned(),
                status: "in_progress".to_owned(),
                cancel_asked: false,
            },
            BatchStage::Ended {
                remote: "batch-1".to_owned(),
                status: "expired".to_owned(),
                files: BatchFiles {
                    output: Some("file-2".to_owned()),
                    ..BatchFiles::default()
                },
            },
            BatchStage::Collected { status: None },
        ];
        for stage in stages {
            let text = serde_json::to_string(&stage).unwrap();
            assert!(
                text.contains(&format!(r#""state":"{}""#, stage.state().word())),
                "{text}"
            );
            assert_eq!(serde_json::from_str::<BatchStage>(&text).unwrap(), stage);
        }
    }
}
