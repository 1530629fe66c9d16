//! Fetching slices of limits that all processes share.

use std::sync::Arc;
use std::time::Duration;

use accord_store::{RateTaken, RateWanted, Store, StoreResult};
use tokio::sync::Mutex;

use super::gate::Allowed;
use super::purse::Slice;

/// When to try again after the store could not be asked.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Where slices of shared limits come from.
pub(super) struct SharedLimits {
    provider: String,
    allowed: Allowed,
    store: Arc<dyn Store>,
    /// One call at a time fetches.
    pub(super) turn: Mutex<()>,
}

impl SharedLimits {
    pub(super) fn new(provider: &str, allowed: Allowed, store: Arc<dyn Store>) -> Self {
        Self {
            provider: provider.to_owned(),
            allowed,
            store,
            turn: Mutex::new(()),
        }
    }

    /// Requests and tokens that were got; where none were, the time until there are some.
    pub(super) async fn fetch(&self, slice: Slice) -> (u64, u64, Duration) {
        match self.take(slice).await {
            Ok(taken) => (
                taken.requests.unsigned_abs(),
                taken.tokens.unsigned_abs(),
                Duration::from_millis(taken.wait_milliseconds.unsigned_abs()),
            ),
            Err(error) => {
                tracing::warn!(provider = %self.provider, error = %error, "shared limits cannot be asked, waiting");
                (0, 0, TRY_AGAIN)
            }
        }
    }

    async fn take(&self, slice: Slice) -> StoreResult<RateTaken> {
        let count = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let wanted = RateWanted {
            provider: &self.provider,
            requests_per_minute: self.allowed.requests_per_minute.map(count),
            tokens_per_minute: self.allowed.tokens_per_minute.map(count),
            requests: count(slice.requests),
            tokens: count(slice.tokens),
            tokens_needed: count(slice.tokens_needed),
        };
        let mut transaction = self.store.write().await?;
        let taken = transaction.take_rate(&wanted).await?;
        transaction.commit().await?;
        Ok(taken)
    }
}
