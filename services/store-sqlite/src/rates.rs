//! What is left of providers' limits where all processes share them.

use accord_store::rates::RateLevel;
use accord_store::text::check_text;
use accord_store::{RateTaken, RateWanted, Rates, StoreResult};
use async_trait::async_trait;

use crate::failure::failed;
use crate::reader::Reader;
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Rates for SqliteTransaction {
    async fn take_rate(&mut self, wanted: &RateWanted<'_>) -> StoreResult<RateTaken> {
        check_text("name of provider", wanted.provider)?;
        let now = self.now_microseconds().await?;
        let known = sqlx::query("SELECT requests, tokens, filled_at FROM rate_levels WHERE provider = ?")
            .bind(wanted.provider)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        let mut level = match &known {
            None => RateLevel::full(wanted, now),
            Some(row) => {
                let reader = Reader::new("rate_levels", row);
                RateLevel {
                    requests: reader.get("requests")?,
                    tokens: reader.get("tokens")?,
                    filled_at: reader.get("filled_at")?,
                }
            }
        };
        let taken = level.take(now, wanted);
        sqlx::query(
            "INSERT INTO rate_levels (provider, requests, tokens, filled_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (provider) DO UPDATE SET requests = ?2, tokens = ?3, filled_at = ?4",
        )
        .bind(wanted.provider)
        .bind(level.requests)
        .bind(level.tokens)
        .bind(level.filled_at)
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(taken)
    }
}
