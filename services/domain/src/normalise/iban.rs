//! International Bank Account Numbers, ISO 13616, with the check digits of ISO 7064 modulo 97.

use crate::normalise::Reading;
use crate::normalise::fold::capitals;

/// Length of the whole number for each country of the register.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 \
EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 \
LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 \
RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Reads an account number: capitals without separators, with a verdict on length and check digits.
#[must_use]
pub(crate) fn read(raw: &str) -> Option<Reading> {
    let compact = capitals(raw, char::is_alphanumeric);
    let compact = match compact.strip_prefix("IBAN") {
        Some(rest) if has_the_form(rest) => rest.to_owned(),
        _ => compact,
    };
    let valid = is_valid(&compact);
    has_the_form(&compact).then_some(Reading {
        canonical: compact,
        parsed: true,
        valid: Some(valid),
    })
}

/// Two letters and two digits, then anything.
fn has_the_form(compact: &str) -> bool {
    let mut characters = compact.chars();
    let mut next_is = |test: fn(&char) -> bool| characters.next().as_ref().is_some_and(test);
    next_is(char::is_ascii_uppercase)
        && next_is(char::is_ascii_uppercase)
        && next_is(char::is_ascii_digit)
        && next_is(char::is_ascii_digit)
}

fn is_valid(compact: &str) -> bool {
    let Some((country, rest)) = compact.split_at_checked(2) else {
        return false;
    };
    let length = LENGTHS
        .split_ascii_whitespace()
        .find_map(|entry| entry.strip_prefix(country));
    let Some((check_digits, account)) = rest.split_at_checked(2) else {
        return false;
    };
    length == Some(compact.len().to_string().as_str())
        && remainder_97(account.chars().chain(country.chars()).chain(check_digits.chars())) == Some(1)
}

/// The remainder by 97 of the number in which letters stand for 10 to 35; none when there is another character.
pub(crate) fn remainder_97(characters: impl Iterator<Item = char>) -> Option<u32> {
    characters.into_iter().try_fold(0_u32, |remainder, character| {
        let value = character.to_digit(36).filter(|_| character.is_ascii())?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((remainder * shift + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_check_digits_and_lengths_are_kept_and_marked() {
        let verdict = |raw| read(raw).map(|reading| (reading.canonical, reading.valid));
        assert_eq!(
            verdict("IBAN: GB82 WEST 1234 5698 7654 32"),
            Some(("GB82WEST12345698765432".to_owned(), Some(true)))
        );
        assert_eq!(
            verdict("de89-3704 0044 0532 0130 00"),
            Some(("DE89370400440532013000".to_owned(), Some(true)))
        );
        assert_eq!(
            verdict("DE89370400440532013001").and_then(|(_, valid)| valid),
            Some(false)
        );
        assert_eq!(
            verdict("DE8937040044053201300").and_then(|(_, valid)| valid),
            Some(false)
        );
        assert_eq!(verdict("n/a"), None);
        assert_eq!(verdict(""), None);
    }
}
