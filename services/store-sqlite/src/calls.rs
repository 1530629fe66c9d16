//! Stored answers of models.

use accord_store::text::check_text;
use accord_store::{Calls, StoreResult, StoredCall};
use async_trait::async_trait;

use crate::failure::failed;
use crate::reader::Reader;
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Calls for SqliteTransaction {
    async fn call(&mut self, key: &str) -> StoreResult<Option<StoredCall>> {
        let found =
            sqlx::query("SELECT key, provider, response, latency_milliseconds, received_at FROM calls WHERE key = ?")
                .bind(key)
                .fetch_optional(self.connection())
                .await
                .map_err(failed)?;
        let Some(row) = found else {
            return Ok(None);
        };
        let reader = Reader::new("calls", &row);
        let response: Vec<u8> = reader.get("response")?;
        Ok(Some(StoredCall {
            key: reader.get("key")?,
            provider: reader.get("provider")?,
            response: String::from_utf8(response).map_err(|error| reader.corrupt("response", error))?,
            latency_milliseconds: reader.get("latency_milliseconds")?,
            received_at: reader.moment("received_at")?,
        }))
    }

    async fn insert_call(&mut self, call: &StoredCall) -> StoreResult<bool> {
        check_text("key of call", &call.key)?;
        check_text("name of provider", &call.provider)?;
        let done = sqlx::query(
            "INSERT INTO calls (key, provider, response, latency_milliseconds, received_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (key) DO NOTHING",
        )
        .bind(&call.key)
        .bind(&call.provider)
        .bind(call.response.as_bytes())
        .bind(call.latency_milliseconds)
        .bind(call.received_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }
}
