//! Intake: files and lines become items with their documents, tasks and gold, one transaction a batch.

mod importer;
mod line;
mod lines;
mod summary;

use std::fmt;

use accord_store::StoreError;
use bytes::Bytes;
use serde_json::{Map, Value};

pub use importer::Importer;
pub use line::item_of_object;
pub use lines::LineFormat;
pub use summary::{ImportSummary, ImportedItem, Rejection};

/// Where an item comes from, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of the input, counted from 1.
    Line(u64),
    /// A file.
    File(String),
    /// A request that holds just one item.
    Request,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(formatter, "line {number}"),
            Self::File(name) => write!(formatter, "file {name}"),
            Self::Request => formatter.write_str("request"),
        }
    }
}

/// An item on its way in.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingItem {
    /// Where it comes from.
    pub place: Place,
    /// The name its owner knows it by.
    pub external_id: String,
    /// What it consists of.
    pub content: IncomingContent,
    /// Whatever its owner wants to keep with it.
    pub metadata: Map<String, Value>,
    /// Trusted values by field; null means absent from the document.
    pub gold: Option<Map<String, Value>>,
}

/// What an item on its way in consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum IncomingContent {
    /// The data of a line.
    Data(Map<String, Value>),
    /// A file.
    File {
        /// Its name.
        file_name: String,
        /// Its content.
        bytes: Bytes,
    },
}

/// An import that could not go on. Batches before it are kept; running it again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The input could not be read.
    #[error("the input could not be read: {0}")]
    Input(#[from] std::io::Error),
    /// The input as a whole has not the expected form.
    #[error("{0}")]
    Form(String),
    /// The reading thread ended early.
    #[error("reading was interrupted")]
    Interrupted,
}
