//! Identifiers: codes that are compared character by character once their separators are dropped.

use crate::field::IdentifierScheme;
use crate::normalise::currency::{CurrencyMark, recognise_mark};
use crate::normalise::fold::capitals;
use crate::normalise::locale::Locale;
use crate::normalise::{Reading, iban, value_added_tax};

/// Reads an identifier by its scheme.
#[must_use]
pub(crate) fn read(raw: &str, scheme: IdentifierScheme, locale: Locale<'_>) -> Option<Reading> {
    match scheme {
        IdentifierScheme::Plain => read_plain(raw),
        IdentifierScheme::ValueAddedTax => value_added_tax::read(raw),
        IdentifierScheme::Iban => iban::read(raw),
        IdentifierScheme::Currency => read_currency(raw, locale),
    }
}

/// Capitals without blanks; other punctuation and leading zeros are part of the number.
fn read_plain(raw: &str) -> Option<Reading> {
    let canonical = capitals(raw, |character| !character.is_whitespace());
    canonical
        .contains(char::is_alphanumeric)
        .then(|| Reading::of(canonical))
}

/// The ISO 4217 code that a code or mark means for certain.
fn read_currency(raw: &str, locale: Locale<'_>) -> Option<Reading> {
    let mark = raw.trim().trim_matches(['(', ')', '[', ']']);
    match recognise_mark(mark, locale)? {
        CurrencyMark::Certain(code) => Some(Reading::of(code.to_owned())),
        CurrencyMark::Shared => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_codes_keep_punctuation_and_leading_zeros() {
        let plain = |raw| read_plain(raw).map(|reading| reading.canonical);
        assert_eq!(plain(" re-2014 / 007 ").as_deref(), Some("RE-2014/007"));
        assert_eq!(plain("0042").as_deref(), Some("0042"));
        assert_eq!(plain("--"), None);
    }

    #[test]
    fn currencies_become_codes() {
        let currency = |raw, locale| read_currency(raw, Locale::new(locale)).map(|reading| reading.canonical);
        assert_eq!(currency("€", None).as_deref(), Some("EUR"));
        assert_eq!(currency("(rm)", None).as_deref(), Some("MYR"));
        assert_eq!(currency("$", None), None);
        assert_eq!(currency("$", Some("en-US")).as_deref(), Some("USD"));
        assert_eq!(currency("gold", None), None);
    }
}
