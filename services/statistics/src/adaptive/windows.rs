//! Stopping at a unanimous window of calls.

use crate::error::{InvalidInput, parameter};

/// Number of calls after which the first unanimous window is complete, under windows of `window` calls that
/// follow one another: early-stopping self-consistency [Li et al., 2024, ICLR]. `None` where no complete window
/// is unanimous, so that all calls are needed. A call that abstained (`None`) agrees with nobody, not even with
/// another that abstained. The winner is then that of all votes so far, earlier windows included.
///
/// # Errors
/// A window of fewer than two calls.
pub fn calls_until_unanimous_window(votes: &[Option<usize>], window: usize) -> Result<Option<usize>, InvalidInput> {
    parameter("window", window as f64, "at least 2 calls", window >= 2)?;
    let is_unanimous = |calls: &[Option<usize>]| calls[0].is_some() && calls.iter().all(|vote| *vote == calls[0]);
    let complete = votes.chunks_exact(window).position(is_unanimous);
    Ok(complete.map(|position| (position + 1) * window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_one_another() {
        let votes = [Some(0), Some(1), Some(1), Some(1), Some(1), Some(1)];
        assert_eq!(calls_until_unanimous_window(&votes, 3), Ok(Some(6)));
        assert_eq!(calls_until_unanimous_window(&votes, 2), Ok(Some(4)));
        assert_eq!(calls_until_unanimous_window(&votes, 4), Ok(None));
        assert_eq!(calls_until_unanimous_window(&[], 2), Ok(None));
    }

    #[test]
    fn abstentions_agree_with_nobody() {
        assert_eq!(
            calls_until_unanimous_window(&[None, None, Some(1), Some(1)], 2),
            Ok(Some(4))
        );
        assert_eq!(calls_until_unanimous_window(&[Some(1), None], 2), Ok(None));
        assert!(calls_until_unanimous_window(&[Some(1)], 1).is_err());
    }
}
