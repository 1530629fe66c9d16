//! Amounts, quantities and dates as electronic invoices write them.

use jiff::civil::Date;
use rust_decimal::Decimal;

/// Phrases of payment terms that say that the full amount is due.
const FULL_PAYMENT_WORDS: [&str; 8] = [
    "netto",
    "ohne abzug",
    "fällig",
    "due",
    "net ",
    "without deduction",
    "sans escompte",
    "échéance",
];
/// Words and signs of payment terms that offer a discount.
const DISCOUNT_WORDS: [&str; 5] = ["skonto", "discount", "escompte", "%", "rabatt"];

/// An amount with at least two decimals; more are kept where they are not zero.
pub(super) fn amount(text: &str) -> Option<String> {
    let mut value = text.trim().parse::<Decimal>().ok()?.normalize();
    if value.scale() < 2 {
        value.rescale(2);
    }
    Some(value.to_string())
}

/// A number as written, if it is one.
pub(super) fn number(text: &str) -> Option<String> {
    let text = text.trim();
    text.parse::<Decimal>().ok().map(|_| text.to_owned())
}

/// An ISO 8601 date of `YYYYMMDD` (UN/EDIFACT format 102) or `YYYY-MM-DD` with or without a time behind it.
pub(super) fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.get(..8)?;
    let iso = if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let (year, month_and_day) = digits.split_at_checked(4)?;
        let (month, day) = month_and_day.split_at_checked(2)?;
        format!("{year}-{month}-{day}")
    } else {
        text.get(..10)?.to_owned()
    };
    iso.parse::<Date>().ok().map(|date| date.to_string())
}

/// The last day for paying the full amount, if the words of the payment terms leave no doubt: one clause without a discount names exactly one
/// date in a format that is not ambiguous (`31.12.2026` or `2026-12-31`) and says that the amount is due then.
pub(super) fn due_date_in_terms(terms: &[String], issue_date: Option<&str>) -> Option<String> {
    let mut found: Vec<String> = terms
        .iter()
        .flat_map(|text| text.split([';', '\n', '#']).flat_map(|part| part.split(", ")))
        .map(str::to_lowercase)
        .filter(|clause| {
            let says = |words: &[&str]| words.iter().any(|word| clause.contains(word));
            says(&FULL_PAYMENT_WORDS) && !says(&DISCOUNT_WORDS)
        })
        .flat_map(|clause| dates_in(&clause))
        .collect();
    found.dedup();
    match found.as_slice() {
        [only] if issue_date.is_none_or(|issued| only.as_str() >= issued) => Some(only.clone()),
        _ => None,
    }
}

fn dates_in(clause: &str) -> Vec<String> {
    clause
        .split(|character: char| !character.is_ascii_digit() && !matches!(character, '.' | '-'))
        .filter_map(|word| {
            let word = word.trim_end_matches('.');
            let parts: Vec<&str> = word.split('.').collect();
            match parts.as_slice() {
                [day, month, year] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}").parse::<Date>().ok(),
                [iso] if iso.len() == 10 => iso.parse::<Date>().ok(),
                _ => None,
            }
        })
        .map(|date| date.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_decimals() {
        assert_eq!(amount("845").as_deref(), Some("845.00"));
        assert_eq!(amount(" -1.5000 ").as_deref(), Some("-1.50"));
        assert_eq!(amount("0.1234").as_deref(), Some("0.1234"));
        assert_eq!(amount("1.234,00"), None);
        assert_eq!(number("20.0000").as_deref(), Some("20.0000"));
    }

    #[test]
    fn dates_are_checked() {
        assert_eq!(date("20140711").as_deref(), Some("2014-07-11"));
        assert_eq!(date("2014-07-11T00:00:00").as_deref(), Some("2014-07-11"));
        assert_eq!(date("20141311"), None);
        assert_eq!(date("11.07.2014"), None);
    }

    #[test]
    fn payment_terms_are_only_read_where_they_are_plain() {
        let due = |text: &str| due_date_in_terms(&[text.to_owned()], Some("2018-06-05"));
        let plain = "Zahlbar innerhalb 30 Tagen netto bis 04.07.2018, 3% Skonto innerhalb 10 Tagen bis 15.06.2018";
        assert_eq!(due(plain).as_deref(), Some("2018-07-04"));
        assert_eq!(
            due("Bei Zahlung bis zum 06.07.2018 zahlen Sie mit 2,00 % Skonto netto"),
            None
        );
        assert_eq!(due("netto bis 04.07.2018 oder 05.07.2018"), None);
        assert_eq!(due("netto bis 04.06.2018"), None, "before the invoice");
        assert_eq!(due("Innerhalb von 60 Tagen ohne Abzug"), None);
        assert_eq!(due("due 07/04/2018"), None, "day and month are ambiguous");
    }
}
