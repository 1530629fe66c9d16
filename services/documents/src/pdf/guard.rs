//! Reads a PDF on a thread of its own, with a deadline, a stack of a chosen size and a bound on how many readings may be left behind.
//!
//! A thread cannot be killed. Everything of ours looks at the clock and ends soon after the deadline, and so do parsing and showing of text,
//! which our hooks interrupt at the next object or glyph. Only a loop deep inside a foreign parser can run on; the caller gets `TimedOut` at
//! once all the same, the thread is left behind, and when [`MOST_THREADS_GIVEN_UP`] of them run at a time, further PDFs are refused with
//! `Overloaded` until one ends, so that such files cannot take all processors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::load::broken;
use super::panics;
use super::read::read_pdf;
use crate::error::DocumentError;
use crate::limits::Limits;
use crate::read::ReadDocument;

/// Stack of the reading thread in bytes: the parsers nest at most a few hundred calls, unoptimised builds need up to 100 KiB for each.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Readings past their deadline that may run on at the same time.
const MOST_THREADS_GIVEN_UP: usize = 4;
/// Time for the reading thread to notice the deadline by itself and end with a better reason.
const GRACE: Duration = Duration::from_millis(500);

static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

/// How many readings past their deadline still run; for metrics.
#[must_use]
pub fn reading_threads_given_up() -> usize {
    GIVEN_UP.load(Ordering::Relaxed)
}

/// Reads a PDF as [`read_pdf`] does, safe against files that panic, recurse or never end.
///
/// # Errors
/// As [`read_pdf`]; `TimedOut` also when a library does not come back in time, `Overloaded` while too many such readings run on.
pub fn read_pdf_guarded(bytes: &[u8], limits: &Limits) -> Result<ReadDocument, DocumentError> {
    let bytes: Arc<[u8]> = bytes.into();
    let limits = *limits;
    run_guarded(&limits, move || read_pdf(&bytes, &limits))
}

/// Runs `work` on a guarded thread and waits for it until shortly after the time limit.
pub(super) fn run_guarded<T: Send + 'static>(
    limits: &Limits,
    work: impl FnOnce() -> Result<T, DocumentError> + Send + 'static,
) -> Result<T, DocumentError> {
    let abandoned = reading_threads_given_up();
    if abandoned >= MOST_THREADS_GIVEN_UP {
        return Err(DocumentError::Overloaded { abandoned });
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let given_up = Arc::new(AtomicUsize::new(0));
    let seen_by_thread = Arc::clone(&given_up);
    let spawned = thread::Builder::new()
        .name("document-reader".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let outcome = panics::catch(work).unwrap_or_else(|_| Err(broken("reading it failed unexpectedly")));
            // The receiver is gone when the reading was given up.
            let _ = sender.send(outcome);
            // The first of the two to set the mark leaves the counting to the other.
            if seen_by_thread.swap(1, Ordering::AcqRel) == 1 {
                GIVEN_UP.fetch_sub(1, Ordering::AcqRel);
            }
        });
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for reading a document could be started");
        return Err(DocumentError::Overloaded { abandoned });
    }
    match receiver.recv_timeout(limits.time().saturating_add(GRACE)) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Disconnected) => Err(broken("reading it failed unexpectedly")),
        Err(RecvTimeoutError::Timeout) => {
            GIVEN_UP.fetch_add(1, Ordering::AcqRel);
            if given_up.swap(1, Ordering::AcqRel) == 1 {
                GIVEN_UP.fetch_sub(1, Ordering::AcqRel);
            }
            tracing::warn!(
                limit_milliseconds = limits.time_milliseconds,
                given_up = reading_threads_given_up(),
                "reading a document was given up"
            );
            Err(DocumentError::TimedOut {
                limit_milliseconds: limits.time_milliseconds,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_an_endless_reading_become_errors() {
        let limits = Limits {
            time_milliseconds: 20,
            ..Limits::default()
        };
        let panicking: Result<(), _> = run_guarded(&limits, || std::panic::resume_unwind(Box::new("font")));
        assert_eq!(panicking.unwrap_err().code(), "broken");

        let (release, wait) = mpsc::channel::<()>();
        let endless = run_guarded(&limits, move || {
            let _ = wait.recv();
            Ok(())
        });
        assert_eq!(endless.unwrap_err().code(), "timed_out");
        assert_eq!(reading_threads_given_up(), 1);
        drop(release);
        while reading_threads_given_up() > 0 {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
