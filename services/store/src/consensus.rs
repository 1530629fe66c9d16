//! Persistence of consensus: rows are added, the newest of an item and field counts.

use accord_domain::{Consensus, FieldName, ItemId, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// How one field of a project stands.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSummary {
    /// The field.
    pub field: FieldName,
    /// Items with a consensus.
    pub count: i64,
    /// Of them, accepted.
    pub accepted_count: i64,
    /// Of them, with a calibrated confidence.
    pub calibrated_count: i64,
    /// Mean of the calibrated confidences; none when there are none.
    pub mean_probability: Option<f64>,
}

/// Persistence of consensus.
#[async_trait]
pub trait ConsensusRows {
    /// Adds rows, which become the present ones of their item and field.
    async fn insert_consensus(&mut self, rows: &[Consensus]) -> StoreResult<()>;

    /// The present rows of these items, by item and field. At most 1,000 items a call.
    async fn consensus_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Consensus>>;

    /// All rows of an item there ever were, oldest first.
    async fn consensus_history(&mut self, item_id: ItemId) -> StoreResult<Vec<Consensus>>;

    /// The present rows of a project in order of computation.
    async fn list_consensus(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Consensus>>;

    /// How each field of a project stands.
    async fn summarise_fields(&mut self, project_id: ProjectId) -> StoreResult<Vec<FieldSummary>>;
}
