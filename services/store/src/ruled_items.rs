//! Persistence of the items about which runs ask by a stopping rule.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::run_records::RuledCount;
use accord_domain::{ItemId, RunId};
use async_trait::async_trait;

use crate::error::StoreResult;

/// Who asks machines about an item, apart from its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruled {
    /// This run may ask more of its models.
    By(RunId),
    /// Runs have asked, and none asks any more.
    Before,
}

/// Persistence of the items about which runs ask by a stopping rule: open as long as the rule may want more of the run's
/// models. One run at a time asks about an item. Their changes are made with the items locked.
#[async_trait]
pub trait RuledItems {
    /// Opens items for a run, and gives those that are open now: not those about which a run asks already, or this one
    /// asked before. At most 1,000 items a call.
    async fn open_ruled_items(&mut self, run_id: RunId, item_ids: &[ItemId]) -> StoreResult<BTreeSet<ItemId>>;

    /// Those of these items about which runs ask, or have asked, by the rule. At most 1,000 items a call.
    async fn ruled_items(&mut self, item_ids: &[ItemId]) -> StoreResult<BTreeMap<ItemId, Ruled>>;

    /// Ends items that are open for a run, each with how many of its models the rule did without. Others are left alone.
    async fn end_ruled_items(&mut self, run_id: RunId, ended: &[(ItemId, u32)]) -> StoreResult<()>;

    /// Items that are open for a run, at most `limit`.
    async fn still_ruled_items(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<ItemId>>;

    /// Whether any item that is open for a run has an open `annotate` or `score` task: it leads on.
    async fn is_ruling(&mut self, run_id: RunId) -> StoreResult<bool>;

    /// Counts the items of a run; none where it asks about none by the rule.
    async fn count_ruled_items(&mut self, run_id: RunId) -> StoreResult<Option<RuledCount>>;
}
