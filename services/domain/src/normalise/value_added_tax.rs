//! Value added tax numbers of the European Union: the form of every member state, the check digits of most.

use std::sync::LazyLock;

use regex::Regex;

use crate::normalise::Reading;
use crate::normalise::check_digits;
use crate::normalise::fold::capitals;

/// A test of check digits on the number without its country.
type CheckDigits = fn(&str) -> bool;

/// The form of a member state's numbers, and the test of their check digits where there is one here.
struct State {
    form: Regex,
    check_digits: Option<CheckDigits>,
}

/// Prefix, form behind the prefix, and check digits of every member state and of Northern Ireland.
const FORMS: [(&str, &str, Option<CheckDigits>); 29] = [
    ("AT", r"U\d{8}", Some(check_digits::austria)),
    ("BE", r"[01]\d{9}", Some(check_digits::belgium)),
    ("BG", r"\d{9,10}", None),
    ("CY", r"\d{8}[A-Z]", None),
    ("CZ", r"\d{8,10}", None),
    ("DE", r"[1-9]\d{8}", Some(check_digits::germany)),
    ("DK", r"[1-9]\d{7}", Some(check_digits::denmark)),
    ("EE", r"\d{9}", None),
    ("EL", r"\d{9}", None),
    ("GR", r"\d{9}", None),
    ("ES", r"[A-Z0-9]\d{7}[A-Z0-9]", Some(check_digits::spain)),
    ("FI", r"\d{8}", Some(check_digits::finland)),
    ("FR", r"[0-9A-HJ-NP-Z]{2}\d{9}", Some(check_digits::france)),
    ("HR", r"\d{11}", None),
    ("HU", r"\d{8}", None),
    (
        "IE",
        r"(?:\d{7}[A-W][A-IW]?|\d[A-Z+*]\d{5}[A-W])",
        Some(check_digits::ireland),
    ),
    ("IT", r"\d{11}", Some(check_digits::italy)),
    ("LT", r"(?:\d{9}|\d{12})", None),
    ("LU", r"\d{8}", Some(check_digits::luxembourg)),
    ("LV", r"\d{11}", None),
    ("MT", r"\d{8}", None),
    ("NL", r"\d{9}B\d{2}", Some(check_digits::netherlands)),
    ("PL", r"\d{10}", Some(check_digits::poland)),
    ("PT", r"[1-9]\d{8}", Some(check_digits::portugal)),
    ("RO", r"[1-9]\d{1,9}", None),
    ("SE", r"\d{12}", Some(check_digits::sweden)),
    ("SI", r"[1-9]\d{7}", None),
    ("SK", r"[1-9]\d{9}", None),
    ("XI", r"(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})", None),
];

#[expect(clippy::expect_used, reason = "fixed patterns, all of them tried by the tests")]
static STATES: LazyLock<Vec<(&'static str, State)>> = LazyLock::new(|| {
    let compile = |form: &str| Regex::new(&format!("^{form}$")).expect("the pattern is valid");
    FORMS
        .iter()
        .map(|(prefix, form, check_digits)| {
            (
                *prefix,
                State {
                    form: compile(form),
                    check_digits: *check_digits,
                },
            )
        })
        .collect()
});

/// Reads a number with its country prefix: capitals without separators.
///
/// `valid` says whether form and check digits hold; nothing when the prefix is no member state's, or when the form holds
/// and the state's check digits are not known here. A wrong number is kept as it is. None when there is no digit.
#[must_use]
pub(crate) fn read(raw: &str) -> Option<Reading> {
    let compact = capitals(raw, |character| {
        character.is_alphanumeric() || matches!(character, '+' | '*')
    });
    if !compact.contains(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let compact = pad(&compact);
    let valid = verdict(&compact);
    Some(Reading {
        canonical: compact,
        parsed: true,
        valid,
    })
}

/// Puts back the leading zeros that Dutch and Belgian numbers are often printed without.
fn pad(compact: &str) -> String {
    if let Some(number) = compact.strip_prefix("NL")
        && let Some((digits, branch)) = number.split_once('B')
        && (1..9).contains(&digits.len())
        && is_digits(digits)
        && is_digits(branch)
    {
        return format!("NL{digits:0>9}B{branch}");
    }
    match compact.strip_prefix("BE") {
        Some(number) if number.len() == 9 && is_digits(number) => format!("BE0{number}"),
        _ => compact.to_owned(),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn verdict(compact: &str) -> Option<bool> {
    let (prefix, number) = compact.split_at_checked(2)?;
    let (_, state) = STATES.iter().find(|(known, _)| *known == prefix)?;
    if !state.form.is_match(number) {
        return Some(false);
    }
    state.check_digits.map(|holds| holds(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(raw: &str) -> Option<bool> {
        read(raw).and_then(|reading| reading.valid)
    }

    #[test]
    fn separators_go_and_leading_zeros_come_back() {
        let canonical = |raw| read(raw).map(|reading| reading.canonical);
        assert_eq!(canonical("DE 136,695 976").as_deref(), Some("DE136695976"));
        assert_eq!(canonical("nl4495445b01").as_deref(), Some("NL004495445B01"));
        assert_eq!(canonical("BE 428.759.497").as_deref(), Some("BE0428759497"));
        assert_eq!(canonical("201/113/40209").as_deref(), Some("20111340209"));
        assert_eq!(canonical("none"), None);
    }

    #[test]
    fn every_checked_state_accepts_a_real_number_and_refuses_a_changed_one() {
        for (good, bad) in [
            ("ATU13585627", "ATU13585626"),
            ("BE0428759497", "BE0428759498"),
            ("DE136695976", "DE136695978"),
            ("DK13585628", "DK13585627"),
            ("ESB58378431", "ESB58378432"),
            ("ES54362315K", "ES54362315Z"),
            ("ESX2482300W", "ESX2482300A"),
            ("FI20774740", "FI20774741"),
            ("FR40303265045", "FR41303265045"),
            ("FR83404833048", "FR83404833049"),
            ("IE6433435F", "IE6433435E"),
            ("IE8D79739I", "IE8D79739J"),
            ("IE6433435OA", "IE6433435VA"),
            ("IT00743110157", "IT00743110158"),
            ("LU15027442", "LU15027443"),
            ("NL004495445B01", "NL123456780B90"),
            ("PL8567346215", "PL8567346216"),
            ("PT501964843", "PT501964842"),
            ("SE123456789701", "SE123456789101"),
        ] {
            assert_eq!(verdict_of(good), Some(true), "{good}");
            assert_eq!(verdict_of(bad), Some(false), "{bad}");
        }
    }

    #[test]
    fn other_states_are_judged_by_their_form_alone() {
        assert_eq!(verdict_of("EL123456789"), None);
        assert_eq!(verdict_of("EL12345"), Some(false));
        assert_eq!(verdict_of("GB123456789"), None);
        assert_eq!(STATES.len(), FORMS.len());
    }
}
