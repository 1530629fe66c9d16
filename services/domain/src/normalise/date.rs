//! Calendar dates as people print them, read into ISO 8601.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::normalise::Reading;
use crate::normalise::fold::fold;
use crate::normalise::locale::{DateOrder, Locale};
use crate::normalise::month_names::{is_filler, month_of};

/// The time of day behind a date, on folded text.
#[expect(
    clippy::expect_used,
    reason = "a fixed pattern, tried by every test that reads a date"
)]
static TIME_OF_DAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:[t ,]|\b(?:at|um|kl\.?|à))\s*\(?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:am|pm|a\.m\.|p\.m\.|uhr|z|[+-]\d{2}:?\d{2})?\s*\)?$",
    )
    .expect("the pattern is valid")
});

/// The most characters of a date; longer text is none.
const MAXIMUM_LENGTH: usize = 80;

/// The years that a date of eight digits in a row may lie in, so that `25032018` has one reading.
const COMPACT_YEARS: std::ops::RangeInclusive<i16> = 1900..=2099;

/// Reads a date: digits in any usual order and with any separators, or with the name of the month.
///
/// A two-digit year is of this century. Without a locale, digits that could be two different days stay unread, save
/// that a date parted by points and ending in the year begins with the day. With one, its order goes before the others,
/// which are taken when it gives no day of the calendar.
#[must_use]
pub(crate) fn read(raw: &str, locale: Locale<'_>) -> Option<Reading> {
    if raw.len() > 4 * MAXIMUM_LENGTH {
        return None;
    }
    let folded = fold(raw);
    let text = TIME_OF_DAY.replace(&folded, "");
    let parts = Parts::of(&text)?;
    let date = match (parts.month, parts.numbers.as_slice()) {
        (Some(month), [first, second]) => with_month_name(month, first, second),
        (None, [first, second, third]) => in_digits(first, second, third, &parts, locale),
        (None, [single]) => without_separators(single, locale),
        _ => None,
    }?;
    Some(Reading::of(date.to_string()))
}

/// The numbers of a date and the month if it is named.
struct Parts<'a> {
    numbers: Vec<&'a str>,
    month: Option<i8>,
    parted_by_points: bool,
}

impl<'a> Parts<'a> {
    /// Takes folded text apart; none when a word is neither a month nor one that often stands in dates.
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = Self {
            numbers: Vec::new(),
            month: None,
            parted_by_points: true,
        };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let alike = |character: char| kind(character) == kind(first);
            let length = rest.find(|character| !alike(character)).unwrap_or(rest.len());
            let (token, following) = rest.split_at_checked(length)?;
            rest = following;
            match kind(first) {
                Kind::Digit => parts.numbers.push(token),
                Kind::Letter => parts.take_word(token)?,
                Kind::Other => {
                    let inside = !parts.numbers.is_empty() && !rest.is_empty();
                    parts.parted_by_points &= !inside || token.trim() == ".";
                }
            }
        }
        Some(parts)
    }

    fn take_word(&mut self, word: &str) -> Option<()> {
        match month_of(word) {
            Some(month) if self.month.is_none() => self.month = Some(month),
            Some(_) => return None,
            None if is_filler(word) => {}
            None => return None,
        }
        Some(())
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    Digit,
    Letter,
    Other,
}

fn kind(character: char) -> Kind {
    if character.is_ascii_digit() {
        Kind::Digit
    } else if character.is_alphabetic() {
        Kind::Letter
    } else {
        Kind::Other
    }
}

fn with_month_name(month: i8, first: &str, second: &str) -> Option<Date> {
    let (day, year) = if first.len() == 4 {
        (second, first)
    } else {
        (first, second)
    };
    date_of(year, month, number(day)?)
}

