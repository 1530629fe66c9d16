//! Files by content hash.

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::StoreResult;

/// Files by the SHA-256 of their content, in lower-case hexadecimal. Written once, never changed.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Keeps the bytes and returns their hash. Durable and complete when it returns; a crash leaves no half file.
    async fn put(&self, bytes: Bytes) -> StoreResult<String>;

    /// The bytes with this hash; none when there are none.
    async fn get(&self, hash: &str) -> StoreResult<Option<Bytes>>;
}
