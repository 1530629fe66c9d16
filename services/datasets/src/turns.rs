//! Turns for work that takes a processor and the memory of a whole file.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{JoinError, spawn_blocking};

/// As many as there are processors: more at a time would not be quicker, and thousands of tasks may be in hand.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(turns()));

fn turns() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// The right to do such work. Whoever has it may fetch the file: those who wait hold nothing in memory.
#[derive(Debug)]
pub struct Turn {
    // The turns are never closed; were they, work would go on without them.
    _permit: Option<SemaphorePermit<'static>>,
}

impl Turn {
    /// Waits for a turn.
    pub async fn wait() -> Self {
        Self {
            _permit: TURNS.acquire().await.ok(),
        }
    }

    /// Does the work off the async threads. Work that has begun keeps its turn until it ends, even if nobody waits for it any
    /// longer.
    ///
    /// # Errors
    /// The work panicked, or the runtime ends.
    pub async fn work<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
        spawn_blocking(move || {
            let _turn = self;
            work()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn no_more_work_goes_on_than_there_are_processors() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = |number: usize| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            let work = move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                now.fetch_sub(1, Ordering::SeqCst);
                number
            };
            tokio::spawn(async move { Turn::wait().await.work(work).await })
        };
        let all: Vec<_> = (0..turns() * 20).map(work).collect();
        // Whoever no longer waits gives no turn away.
        all.iter().step_by(2).for_each(tokio::task::JoinHandle::abort);
        for (number, one) in all.into_iter().enumerate() {
            match one.await {
                Ok(done) => assert_eq!(done.unwrap(), number),
                Err(aborted) => assert!(aborted.is_cancelled() && number % 2 == 0),
            }
        }
        assert!((1..=turns()).contains(&most.load(Ordering::SeqCst)));
        let panicked = Turn::wait().await.work(|| panic!("broken file")).await;
        assert!(panicked.is_err_and(|error| error.is_panic()));
        for number in 0..turns() * 2 {
            assert_eq!(Turn::wait().await.work(move || number).await.unwrap(), number);
        }
    }
}
