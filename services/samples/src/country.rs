//! The countries that invoices come from: currency, languages, tax rates and ways of writing.

use crate::notation::{CurrencyMark, DateStyle, NegativeStyle, Thousands};

/// The language a document is printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    English,
    German,
    French,
    Swedish,
    Italian,
    Spanish,
    Dutch,
    Norwegian,
}

impl Language {
    /// The ISO 639-1 code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Swedish => "sv",
            Self::Italian => "it",
            Self::Spanish => "es",
            Self::Dutch => "nl",
            Self::Norwegian => "no",
        }
    }
}

/// The currency of an invoice, an ISO 4217 code with its symbol and price level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Currency {
    pub(crate) code: &'static str,
    pub(crate) symbol: &'static str,
    /// What 100 euro cost in this currency, roughly: keeps prices plausible.
    pub(crate) price_level: i64,
}

const EURO: Currency = Currency {
    code: "EUR",
    symbol: "€",
    price_level: 100,
};
const POUND: Currency = Currency {
    code: "GBP",
    symbol: "£",
    price_level: 86,
};
const DOLLAR: Currency = Currency {
    code: "USD",
    symbol: "$",
    price_level: 108,
};
const FRANC: Currency = Currency {
    code: "CHF",
    symbol: "CHF",
    price_level: 118,
};
const SWEDISH_KRONA: Currency = Currency {
    code: "SEK",
    symbol: "kr",
    price_level: 1_130,
};
const NORWEGIAN_KRONE: Currency = Currency {
    code: "NOK",
    symbol: "kr",
    price_level: 1_160,
};

/// Where a party sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Country {
    Germany,
    Austria,
    Switzerland,
    France,
    UnitedKingdom,
    UnitedStates,
    Sweden,
    Norway,
    Italy,
    Spain,
    Netherlands,
}

/// What holds for all invoices of a country.
pub(crate) struct CountryFacts {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    pub(crate) english_name: &'static str,
    pub(crate) currency: Currency,
    pub(crate) languages: &'static [Language],
    /// Tax rates in tenths of a percent: the standard one, then the reduced ones.
    pub(crate) standard_rates: &'static [i64],
    pub(crate) reduced_rates: &'static [i64],
    pub(crate) european_union: bool,
    pub(crate) thousands: &'static [Thousands],
    pub(crate) decimal_mark: char,
    pub(crate) date_styles: &'static [DateStyle],
    pub(crate) currency_marks: &'static [CurrencyMark],
    pub(crate) negative_styles: &'static [NegativeStyle],
}

impl Country {
    /// The facts of this country.
    pub(crate) fn facts(self) -> &'static CountryFacts {
        match self {
            Self::Germany => &GERMANY,
            Self::Austria => &AUSTRIA,
            Self::Switzerland => &SWITZERLAND,
            Self::France => &FRANCE,
            Self::UnitedKingdom => &UNITED_KINGDOM,
            Self::UnitedStates => &UNITED_STATES,
            Self::Sweden => &SWEDEN,
            Self::Norway => &NORWAY,
            Self::Italy => &ITALY,
            Self::Spain => &SPAIN,
            Self::Netherlands => &NETHERLANDS,
        }
    }
}

static GERMANY: CountryFacts = CountryFacts {
    code: "DE",
    english_name: "GERMANY",
    currency: EURO,
    languages: &[Language::German],
    standard_rates: &[190],
    reduced_rates: &[70],
    european_union: true,
    thousands: &[Thousands::Point, Thousands::Point, Thousands::None],
    decimal_mark: ',',
    date_styles: &[
        DateStyle::Dotted,
        DateStyle::Dotted,
        DateStyle::DottedShortYear,
        DateStyle::LongDotted,
    ],
    currency_marks: &[CurrencyMark::SymbolAfter, CurrencyMark::CodeAfter, CurrencyMark::None],
    negative_styles: &[NegativeStyle::Leading, NegativeStyle::Leading, NegativeStyle::Trailing],
};

static AUSTRIA: CountryFacts = CountryFacts {
    code: "AT",
    english_name: "AUSTRIA",
    languages: &[Language::German],
    standard_rates: &[200],
    reduced_rates: &[100],
    date_styles: &[DateStyle::Dotted, DateStyle::LongDotted],
    currency_marks: &[CurrencyMark::SymbolBeforeSpaced, CurrencyMark::CodeBefore],
    ..GERMANY
};

static SWITZERLAND: CountryFacts = CountryFacts {
    code: "CH",
    english_name: "SWITZERLAND",
    currency: FRANC,
    languages: &[Language::German, Language::German, Language::French],
    standard_rates: &[81],
    reduced_rates: &[26],
    european_union: false,
    thousands: &[Thousands::Apostrophe],
    decimal_mark: '.',
    date_styles: &[DateStyle::Dotted, DateStyle::Dotted, DateStyle::LongDotted],
    currency_marks: &[CurrencyMark::CodeBefore, CurrencyMark::None],
    negative_styles: &[NegativeStyle::Leading],
};

