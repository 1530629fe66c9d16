//! Dates: numeric and with month names.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::{Captures, Regex};

use super::Span;
use super::months::month_number;
use crate::readers::view::View;
use crate::readers::words::folded_text;

/// The most dates that are collected from one document.
const MAXIMUM_DATES: usize = 5_000;

/// Years in which documents may have been issued.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i16> = 1990..=2079;

/// A date in the text.
#[derive(Debug, Clone)]
pub(crate) struct DateCandidate {
    /// Where it stands.
    pub(crate) span: Span,
    /// The day, read by the order of day and month that the document uses.
    pub(crate) date: Date,
    /// Whether it is written as eight digits without separators, which may as well be a code.
    pub(crate) compact: bool,
    /// The characters of the date.
    pub(crate) printed: String,
}

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static NUMERIC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\d{1,4})( ?[./-] ?)(\d{1,2})( ?[./-] ?)(\d{4}|\d{2})").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static COMPACT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{8}").expect("the pattern is valid"));

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static DAY_FIRST_NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(\d{1,2})(?:st|nd|rd|th|er|º|°)?[ ./,-]{0,3}(?:de |of |di )?(\p{L}{3,10})[ ./,-]{0,3}(?:de |del )?'?(\d{4}|\d{2})")
        .expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static MONTH_FIRST_NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(\p{L}{3,10})[ .-]{1,2}(\d{1,2})(?:st|nd|rd|th)?[ ,-]{1,3}(\d{4})").expect("the pattern is valid")
});

enum Found {
    Named(Date),
    Numeric {
        first: i16,
        second: i16,
        third: i16,
        third_digits: usize,
    },
    Compact(Date),
}

/// Collects the dates of a document. Whether days or months come first is decided by dates that leave no choice; days do when there are none.
pub(crate) fn collect(view: &View) -> Vec<DateCandidate> {
    let mut found: Vec<(Span, Found)> = Vec::new();
    for (index, segment) in view.segments.iter().enumerate() {
        if found.len() >= MAXIMUM_DATES {
            break;
        }
        if segment.text.bytes().any(|byte| byte.is_ascii_digit()) {
            collect_segment(index, &segment.text, &mut found);
        }
    }
    let order = part_order(&found);
    found
        .into_iter()
        .filter_map(|(span, found)| {
            let compact = matches!(found, Found::Compact(_));
            let date = resolve(&found, order)?;
            let printed = view
                .segments
                .get(span.segment)?
                .text
                .get(span.start..span.end)?
                .to_owned();
            Some(DateCandidate {
                span,
                date,
                compact,
                printed,
            })
        })
        .collect()
}

fn collect_segment(segment: usize, text: &str, found: &mut Vec<(Span, Found)>) {
    let first_new = found.len();
    let mut add = |span: Span, date: Found| {
        if !found.iter().skip(first_new).any(|(other, _)| other.overlaps(&span)) {
            found.push((span, date));
        }
    };
    for captures in DAY_FIRST_NAMED.captures_iter(text) {
        if let Some(hit) = named(&captures, [1, 2, 3])
            && let Some(span) = free_span(segment, text, &captures)
        {
            add(span, Found::Named(hit));
        }
    }
    for captures in MONTH_FIRST_NAMED.captures_iter(text) {
        if let Some(hit) = named(&captures, [2, 1, 3])
            && let Some(span) = free_span(segment, text, &captures)
        {
            add(span, Found::Named(hit));
        }
    }
    let mut from = 0_usize;
    while let Some(captures) = NUMERIC.captures_at(text, from) {
        let Some(whole) = captures.get(0) else { break };
        match numeric(&captures).zip(free_span(segment, text, &captures)) {
            Some((hit, span)) => {
                add(span, hit);
                from = whole.end();
            }
            // A false start may hide a date that begins inside of it.
            None => from = whole.start() + captures.get(1).map_or(1, |first| first.as_str().len()),
        }
    }
    for captures in COMPACT.captures_iter(text) {
        if let Some(hit) = compact(&captures)
            && let Some(span) = free_span(segment, text, &captures)
        {
            add(span, Found::Compact(hit));
        }
    }
}

/// The place of the whole match when no letter or digit of a longer code touches it.
fn free_span(segment: usize, text: &str, captures: &Captures<'_>) -> Option<Span> {
    let whole = captures.get(0)?;
    let mut before = text.get(..whole.start())?.chars().rev();
    let free_before = match before.next() {
        None => true,
        Some(last) if last.is_ascii_digit() => false,
        Some(last) if last.is_alphabetic() => before.by_ref().take_while(|other| other.is_alphabetic()).count() >= 2,
        Some('/' | '-' | '.') => !before.next().is_some_and(char::is_alphanumeric),
        Some(_) => true,
    };
    let mut after = text.get(whole.end()..)?.chars();
    let free_after = match after.next() {
        None => true,
        Some(next) if next.is_ascii_digit() => false,
        Some('/' | '-' | '.' | ',') => !after.next().is_some_and(|next| next.is_ascii_digit()),
        Some(_) => true,
    };
    (free_before && free_after).then_some(Span {
        segment,
        start: whole.start(),
        end: whole.end(),
    })
}

fn group(captures: &Captures<'_>, index: usize) -> Option<i16> {
    captures.get(index)?.as_str().parse().ok()
}

fn full_year(year: i16, digits: usize) -> i16 {
    if digits == 2 { 2000 + year } else { year }
}

/// The last year that two digits stand for.
const LAST_SHORT_YEAR: i16 = 2049;

