//! Turns the panics of a foreign library into values, and keeps their messages, which may quote the document, out of standard error.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// A call that ended in a panic.
#[derive(Debug)]
pub(super) struct Panicked {
    /// What the panic carried; a [`crate::DocumentError`] when the call was ended on purpose.
    pub(super) payload: Box<dyn std::any::Any + Send>,
}

/// Runs `call`; a panic inside of it becomes an error. Needs a profile that unwinds.
pub(super) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            if !IS_QUIET.get() {
                previous(information);
            }
        }));
    });
    let was_quiet = IS_QUIET.replace(true);
    // What a panic leaves half done is either local to the call or a list that is only ever appended to.
    let outcome = panic::catch_unwind(AssertUnwindSafe(call));
    IS_QUIET.set(was_quiet);
    outcome.map_err(|payload| Panicked { payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_its_payload_is_kept() {
        let panicked = catch(|| panic::resume_unwind(Box::new(7_u8))).unwrap_err();
        assert_eq!(panicked.payload.downcast_ref::<u8>(), Some(&7));
        assert_eq!(catch(|| 5).ok(), Some(5));
    }
}
