//! Gold: trusted values, and how they came to be selected.

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::field::FieldName;
use crate::identifiers::{GoldId, ItemId, ProjectId, UserId};
use crate::task::words;
use crate::time::Timestamp;

/// A trusted value of one field of one item. The newest counts; older ones are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gold {
    /// Its identifier.
    pub id: GoldId,
    /// The project.
    pub project_id: ProjectId,
    /// The item.
    pub item_id: ItemId,
    /// The field.
    pub field: FieldName,
    /// The trusted answer: a value, or absence.
    pub answer: Answer,
    /// Where the trust comes from.
    pub source: GoldSource,
    /// The probability with which the item was selected for gold; none when unknown.
    pub propensity: Option<f64>,
    /// The person who gave it, if one did.
    pub user_id: Option<UserId>,
    /// When it was given.
    pub created_at: Timestamp,
}

/// Where the trust in a gold value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GoldSource {
    /// Came with the data.
    Imported,
    /// A reviewer resolved the item.
    Adjudicated,
    /// A person checked an accepted item drawn at random.
    Audited,
}

words!(GoldSource, "source of gold", Imported => "imported", Adjudicated => "adjudicated", Audited => "audited");
