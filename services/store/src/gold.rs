//! Persistence of gold: append-only, the newest of an item and field counts.

use accord_domain::{Gold, ItemId, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// Persistence of gold.
#[async_trait]
pub trait GoldValues {
    /// Adds gold values.
    async fn insert_gold(&mut self, values: &[Gold]) -> StoreResult<()>;

    /// The gold that counts for these items, by item and field. At most 1,000 items a call.
    async fn gold_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Gold>>;

    /// The gold that counts in a project, in the order in which it was given.
    async fn list_gold(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Gold>>;

    /// How many item-fields of a project have gold.
    async fn count_gold(&mut self, project_id: ProjectId) -> StoreResult<i64>;
}
