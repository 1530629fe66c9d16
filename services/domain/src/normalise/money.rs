//! Amounts of money: whole minor units with the currency apart.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::normalise::Reading;
use crate::normalise::currency::{CurrencyMark, minor_unit_digits, recognise_mark};
use crate::normalise::locale::Locale;
use crate::normalise::number::take_apart;

/// The decimals of an amount that names no currency.
const USUAL_DECIMALS: u32 = 2;

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The amount in minor units of the currency, such as cents; in hundredths when there is no currency.
    pub minor_units: i64,
    /// The currency that the text names for certain, as its ISO 4217 code.
    pub currency: Option<&'static str>,
}

impl Money {
    /// An amount from a decimal number, rounded to the minor unit, half away from zero. None when it is too large to count.
    #[must_use]
    pub fn from_decimal(amount: Decimal, currency: Option<&'static str>) -> Option<Self> {
        let digits = currency.map_or(USUAL_DECIMALS, minor_unit_digits);
        let rounded = amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
        let minor_units = rounded.checked_mul(Decimal::from(10_u32.pow(digits)))?.to_i64()?;
        Some(Self { minor_units, currency })
    }

    /// The amount as a decimal number.
    #[must_use]
    pub fn to_decimal(&self) -> Decimal {
        Decimal::new(
            self.minor_units,
            self.currency.map_or(USUAL_DECIMALS, minor_unit_digits),
        )
    }

    /// The amount with two decimals and without its currency, so that `RM 7.42` equals `7.42` and `¥1200` equals `1200.00`.
    ///
    /// Only where the third decimal of a currency in thousandths is not zero, three are written.
    #[must_use]
    pub fn canonical(&self) -> String {
        let amount = self.to_decimal();
        let digits = amount.normalize().scale().max(USUAL_DECIMALS);
        format!("{amount:.*}", usize::try_from(digits).unwrap_or(2))
    }
}

/// Reads a printed amount with or without a currency code or mark before or behind it.
///
/// None when it is no amount, when its separators could mean two amounts and the locale does not tell, or when two different currencies are named.
#[must_use]
pub fn read_money(raw: &str, locale: Locale<'_>) -> Option<Money> {
    let printed = take_apart(raw)?;
    let mut currency = None;
    for mark in [printed.before.as_str(), printed.after.as_str()] {
        if mark.is_empty() {
            continue;
        }
        match (recognise_mark(mark, locale)?, currency) {
            (CurrencyMark::Certain(code), None) => currency = Some(code),
            (CurrencyMark::Certain(code), Some(earlier)) if code != earlier => return None,
            (CurrencyMark::Certain(_) | CurrencyMark::Shared, _) => {}
        }
    }
    Money::from_decimal(printed.read(locale)?, currency)
}

/// Reads an amount into its canonical text.
#[must_use]
pub(crate) fn read(raw: &str, locale: Locale<'_>) -> Option<Reading> {
    read_money(raw, locale).map(|money| Reading::of(money.canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> Option<String> {
        read(raw, Locale::default()).map(|reading| reading.canonical)
    }

    #[test]
    fn amounts_equal_without_their_marks() {
        for (raw, expected) in [
            ("RM 7.42", "7.42"),
            ("RM7.42", "7.42"),
            ("$7.42", "7.42"),
            ("7.42", "7.42"),
            ("1.005,55 €", "1005.55"),
            ("EUR 845,00", "845.00"),
            ("845", "845.00"),
            ("Rs.500", "500.00"),
            ("Fr. 20.-", "20.00"),
            ("100,--", "100.00"),
            ("100:-", "100.00"),
            ("-RM 5.10", "-5.10"),
            ("RM-5.10", "-5.10"),
            ("(RM 5.10)", "-5.10"),
            ("5,10-", "-5.10"),
            ("¥1200", "1200.00"),
            ("0.00-", "0.00"),
            ("$ 12.00 USD", "12.00"),
        ] {
            assert_eq!(canonical(raw).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn currencies_are_kept_apart_with_their_minor_units() {
        let read = |raw, locale| read_money(raw, Locale::new(locale));
        assert_eq!(
            read("¥1200", Some("ja-JP")),
            Some(Money {
                minor_units: 1200,
                currency: Some("JPY")
            })
        );
        assert_eq!(
            read("12.345 KWD", Some("en-GB")),
            Some(Money {
                minor_units: 12_345,
                currency: Some("KWD")
            })
        );
        assert_eq!(
            read("€ 3,50", None),
            Some(Money {
                minor_units: 350,
                currency: Some("EUR")
            })
        );
        assert_eq!(
            read("$3.50", None),
            Some(Money {
                minor_units: 350,
                currency: None
            })
        );
        let thousandths = read("12.345 KWD", Some("en-GB")).map(|money| money.canonical());
        assert_eq!(thousandths.as_deref(), Some("12.345"));
    }

    #[test]
    fn ambiguous_and_foreign_text_stays_unread() {
        for raw in [
            "1.234",
            "RM 1,234",
            "n/a",
            "",
            "€ 5 USD",
            "12 pieces",
            "5 %",
            "99999999999999999999",
            "1e5",
        ] {
            assert_eq!(canonical(raw), None, "{raw}");
        }
    }

    #[test]
    fn amounts_are_rounded_to_the_minor_unit() {
        assert_eq!(canonical("1.2350").as_deref(), Some("1.24"));
        assert_eq!(canonical("-1.2350").as_deref(), Some("-1.24"));
    }
}
