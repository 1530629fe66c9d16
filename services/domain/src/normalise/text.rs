//! Free text and postal addresses.

use crate::normalise::Reading;
use crate::normalise::fold::{fold, words};

/// Reads free text: folded, nothing more.
#[must_use]
pub(crate) fn read_text(raw: &str) -> Option<Reading> {
    let canonical = fold(raw);
    (!canonical.is_empty()).then(|| Reading::of(canonical))
}

/// Reads an address: its folded words with one blank between them.
#[must_use]
pub(crate) fn read_address(raw: &str) -> Option<Reading> {
    let canonical = words(raw).join(" ");
    (!canonical.is_empty()).then(|| Reading::of(canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_of_addresses_does_not_matter() {
        let canonical = |raw| read_address(raw).map(|reading| reading.canonical);
        assert_eq!(
            canonical("NO.53 55,57 & 59, JALAN SAGU 18,").as_deref(),
            Some("no 53 55 57 59 jalan sagu 18")
        );
        assert_eq!(
            canonical("Musterstraße 1\n12345 BERLIN").as_deref(),
            Some("musterstrasse 1 12345 berlin")
        );
        assert_eq!(canonical(" - "), None);
    }
}
