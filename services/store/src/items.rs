//! Persistence of items and of the documents read from them.

use std::collections::BTreeSet;

use accord_domain::{Item, ItemId, ItemState, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// What became of one item of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertedItem {
    /// It is new.
    Created {
        /// Its identifier.
        id: ItemId,
    },
    /// The same external identifier with the same content is there already.
    Unchanged {
        /// The identifier of the item that is there.
        id: ItemId,
    },
    /// The external identifier is there with other content; nothing was written.
    Conflicting {
        /// The identifier of the item that is there.
        id: ItemId,
    },
}

/// Which items are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemFilter {
    /// Only items in this state.
    pub state: Option<ItemState>,
    /// Only items whose external identifier starts with this text.
    pub external_id_prefix: Option<String>,
}

/// How many items of a project are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemCounts {
    /// Annotators are still voting.
    pub pending: i64,
    /// Every field was accepted.
    pub accepted: i64,
    /// At least one field waits for a person.
    pub needs_review: i64,
    /// Resolved by a person.
    pub resolved: i64,
}

/// Persistence of items and of the documents read from them.
#[async_trait]
pub trait Items: Send {
    /// Adds items in bulk; one outcome for each, in order. Within one call, a repeated external identifier counts as
    /// if it had been added before.
    async fn insert_items(&mut self, items: &[Item]) -> StoreResult<Vec<InsertedItem>>;

    /// The item with this identifier.
    async fn item(&mut self, id: ItemId) -> StoreResult<Option<Item>>;

    /// The items with these identifiers, in no certain order; unknown ones are left out. At most 1,000 a call.
    async fn items_by_ids(&mut self, ids: &[ItemId]) -> StoreResult<Vec<Item>>;

    /// The item that its owner knows by this name.
    async fn item_by_external_id(&mut self, project_id: ProjectId, external_id: &str) -> StoreResult<Option<Item>>;

    /// Items of a project in order of import.
    async fn list_items(
        &mut self,
        project_id: ProjectId,
        filter: &ItemFilter,
        page: PageRequest,
    ) -> StoreResult<Page<Item>>;

    /// Makes other transactions that lock any of these items wait until this one ends, so that what is counted about them
    /// stays true. `Missing` when there is no such item. At most 1,000 a call.
    async fn lock_items(&mut self, ids: &BTreeSet<ItemId>) -> StoreResult<()>;

    /// Locks one item.
    async fn lock_item(&mut self, id: ItemId) -> StoreResult<()> {
        self.lock_items(&BTreeSet::from([id])).await
    }

    /// Counts the items of a project by state.
    async fn count_items(&mut self, project_id: ProjectId) -> StoreResult<ItemCounts>;

    /// Sets the state of items. `Missing` when there is no such item. At most 1,000 a call.
    async fn set_item_states(&mut self, ids: &BTreeSet<ItemId>, state: ItemState) -> StoreResult<()>;

    /// Sets the state of one item.
    async fn set_item_state(&mut self, id: ItemId, state: ItemState) -> StoreResult<()> {
        self.set_item_states(&BTreeSet::from([id]), state).await
    }

    /// Keeps what was read from a file, as JSON, under its content hash and the version of the reading code. Does
    /// nothing when it is there already.
    async fn put_document(&mut self, content_hash: &str, code_version: &str, document: &str) -> StoreResult<()>;

    /// What was read from the file with this content hash by this version of the code.
    async fn document(&mut self, content_hash: &str, code_version: &str) -> StoreResult<Option<String>>;
}
