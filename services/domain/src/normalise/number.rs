//! Numbers as people print them: groups of thousands, decimal marks, signs and brackets. Never through a binary fraction.

use rust_decimal::Decimal;

use crate::normalise::Reading;
use crate::normalise::currency::recognise_mark;
use crate::normalise::fold::without_format_characters;
use crate::normalise::locale::{Locale, NumberNotation};

/// Reads a whole number: no decimals but zeros.
#[must_use]
pub(crate) fn read_integer(raw: &str, locale: Locale<'_>) -> Option<Reading> {
    whole(read_printed(raw, locale)?)
}

/// Reads a decimal number, such as a quantity, a rate or the price of a unit; a mark of a currency is dropped.
#[must_use]
pub(crate) fn read_decimal(raw: &str, locale: Locale<'_>) -> Option<Reading> {
    Some(Reading::of(canonical_decimal(read_printed(raw, locale)?)))
}

/// Reads a point on a scale, `4` or `4/5` where the scale ends at five.
#[must_use]
pub(crate) fn read_rating(raw: &str, minimum: i64, maximum: i64) -> Option<Reading> {
    let point = match raw.split_once('/') {
        Some((point, end)) if end.trim().parse() == Ok(maximum) => point,
        Some(_) => return None,
        None => raw,
    };
    on_scale(read_printed(point, Locale::default())?, minimum, maximum)
}

/// The whole number that a decimal is, if it is one.
#[must_use]
pub(crate) fn whole(number: Decimal) -> Option<Reading> {
    number
        .is_integer()
        .then(|| Reading::of(unsigned_zero(number.normalize()).to_string()))
}

/// The point of a scale that a decimal is, if it is one.
#[must_use]
pub(crate) fn on_scale(number: Decimal, minimum: i64, maximum: i64) -> Option<Reading> {
    let inside = number >= Decimal::from(minimum) && number <= Decimal::from(maximum);
    inside.then(|| whole(number)).flatten()
}

/// The canonical text of a decimal: no needless zeros, but never exactly three decimals, because `1.234` could be read
/// as a thousand again; `1.2340` cannot.
#[must_use]
pub(crate) fn canonical_decimal(number: Decimal) -> String {
    let number = unsigned_zero(number.normalize());
    if number.scale() == 3 {
        format!("{number}0")
    } else {
        number.to_string()
    }
}

/// Reads the notation of JSON and of canonical texts: a point before the decimals, perhaps an exponent, no groups.
#[must_use]
pub(crate) fn read_plain(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

fn unsigned_zero(number: Decimal) -> Decimal {
    if number.is_zero() { Decimal::ZERO } else { number }
}

/// A printed number with a sign or brackets, perhaps a per cent sign or a currency, and nothing else.
fn read_printed(raw: &str, locale: Locale<'_>) -> Option<Decimal> {
    let printed = take_apart(raw)?;
    let marks = [printed.before.as_str(), printed.after.as_str()];
    let is_usual = |mark: &&str| matches!(*mark, "" | "%") || recognise_mark(mark, locale).is_some();
    if marks.iter().all(is_usual) {
        printed.read(locale)
    } else {
        None
    }
}

/// A printed number taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrintedNumber {
    /// What stands before the digits, without signs and brackets.
    pub(crate) before: String,
    /// From the first digit (or the mark before it) to the last.
    digits: String,
    /// What stands behind the digits, without signs and brackets.
    pub(crate) after: String,
    negative: bool,
}

impl PrintedNumber {
    /// The number in the notation of the locale, or in the only one that fits.
    pub(crate) fn read(&self, locale: Locale<'_>) -> Option<Decimal> {
        let magnitude = read_digits(&self.digits, locale.number_notation())?;
        Some(if self.negative { -magnitude } else { magnitude })
    }
}

