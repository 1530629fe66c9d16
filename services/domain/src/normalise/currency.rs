//! Currencies: ISO 4217 codes with their minor units, and the marks that people write for them.

use crate::normalise::fold::fold;
use crate::normalise::locale::Locale;

/// The active codes of ISO 4217 with two decimals, and a few that ended so lately that documents still bear them.
const TWO_DECIMALS: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD \
CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF \
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN \
NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// Codes without minor units.
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";

/// Codes with three decimals.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Marks and words, folded, that mean one currency everywhere.
const MARKS: [(&str, &str); 58] = [
    ("€", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("£", "GBP"),
    ("pound sterling", "GBP"),
    ("pounds sterling", "GBP"),
    ("us$", "USD"),
    ("u.s. dollar", "USD"),
    ("us dollar", "USD"),
    ("us dollars", "USD"),
    ("a$", "AUD"),
    ("au$", "AUD"),
    ("c$", "CAD"),
    ("ca$", "CAD"),
    ("cad$", "CAD"),
    ("s$", "SGD"),
    ("sg$", "SGD"),
    ("hk$", "HKD"),
    ("nz$", "NZD"),
    ("nt$", "TWD"),
    ("mx$", "MXN"),
    ("r$", "BRL"),
    ("rm", "MYR"),
    ("ringgit", "MYR"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₫", "VND"),
    ("฿", "THB"),
    ("₱", "PHP"),
    ("₺", "TRY"),
    ("₪", "ILS"),
    ("₽", "RUB"),
    ("₴", "UAH"),
    ("₦", "NGN"),
    ("rp", "IDR"),
    ("rp.", "IDR"),
    ("sfr", "CHF"),
    ("sfr.", "CHF"),
    ("fr.", "CHF"),
    ("swiss francs", "CHF"),
    ("zł", "PLN"),
    ("zl", "PLN"),
    ("złoty", "PLN"),
    ("kč", "CZK"),
    ("kc", "CZK"),
    ("ft", "HUF"),
    ("лв", "BGN"),
    ("лв.", "BGN"),
    ("lei", "RON"),
    ("skr", "SEK"),
    ("kronor", "SEK"),
    ("svenska kronor", "SEK"),
    ("nkr", "NOK"),
    ("dkr", "DKK"),
    ("円", "JPY"),
    ("jp¥", "JPY"),
    ("cn¥", "CNY"),
    ("元", "CNY"),
];

/// Marks, folded, that several currencies share; the country of the locale decides.
const SHARED_MARKS: [(&str, &[(&str, &str)]); 9] = [
    ("$", DOLLARS),
    ("dollar", DOLLARS),
    ("dollars", DOLLARS),
    ("kr", CROWNS),
    ("kr.", CROWNS),
    ("kroner", CROWNS),
    ("¥", YEN),
    ("rs", RUPEES),
    ("rs.", RUPEES),
];

const DOLLARS: &[(&str, &str)] = &[
    ("US", "USD"),
    ("CA", "CAD"),
    ("AU", "AUD"),
    ("NZ", "NZD"),
    ("SG", "SGD"),
    ("HK", "HKD"),
    ("TW", "TWD"),
    ("MX", "MXN"),
    ("AR", "ARS"),
    ("CL", "CLP"),
    ("CO", "COP"),
];
const CROWNS: &[(&str, &str)] = &[("SE", "SEK"), ("NO", "NOK"), ("DK", "DKK"), ("IS", "ISK")];
const YEN: &[(&str, &str)] = &[("JP", "JPY"), ("CN", "CNY")];
const RUPEES: &[(&str, &str)] = &[
    ("IN", "INR"),
    ("PK", "PKR"),
    ("LK", "LKR"),
    ("NP", "NPR"),
    ("MU", "MUR"),
];

/// What a mark beside an amount says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurrencyMark {
    /// Exactly one currency, as its ISO 4217 code.
    Certain(&'static str),
    /// Some currency, but the mark is shared and the locale does not tell which.
    Shared,
}

/// Recognises a code or mark; none when it is neither.
#[must_use]
pub fn recognise_mark(mark: &str, locale: Locale<'_>) -> Option<CurrencyMark> {
    let folded = fold(mark);
    if let Some(code) = find_code(&folded) {
        return Some(CurrencyMark::Certain(code));
    }
    if let Some((_, code)) = MARKS.iter().find(|(known, _)| *known == folded) {
        return Some(CurrencyMark::Certain(code));
    }
    let (_, countries) = SHARED_MARKS.iter().find(|(known, _)| *known == folded)?;
    let country = countries.iter().find(|(region, _)| *region == locale.region());
    Some(country.map_or(CurrencyMark::Shared, |(_, code)| CurrencyMark::Certain(code)))
}

/// How many decimals the minor unit of a currency has: 2 for most, 0 or 3 for some.
#[must_use]
pub fn minor_unit_digits(code: &str) -> u32 {
    let listed = |list: &str| list.split(' ').any(|known| known == code);
    if listed(NO_DECIMALS) {
        0
    } else if listed(THREE_DECIMALS) {
        3
    } else {
        2
    }
}

fn find_code(folded: &str) -> Option<&'static str> {
    [TWO_DECIMALS, NO_DECIMALS, THREE_DECIMALS]
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .find(|code| code.eq_ignore_ascii_case(folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_marks_mean_a_currency() {
        let recognise = |mark, locale| recognise_mark(mark, Locale::new(locale));
        assert_eq!(recognise("eur", None), Some(CurrencyMark::Certain("EUR")));
        assert_eq!(recognise("€", None), Some(CurrencyMark::Certain("EUR")));
        assert_eq!(recognise("RM", None), Some(CurrencyMark::Certain("MYR")));
        assert_eq!(recognise("$", None), Some(CurrencyMark::Shared));
        assert_eq!(recognise("$", Some("en-AU")), Some(CurrencyMark::Certain("AUD")));
        assert_eq!(recognise("kr", Some("sv-SE")), Some(CurrencyMark::Certain("SEK")));
        assert_eq!(recognise("xyz", None), None);
    }

    #[test]
    fn every_mark_names_a_listed_code_once() {
        for (position, (mark, code)) in MARKS.iter().enumerate() {
            assert_eq!(find_code(code), Some(*code), "{mark}");
            assert_eq!(fold(mark), *mark);
            assert!(
                MARKS.iter().take(position).all(|(earlier, _)| earlier != mark),
                "{mark}"
            );
        }
        for (mark, countries) in SHARED_MARKS {
            assert_eq!(fold(mark), mark);
            assert!(
                countries.iter().all(|(_, code)| find_code(code) == Some(*code)),
                "{mark}"
            );
        }
    }

    #[test]
    fn minor_units_differ() {
        assert_eq!(minor_unit_digits("EUR"), 2);
        assert_eq!(minor_unit_digits("JPY"), 0);
        assert_eq!(minor_unit_digits("KWD"), 3);
    }
}
