//! Answers of models that were paid for.

use std::collections::HashSet;

use accord_domain::Timestamp;
use accord_store::text::check_text;
use accord_store::{Calls, StoreError, StoreResult, StoredCall};
use async_trait::async_trait;

use crate::convert::{Place, may_be_stored, read_all};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// The most keys of one call that fetches by key.
const MAXIMUM_KEYS: usize = 1000;

type CallRow = (String, String, Vec<u8>, i64, i64, bool);

fn read_call(
    (key, provider, response, latency_milliseconds, received_at, in_batch): CallRow,
) -> StoreResult<StoredCall> {
    Ok(StoredCall {
        response: String::from_utf8(response)
            .map_err(|error| Place::new("calls", "response").corrupt(&key, error.utf8_error()))?,
        key,
        provider,
        latency_milliseconds,
        received_at: Timestamp::from_microseconds(received_at),
        in_batch,
    })
}

#[async_trait]
impl Calls for PostgresTransaction {
    async fn call(&mut self, key: &str) -> StoreResult<Option<StoredCall>> {
        if !may_be_stored(key) {
            return Ok(None);
        }
        let row: Option<CallRow> = sqlx::query_as(
            "SELECT key, provider, response, latency_milliseconds, received_at, in_batch FROM calls WHERE key = $1",
        )
        .bind(key)
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        row.map(read_call).transpose()
    }

    async fn calls(&mut self, keys: &[&str]) -> StoreResult<Vec<StoredCall>> {
        if keys.len() > MAXIMUM_KEYS {
            return Err(StoreError::Invalid {
                what: "list of keys",
                problem: format!("it has {}, at most {MAXIMUM_KEYS} fit in a call", keys.len()),
            });
        }
        let keys: Vec<&str> = keys.iter().copied().filter(|key| may_be_stored(key)).collect();
        let rows: Vec<CallRow> = sqlx::query_as(
            "SELECT key, provider, response, latency_milliseconds, received_at, in_batch FROM calls WHERE key = ANY($1)",
        )
        .bind(&keys)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, read_call)
    }

    async fn insert_calls(&mut self, calls: &[&StoredCall]) -> StoreResult<Vec<bool>> {
        for call in calls {
            check_text("key of a call", &call.key)?;
            check_text("provider", &call.provider)?;
        }
        let column = |read: fn(&StoredCall) -> &str| calls.iter().map(|call| read(call)).collect::<Vec<_>>();
        let number = |read: fn(&StoredCall) -> i64| calls.iter().map(|call| read(call)).collect::<Vec<_>>();
        let responses: Vec<&[u8]> = calls.iter().map(|call| call.response.as_bytes()).collect();
        let inserted: Vec<String> = sqlx::query_scalar(
            "INSERT INTO calls (key, provider, response, latency_milliseconds, received_at, in_batch)
             SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[], $3::BYTEA[], $4::BIGINT[], $5::BIGINT[], $6::BOOLEAN[])
             ON CONFLICT (key) DO NOTHING RETURNING key",
        )
        .bind(column(|call| &call.key))
        .bind(column(|call| &call.provider))
        .bind(responses)
        .bind(number(|call| call.latency_milliseconds))
        .bind(number(|call| call.received_at.as_microseconds()))
        .bind(calls.iter().map(|call| call.in_batch).collect::<Vec<bool>>())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        // Of those with the same key the first was kept.
        let mut inserted: HashSet<String> = inserted.into_iter().collect();
        Ok(calls.iter().map(|call| inserted.remove(&call.key)).collect())
    }
}
