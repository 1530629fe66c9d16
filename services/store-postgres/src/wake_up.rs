//! Wake-ups: workers of this process hear of new tasks at once, those of others by NOTIFY.
//!
//! NOTIFY takes a lock of the whole database while its transaction commits, so a process sends at most one every
//! [`QUIET_TIME`]: the first of a burst inside its transaction, what follows as one more at the end of the quiet time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{PgConnection, PgPool};
use tokio::sync::watch;
use tokio::time::Instant;

/// The channel of the notifications.
const CHANNEL: &str = "accord_tasks";
/// The least time between two notifications of one process.
const QUIET_TIME: Duration = Duration::from_millis(100);
/// The first pause before a lost listening connection is made anew; it doubles from time to time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two attempts to listen again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The payload names the sender, which has woken its own process already.
const NOTIFY: &str = "SELECT pg_notify('accord_tasks', $1)";

/// Tells everybody that tasks may have become ready.
pub(crate) struct WakeUps {
    /// Tells this opening of the database from others.
    name: String,
    sender: watch::Sender<u64>,
    pool: PgPool,
    sending: Mutex<Sending>,
}

#[derive(Default)]
struct Sending {
    last_sent: Option<Instant>,
    one_is_due: bool,
}

/// What a transaction that made tasks ready has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notification {
    /// Send one inside the transaction.
    Now,
    /// Send one after the commit, when the quiet time is over.
    Later(Duration),
    /// Another transaction sends one later.
    Covered,
}

impl Sending {
    fn next(&mut self, now: Instant) -> Notification {
        let rest = self.last_sent.map_or(Duration::ZERO, |last| {
            QUIET_TIME.saturating_sub(now.duration_since(last))
        });
        if self.one_is_due {
            Notification::Covered
        } else if rest.is_zero() {
            self.last_sent = Some(now);
            Notification::Now
        } else {
            self.one_is_due = true;
            Notification::Later(rest)
        }
    }

    fn sent_late(&mut self, now: Instant) {
        self.last_sent = Some(now);
        self.one_is_due = false;
    }
}

impl WakeUps {
    pub(crate) fn new(name: String, pool: PgPool) -> Self {
        Self {
            name,
            sender: watch::Sender::new(0),
            pool,
            sending: Mutex::default(),
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.sender.subscribe()
    }

    fn wake_this_process(&self) {
        self.sender.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Notifies inside a transaction that is about to commit, unless it is too early for that.
    pub(crate) async fn notify_before_commit(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Notification, sqlx::Error> {
        let notification = self.with_sending(|sending| sending.next(Instant::now()));
        if notification == Notification::Now {
            sqlx::query(NOTIFY).bind(&self.name).execute(connection).await?;
        }
        Ok(notification)
    }

    /// Wakes up this process and sends what was put off, now that the tasks can be seen.
    pub(crate) fn after_commit(self: &Arc<Self>, notification: Notification) {
        self.wake_this_process();
        if let Notification::Later(pause) = notification {
            let wake_ups = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                // Marked first: whoever commits from here on sends anew, so nothing falls between.
                wake_ups.with_sending(|sending| sending.sent_late(Instant::now()));
                let sent = sqlx::query(NOTIFY).bind(&wake_ups.name).execute(&wake_ups.pool).await;
                if let Err(error) = sent {
                    tracing::debug!(%error, "workers of other processes were not notified and will find the tasks by polling");
                }
            });
        }
    }

    /// The transaction did not commit: the next one may send in its place.
    pub(crate) fn after_failed_commit(&self, notification: Notification) {
        if matches!(notification, Notification::Later(_)) {
            self.with_sending(|sending| sending.one_is_due = false);
        }
    }

    fn with_sending<T>(&self, change: impl FnOnce(&mut Sending) -> T) -> T {
        change(&mut self.sending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Listens for the notifications of other processes for ever, on a connection of its own.
pub(crate) async fn listen(address: PgConnectOptions, wake_ups: Arc<WakeUps>) {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(address);
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        if let Err(error) = listen_until_lost(&pool, &wake_ups).await {
            tracing::warn!(%error, pause_milliseconds = pause.as_millis(), "not listening for new tasks, workers poll");
        }
        if started.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn listen_until_lost(pool: &PgPool, wake_ups: &WakeUps) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    // Something may have been missed while nobody listened.
    wake_ups.wake_this_process();
    while let Some(notification) = listener.try_recv().await? {
        if notification.payload() != wake_ups.name {
            wake_ups.wake_this_process();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_the_first_of_a_burst_and_one_at_its_end() {
        let mut sending = Sending::default();
        let start = Instant::now();
        assert_eq!(sending.next(start), Notification::Now);
        let soon = start + Duration::from_millis(40);
        assert_eq!(sending.next(soon), Notification::Later(Duration::from_millis(60)));
        assert_eq!(sending.next(soon), Notification::Covered);
        let end = start + QUIET_TIME;
        sending.sent_late(end);
        assert_eq!(sending.next(end), Notification::Later(QUIET_TIME));
        sending.sent_late(end + QUIET_TIME);
        assert_eq!(sending.next(end + QUIET_TIME * 2), Notification::Now);
    }
}
