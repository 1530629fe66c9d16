//! What is left of providers' limits where all processes share them.

use accord_store::rates::RateLevel;
use accord_store::text::check_text;
use accord_store::{RateTaken, RateWanted, Rates, StoreResult};
use async_trait::async_trait;

use crate::error::failure;
use crate::transaction::PostgresTransaction;

#[async_trait]
impl Rates for PostgresTransaction {
    async fn take_rate(&mut self, wanted: &RateWanted<'_>) -> StoreResult<RateTaken> {
        check_text("provider", wanted.provider)?;
        let full = RateLevel::full(wanted, 0);
        sqlx::query(
            "INSERT INTO rate_levels (provider, requests, tokens, filled_at) VALUES ($1, $2, $3, clock_microseconds())
             ON CONFLICT (provider) DO NOTHING",
        )
        .bind(wanted.provider)
        .bind(full.requests)
        .bind(full.tokens)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        // The clock is read when the row is held: whoever waited for it must not see an earlier moment.
        let (requests, tokens, filled_at): (i64, i64, i64) =
            sqlx::query_as("SELECT requests, tokens, filled_at FROM rate_levels WHERE provider = $1 FOR UPDATE")
                .bind(wanted.provider)
                .fetch_one(self.connection())
                .await
                .map_err(failure)?;
        let now: i64 = sqlx::query_scalar("SELECT clock_microseconds()")
            .fetch_one(self.connection())
            .await
            .map_err(failure)?;
        let mut level = RateLevel {
            requests,
            tokens,
            filled_at,
        };
        let taken = level.take(now, wanted);
        sqlx::query("UPDATE rate_levels SET requests = $2, tokens = $3, filled_at = $4 WHERE provider = $1")
            .bind(wanted.provider)
            .bind(level.requests)
            .bind(level.tokens)
            .bind(level.filled_at)
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(taken)
    }
}
