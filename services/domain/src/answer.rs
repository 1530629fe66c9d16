//! What an annotator says about one field, and the normalised vote that it becomes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::FieldName;

/// What an annotator says about one field. Abstaining, finding nothing in the document and failing are three different things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Answer {
    /// A value, as given and as normalised.
    Value(NormalisedValue),
    /// The field is not in the document: a vote for absence.
    Absent,
    /// No opinion: leaves numerator and denominator of every share.
    Abstained,
    /// The annotator tried and could not answer (timeout, refusal, unreadable output).
    Failed {
        /// What went wrong, for people.
        reason: String,
    },
}

/// A value as it was given and in the form that is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NormalisedValue {
    /// The value as the annotator gave it; for structured types, JSON text.
    pub raw: String,
    /// The canonical text: two values of one field are equal exactly when their canonical texts are.
    pub canonical: String,
    /// Whether the raw value could be read as the field's type. An unread value votes with its folded text.
    pub parsed: bool,
    /// Whether check digits hold, for identifiers that have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
}

/// The answers of one annotation, by field.
pub type Answers = BTreeMap<FieldName, Answer>;

/// The class label under which absence takes part in votes and tables.
pub const ABSENT_CLASS: &str = "__ABSENT__";

impl Answer {
    /// The class this answer votes for: the canonical value, [`ABSENT_CLASS`], or none when it takes no part.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        match self {
            Self::Value(value) => Some(&value.canonical),
            Self::Absent => Some(ABSENT_CLASS),
            Self::Abstained | Self::Failed { .. } => None,
        }
    }

    /// The word for this kind of answer: `value`, `absent`, `abstained` or `failed`.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match self {
            Self::Value(_) => "value",
            Self::Absent => "absent",
            Self::Abstained => "abstained",
            Self::Failed { .. } => "failed",
        }
    }
}
