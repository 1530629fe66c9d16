//! Consensus: what the votes on one field of one item come to, with a confidence that says what it is.

use serde::{Deserialize, Serialize};

use crate::field::FieldName;
use crate::identifiers::{AnnotationId, CalibratorId, ConsensusId, ItemId, ProjectId};
use crate::stopping::Stopped;
use crate::time::Timestamp;

/// What the votes on one field of one item come to. Rows are never changed; a newer one takes the place of an older.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consensus {
    /// Its identifier.
    pub id: ConsensusId,
    /// The project.
    pub project_id: ProjectId,
    /// The item.
    pub item_id: ItemId,
    /// The field.
    pub field: FieldName,
    /// The outcome of the vote.
    pub outcome: Outcome,
    /// Every class that got a vote, the heaviest first.
    pub classes: Vec<ClassShare>,
    /// How many voted (abstentions and failures not counted).
    pub vote_count: u32,
    /// How many votes they are worth, given families that share errors.
    pub effective_vote_count: f64,
    /// How many abstained.
    pub abstention_count: u32,
    /// How many failed.
    pub failure_count: u32,
    /// Lead of the first class over the second, in shares.
    pub margin: f64,
    /// Entropy of the shares over its maximum; none when fewer than two votes.
    pub entropy: Option<f64>,
    /// The calibrator's input: the add-half logit of the winner's share.
    pub raw_score: Option<f64>,
    /// How sure, and what that number is.
    pub confidence: Confidence,
    /// What follows from it.
    pub decision: Decision,
    /// The annotations whose votes were counted.
    pub annotation_ids: Vec<AnnotationId>,
    /// How the asking ended; none where the policy always asks everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The project's version whose fields and policy were used.
    pub project_version: i64,
    /// Hash of the voter weights used; `even` when there were none.
    pub weights_version: String,
    /// The version of the code that computed it.
    pub code_version: String,
    /// When it was computed.
    pub created_at: Timestamp,
}

/// The outcome of a vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// One class won.
    Winner {
        /// The canonical value, or `__ABSENT__`.
        canonical: String,
        /// A real vote of the winning cluster, as given; none when absence won.
        value: Option<String>,
        /// The winner's share of the weight.
        share: f64,
    },
    /// Several classes are equally heavy.
    Tie {
        /// Their canonical values.
        canonicals: Vec<String>,
        /// The share of each.
        share: f64,
    },
    /// Nobody voted.
    Undefined {
        /// Why.
        reason: String,
    },
}

/// One class of votes on a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClassShare {
    /// The canonical value of the cluster's medoid, or `__ABSENT__`.
    pub canonical: String,
    /// The medoid vote as given; none for absence.
    pub value: Option<String>,
    /// Share of the weight.
    pub share: f64,
    /// How many votes.
    pub vote_count: u32,
    /// The annotations that voted so.
    pub annotation_ids: Vec<AnnotationId>,
}

/// How sure a consensus is. A number never travels without its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Confidence {
    /// A probability, fitted on gold.
    Calibrated {
        /// The probability that the winning value is right.
        probability: f64,
        /// The calibrator that gave it.
        calibrator_id: CalibratorId,
        /// The rung of the ladder the calibrator was fitted at.
        rung: Rung,
        /// How many gold labels it was fitted on.
        gold_count: u32,
    },
    /// Only a share of votes; may never accept by itself.
    Uncalibrated {
        /// The winner's share; none when there is no winner.
        share: Option<f64>,
    },
}

/// From how near the gold of a calibrator comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// The field's own gold.
    Field,
    /// Gold of all fields of the same type in the project.
    FieldType,
    /// Gold of all fields of all projects.
    Workspace,
}

impl Rung {
    /// The word as stored and shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::FieldType => "field_type",
            Self::Workspace => "workspace",
        }
    }
}

/// What follows from a consensus under the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Taken as it is.
    Accepted {
        /// The threshold it reached.
        threshold: f64,
    },
    /// A person must look.
    NeedsReview {
        /// Why.
        reason: ReviewReason,
        /// The threshold that applied.
        threshold: f64,
    },
}

/// Why a person must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// The calibrated confidence is below the threshold.
    BelowThreshold,
    /// There is no calibrated confidence.
    Uncalibrated,
    /// Several values are equally supported.
    Tie,
    /// Nobody voted.
    NoVotes,
    /// A required field is absent.
    RequiredAbsent,
    /// The winning value could not be read as the field's type.
    Unparsed,
    /// The calibrator says that more votes mean less truth.
    InvertedCalibrator,
}

impl ReviewReason {
    /// The reason in words for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::BelowThreshold => "confidence is below the threshold",
            Self::Uncalibrated => "not calibrated yet: no gold to tell what the votes are worth",
            Self::Tie => "several values have equal support",
            Self::NoVotes => "nobody gave an answer",
            Self::RequiredAbsent => "a required field seems to be absent",
            Self::Unparsed => "the winning value cannot be read as the field's type",
            Self::InvertedCalibrator => "on gold, more agreement meant more errors: calibration is blocked",
        }
    }
}
