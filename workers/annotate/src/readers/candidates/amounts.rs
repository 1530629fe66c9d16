//! Amounts and other numbers: how they are written in the notations of Europe, Asia and America.

use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::Span;
use super::currency_marks::{strip_mark_after, strip_mark_before};
use super::notation::{DecimalMark, parse};
use crate::readers::view::View;

/// The most numbers that are collected from one document.
const MAXIMUM_NUMBERS: usize = 20_000;

/// The most characters of a number; longer runs of digits are codes.
const MAXIMUM_NUMBER_BYTES: usize = 18;

/// Amounts from here on are no amounts of invoices; below, sums and products of hundredths fit into 64 bits.
const LARGEST_AMOUNT: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// A number in the text, read by the decimal mark that the document uses.
#[derive(Debug, Clone)]
pub(crate) struct Amount {
    /// Where the digits stand, with sign, without currency mark.
    pub(crate) span: Span,
    /// The value with sign.
    pub(crate) value: Decimal,
    /// How many digits are printed behind the decimal mark.
    pub(crate) decimals: usize,
    /// The currency of a mark beside the number.
    pub(crate) currency: Option<&'static str>,
    /// Whether a percent sign follows.
    pub(crate) percent: bool,
    /// The digits as printed, with sign.
    pub(crate) printed: String,
}

impl Amount {
    /// The value in hundredths; none when it is not a whole number of them or too large to be calculated with.
    pub(crate) fn cents(&self) -> Option<i64> {
        if self.value.abs() >= LARGEST_AMOUNT {
            return None;
        }
        let cents = self.value.checked_mul(Decimal::ONE_HUNDRED)?;
        if !cents.fract().is_zero() {
            return None;
        }
        i64::try_from(
            cents
                .trunc()
                .mantissa()
                .checked_div(10_i128.checked_pow(cents.trunc().scale())?)?,
        )
        .ok()
    }

    /// Whether the number is written like an amount of money: two decimals or a currency mark, and no percentage.
    pub(crate) fn is_money(&self) -> bool {
        !self.percent && (self.decimals == 2 || (self.currency.is_some() && self.decimals <= 2))
    }

