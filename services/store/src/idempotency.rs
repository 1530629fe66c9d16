//! Persistence of idempotency keys: a repeated request gets the first one's result.

use accord_domain::Timestamp;
use async_trait::async_trait;

use crate::error::StoreResult;

/// What is known about an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is new and now belongs to this request.
    New,
    /// The same request was made before; what it made.
    Repeated {
        /// What the first request made, such as an item's identifier.
        reference: String,
    },
    /// Another request used the key.
    Mismatch,
}

/// Persistence of idempotency keys.
#[async_trait]
pub trait IdempotencyKeys {
    /// Claims a key for a request in the transaction that does what is asked. `owner` separates callers;
    /// `request_hash` is the hash of the whole request; `reference` is what this request will make if it is the first.
    async fn claim_key(
        &mut self,
        owner: &str,
        key: &str,
        request_hash: &str,
        reference: &str,
        now: Timestamp,
    ) -> StoreResult<KeyState>;

    /// Removes keys claimed before this moment; returns how many.
    async fn delete_keys_before(&mut self, moment: Timestamp) -> StoreResult<u64>;
}
