//! Notations of numbers: decimal marks and groups of digits.

use std::str::FromStr;

use rust_decimal::Decimal;

/// The mark between whole and decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecimalMark {
    /// `1,234.50`
    Point,
    /// `1.234,50`
    Comma,
}

/// Reads digits with separators. Returns the value and how many decimals are printed.
pub(super) fn parse(digits: &str, mark: Option<DecimalMark>) -> Option<(Decimal, usize)> {
    let compact: String = digits
        .trim_end_matches('-')
        .chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '\'' | '’'))
        .collect();
    let ascii: String = compact
        .chars()
        .map(|character| match character.to_digit(10) {
            Some(_) => Some(character),
            None if matches!(character, '.' | ',') => Some(character),
            None => None,
        })
        .collect::<Option<String>>()?;
    let trimmed = ascii.trim_end_matches(['.', ',']);
    let decimal_place = decimal_place(trimmed, mark);
    let (whole, fraction) = match decimal_place {
        Some(place) => (trimmed.get(..place)?, trimmed.get(place + 1..)?),
        None => (trimmed, ""),
    };
    let mut whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    if whole.is_empty() && fraction.len() == 2 {
        whole.push('0');
    }
    if whole.is_empty()
        || whole.len() + fraction.len() > 15
        || !fraction.chars().all(|character| character.is_ascii_digit())
    {
        return None;
    }
    let text = if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    };
    Decimal::from_str(&text).ok().map(|value| (value, fraction.len()))
}

fn decimal_place(digits: &str, mark: Option<DecimalMark>) -> Option<usize> {
    let points = digits.matches('.').count();
    let commas = digits.matches(',').count();
    let last = digits.rfind(['.', ','])?;
    let behind = digits.len() - last - 1;
    let own = if points > 0 {
        DecimalMark::Point
    } else {
        DecimalMark::Comma
    };
    match (points, commas) {
        (1.., 1..) => Some(last),
        (1, 0) | (0, 1) if behind == 3 => {
            let decimal = mark.map_or(digits.starts_with('0'), |mark| mark == own) || last > 3;
            decimal.then_some(last)
        }
        (1, 0) | (0, 1) => Some(last),
        _ => (behind == 2).then_some(last),
    }
}
