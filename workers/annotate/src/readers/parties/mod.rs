//! Parties: what names and addresses of companies and people look like.

pub(crate) mod blocks;
mod grouping;
pub(crate) mod header;
pub(crate) mod party_names;
pub(crate) mod vocabulary;

use std::sync::LazyLock;

use regex::Regex;

use super::words::{Token, tokens};
use vocabulary::{is_business_word, is_short_legal_form, is_street_suffix, is_street_word};

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static POSTAL_CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:\d{5}(?:-\d{4})?|\d{4} ?[A-Z]{2}|\d{3} \d{2}|[A-Z]{1,2}-\d{4,5}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[\dW] [A-Z][A-Z\d]{3})\b").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static SHORT_POSTAL_CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:[A-Z]{1,2}[- ])?\d{4} \p{Lu}\p{L}{2,}").expect("the pattern is valid"));

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static REGISTRATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[(\[]?\s*\b(?:co(?:mpany)?\.?\s*(?:reg\.?)?\s*(?:no\.?)?\s*:?\s*)?(?:\d{5,9}\s?-?\s?[a-z]\b|[a-z]{2}\d{7}(?:-[a-z])?\b|\d{9,12}-[a-z]\b)\s*[)\]]?,?").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static OWNER_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(?:owned|own|operated|managed|dimiliki)\s*(?:by|oleh)?\s*[:.]?\s+|^(?:dimiliki|milik)\s*:\s*")
        .expect("the pattern is valid")
});

/// Legal forms that are written as several words or with points.
const LONG_LEGAL_FORMS: &[&[&str]] = &[
    &["ges", "m", "b", "h"],
    &["g", "m", "b", "h"],
    &["sdn", "bhd"],
    &["s", "b"],
    &["b", "v"],
    &["n", "v"],
    &["s", "r", "l"],
    &["s", "p", "a"],
    &["s", "n", "c"],
    &["s", "a", "s"],
    &["s", "a", "r", "l"],
    &["s", "a"],
    &["s", "l"],
    &["s", "l", "u"],
    &["e", "k"],
    &["e", "v"],
    &["e", "u"],
    &["v", "o", "f"],
    &["l", "l", "c"],
    &["p", "l", "c"],
    &["pte", "ltd"],
    &["pty", "ltd"],
    &["pvt", "ltd"],
    &["private", "limited"],
];

const LEGAL_FORMS: &str = "gmbh sdnbhd bhd ltd limited inc llc sarl sasu eurl srl bv nv plc llp ohg gbr mbh vof asa aps oy oyj corp corporation handelsbolag aktiebolag kommanditbolag kgaa ug gesmbh";

/// The place of the first token of a legal form, when the words end with one or a bracket follows it.
pub(crate) fn legal_form(words: &[Token]) -> Option<usize> {
    (0..words.len())
        .rev()
        .find(|place| *place > 0 && begins_with_legal_form(words, *place))
}

fn begins_with_legal_form(words: &[Token], place: usize) -> bool {
    let rest = words.get(place..).unwrap_or_default();
    let Some(first) = rest.first() else { return false };
    if LEGAL_FORMS.split(' ').any(|form| form == first.folded) {
        return true;
    }
    if is_short_legal_form(&first.folded) && rest.len() == 1 {
        return true;
    }
    LONG_LEGAL_FORMS.iter().any(|form| {
        let fits = rest.len() >= form.len() && rest.iter().zip(*form).all(|(token, word)| token.folded == *word);
        fits && (form.first().is_some_and(|word| word.len() > 1)
            || rest.len() == form.len()
            || rest
                .get(form.len())
                .is_some_and(|next| next.folded.chars().all(|character| character.is_ascii_digit())))
    })
}

/// Whether a folded word alone is a legal form.
pub(crate) fn is_legal_form_word(word: &str) -> bool {
    LEGAL_FORMS.split(' ').any(|form| form == word) || is_short_legal_form(word)
}

/// Whether the text names a legal form of companies.
pub(crate) fn has_legal_form(words: &[Token]) -> bool {
    legal_form(words).is_some()
}

/// Whether a word that shops and firms have in their names occurs.
pub(crate) fn has_business_word(words: &[Token]) -> bool {
    words.iter().any(|token| is_business_word(&token.folded))
}

/// Whether the text has a postal code of one of the known forms.
pub(crate) fn has_postal_code(text: &str) -> bool {
    POSTAL_CODE.is_match(text) || SHORT_POSTAL_CODE.is_match(text.trim_start())
}

/// How much the text looks like a line of an address: a street word, a postal code, a house number or a region each count one.
pub(crate) fn address_score(text: &str, words: &[Token]) -> u32 {
    let street = words
        .iter()
        .any(|token| is_street_word(&token.folded) || is_street_suffix(&token.folded));
    let postal = has_postal_code(text);
    let region = words.iter().any(|token| vocabulary::is_region(&token.folded));
    let number_first = words.first().is_some_and(|token| {
        token.folded.chars().all(|character| character.is_ascii_digit()) && token.folded.len() <= 4
    });
    let number_last = words.last().is_some_and(|token| {
        token.folded.len() <= 4 && token.folded.chars().all(|character| character.is_ascii_digit())
    });
    let comma = text.trim_end().ends_with(',') || text.contains(", ");
    let has_letters = words
        .iter()
        .any(|token| token.folded.len() >= 3 && token.folded.chars().all(char::is_alphabetic));
    if !has_letters {
        return u32::from(postal);
    }
    u32::from(street)
        + u32::from(postal)
        + u32::from(region)
        + u32::from((number_first || number_last) && (comma || street || words.len() <= 4))
        + u32::from(comma && (street || postal || region || number_first))
}

