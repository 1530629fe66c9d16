//! Idempotency keys.

use accord_domain::Timestamp;
use accord_store::text::check_text;
use accord_store::{IdempotencyKeys, KeyState, StoreResult};
use async_trait::async_trait;

use crate::error::failure;
use crate::transaction::PostgresTransaction;

#[async_trait]
impl IdempotencyKeys for PostgresTransaction {
    async fn claim_key(
        &mut self,
        owner: &str,
        key: &str,
        request_hash: &str,
        reference: &str,
        now: Timestamp,
    ) -> StoreResult<KeyState> {
        for (what, text) in [
            ("owner of a key", owner),
            ("idempotency key", key),
            ("request hash", request_hash),
            ("reference", reference),
        ] {
            check_text(what, text)?;
        }
        // Waits for another transaction that claims the same key, and locks the row that is there, so that it cannot be
        // removed as too old in between.
        let (claimed, first_hash, first_reference): (bool, String, String) = sqlx::query_as(
            "INSERT INTO idempotency_keys AS known (owner, key, request_hash, reference, claimed_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (owner, key) DO UPDATE SET claimed_at = known.claimed_at
             RETURNING xmax = 0, request_hash, reference",
        )
        .bind(owner)
        .bind(key)
        .bind(request_hash)
        .bind(reference)
        .bind(now.as_microseconds())
        .fetch_one(self.connection())
        .await
        .map_err(failure)?;
        Ok(if claimed {
            KeyState::New
        } else if first_hash == request_hash {
            KeyState::Repeated {
                reference: first_reference,
            }
        } else {
            KeyState::Mismatch
        })
    }

    async fn delete_keys_before(&mut self, moment: Timestamp) -> StoreResult<u64> {
        let result = sqlx::query("DELETE FROM idempotency_keys WHERE claimed_at < $1")
            .bind(moment.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(result.rows_affected())
    }
}
