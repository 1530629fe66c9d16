//! Texts that both databases can hold: PostgreSQL refuses the NUL character, so every store refuses it alike.

use crate::error::{StoreError, StoreResult};

/// The most characters that are kept of a reason why an attempt failed.
pub const MAXIMUM_REASON_CHARACTERS: usize = 4000;

/// Checks that a text can be kept.
///
/// # Errors
/// `Invalid` when it contains a NUL character.
pub fn check_text(what: &'static str, text: &str) -> StoreResult<()> {
    match text.find('\0') {
        None => Ok(()),
        Some(position) => Err(StoreError::Invalid {
            what,
            problem: format!("it has a NUL character at byte {position}, which text may not have"),
        }),
    }
}

/// A reason for people in a form that can always be kept: NUL characters replaced, cut to
/// [`MAXIMUM_REASON_CHARACTERS`].
#[must_use]
pub fn clean_reason(reason: &str) -> String {
    reason
        .chars()
        .take(MAXIMUM_REASON_CHARACTERS)
        .map(|character| if character == '\0' { '\u{FFFD}' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_nul_and_says_where() {
        assert!(check_text("name", "ünï\u{1F600}\u{1}").is_ok());
        let error = check_text("name", "é\0").unwrap_err().to_string();
        assert_eq!(
            error,
            "name cannot be kept: it has a NUL character at byte 2, which text may not have"
        );
    }

    #[test]
    fn cuts_and_cleans_reasons() {
        assert_eq!(clean_reason("a\0b"), "a\u{FFFD}b");
        assert_eq!(
            clean_reason(&"ä".repeat(5000)).chars().count(),
            MAXIMUM_REASON_CHARACTERS
        );
    }
}
