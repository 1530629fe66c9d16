//! Automatic annotators: offline readers, the reader of electronic invoices, and language models, behind one trait.

mod book;
mod caller;
mod enrolling;
mod hedging;
mod invoice_xml;
mod language_model;
mod reader;

use std::sync::Arc;
use std::time::Duration;

use accord_datasets::content::ContentError;
use accord_documents::Document;
use accord_domain::{Answer, Answers, Field, Item, Lease, Project, Provenance, RunAnnotator};
use async_trait::async_trait;

pub use book::Book;
pub use caller::Caller;
pub use invoice_xml::{InvoiceXmlAnnotator, read_invoice};
pub use language_model::LanguageModelAnnotator;
pub use reader::ReaderAnnotator;

/// What an annotator is given.
#[derive(Clone)]
pub struct AnnotatorInput {
    /// The project whose fields are asked.
    pub project: Arc<Project>,
    /// The item.
    pub item: Arc<Item>,
    /// What was read from it.
    pub document: Arc<Document>,
    /// For whom it is asked, and how.
    pub asked_for: AskedFor,
    /// Whether the same was tried before.
    pub repeated: bool,
    /// How long to wait for a provider's turn.
    pub patience: Duration,
}

/// For whom an annotator is asked, and how.
#[derive(Debug, Clone, PartialEq)]
pub enum AskedFor {
    /// The project, outside of runs.
    Project,
    /// A run whose models are asked one by one.
    Run(RunAnnotator),
    /// A run whose models are asked through batches, by this task, which waits for the answer.
    Batch(RunAnnotator, Box<Lease>),
}

impl AskedFor {
    /// Whose call in which run it is; none outside of runs.
    #[must_use]
    pub const fn run(&self) -> Option<RunAnnotator> {
        match self {
            Self::Project => None,
            Self::Run(run) | Self::Batch(run, _) => Some(*run),
        }
    }
}

/// What an annotator gives back: an answer for every field, and where they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnotatorOutput {
    /// The answers.
    pub answers: Answers,
    /// Where they came from and what they cost.
    pub provenance: Provenance,
}

/// An attempt without an output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttemptError {
    /// Worth trying again.
    #[error("{reason}")]
    Transient {
        /// What happened.
        reason: String,
        /// How long somebody asks to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing is wrong with the task, but it is not its turn: it waits without having cost an attempt.
    #[error("{reason}")]
    Held {
        /// Who or what holds it.
        reason: String,
        /// When to try again.
        wait: Duration,
        /// Whether the provider was asked.
        tried: bool,
    },
    /// The question is enrolled in a batch, and the task is parked already until that is answered.
    #[error("{reason}")]
    Enrolled {
        /// What it waits for.
        reason: String,
    },
    /// The project's budget is spent: the task waits without having cost an attempt.
    #[error("{reason}")]
    OverBudget {
        /// What is spent, and what to do.
        reason: String,
        /// When to look again.
        wait: Duration,
    },
    /// Trying again cannot help.
    #[error("{reason}")]
    Permanent {
        /// What is wrong and what to do.
        reason: String,
    },
}

/// Whoever votes without being a person.
#[async_trait]
pub trait AutomaticAnnotator: Send + Sync {
    /// Answers every field of the item's project. An answer that could not be given is an abstention or a failure of
    /// that field; an error is an attempt that left nothing to keep.
    async fn annotate(&self, input: &AnnotatorInput) -> Result<AnnotatorOutput, AttemptError>;
}

impl AttemptError {
    pub(crate) fn permanent(reason: impl ToString) -> Self {
        Self::Permanent {
            reason: reason.to_string(),
        }
    }

    /// A file that is missing or cannot be read stays so; a store that fails may recover.
    pub(crate) fn of_content(error: ContentError) -> Self {
        match error {
            ContentError::Store(_) | ContentError::Interrupted => Self::transient(error),
            ContentError::Missing(_) | ContentError::Unreadable(_) => Self::permanent(error),
        }
    }

    pub(crate) fn transient(reason: impl ToString) -> Self {
        Self::Transient {
            reason: reason.to_string(),
            retry_after: None,
        }
    }
}

/// The same failure for every field.
#[must_use]
pub fn all_failed(fields: &[Field], reason: &str) -> Answers {
    let failed = || Answer::Failed {
        reason: reason.to_owned(),
    };
    fields.iter().map(|field| (field.name.clone(), failed())).collect()
}