    /// The value as plain digits with a decimal point.
    pub(crate) fn plain(&self) -> String {
        let mut value = self.value;
        if value.scale() < 2 {
            value.rescale(2);
        }
        value.to_string()
    }
}

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d+(?:[.,'’\u{a0}\u{202f}\u{2009}]\d+)*(?:[.,]--?\B)?|\.\d{2}\b").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static SPACED_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{1,3}(?: \d{3})+[.,]\d{2}\b|\d{1,5}(?: \.|\. |, | ,)\d{2}\b").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static GROUPED_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b\d{1,3}(?: \d{3})+(?:[.,]\d{1,4})?\b").expect("the pattern is valid"));

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static GROUPED_AMOUNT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[^\d]{0,6}\d{1,3}(?: \d{3})+,\d{2}[^\d]{0,6}$").expect("the pattern is valid"));

struct Found {
    span: Span,
    digits: String,
    negative: bool,
    currency: Option<&'static str>,
    percent: bool,
}

/// Collects the numbers of a document, without those inside of the taken places (dates).
pub(crate) fn collect(view: &View, taken: &[Span]) -> Vec<Amount> {
    let grouped = is_grouped_by_blanks(view);
    let mut found: Vec<Found> = Vec::new();
    for (index, segment) in view.segments.iter().enumerate() {
        if found.len() >= MAXIMUM_NUMBERS {
            break;
        }
        collect_segment(index, &segment.text, grouped, &mut found);
    }
    let mark = decimal_mark(&found);
    let mut taken = taken.to_vec();
    taken.sort_unstable();
    found
        .into_iter()
        .filter(|number| !is_taken(&taken, &number.span))
        .filter_map(|number| {
            let (value, decimals) = parse(&number.digits, mark)?;
            let printed = view
                .segments
                .get(number.span.segment)?
                .text
                .get(number.span.start..number.span.end)?;
            Some(Amount {
                span: number.span,
                value: if number.negative { -value } else { value },
                decimals,
                currency: number.currency,
                percent: number.percent,
                printed: printed.to_owned(),
            })
        })
        .collect()
}

fn is_taken(sorted: &[Span], span: &Span) -> bool {
    let from = sorted.partition_point(|other| other.segment < span.segment);
    sorted
        .iter()
        .skip(from)
        .take_while(|other| other.segment == span.segment)
        .any(|other| other.overlaps(span))
}

fn collect_segment(segment: usize, text: &str, grouped_by_blanks: bool, found: &mut Vec<Found>) {
    let mut matches: Vec<(usize, usize)> = NUMBER.find_iter(text).map(|hit| (hit.start(), hit.end())).collect();
    for hit in joined_by_blanks(text, grouped_by_blanks) {
        let inside = matches
            .iter()
            .filter(|(start, end)| *start >= hit.0 && *end <= hit.1)
            .count();
        if inside > 1 {
            matches.retain(|(start, _)| *start < hit.0 || *start >= hit.1);
            matches.push(hit);
        }
    }
    matches.sort_unstable();
    found.extend(
        matches
            .into_iter()
            .filter_map(|(start, end)| judge(segment, text, start, end)),
    );
}

/// Numbers whose groups of digits or decimals are parted by blanks: everywhere in documents that part all groups so, else only where the
/// segment has no other digits before.
fn joined_by_blanks(text: &str, grouped_by_blanks: bool) -> Vec<(usize, usize)> {
    let places = |pattern: &Regex| -> Vec<(usize, usize)> {
        pattern.find_iter(text).map(|hit| (hit.start(), hit.end())).collect()
    };
    if grouped_by_blanks {
        return places(&GROUPED_NUMBER);
    }
    let spaced = places(&SPACED_NUMBER);
    let first_digit = text.find(|character: char| character.is_ascii_digit());
    match spaced.as_slice() {
        [only] if first_digit == Some(only.0) => spaced,
        _ => Vec::new(),
    }
}

/// Whether the document parts groups of digits by blanks: some segment is nothing but such an amount.
fn is_grouped_by_blanks(view: &View) -> bool {
    view.segments
        .iter()
        .any(|segment| GROUPED_AMOUNT.is_match(&segment.text))
}

/// Looks at what stands beside the digits; none when they belong to a code, a time or a word.
fn judge(segment: usize, text: &str, start: usize, end: usize) -> Option<Found> {
    let digits = text.get(start..end)?;
    if digits.len() > MAXIMUM_NUMBER_BYTES {
        return None;
    }
    let (before, after) = (text.get(..start)?, text.get(end..)?);
    let (currency_before, rest_before) = strip_mark_before(before);
    let (negative_before, sign_start, rest_before) = strip_minus(
        rest_before,
        start,
        currency_before.is_some() || before.ends_with(['-', '−', '–']),
    );
    let currency_before = currency_before.or_else(|| strip_mark_before(rest_before).0);
    let fractional = has_two_decimals(digits);
    if !is_free_before(before, currency_before.is_some(), negative_before) {
        return None;
    }
    let (currency_after, rest_after) = strip_mark_after(after);
    let percent = rest_after.trim_start().starts_with('%');
    let trailing_minus = rest_after.starts_with('-')
        && !rest_after
            .get(1..)
            .is_some_and(|rest| rest.starts_with(|next: char| next.is_alphanumeric()));
    let in_parentheses = before.trim_end().ends_with('(') && rest_after.trim_start().starts_with(')') && fractional;
    if !is_free_after(after, currency_after.is_some(), fractional) {
        return None;
    }
    let span_start = if negative_before && currency_before.is_none() {
        sign_start
    } else {
        start
    };
    Some(Found {
        span: Span {
            segment,
            start: span_start,
            end: if trailing_minus && currency_after.is_none() {
                end + 1
            } else {
                end
            },
        },
        digits: digits.to_owned(),
        negative: negative_before || trailing_minus || in_parentheses,
        currency: currency_before.or(currency_after).map(|(_, code)| code),
        percent,
    })
}

/// A minus directly before the digits or the currency mark, when it is no hyphen of a code. Returns where the sign starts.
fn strip_minus(before: &str, start: usize, wanted: bool) -> (bool, usize, &str) {
    if !wanted {
        return (false, start, before);
    }
    let trimmed = before.trim_end();
    for sign in ['-', '−', '–'] {
        if let Some(rest) = trimmed.strip_suffix(sign) {
            let free = rest.is_empty()
                || rest.ends_with(|last: char| last.is_whitespace() || matches!(last, '(' | ':'))
                || strip_mark_before(rest).0.is_some();
            if free {
                return (true, rest.len(), rest);
            }
        }
    }
    (false, start, before)
}

fn is_free_before(before: &str, marked: bool, negative: bool) -> bool {
    if marked || negative {
        return true;
    }
    match before.chars().next_back() {
        None => true,
        Some(last) if last.is_alphabetic() => false,
        Some('/' | '-' | '_' | '.' | ',' | '\\' | '\'' | '’') => {
            !before
                .trim_end_matches(['/', '-', '_', '.', ',', '\\', '\'', '’'])
                .ends_with(|last: char| last.is_alphanumeric())
                || before.ends_with(". ")
        }
        Some(':') => !before
            .trim_end_matches(':')
            .ends_with(|last: char| last.is_ascii_digit()),
        Some('#') => false,
        Some('*') => before
            .trim_end_matches('*')
            .ends_with(|last: char| last.is_ascii_digit() || last.is_whitespace()),
        Some(_) => true,
    }
}

fn is_free_after(after: &str, marked: bool, fractional: bool) -> bool {
    let mut characters = after.chars();
    match (characters.next(), characters.next()) {
        (None, _) => true,
        _ if marked => true,
        (Some(next), _) if next.is_alphabetic() => fractional,
        (Some(':' | '/' | '_' | '\\'), Some(following)) => !following.is_alphanumeric(),
        (Some('-'), Some(following)) => !following.is_alphanumeric(),
        (Some('.' | ','), Some(following)) => !following.is_ascii_digit(),
        (Some(_), _) => true,
    }
}

fn has_two_decimals(digits: &str) -> bool {
    digits.rfind(['.', ',']).is_some_and(|mark| digits.len() - mark == 3)
}

/// The decimal mark that most numbers with exactly two decimals have; none when no number has two decimals.
fn decimal_mark(found: &[Found]) -> Option<DecimalMark> {
    let count = |mark: char| {
        found
            .iter()
            .filter(|number| {
                number.digits.rfind(['.', ',']).is_some_and(|place| {
                    number.digits.len() - place == 3
                        && number.digits.get(place..).is_some_and(|tail| tail.starts_with(mark))
                })
            })
            .count()
    };
    match (count('.'), count(',')) {
        (0, 0) => None,
        (points, commas) if commas > points => Some(DecimalMark::Comma),
        _ => Some(DecimalMark::Point),
    }
}

#[cfg(test)]
mod tests {
    use accord_documents::{Document, Line, Page, Word};

    use super::*;

    fn numbers(text: &str) -> Vec<(String, Option<&'static str>)> {
        let word = |text: &str| Word {
            text: text.to_owned(),
            bounds: None,
        };
        let line = Line {
            words: text.split_whitespace().map(word).collect(),
            row: 0,
        };
        let document = Document {
            pages: vec![Page {
                width: 0.0,
                height: 0.0,
                lines: vec![line],
            }],
            invoice_xml: None,
        };
        collect(&View::new(&document), &[])
            .into_iter()
            .map(|amount| (amount.value.to_string(), amount.currency))
            .collect()
    }

    fn values(text: &str) -> Vec<String> {
        numbers(text).into_iter().map(|(value, _)| value).collect()
    }

    #[test]
    fn amounts_are_read_in_every_notation() {
        assert_eq!(values("1.005,55"), ["1005.55"]);
        assert_eq!(values("1,005.55"), ["1005.55"]);
        assert_eq!(values("12'005.55"), ["12005.55"]);
        assert_eq!(values("1 005,55"), ["1005.55"]);
        assert_eq!(values("Total 12 005,55 kr"), ["12005.55"]);
        assert_eq!(values("-20,48 €"), ["-20.48"]);
        assert_eq!(values("20,48-"), ["-20.48"]);
        assert_eq!(values("(20.48)"), ["-20.48"]);
        assert_eq!(values("€ -9,32"), ["-9.32"]);
        assert_eq!(values("-$9.32"), ["-9.32"]);
        assert_eq!(values("RM 5 .90"), ["5.90"]);
        assert_eq!(values("15.50SR"), ["15.50"]);
        assert_eq!(values("RM .01"), ["0.01"]);
        assert_eq!(values("ADJ -.02"), ["-0.02"]);
    }

    #[test]
    fn three_digits_behind_a_separator_follow_the_document() {
        assert_eq!(values("5,000 kg 5,50 € 27,50 €"), ["5.000", "5.50", "27.50"]);
        assert_eq!(values("1,234 12.50"), ["1234", "12.50"]);
        assert_eq!(values("2.570 16.32 41.95"), ["2.570", "16.32", "41.95"]);
        assert_eq!(values("1.234"), ["1234"]);
    }

    #[test]
    fn currency_marks_are_recognised() {
        assert_eq!(numbers("RM60.30"), [("60.30".to_owned(), Some("MYR"))]);
        assert_eq!(numbers("9,90 €"), [("9.90".to_owned(), Some("EUR"))]);
        assert_eq!(numbers("Rs 1939"), [("1939".to_owned(), Some("INR"))]);
    }

    #[test]
    fn hundredths_are_counted_up_to_a_million_millions() {
        assert_eq!(LARGEST_AMOUNT, Decimal::from(1_000_000_000_000_i64));
        let amount = |text: &str| Amount {
            span: Span {
                segment: 0,
                start: 0,
                end: 0,
            },
            value: Decimal::from_str_exact(text).unwrap(),
            decimals: 2,
            currency: None,
            percent: false,
            printed: text.to_owned(),
        };
        assert_eq!(amount("999999999999.99").cents(), Some(99_999_999_999_999));
        assert_eq!(amount("-12.5").cents(), Some(-1250));
        assert_eq!(amount("1000000000000").cents(), None);
        assert_eq!(amount("0.125").cents(), None);
    }

    #[test]
    fn codes_and_times_are_no_numbers() {
        assert!(values("CS00022912").is_empty());
        assert!(values("12:30:15").is_empty());
        assert!(values("S-44/B").is_empty());
        assert_eq!(values("19% MwSt."), ["19"]);
    }
}