/// A way to read three numbers.
#[derive(Clone, Copy)]
enum Pattern {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

fn in_digits(first: &str, second: &str, third: &str, parts: &Parts<'_>, locale: Locale<'_>) -> Option<Date> {
    use Pattern::{DayMonthYear, MonthDayYear, YearMonthDay};
    let order = locale.date_order();
    let patterns: &[Pattern] = match (first.len(), third.len()) {
        (4, _) => &[YearMonthDay],
        (_, 4) => &[DayMonthYear, MonthDayYear],
        _ => &[DayMonthYear, MonthDayYear, YearMonthDay],
    };
    let preferred = match order {
        DateOrder::DayFirst => Some(DayMonthYear),
        DateOrder::MonthFirst => Some(MonthDayYear),
        DateOrder::YearFirst if third.len() != 4 => Some(YearMonthDay),
        DateOrder::YearFirst if locale.is_day_first_before_a_final_year() => Some(DayMonthYear),
        DateOrder::Unknown if parts.parted_by_points && third.len() == 4 => Some(DayMonthYear),
        DateOrder::YearFirst | DateOrder::Unknown => None,
    };
    choose(patterns, preferred, |pattern| match pattern {
        DayMonthYear => date_of(third, number(second)?, number(first)?),
        MonthDayYear => date_of(third, number(first)?, number(second)?),
        YearMonthDay => date_of(first, number(second)?, number(third)?),
    })
}

fn without_separators(digits: &str, locale: Locale<'_>) -> Option<Date> {
    let part = |start: usize, length: usize| digits.get(start..start + length);
    let order = locale.date_order();
    let year_length = match digits.len() {
        8 => 4,
        6 if order != DateOrder::Unknown => 2,
        _ => return None,
    };
    let preferred = match order {
        DateOrder::DayFirst => Some(Pattern::DayMonthYear),
        DateOrder::MonthFirst => Some(Pattern::MonthDayYear),
        DateOrder::YearFirst => Some(Pattern::YearMonthDay),
        DateOrder::Unknown => None,
    };
    let patterns = [Pattern::DayMonthYear, Pattern::MonthDayYear, Pattern::YearMonthDay];
    choose(&patterns, preferred, |pattern| {
        let (year, month, day) = match pattern {
            Pattern::DayMonthYear => (part(4, year_length)?, part(2, 2)?, part(0, 2)?),
            Pattern::MonthDayYear => (part(4, year_length)?, part(0, 2)?, part(2, 2)?),
            Pattern::YearMonthDay => (part(0, year_length)?, part(year_length, 2)?, part(year_length + 2, 2)?),
        };
        date_of(year, number(month)?, number(day)?).filter(|date| COMPACT_YEARS.contains(&date.year()))
    })
}

/// The preferred reading if it is a day; else the only day that the other readings give.
fn choose(patterns: &[Pattern], preferred: Option<Pattern>, read: impl Fn(Pattern) -> Option<Date>) -> Option<Date> {
    if let Some(date) = preferred.and_then(&read) {
        return Some(date);
    }
    let mut days = patterns.iter().filter_map(|pattern| read(*pattern));
    let day = days.next()?;
    days.all(|other| other == day).then_some(day)
}

fn number(digits: &str) -> Option<i8> {
    if digits.len() > 2 { None } else { digits.parse().ok() }
}

fn date_of(year: &str, month: i8, day: i8) -> Option<Date> {
    let year = match year.len() {
        2 => year.parse::<i16>().ok()? + 2000,
        4 => year.parse::<i16>().ok()?,
        _ => return None,
    };
    if year == 0 {
        return None;
    }
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(raw: &str, locale: Option<&str>) -> Option<String> {
        read(raw, Locale::new(locale)).map(|reading| reading.canonical)
    }

    #[test]
    fn receipts_print_dates_in_many_ways() {
        for (raw, expected) in [
            ("10/05/2017", "2017-05-10"),
            ("26-04-18", "2018-04-26"),
            ("04 JAN 2017", "2017-01-04"),
            ("02/JAN/2017", "2017-01-02"),
            ("2018-03-24", "2018-03-24"),
            ("25032018", "2018-03-25"),
            ("(28/02/2018)", "2018-02-28"),
            ("[28.2.2018]", "2018-02-28"),
            ("12/13/2016", "2016-12-13"),
            ("04JAN17", "2017-01-04"),
            ("JAN 4, 2017", "2017-01-04"),
            ("15-MAR-18", "2018-03-15"),
            ("20180324", "2018-03-24"),
            ("2018/3/4", "2018-03-04"),
            ("04/01/2017 12:30:11 PM", "2017-01-04"),
            ("2018-03-24T08:15:00Z", "2018-03-24"),
            ("Mon, 3rd of April 2017", "2017-04-03"),
            ("5/5/17", "2017-05-05"),
        ] {
            assert_eq!(iso(raw, Some("en-MY")).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn month_names_are_read_in_seven_languages() {
        for (raw, expected) in [
            ("5. März 2014", "2014-03-05"),
            ("Montag, den 1. Dezember 2014", "2014-12-01"),
            ("1er août 2019", "2019-08-01"),
            ("3 févr. 2020", "2020-02-03"),
            ("den 7 maj 2021", "2021-05-07"),
            ("12 de enero de 2022", "2022-01-12"),
            ("9 luglio 2023", "2023-07-09"),
            ("17 maart 2020", "2020-03-17"),
            ("2018年3月24日", "2018-03-24"),
        ] {
            assert_eq!(iso(raw, None).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn the_locale_decides_what_is_ambiguous() {
        assert_eq!(iso("03/04/2024", None), None);
        assert_eq!(iso("03/04/2024", Some("en-GB")).as_deref(), Some("2024-04-03"));
        assert_eq!(iso("03/04/2024", Some("en-US")).as_deref(), Some("2024-03-04"));
        assert_eq!(iso("24-04-03", Some("sv-SE")).as_deref(), Some("2024-04-03"));
        assert_eq!(iso("26-04-18", None), None);
        assert_eq!(iso("05.03.2014", None).as_deref(), Some("2014-03-05"));
        assert_eq!(iso("05/05/2014", None).as_deref(), Some("2014-05-05"));
    }

    #[test]
    fn days_outside_the_calendar_stay_unread() {
        for raw in [
            "31/02/2024",
            "2024-13-01",
            "29/02/2023",
            "0000-01-01",
            "00/00/00",
            "",
            "tomorrow",
            "12",
            "March 2017",
            "1/2/3/4",
            "123456789",
            "12/2017",
            "١٢/٠٣/٢٠٢٤",
        ] {
            assert_eq!(iso(raw, Some("en-GB")), None, "{raw}");
        }
    }
}