static FRANCE: CountryFacts = CountryFacts {
    code: "FR",
    english_name: "FRANCE",
    currency: EURO,
    languages: &[Language::French],
    standard_rates: &[200],
    reduced_rates: &[55, 100],
    european_union: true,
    thousands: &[Thousands::Space, Thousands::HardSpace, Thousands::None],
    decimal_mark: ',',
    date_styles: &[DateStyle::Slashed, DateStyle::Slashed, DateStyle::Long],
    currency_marks: &[
        CurrencyMark::SymbolAfter,
        CurrencyMark::SymbolAfter,
        CurrencyMark::CodeAfter,
    ],
    negative_styles: &[NegativeStyle::Leading],
};

static UNITED_KINGDOM: CountryFacts = CountryFacts {
    code: "GB",
    english_name: "UNITED KINGDOM",
    currency: POUND,
    languages: &[Language::English],
    standard_rates: &[200],
    reduced_rates: &[0, 50],
    european_union: false,
    thousands: &[Thousands::Comma, Thousands::Comma, Thousands::None],
    decimal_mark: '.',
    date_styles: &[DateStyle::Slashed, DateStyle::Long, DateStyle::Abbreviated],
    currency_marks: &[
        CurrencyMark::SymbolBefore,
        CurrencyMark::SymbolBefore,
        CurrencyMark::None,
    ],
    negative_styles: &[NegativeStyle::Leading, NegativeStyle::Brackets],
};

static UNITED_STATES: CountryFacts = CountryFacts {
    code: "US",
    english_name: "UNITED STATES",
    currency: DOLLAR,
    standard_rates: &[0, 60, 70, 80],
    reduced_rates: &[0],
    thousands: &[Thousands::Comma],
    date_styles: &[DateStyle::MonthFirst, DateStyle::MonthFirst, DateStyle::LongMonthFirst],
    currency_marks: &[
        CurrencyMark::SymbolBefore,
        CurrencyMark::SymbolBefore,
        CurrencyMark::CodeAfter,
    ],
    negative_styles: &[NegativeStyle::Brackets, NegativeStyle::Leading],
    ..UNITED_KINGDOM
};

static SWEDEN: CountryFacts = CountryFacts {
    code: "SE",
    english_name: "SWEDEN",
    currency: SWEDISH_KRONA,
    languages: &[Language::Swedish],
    standard_rates: &[250],
    reduced_rates: &[120],
    european_union: true,
    thousands: &[Thousands::Space, Thousands::HardSpace],
    decimal_mark: ',',
    date_styles: &[DateStyle::Iso],
    currency_marks: &[CurrencyMark::None, CurrencyMark::SymbolAfter, CurrencyMark::CodeAfter],
    negative_styles: &[NegativeStyle::Leading],
};

static NORWAY: CountryFacts = CountryFacts {
    code: "NO",
    english_name: "NORWAY",
    currency: NORWEGIAN_KRONE,
    languages: &[Language::Norwegian],
    standard_rates: &[250],
    reduced_rates: &[150],
    european_union: false,
    thousands: &[Thousands::Space, Thousands::HardSpace, Thousands::Point],
    date_styles: &[DateStyle::Dotted],
    currency_marks: &[CurrencyMark::None, CurrencyMark::CodeBefore],
    ..SWEDEN
};

static ITALY: CountryFacts = CountryFacts {
    code: "IT",
    english_name: "ITALY",
    currency: EURO,
    languages: &[Language::Italian],
    standard_rates: &[220],
    reduced_rates: &[100],
    european_union: true,
    thousands: &[Thousands::Point],
    decimal_mark: ',',
    date_styles: &[DateStyle::Slashed, DateStyle::Long],
    currency_marks: &[
        CurrencyMark::SymbolBeforeSpaced,
        CurrencyMark::SymbolAfter,
        CurrencyMark::None,
    ],
    negative_styles: &[NegativeStyle::Leading],
};

static SPAIN: CountryFacts = CountryFacts {
    code: "ES",
    english_name: "SPAIN",
    languages: &[Language::Spanish],
    standard_rates: &[210],
    reduced_rates: &[100],
    date_styles: &[DateStyle::Slashed, DateStyle::LongSpanish],
    currency_marks: &[CurrencyMark::SymbolAfter, CurrencyMark::CodeAfter],
    ..ITALY
};

static NETHERLANDS: CountryFacts = CountryFacts {
    code: "NL",
    english_name: "NETHERLANDS",
    languages: &[Language::Dutch],
    standard_rates: &[210],
    reduced_rates: &[90],
    date_styles: &[DateStyle::Dashed, DateStyle::Long],
    currency_marks: &[CurrencyMark::SymbolBeforeSpaced],
    ..ITALY
};
