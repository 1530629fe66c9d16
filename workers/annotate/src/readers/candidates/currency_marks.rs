//! Currency marks beside numbers.

/// Currency marks as they stand beside amounts, longest first.
const CURRENCY_MARKS: [(&str, &str); 26] = [
    ("US$", "USD"),
    ("MYR", "MYR"),
    ("EUR", "EUR"),
    ("USD", "USD"),
    ("GBP", "GBP"),
    ("CHF", "CHF"),
    ("SEK", "SEK"),
    ("NOK", "NOK"),
    ("DKK", "DKK"),
    ("PLN", "PLN"),
    ("CZK", "CZK"),
    ("INR", "INR"),
    ("SGD", "SGD"),
    ("AUD", "AUD"),
    ("CAD", "CAD"),
    ("Rs.", "INR"),
    ("Rs", "INR"),
    ("RM", "MYR"),
    ("kr.", ""),
    ("kr", ""),
    ("zł", "PLN"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("$", "USD"),
    ("₹", "INR"),
    ("¥", "JPY"),
];

/// How a mark is written, and the code of its currency; empty where several currencies share the mark.
pub(super) type Mark = (&'static str, &'static str);

/// The mark at the end of a text, and the text before it.
pub(super) fn strip_mark_before(before: &str) -> (Option<Mark>, &str) {
    let trimmed = before.trim_end();
    for mark in CURRENCY_MARKS {
        if let Some(cut) = trimmed.len().checked_sub(mark.0.len())
            && trimmed.get(cut..).is_some_and(|tail| tail.eq_ignore_ascii_case(mark.0))
        {
            let rest = trimmed.get(..cut).unwrap_or_default();
            let alphabetic = mark.0.starts_with(char::is_alphabetic);
            if !(alphabetic && rest.ends_with(char::is_alphabetic)) {
                return (Some(mark), rest);
            }
        }
    }
    (None, before)
}

/// The mark at the beginning of a text, and the text behind it.
pub(super) fn strip_mark_after(after: &str) -> (Option<Mark>, &str) {
    let trimmed = after.trim_start();
    for mark in CURRENCY_MARKS {
        if trimmed
            .get(..mark.0.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(mark.0))
        {
            let rest = trimmed.get(mark.0.len()..).unwrap_or_default();
            let alphabetic = mark.0.ends_with(char::is_alphabetic);
            if !(alphabetic && rest.starts_with(char::is_alphabetic)) {
                return (Some(mark), rest);
            }
        }
    }
    (None, after)
}
