//! Items: the things to annotate.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::identifiers::{ItemId, ProjectId};
use crate::time::Timestamp;

/// An item of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// Its identifier.
    pub id: ItemId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// The name its owner knows it by, unique in the project.
    pub external_id: String,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub content_hash: String,
    /// What it consists of.
    pub content: ItemContent,
    /// Whatever its owner wants to keep with it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// Where it stands.
    pub state: ItemState,
    /// When it was imported.
    pub created_at: Timestamp,
}

/// What an item consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum ItemContent {
    /// A line of JSONL or CSV, kept whole; `text` (and `lines` with boxes, if given) is what is shown and read.
    Inline {
        /// The data of the line without identifier, metadata and gold.
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        data: Map<String, Value>,
    },
    /// A file kept by its content hash.
    File {
        /// The media type found in the bytes.
        media_type: String,
        /// The file's name when it was imported.
        file_name: String,
        /// Its size.
        size_bytes: u64,
    },
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Annotators are still voting.
    Pending,
    /// Every field was accepted.
    Accepted,
    /// At least one field waits for a person.
    NeedsReview,
    /// A person resolved it.
    Resolved,
}

impl ItemState {
    /// The word as stored and shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::NeedsReview => "needs_review",
            Self::Resolved => "resolved",
        }
    }
}