/// Parts a printed number into what stands before the digits, the digits, what stands behind, and the sign.
///
/// Brackets around it, one minus before or behind it make it negative. None when there is no digit or the signs make no sense.
#[must_use]
pub(crate) fn take_apart(raw: &str) -> Option<PrintedNumber> {
    let text = without_format_characters(raw);
    let start = text.find(|character: char| character.is_ascii_digit())?;
    let end = text.rfind(|character: char| character.is_ascii_digit())? + 1;
    let (before, digits, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    let (before, leading_mark) = take_leading_mark(before);
    let before = Affix::of(before);
    let after = Affix::of(drop_empty_decimals(after));
    let minus_count = before.minus_count + after.minus_count;
    if before.opening != after.closing || before.closing + after.opening > 0 || before.opening > 1 || minus_count > 1 {
        return None;
    }
    Some(PrintedNumber {
        before: before.text,
        digits: format!("{leading_mark}{digits}"),
        after: after.text,
        negative: before.opening == 1 || minus_count == 1,
    })
}

/// The point of `.50` is part of the number, that of `Rs.500` is not.
fn take_leading_mark(before: &str) -> (&str, &str) {
    let without = before.strip_suffix(['.', ',']).unwrap_or(before);
    if without.len() == before.len() || without.ends_with(char::is_alphabetic) {
        (before, "")
    } else {
        (without, ".")
    }
}

/// `100,-` and `100.--` say that there are no decimals; a point at the end of a sentence says nothing.
fn drop_empty_decimals(after: &str) -> &str {
    match after.strip_prefix([',', '.', ':']) {
        Some(rest) => rest
            .strip_prefix("--")
            .or_else(|| rest.strip_prefix(['-', '–', '—', '=']))
            .unwrap_or(rest),
        None => after,
    }
}

/// What stands on one side of the digits.
#[derive(Default)]
struct Affix {
    text: String,
    minus_count: u32,
    opening: u32,
    closing: u32,
}

impl Affix {
    fn of(part: &str) -> Self {
        let mut affix = Self::default();
        for character in part.chars() {
            match character {
                '-' | '−' | '–' | '—' => affix.minus_count += 1,
                '(' => affix.opening += 1,
                ')' => affix.closing += 1,
                '+' | '*' | '=' => {}
                other => affix.text.push(other),
            }
        }
        affix.text = affix
            .text
            .trim_matches(|character: char| character.is_whitespace() || character == ':')
            .to_owned();
        affix
    }
}

/// Reads digits with separators, which begin and end in a digit or begin in a decimal point.
fn read_digits(text: &str, notation: NumberNotation) -> Option<Decimal> {
    let mut groups = vec![String::new()];
    let mut separators = Vec::new();
    for character in text.chars() {
        match character {
            digit if digit.is_ascii_digit() => groups.last_mut()?.push(digit),
            '.' | ',' => separators.push(character),
            '\'' | '’' | '`' => separators.push('\''),
            blank if blank.is_whitespace() => separators.push(' '),
            _ => return None,
        }
        if groups.len() <= separators.len() {
            groups.push(String::new());
        }
    }
    let decimals = match decimal_mark(&groups, &separators, notation)? {
        DecimalMark::Last => groups.pop()?,
        DecimalMark::None => String::new(),
    };
    let separates_decimals = groups.len() == separators.len();
    let grouping = separators.get(..separators.len() - usize::from(separates_decimals))?;
    if !are_thousands(&groups, grouping) {
        return None;
    }
    let digits = groups.concat();
    let text = if decimals.is_empty() {
        digits
    } else {
        format!("{}.{decimals}", zero_if_empty(&digits))
    };
    Decimal::from_str_exact(&text).ok()
}

fn zero_if_empty(digits: &str) -> &str {
    if digits.is_empty() { "0" } else { digits }
}

/// Whether the last separator stands before decimals.
enum DecimalMark {
    Last,
    None,
}

/// Decides what the last separator is; none when it could be either and the notation does not say.
fn decimal_mark(groups: &[String], separators: &[char], notation: NumberNotation) -> Option<DecimalMark> {
    let Some((last, earlier)) = separators.split_last() else {
        return Some(DecimalMark::None);
    };
    if !matches!(last, '.' | ',') || earlier.contains(last) {
        return Some(DecimalMark::None);
    }
    if !earlier.is_empty() {
        return Some(DecimalMark::Last);
    }
    let whole = groups.first()?;
    let could_be_thousands = groups.last()?.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    match (could_be_thousands, notation, last) {
        (false, _, _) | (true, NumberNotation::Point, '.') | (true, NumberNotation::Comma, ',') => {
            Some(DecimalMark::Last)
        }
        (true, NumberNotation::Unknown, _) => None,
        (true, _, _) => Some(DecimalMark::None),
    }
}

/// Whether the groups are thousands: one mark throughout, three digits each but the first; or, as in India, pairs before the last three.
fn are_thousands(groups: &[String], separators: &[char]) -> bool {
    let Some((first, rest)) = groups.split_first() else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return true;
    };
    let one_mark = separators.windows(2).all(|pair| pair.first() == pair.last());
    let in_threes = (1..=3).contains(&first.len()) && middle.iter().all(|group| group.len() == 3);
    let in_pairs = separators.first() == Some(&',')
        && (1..=2).contains(&first.len())
        && middle.iter().all(|group| group.len() == 2);
    one_mark && last.len() == 3 && (in_threes || in_pairs) && !first.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(raw: &str, locale: Option<&str>) -> Option<String> {
        read_decimal(raw, Locale::new(locale)).map(|reading| reading.canonical)
    }

    #[test]
    fn unambiguous_notations_need_no_locale() {
        for (raw, expected) in [
            ("1.005,55", "1005.55"),
            ("1,005.55", "1005.55"),
            ("845.00", "845"),
            ("845,5", "845.5"),
            ("1 234 567", "1234567"),
            ("1'234.50", "1234.5"),
            ("12,34,567.25", "1234567.25"),
            ("1.234.567", "1234567"),
            ("0.125", "0.1250"),
            ("1234.567", "1234.5670"),
            (".50", "0.5"),
            ("5.", "5"),
            ("-0.00", "0"),
            ("(12.5)", "-12.5"),
            ("12.5-", "-12.5"),
            ("− 3", "-3"),
            ("19 %", "19"),
            ("0,0125 €", "0.0125"),
        ] {
            assert_eq!(decimal(raw, None).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn one_mark_before_three_digits_waits_for_a_locale() {
        assert_eq!(decimal("1.234", None), None);
        assert_eq!(decimal("1,234", None), None);
        assert_eq!(decimal("1.234", Some("de-DE")).as_deref(), Some("1234"));
        assert_eq!(decimal("1.234", Some("en-US")).as_deref(), Some("1.2340"));
        assert_eq!(decimal("1.2340", Some("de-DE")).as_deref(), Some("1.2340"));
    }

    #[test]
    fn what_is_no_number_stays_unread() {
        for raw in [
            "",
            "-",
            "n/a",
            "12a",
            "1 23",
            "1,2,3",
            "1.2.3",
            "--5",
            "(5",
            "5)",
            "1..5",
            "0,123,456",
            "1-2",
            "1/2",
        ] {
            assert_eq!(decimal(raw, Some("en-US")), None, "{raw}");
        }
        assert_eq!(decimal(&"9".repeat(60), None), None);
    }

    #[test]
    fn ratings_lie_on_their_scale() {
        let rating = |raw| read_rating(raw, 1, 5).map(|reading| reading.canonical);
        assert_eq!(rating("4").as_deref(), Some("4"));
        assert_eq!(rating("4/5").as_deref(), Some("4"));
        assert_eq!(rating("4/10"), None);
        assert_eq!(rating("6"), None);
        assert_eq!(rating("3.5"), None);
    }

    #[test]
    fn integers_have_no_decimals() {
        let integer = |raw| read_integer(raw, Locale::new(Some("en-US"))).map(|reading| reading.canonical);
        assert_eq!(integer("1,200").as_deref(), Some("1200"));
        assert_eq!(integer("5.00").as_deref(), Some("5"));
        assert_eq!(integer("5.5"), None);
    }
}
