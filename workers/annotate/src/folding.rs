//! Texts without spelling: what is left when white space, punctuation, width, case and invisible characters are gone.

use unicode_normalization::UnicodeNormalization;

/// The letters and digits of a text in compatibility form and lower case.
pub(crate) fn letters_and_digits(text: &str) -> String {
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
    }
}
