//! Idempotency keys.

use accord_domain::Timestamp;
use accord_store::text::check_text;
use accord_store::{IdempotencyKeys, KeyState, StoreResult};
use async_trait::async_trait;

use crate::failure::failed;
use crate::reader::Reader;
use crate::transaction::SqliteTransaction;

#[async_trait]
impl IdempotencyKeys for SqliteTransaction {
    async fn claim_key(
        &mut self,
        owner: &str,
        key: &str,
        request_hash: &str,
        reference: &str,
        now: Timestamp,
    ) -> StoreResult<KeyState> {
        for (what, text) in [
            ("owner of idempotency key", owner),
            ("idempotency key", key),
            ("hash of request", request_hash),
            ("reference of request", reference),
        ] {
            check_text(what, text)?;
        }
        let done = sqlx::query(
            "INSERT INTO idempotency_keys (owner, key, request_hash, reference, claimed_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (owner, key) DO NOTHING",
        )
        .bind(owner)
        .bind(key)
        .bind(request_hash)
        .bind(reference)
        .bind(now.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failed)?;
        if done.rows_affected() == 1 {
            return Ok(KeyState::New);
        }
        let row = sqlx::query("SELECT request_hash, reference FROM idempotency_keys WHERE owner = ? AND key = ?")
            .bind(owner)
            .bind(key)
            .fetch_one(self.connection())
            .await
            .map_err(failed)?;
        let reader = Reader::new("idempotency_keys", &row);
        let first: String = reader.get("request_hash")?;
        if first == request_hash {
            Ok(KeyState::Repeated {
                reference: reader.get("reference")?,
            })
        } else {
            Ok(KeyState::Mismatch)
        }
    }

    async fn delete_keys_before(&mut self, moment: Timestamp) -> StoreResult<u64> {
        let done = sqlx::query("DELETE FROM idempotency_keys WHERE claimed_at < ?")
            .bind(moment.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        Ok(done.rows_affected())
    }
}
