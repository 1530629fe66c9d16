//! Codes: document numbers and value added tax numbers.

use std::sync::LazyLock;

use regex::Regex;

use super::Span;
use crate::readers::view::{Segment, View};

/// The most characters of a document number.
const MAXIMUM_CODE_CHARACTERS: usize = 35;

/// The most value added tax numbers that are collected.
const MAXIMUM_TAX_NUMBERS: usize = 500;

/// A document number or a tax number in the text.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// Where it stands.
    pub(crate) span: Span,
    /// The characters as printed.
    pub(crate) printed: String,
}

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static TAX_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?:
          ATU\ ?\d{8} | BE[\ .]?[01]\d{3}[\ .]?\d{3}[\ .]?\d{3} | BG\d{9,10} | CHE[-\ ]?\d{3}\.?\d{3}\.?\d{3}(?:\ ?(?:MWST|TVA|IVA))? | CY\d{8}[A-Z] | CZ\d{8,10}
        | DE[\ -]?\d(?:[\ -]?\d){8,10} | DK\ ?(?:\d\ ?){7}\d | EE\d{9} | (?:EL|GR)\ ?\d{9} | ES[\ -]?[A-Z0-9]-?\d{7}-?[A-Z0-9] | FI[\ -]?\d{7}-?\d
        | FR\ ?[A-HJ-NP-Z0-9]{2}(?:\ ?\d){9} | GB\ ?\d{3}\ ?\d{4}\ ?\d{2}(?:\ ?\d{3})? | HR\d{11} | HU\d{8} | IE\ ?\d[A-Z0-9+*]\d{5}[A-Z]{1,2}
        | IT[\ -]?\d{11} | LT(?:\d{12}|\d{9}) | LU\ ?\d{8} | LV\d{11} | MT\d{8} | NL\ ?(?:\d[\ .]?){9}\ ?B\ ?\d{2}
        | NO[\ -]?\d{3}\ ?\d{3}\ ?\d{3}\ ?MVA | PL\ ?\d{10} | PT\ ?\d{9} | RO\d{2,10} | SE\ ?\d{6}-?\d{4}\ ?01 | SI\ ?\d{8} | SK\ ?\d{10}
        )\b",
    )
    .expect("the pattern is valid")
});

/// Collects the value added tax numbers of European countries by their form; check digits are not tested here.
pub(crate) fn tax_numbers(view: &View) -> Vec<Code> {
    let mut found = Vec::new();
    for (index, segment) in view.segments.iter().enumerate() {
        if found.len() >= MAXIMUM_TAX_NUMBERS {
            break;
        }
        for hit in TAX_NUMBER.find_iter(&segment.text) {
            let follows_code = segment.text.get(hit.end()..).is_some_and(|rest| {
                rest.starts_with(" ") && rest.trim_start().starts_with(|next: char| next.is_ascii_digit())
            });
            if follows_code && hit.as_str().starts_with("DE") && hit.as_str().len() > 13 {
                continue;
            }
            found.push(Code {
                span: Span {
                    segment: index,
                    start: hit.start(),
                    end: hit.end(),
                },
                printed: hit.as_str().to_owned(),
            });
        }
    }
    found
}

/// The first document number of a segment from a byte offset on, when nothing but filler stands before it.
pub(crate) fn document_number(index: usize, segment: &Segment, from: usize) -> Option<Code> {
    let rest = segment.text.get(from..)?;
    let mut offset = from;
    for word in rest.split(' ') {
        let start = offset;
        offset += word.len() + 1;
        let lead = word.len() - word.trim_start_matches(|first: char| !first.is_alphanumeric()).len();
        let trimmed = word
            .trim_matches(|edge: char| !edge.is_alphanumeric())
            .trim_end_matches(['.', ',', ':', ';']);
        if trimmed.is_empty() || is_filler(trimmed) {
            continue;
        }
        if !is_document_number(trimmed) {
            return None;
        }
        let start = start + lead;
        let span = Span {
            segment: index,
            start,
            end: start + trimmed.len(),
        };
        return Some(Code {
            span,
            printed: trimmed.to_owned(),
        });
    }
    None
}

/// Whether the word can be the number of a document: digits, or letters with a digit, without the form of an amount or a date.
pub(crate) fn is_document_number(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let allowed = word
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '-' | '/' | '_' | '.' | '#' | '\\'));
    digits > 0 && allowed && word.chars().count() <= MAXIMUM_CODE_CHARACTERS && !looks_like_amount(word)
}

fn looks_like_amount(word: &str) -> bool {
    let digits_only = word
        .chars()
        .all(|character| character.is_ascii_digit() || character == '.');
    digits_only && word.matches('.').count() == 1 && word.rfind('.').is_some_and(|place| word.len() - place == 3)
}

fn is_filler(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "no" | "nr"
            | "n"
            | "number"
            | "nummer"
            | "num"
            | "numero"
            | "número"
            | "numéro"
            | "n°"
            | "nº"
            | "#"
            | "id"
            | "nro"
            | "núm"
            | "ref"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_documents_are_told_from_words_and_amounts() {
        for number in [
            "471102",
            "RE-20171118/506",
            "FA-2017-0009",
            "INV/2023/03/0008",
            "CS00022912",
            "18287/102/T0049",
        ] {
            assert!(is_document_number(number), "{number}");
        }
        for other in ["Rechnung", "12.50", "€5", "a,b1"] {
            assert!(!is_document_number(other), "{other}");
        }
    }

    #[test]
    fn tax_numbers_of_many_countries_are_found() {
        for text in [
            "DE 232 446 240",
            "FR11999999998",
            "NL810433941B01",
            "ESA12345674",
            "IT12345678901",
            "SE556036079301",
            "ATU12345678",
            "GB 123 4567 89",
            "CHE-123.456.789 MWST",
            "BE 0123.456.789",
            "NO 123 456 785 MVA",
        ] {
            let hit = TAX_NUMBER.find(text).map(|hit| hit.as_str().to_owned());
            assert_eq!(hit.as_deref(), Some(text), "{text}");
        }
        for text in ["IBAN DE88200800000970375700", "DE20 1234"] {
            assert!(TAX_NUMBER.find(text).is_none(), "{text}");
        }
    }
}
