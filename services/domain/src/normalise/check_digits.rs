//! Check digits of value added tax numbers, each on the number without its country prefix, whose form has been tested.
//!
//! The rules are those that the member states publish; `germany` is ISO 7064 modulo 11, 10, and several use the Luhn sum.

use crate::normalise::iban::remainder_97;

/// Values of the letters in new French keys, in order.
const FRENCH_KEYS: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Control letters of Spanish personal numbers, by the remainder by 23.
const SPANISH_PERSONAL_LETTERS: &str = "TRWAGMYFPDXBNJZSQVHLCKE";
/// Control letters of Spanish companies, by the control digit.
const SPANISH_COMPANY_LETTERS: &str = "JABCDEFGHI";
/// Control letters of Irish numbers, by the remainder by 23.
const IRISH_LETTERS: &str = "WABCDEFGHIJKLMNOPQRSTUV";

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|character| character.to_digit(10)).collect()
}

fn weighted_sum(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The Luhn sum with every second digit doubled, beginning with the last or the one before it.
fn luhn_sum(digits: &[u32], double_last: bool) -> u32 {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let odd = usize::from(!double_last);
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| if position % 2 == odd { doubled(*digit) } else { *digit })
        .sum()
}

fn holds_luhn(digits: &[u32]) -> bool {
    luhn_sum(digits, false).is_multiple_of(10)
}

fn letter_at(letters: &str, position: u32) -> Option<char> {
    letters.chars().nth(usize::try_from(position).ok()?)
}

fn position_of(letters: &str, letter: char) -> Option<u32> {
    letters
        .chars()
        .position(|known| known == letter)
        .and_then(|position| u32::try_from(position).ok())
}

/// Whether the last digit is what the rule makes of the others.
fn last_digit_is(text: &str, rule: impl Fn(&[u32]) -> u32) -> bool {
    digits(text).is_some_and(|digits| digits.split_last().is_some_and(|(last, others)| rule(others) == *last))
}

pub(super) fn austria(number: &str) -> bool {
    number
        .strip_prefix('U')
        .is_some_and(|text| last_digit_is(text, |others| (106 - luhn_sum(others, false) % 10) % 10))
}

pub(super) fn belgium(number: &str) -> bool {
    let parts = number
        .split_at_checked(8)
        .map(|(base, check)| (base.parse::<u32>(), check.parse::<u32>()));
    matches!(parts, Some((Ok(base), Ok(check))) if 97 - base % 97 == check)
}

