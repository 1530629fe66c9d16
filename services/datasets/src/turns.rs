//! Turns for work that takes a processor and the memory of a whole file.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// As many as there are processors: more at a time would not be quicker, and thousands of tasks may be in hand.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(turns()));

fn turns() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Does work such as reading a file off the async threads when it has its turn. Work that has begun keeps its turn until it
/// ends, even if nobody waits for it any longer.
///
/// # Errors
/// The work panicked, or the runtime ends.
pub async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    // The turns are never closed; were they, work would go on without them.
    let turn = TURNS.acquire().await.ok();
    spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
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
            tokio::spawn(in_turn(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                now.fetch_sub(1, Ordering::SeqCst);
                number
            }))
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
        let panicked = in_turn(|| panic!("broken file")).await;
        assert!(panicked.is_err_and(|error| error.is_panic()));
        for number in 0..turns() * 2 {
            assert_eq!(in_turn(move || number).await.unwrap(), number);
        }
    }
}
