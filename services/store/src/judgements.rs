//! Persistence of what judges said: append-only.

use accord_domain::{ItemId, Judgement};
use async_trait::async_trait;

use crate::error::{StoreError, StoreResult};

/// Persistence of what judges said.
#[async_trait]
pub trait Judgements {
    /// Adds what a judge said in one call. Returns false, and writes nothing, when this call is there already for the item.
    async fn insert_judgement(&mut self, judgement: &Judgement) -> StoreResult<bool>;

    /// What judges said of these items, by item, then in order of time. At most 1,000 items a call.
    async fn judgements_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Judgement>>;
}

/// The key of the call in which something was said. For implementations.
///
/// # Errors
/// `Invalid` where it names no call: nothing was said then.
pub fn key_of_call(judgement: &Judgement) -> StoreResult<&str> {
    judgement.provenance.call_key.as_deref().ok_or(StoreError::Invalid {
        what: "judgement",
        problem: "it names no call".to_owned(),
    })
}