pub(super) fn denmark(number: &str) -> bool {
    digits(number).is_some_and(|digits| weighted_sum(&digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

pub(super) fn finland(number: &str) -> bool {
    digits(number).is_some_and(|digits| weighted_sum(&digits, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11))
}

pub(super) fn france(number: &str) -> bool {
    let Some((key, company)) = number.split_at_checked(2) else {
        return false;
    };
    let company_holds = company.starts_with("000") || digits(company).is_some_and(|digits| holds_luhn(&digits));
    company_holds && french_key_holds(key, company).unwrap_or(false)
}

fn french_key_holds(key: &str, company: &str) -> Option<bool> {
    let company: u64 = company.parse().ok()?;
    if let Ok(key) = key.parse::<u64>() {
        return Some((company * 100 + 12) % 97 == key);
    }
    let mut letters = key.chars();
    let first = letters.next()?;
    let (first_value, second_value) = (
        position_of(FRENCH_KEYS, first)?,
        position_of(FRENCH_KEYS, letters.next()?)?,
    );
    let check = if first.is_ascii_digit() {
        (first_value * 24 + second_value).checked_sub(10)?
    } else {
        (first_value * 34 + second_value).checked_sub(100)?
    };
    Some((company + 1 + u64::from(check / 11)) % 11 == u64::from(check % 11))
}

pub(super) fn germany(number: &str) -> bool {
    let rule = |others: &[u32]| {
        let product = others.iter().fold(10, |product, digit| {
            let sum = (digit + product) % 10;
            2 * if sum == 0 { 10 } else { sum } % 11
        });
        (11 - product) % 10
    };
    last_digit_is(number, rule)
}

pub(super) fn ireland(number: &str) -> bool {
    ireland_letter(number).is_some_and(|letter| number.chars().nth(7) == Some(letter))
}

/// The control letter; old numbers have a letter or mark in the second place and their first digit counts last.
fn ireland_letter(number: &str) -> Option<char> {
    let (base, extra) = if number.chars().nth(1)?.is_ascii_digit() {
        (number.get(..7)?.to_owned(), number.chars().nth(8))
    } else {
        (format!("0{}{}", number.get(2..7)?, number.get(..1)?), None)
    };
    let extra_value = extra.map_or(Some(0), |letter| position_of(IRISH_LETTERS, letter))?;
    let sum = weighted_sum(&digits(&base)?, &[8, 7, 6, 5, 4, 3, 2]) + 9 * extra_value;
    letter_at(IRISH_LETTERS, sum % 23)
}

pub(super) fn italy(number: &str) -> bool {
    !number.starts_with("0000000") && digits(number).is_some_and(|digits| holds_luhn(&digits))
}

pub(super) fn luxembourg(number: &str) -> bool {
    let parts = number
        .split_at_checked(6)
        .map(|(base, check)| (base.parse::<u32>(), check.parse::<u32>()));
    matches!(parts, Some((Ok(base), Ok(check))) if base % 89 == check)
}

/// Numbers of companies hold the eleven test of citizens' numbers; those of sole traders, since 2020, remainder 1 by 97.
pub(super) fn netherlands(number: &str) -> bool {
    let eleven = number.get(..9).and_then(digits).is_some_and(|digits| {
        let check = digits.last().copied().unwrap_or(0);
        let sum = weighted_sum(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
        sum > 0 && sum % 11 == check
    });
    eleven || remainder_97("NL".chars().chain(number.chars())) == Some(1)
}

pub(super) fn poland(number: &str) -> bool {
    last_digit_is(number, |others| weighted_sum(others, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11)
}

pub(super) fn portugal(number: &str) -> bool {
    last_digit_is(number, |others| {
        (11 - weighted_sum(others, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10
    })
}

pub(super) fn spain(number: &str) -> bool {
    let Some(first) = number.chars().next() else {
        return false;
    };
    let (Some(middle), Some(last)) = (number.get(1..8), number.chars().last()) else {
        return false;
    };
    let personal = |leading: &str| {
        let value: Option<u32> = format!("{leading}{middle}").parse().ok();
        value.and_then(|value| letter_at(SPANISH_PERSONAL_LETTERS, value % 23)) == Some(last)
    };
    match first {
        'X' | 'K' | 'L' | 'M' => personal("0"),
        'Y' => personal("1"),
        'Z' => personal("2"),
        '0'..='9' => personal(&first.to_string()),
        _ => spanish_company(first, middle, last),
    }
}

/// Some kinds of bodies have a control letter, some a digit, the others either.
fn spanish_company(kind: char, middle: &str, last: char) -> bool {
    let Some(digits) = digits(middle) else {
        return false;
    };
    let control = (10 - luhn_sum(&digits, true) % 10) % 10;
    let is_letter = letter_at(SPANISH_COMPANY_LETTERS, control) == Some(last);
    let is_digit = last.to_digit(10) == Some(control);
    match kind {
        'N' | 'P' | 'Q' | 'R' | 'S' | 'W' => is_letter,
        'A' | 'B' | 'E' | 'H' => is_digit,
        'C' | 'D' | 'F' | 'G' | 'J' | 'U' | 'V' => is_letter || is_digit,
        _ => false,
    }
}

pub(super) fn sweden(number: &str) -> bool {
    let parts = number.split_at_checked(10);
    parts.is_some_and(|(organisation, branch)| {
        branch != "00" && digits(organisation).is_some_and(|digits| holds_luhn(&digits))
    })
}
