//! Steps that are tried again when the database could not let them through.

use std::future::Future;
use std::time::Duration;

use crate::problem::{Problem, ProblemKind};

/// How often a step is tried: many people at once can get into each other's way, and one of them is sent back.
const ATTEMPTS: u32 = 3;

/// The pause before the second attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(40);

/// Does a step whose repetition is harmless, and again when the database was not available for it.
pub(super) async fn until_available<T, Step, Done>(step: Step) -> Result<T, Problem>
where
    Step: Fn() -> Done,
    Done: Future<Output = Result<T, Problem>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match step().await {
            Err(problem) if problem.kind() == ProblemKind::Unavailable => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            other => return other,
        }
    }
    step().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn attempts(kind: ProblemKind, succeeds_at: u32) -> (u32, bool) {
        let count = AtomicU32::new(0);
        let done = until_available(|| async {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            if number >= succeeds_at {
                Ok(())
            } else {
                Err(Problem::new(kind, "no"))
            }
        })
        .await;
        (count.into_inner(), done.is_ok())
    }

    #[tokio::test]
    async fn only_what_may_pass_is_tried_again_and_not_for_ever() {
        assert_eq!(attempts(ProblemKind::Unavailable, 2).await, (2, true));
        assert_eq!(attempts(ProblemKind::Unavailable, 9).await, (3, false));
        assert_eq!(attempts(ProblemKind::Conflict, 2).await, (1, false));
    }
}
