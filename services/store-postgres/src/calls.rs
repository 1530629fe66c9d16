//! Answers of models that were paid for.

use accord_domain::Timestamp;
use accord_store::text::check_text;
use accord_store::{Calls, StoreResult, StoredCall};
use async_trait::async_trait;

use crate::convert::{Place, may_be_stored};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

type CallRow = (String, String, Vec<u8>, i64, i64);

fn read_call((key, provider, response, latency_milliseconds, received_at): CallRow) -> StoreResult<StoredCall> {
    Ok(StoredCall {
        response: String::from_utf8(response)
            .map_err(|error| Place::new("calls", "response").corrupt(&key, error.utf8_error()))?,
        key,
        provider,
        latency_milliseconds,
        received_at: Timestamp::from_microseconds(received_at),
    })
}

#[async_trait]
impl Calls for PostgresTransaction {
    async fn call(&mut self, key: &str) -> StoreResult<Option<StoredCall>> {
        if !may_be_stored(key) {
            return Ok(None);
        }
        let row: Option<CallRow> = sqlx::query_as(
            "SELECT key, provider, response, latency_milliseconds, received_at FROM calls WHERE key = $1",
        )
        .bind(key)
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        row.map(read_call).transpose()
    }

    async fn insert_call(&mut self, call: &StoredCall) -> StoreResult<bool> {
        check_text("key of a call", &call.key)?;
        check_text("provider", &call.provider)?;
        let result = sqlx::query(
            "INSERT INTO calls (key, provider, response, latency_milliseconds, received_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
        )
        .bind(&call.key)
        .bind(&call.provider)
        .bind(call.response.as_bytes())
        .bind(call.latency_milliseconds)
        .bind(call.received_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(result.rows_affected() == 1)
    }
}