fn date_of(year: i16, month: i16, day: i16) -> Option<Date> {
    if !PLAUSIBLE_YEARS.contains(&year) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn named(captures: &Captures<'_>, [day, month, year]: [usize; 3]) -> Option<Date> {
    let month = month_number(&folded_text(captures.get(month)?.as_str()))?;
    let digits = captures.get(year)?.as_str().len();
    date_of(
        full_year(group(captures, year)?, digits),
        i16::from(month),
        group(captures, day)?,
    )
}

fn numeric(captures: &Captures<'_>) -> Option<Found> {
    let (left, right) = (captures.get(2)?.as_str(), captures.get(4)?.as_str());
    if left != right {
        return None;
    }
    let third_digits = captures.get(5)?.as_str().len();
    let first_digits = captures.get(1)?.as_str().len();
    let (first, second, third) = (group(captures, 1)?, group(captures, 3)?, group(captures, 5)?);
    match first_digits {
        4 if third_digits == 2 => date_of(first, second, third).map(Found::Named),
        1 | 2 => Some(Found::Numeric {
            first,
            second,
            third,
            third_digits,
        }),
        _ => None,
    }
}

fn compact(captures: &Captures<'_>) -> Option<Date> {
    let digits = captures.get(0)?.as_str();
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let year_last = date_of(part(4, 8)?, part(2, 4)?, part(0, 2)?);
    let year_first = date_of(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    match (year_last, year_first) {
        (Some(date), None) | (None, Some(date)) => Some(date),
        _ => None,
    }
}

/// The order of day and month in a document. One document keeps to one order: where some of its dates leave no choice,
/// numbers that are dates only in the other order are codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartOrder {
    DayFirst,
    MonthFirst,
    /// No date decides; days are taken to come first wherever that is possible.
    Undecided,
}

fn part_order(found: &[(Span, Found)]) -> PartOrder {
    let count = |test: fn(i16, i16) -> bool| {
        found
            .iter()
            .filter(|(_, date)| matches!(date, Found::Numeric { first, second, .. } if test(*first, *second)))
            .count()
    };
    let month_first = count(|first, second| first <= 12 && (13..=31).contains(&second));
    let day_first = count(|first, second| (13..=31).contains(&first) && second <= 12);
    match (day_first, month_first) {
        (0, 0) => PartOrder::Undecided,
        (0, _) => PartOrder::MonthFirst,
        (day, month) if day >= month => PartOrder::DayFirst,
        _ => PartOrder::Undecided,
    }
}

fn resolve(found: &Found, order: PartOrder) -> Option<Date> {
    match *found {
        Found::Named(date) | Found::Compact(date) => Some(date),
        Found::Numeric {
            first,
            second,
            third,
            third_digits,
        } => {
            let year = full_year(third, third_digits);
            if third_digits == 2 && year > LAST_SHORT_YEAR {
                return None;
            }
            let day_first = date_of(year, second, first);
            let month_first = date_of(year, first, second);
            let year_first = (third_digits == 2)
                .then(|| date_of(2000 + first, second, third))
                .flatten();
            let date = match order {
                PartOrder::DayFirst => day_first,
                PartOrder::MonthFirst => month_first.or(day_first),
                PartOrder::Undecided => day_first.or(month_first),
            };
            date.or(year_first)
        }
    }
}

#[cfg(test)]
mod tests {
    use accord_documents::{Document, Line, Page, Word};

    use super::*;

    fn dates(lines: &[&str]) -> Vec<String> {
        let line = |(row, text): (usize, &&str)| Line {
            words: text
                .split_whitespace()
                .map(|word| Word {
                    text: word.to_owned(),
                    bounds: None,
                })
                .collect(),
            row: u32::try_from(row).unwrap(),
        };
        let document = Document {
            pages: vec![Page {
                width: 0.0,
                height: 0.0,
                lines: lines.iter().enumerate().map(line).collect(),
            }],
            invoice_xml: None,
        };
        collect(&View::new(&document))
            .iter()
            .map(|found| found.date.to_string())
            .collect()
    }

    #[test]
    fn dates_are_read_in_many_forms() {
        for (text, expected) in [
            ("10/05/2017", "2017-05-10"),
            ("26-04-18 11:20", "2018-04-26"),
            ("04 JAN 2017", "2017-01-04"),
            ("02/JAN/2017", "2017-01-02"),
            ("2018-03-24", "2018-03-24"),
            ("(28-11-18)", "2018-11-28"),
            ("DATE: 25032018", "2018-03-25"),
            ("11. Juli 2014", "2014-07-11"),
            ("August 3 , 2014", "2014-08-03"),
            ("Jan 1, 2022", "2022-01-01"),
            ("le 1er août 2021", "2021-08-01"),
            ("3 de marzo de 2020", "2020-03-03"),
            ("26.10.22", "2022-10-26"),
            ("Due 12/31/2020", "2020-12-31"),
            ("DATE08/05/18", "2018-05-08"),
            ("#95 -REG #2- 25/12/2016 13:51", "2016-12-25"),
        ] {
            assert_eq!(dates(&[text]), [expected], "{text}");
        }
    }

    #[test]
    fn a_date_that_is_month_first_for_certain_decides_for_the_document() {
        assert_eq!(dates(&["03/20/2023", "04/05/2023"]), ["2023-03-20", "2023-04-05"]);
        assert_eq!(dates(&["20/03/2023", "04/05/2023"]), ["2023-03-20", "2023-05-04"]);
        assert_eq!(dates(&["CK 11-22-31", "19-09-17"]), ["2017-09-19"]);
    }

    #[test]
    fn codes_are_no_dates() {
        assert!(
            dates(&[
                "18/2018/102/T0049",
                "IBAN 12345678901234",
                "1.2.3.4",
                "99/99/9999",
                "HC03-7 - 15",
                "RC11-10-42"
            ])
            .is_empty()
        );
    }
}
