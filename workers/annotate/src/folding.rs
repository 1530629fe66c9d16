//! Texts without spelling: what is left when white space, punctuation, width, case and invisible characters are gone.

use unicode_normalization::UnicodeNormalization;

/// The letters and digits of a text in compatibility form and lower case.
pub(crate) fn letters_and_digits(text: &str) -> String {
    if text.is_ascii() {
        // The same, without the tables that other scripts need.
        let kept = text.bytes().filter(u8::is_ascii_alphanumeric);
        return kept.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    }
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|character| character.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        assert_eq!(letters_and_digits("Ａcme\u{200b}, GmbH & Co."), "acmegmbhco");
        assert_eq!(letters_and_digits("株式会社 9"), "株式会社9");
        assert_eq!(letters_and_digits("Acme, GmbH & Co. 9"), "acmegmbhco9");
    }
}
