//! Names of people and organisations.

use std::sync::LazyLock;

use regex::Regex;

use crate::normalise::Reading;
use crate::normalise::fold::{fold, letters_and_digits};

/// A registration number in brackets at the end, such as `(139386-X)` or `(Co. No. 123)`.
#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests")]
static REGISTRATION_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[(\[][^()\[\]]*[0-9][^()\[\]]*[)\]][\s.,;:]*$").expect("the pattern is valid"));

/// The abbreviation of the Malaysian private limited company.
#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests")]
static SENDIRIAN_BERHAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bs\s*/\s*b\b").expect("the pattern is valid"));

/// Reads a name: folded letters and digits alone, without a registration number in brackets at the end, `S/B` written out as `SDN BHD`.
///
/// Nothing else about legal forms is made equal: `Muster GmbH` and `Muster AG` are two companies.
#[must_use]
pub(crate) fn read(raw: &str) -> Option<Reading> {
    let folded = fold(raw);
    let without_number = REGISTRATION_NUMBER.replace(&folded, "");
    let kept = if without_number.contains(char::is_alphanumeric) {
        without_number.as_ref()
    } else {
        folded.as_str()
    };
    let canonical = letters_and_digits(&SENDIRIAN_BERHAD.replace_all(kept, "sdn bhd"));
    (!canonical.is_empty()).then(|| Reading::of(canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> Option<String> {
        read(raw).map(|reading| reading.canonical)
    }

    #[test]
    fn spelling_of_one_company_does_not_matter() {
        let expected = Some("gardeniabakerieskls dnbhd".replace(' ', ""));
        for raw in [
            "GARDENIA BAKERIES (KL) SDN BHD",
            "Gardenia Bakeries (KL) Sdn. Bhd. (139386 X)",
            "GARDENIA BAKERIES (KL) S/B",
            "gardenia  bakeries(kl) s / b [Co. Reg. No. 139386-X].",
        ] {
            assert_eq!(canonical(raw), expected, "{raw}");
        }
    }

    #[test]
    fn different_companies_stay_different() {
        assert_ne!(canonical("Muster GmbH"), canonical("Muster AG"));
        assert_ne!(canonical("Muster"), canonical("Muster GmbH"));
        assert_ne!(canonical("ABC (M) SDN BHD"), canonical("ABC SDN BHD"));
        assert_eq!(canonical("(123)").as_deref(), Some("123"));
        assert_eq!(canonical("---"), None);
    }
}
