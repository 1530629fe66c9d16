//! Waiting for workers.

use std::time::Duration;

use accord_domain::{ItemId, ItemState};
use tokio::time::{Instant, sleep, timeout};

use crate::problem::Problem;
use crate::state::AppState;

/// The shortest and the longest pause between two looks at the item.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Waits until the item is decided, at most this long. Looks whenever the queue moves, and now and then by itself: a
/// decision that plans nothing wakes nobody up.
pub(super) async fn until_decided(state: &AppState, id: ItemId, patience: Duration) -> Result<(), Problem> {
    let end = Instant::now() + patience;
    let mut wake_ups = state.store.wake_ups();
    let mut pause = SHORTEST_PAUSE;
    loop {
        let item = state.store.read().await?.item(id).await?;
        let pending = item.is_some_and(|item| item.state == ItemState::Pending);
        let left = end.saturating_duration_since(Instant::now());
        if !pending || left.is_zero() {
            return Ok(());
        }
        if timeout(pause.min(left), wake_ups.changed()).await.is_ok() {
            // The queue moves far more often than any one item is decided.
            sleep((pause / 2).min(left)).await;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
