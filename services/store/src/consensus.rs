//! Persistence of consensus: rows are added, the newest of an item and field counts.

use std::collections::BTreeSet;

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

/// How many language models were asked about the items of a project that were voted on under one stopping rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppingSummary {
    /// The version of the rule.
    pub version: String,
    /// Items.
    pub item_count: i64,
    /// Language models that the rule asked about them.
    pub asked_count: i64,
    /// Language models that voted on them, with those that the rule would not have asked.
    pub called_count: i64,
    /// Language models that would have voted without the rule.
    pub panel_count: i64,
}

impl StoppingSummary {
    /// Share of the calls that were not made; none without any to make.
    #[must_use]
    pub fn calls_saved(&self) -> Option<f64> {
        (self.panel_count > 0).then(|| 1.0 - self.called_count as f64 / self.panel_count as f64)
    }

    /// The same without the items that everybody votes on to measure the rule.
    #[must_use]
    pub fn calls_saved_by_rule(&self) -> Option<f64> {
        (self.panel_count > 0).then(|| 1.0 - self.asked_count as f64 / self.panel_count as f64)
    }
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

    /// How many were asked about the items of a project whose present rows come from this version of a stopping rule.
    async fn summarise_stopping(&mut self, project_id: ProjectId, version: &str) -> StoreResult<StoppingSummary>;

    /// Those of these items whose present consensus came about under this version of a stopping rule. At most 1,000 items
    /// a call.
    async fn items_stopped_under(&mut self, item_ids: &[ItemId], version: &str) -> StoreResult<BTreeSet<ItemId>>;
}
