//! Locales: which number and date notation a language and country write. An unknown locale assumes nothing.

/// Which mark stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberNotation {
    /// `1,234.50`
    Point,
    /// `1.234,50`
    Comma,
    /// Not known: what could be read in two ways stays unread.
    Unknown,
}

/// Which part of a date in digits comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `31/12/2024`
    DayFirst,
    /// `12/31/2024`
    MonthFirst,
    /// `24-12-31`; with the year at the end, the day comes first.
    YearFirst,
    /// Not known: what could be read in two ways stays unread.
    Unknown,
}

/// A locale as two of its parts: `de-CH` and `de_CH` are language `de`, region `CH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Locale<'a> {
    language: &'a str,
    region: &'a str,
}

/// Languages that write a decimal comma in every country but those of [`POINT_REGIONS`].
const COMMA_LANGUAGES: [&str; 31] = [
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "id", "is", "it", "lt", "lv",
    "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr",
];

/// Languages that write a decimal point.
const POINT_LANGUAGES: [&str; 8] = ["en", "he", "hi", "ja", "ko", "ms", "th", "zh"];

/// Countries that write a decimal point whatever the language.
const POINT_REGIONS: [&str; 12] = ["CH", "DO", "GT", "HN", "LI", "MX", "NI", "PA", "PE", "PR", "SV", "US"];

/// English of these countries has a decimal comma about as often as a point.
const MIXED_ENGLISH_REGIONS: [&str; 7] = ["AT", "BE", "DE", "DK", "FI", "SE", "ZA"];

/// Locales that write the year first, in digits too.
const YEAR_FIRST: [&str; 6] = ["hu", "ja", "ko", "lt", "sv", "zh"];

/// Of the languages of [`YEAR_FIRST`], those that write the day before the month when the year comes last.
const YEAR_FIRST_ELSE_DAY_FIRST: [&str; 3] = ["hu", "lt", "sv"];

impl<'a> Locale<'a> {
    /// Takes a locale apart. None and text of another form give a locale that assumes nothing.
    #[must_use]
    pub fn new(text: Option<&'a str>) -> Self {
        let Some(text) = text else {
            return Self::default();
        };
        let mut parts = text.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        let region = parts
            .find(|part| part.len() == 2 && part.chars().all(|character| character.is_ascii_uppercase()))
            .unwrap_or_default();
        Self { language, region }
    }

    /// The country, two capital letters; empty when none is named.
    #[must_use]
    pub const fn region(&self) -> &'a str {
        self.region
    }

    /// The notation of numbers.
    #[must_use]
    pub fn number_notation(&self) -> NumberNotation {
        if self.language == "en" && MIXED_ENGLISH_REGIONS.contains(&self.region) {
            NumberNotation::Unknown
        } else if POINT_LANGUAGES.contains(&self.language)
            || (!self.language.is_empty() && POINT_REGIONS.contains(&self.region))
        {
            NumberNotation::Point
        } else if COMMA_LANGUAGES.contains(&self.language) {
            NumberNotation::Comma
        } else {
            NumberNotation::Unknown
        }
    }

    /// The order of dates in digits.
    #[must_use]
    pub fn date_order(&self) -> DateOrder {
        match (self.language, self.region) {
            ("" | "en", "") | ("en", "CA" | "PH" | "ZA") => DateOrder::Unknown,
            (_, "US") | ("fil", _) => DateOrder::MonthFirst,
            ("fr", "CA") => DateOrder::YearFirst,
            (language, _) if YEAR_FIRST.contains(&language) => DateOrder::YearFirst,
            _ => DateOrder::DayFirst,
        }
    }

    /// Whether the day stands before the month in a date that ends in the year, in a locale that usually begins with the year.
    #[must_use]
    pub fn is_day_first_before_a_final_year(&self) -> bool {
        YEAR_FIRST_ELSE_DAY_FIRST.contains(&self.language) || self.language == "fr"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_decide_where_languages_do_not() {
        let notation = |text| Locale::new(Some(text)).number_notation();
        assert_eq!(notation("de-DE"), NumberNotation::Comma);
        assert_eq!(notation("de_CH"), NumberNotation::Point);
        assert_eq!(notation("es-MX"), NumberNotation::Point);
        assert_eq!(notation("en-MY"), NumberNotation::Point);
        assert_eq!(notation("en-ZA"), NumberNotation::Unknown);
        assert_eq!(Locale::new(None).number_notation(), NumberNotation::Unknown);
    }

    #[test]
    fn date_order_needs_a_country_for_english() {
        let order = |text| Locale::new(Some(text)).date_order();
        assert_eq!(order("en"), DateOrder::Unknown);
        assert_eq!(order("en-US"), DateOrder::MonthFirst);
        assert_eq!(order("en-MY"), DateOrder::DayFirst);
        assert_eq!(order("sv-SE"), DateOrder::YearFirst);
        assert_eq!(order("zh-Hans-CN"), DateOrder::YearFirst);
        assert_eq!(Locale::new(None).date_order(), DateOrder::Unknown);
    }
}
