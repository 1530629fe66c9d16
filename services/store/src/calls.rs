//! Persistence of answers that were paid for, so that no model is asked the same thing twice.

use accord_domain::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::StoreResult;

/// An answer of a model, under the key of everything that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredCall {
    /// Hash of item content, prompt, model, parameters, view and sample number.
    pub key: String,
    /// The provider that answered.
    pub provider: String,
    /// The body of the reply as it came.
    pub response: String,
    /// From sending to the last byte.
    pub latency_milliseconds: i64,
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether it came from a batch, at the price of batches.
    pub in_batch: bool,
}

/// Persistence of answers that were paid for.
#[async_trait]
pub trait Calls {
    /// The stored answer under this key.
    async fn call(&mut self, key: &str) -> StoreResult<Option<StoredCall>>;

    /// The stored answers under these keys, in no certain order; at most 1,000 keys a call.
    async fn calls(&mut self, keys: &[&str]) -> StoreResult<Vec<StoredCall>>;

    /// Keeps answers; where there is one already, the first stays. Says of each, in order, whether it was kept.
    async fn insert_calls(&mut self, calls: &[&StoredCall]) -> StoreResult<Vec<bool>>;
}