/// Whether the text is a company registration number, perhaps in brackets, and nothing else.
pub(crate) fn is_registration(text: &str) -> bool {
    let rest = REGISTRATION.replace(text, "");
    rest.len() < text.len() && rest.chars().filter(|character| character.is_alphanumeric()).count() <= 2
}

/// Whether the text contains a company registration number of the Malaysian forms.
pub(crate) fn has_registration(text: &str) -> bool {
    REGISTRATION.is_match(text)
}

/// A name without what stands beside it: `owned by`, registration numbers, punctuation at the ends.
pub(crate) fn clean_name(text: &str) -> String {
    let without_prefix = OWNER_PREFIX.replace(text, "");
    let cut = cut_registration(&without_prefix);
    let trimmed = cut
        .trim()
        .trim_matches(['*', '-', '=', ':', '_', '|', ',', ';', '#', '~', '·', '•', '●'])
        .trim();
    let trimmed = trimmed.trim_end_matches([',', ';', '-', ':']).trim();
    let opening = trimmed.matches('(').count();
    let closing = trimmed.matches(')').count();
    if opening > closing && trimmed.ends_with('(') {
        return trimmed.trim_end_matches('(').trim().to_owned();
    }
    trimmed.to_owned()
}

/// The part before a registration number at the end.
fn cut_registration(text: &str) -> &str {
    match REGISTRATION.find_iter(text).last() {
        Some(hit) if hit.start() > 3 => {
            let behind = text.get(hit.end()..).unwrap_or_default();
            let rest = behind.chars().filter(|character| character.is_alphanumeric()).count();
            if rest <= 1 {
                text.get(..hit.start()).unwrap_or(text)
            } else {
                text
            }
        }
        _ => text,
    }
}

/// Whether the text can be the name of a company or a person: mostly letters, few words, no sentence.
pub(crate) fn is_name_like(text: &str) -> bool {
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let words = tokens(text).len();
    let address_sign = text.contains('@') || text.contains("www.") || text.contains("http");
    letters >= 3
        && letters > digits
        && words <= 12
        && text.chars().count() <= 80
        && !address_sign
        && !text.trim_end().ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_forms_are_recognised_at_the_end() {
        for name in [
            "GARDENIA BAKERIES (KL) SDN BHD (139386 X)",
            "99 SPEED MART S/B (519537-X)",
            "Coolblue B.V.",
            "Kraxi GmbH",
            "Rossi S.r.l.",
            "Svensson AB",
            "Musterbetrieb Systemhaus AG",
            "Amazon Web Services, Inc.",
            "Tienda S.L.",
        ] {
            assert!(has_legal_form(&tokens(name)), "{name}");
        }
        for name in ["as soon as possible", "RESTORAN WAN SHENG", "Ab 1. Mai gilt", "GmbH"] {
            assert!(!has_legal_form(&tokens(name)), "{name}");
        }
    }

    #[test]
    fn names_lose_their_registration_numbers() {
        assert_eq!(clean_name("99 SPEED MART S/B (519537-X)"), "99 SPEED MART S/B");
        assert_eq!(
            clean_name("DIMILIKI: BANH MI CAFE SDN BHD 1110644-W"),
            "BANH MI CAFE SDN BHD"
        );
        assert_eq!(
            clean_name("GARDENIA BAKERIES (KL) SDN BHD (139386 X)"),
            "GARDENIA BAKERIES (KL) SDN BHD"
        );
        assert_eq!(clean_name("MR D.I.Y. (M) SDN BHD"), "MR D.I.Y. (M) SDN BHD");
        assert_eq!(clean_name("OWN BY: CHEF LEE SDN BHD"), "CHEF LEE SDN BHD");
    }

    #[test]
    fn registration_lines_are_recognised() {
        for text in [
            "(81109-A)",
            "002043319-W",
            "(CO. REG. NO. 860671-D)",
            "1118258-K",
            "(JM0517726)",
        ] {
            assert!(is_registration(text), "{text}");
        }
        for text in ["NO 122 JALAN DEDAP 13", "KUALA LUMPUR", "12.50"] {
            assert!(!is_registration(text), "{text}");
        }
    }

    #[test]
    fn lines_of_addresses_score() {
        for text in [
            "27,JALAN DEDAP 13,",
            "81100 JOHOR BAHRU,JOHOR.",
            "Hofstraße 12",
            "20097 Hamburg",
            "42 rue du stade",
            "3012 CN Rotterdam",
            "112 34 Stockholm",
        ] {
            assert!(address_score(text, &tokens(text)) >= 1, "{text}");
        }
        for text in ["TAX INVOICE", "INDAH GIFT & HOME DECO", "Kraxi GmbH", "THANK YOU"] {
            assert_eq!(address_score(text, &tokens(text)), 0, "{text}");
        }
    }
}
