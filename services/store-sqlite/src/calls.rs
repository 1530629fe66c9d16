//! Stored answers of models.

use std::collections::HashSet;

use accord_store::text::check_text;
use accord_store::{Calls, StoreError, StoreResult, StoredCall};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use crate::failure::failed;
use crate::reader::Reader;
use crate::sql::{ROWS_AT_ONCE, push_list, push_rows};
use crate::transaction::SqliteTransaction;

/// The most keys of one call that fetches by key.
const MAXIMUM_KEYS: usize = 1000;

#[async_trait]
impl Calls for SqliteTransaction {
    async fn call(&mut self, key: &str) -> StoreResult<Option<StoredCall>> {
        Ok(self.calls(&[key]).await?.pop())
    }

    async fn calls(&mut self, keys: &[&str]) -> StoreResult<Vec<StoredCall>> {
        if keys.len() > MAXIMUM_KEYS {
            return Err(StoreError::Invalid {
                what: "list of keys",
                problem: format!("it has {}, at most {MAXIMUM_KEYS} fit in a call", keys.len()),
            });
        }
        let mut found = Vec::new();
        for part in keys.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::new(
                "SELECT key, provider, response, latency_milliseconds, received_at, in_batch FROM calls WHERE key IN ",
            );
            push_list(&mut query, part.iter().copied());
            let rows = query.build().fetch_all(self.connection()).await.map_err(failed)?;
            for row in &rows {
                found.push(read_call(row)?);
            }
        }
        Ok(found)
    }

    async fn insert_calls(&mut self, calls: &[&StoredCall]) -> StoreResult<Vec<bool>> {
        for call in calls {
            check_text("key of call", &call.key)?;
            check_text("name of provider", &call.provider)?;
        }
        // Only one transaction writes at a time, so what is not there now is not there until the end of this one.
        let mut known = known_keys(self, calls).await?;
        let is_new: Vec<bool> = calls.iter().map(|call| known.insert(call.key.clone())).collect();
        let new = calls.iter().zip(&is_new).filter(|(_, is_new)| **is_new);
        let new: Vec<&StoredCall> = new.map(|(call, _)| *call).collect();
        for part in new.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::new(
                "INSERT INTO calls (key, provider, response, latency_milliseconds, received_at, in_batch) ",
            );
            push_rows(&mut query, 6, part.iter(), |row, call| {
                row.push_bind(&call.key)
                    .push_bind(&call.provider)
                    .push_bind(call.response.as_bytes())
                    .push_bind(call.latency_milliseconds)
                    .push_bind(call.received_at.as_microseconds())
                    .push_bind(call.in_batch);
            });
            query.build().execute(self.connection()).await.map_err(failed)?;
        }
        Ok(is_new)
    }
}

async fn known_keys(tx: &mut SqliteTransaction, calls: &[&StoredCall]) -> StoreResult<HashSet<String>> {
    let mut known = HashSet::new();
    for part in calls.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::new("SELECT key FROM calls WHERE key IN ");
        push_list(&mut query, part.iter().map(|call| call.key.as_str()));
        let keys = query.build_query_scalar::<String>().fetch_all(tx.connection());
        known.extend(keys.await.map_err(failed)?);
    }
    Ok(known)
}

fn read_call(row: &SqliteRow) -> StoreResult<StoredCall> {
    let reader = Reader::new("calls", row);
    let response: Vec<u8> = reader.get("response")?;
    Ok(StoredCall {
        key: reader.get("key")?,
        provider: reader.get("provider")?,
        response: String::from_utf8(response).map_err(|error| reader.corrupt("response", error))?,
        latency_milliseconds: reader.get("latency_milliseconds")?,
        received_at: reader.moment("received_at")?,
        in_batch: reader.get("in_batch")?,
    })
}
