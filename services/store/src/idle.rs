//! How a worker waits when there is nothing to do.

use std::time::Duration;

use accord_domain::Environment;
use tokio::sync::watch;

/// Waits until tasks may have become ready, or for about `poll` (between half and one and a half of it, so that many
/// workers do not ask all at once). Mark the receiver's value as seen before looking for work, so that no wake-up between
/// the look and the wait is lost.
pub async fn wait_for_work(wake_ups: &mut watch::Receiver<u64>, environment: &dyn Environment, poll: Duration) {
    let chance = f64::from(environment.random_bytes()[0]) / 255.0;
    let pause = poll.mul_f64(0.5 + chance);
    tokio::select! {
        changed = wake_ups.changed() => {
            if changed.is_err() {
                // The store is going away; polling ends the worker's next look with an error it can report.
                tokio::time::sleep(pause).await;
            }
        }
        () = tokio::time::sleep(pause) => {}
    }
}
