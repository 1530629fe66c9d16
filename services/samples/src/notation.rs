//! How a supplier writes amounts, numbers and dates.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::country::Currency;

/// What stands between groups of three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thousands {
    Point,
    Comma,
    Apostrophe,
    Space,
    HardSpace,
    None,
}

/// The form of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateStyle {
    /// 14.03.2025
    Dotted,
    /// 14.03.25
    DottedShortYear,
    /// 14/03/2025
    Slashed,
    /// 03/14/2025
    MonthFirst,
    /// 14-03-2025
    Dashed,
    /// 2025-03-14
    Iso,
    /// 14 March 2025
    Long,
    /// 14. März 2025
    LongDotted,
    /// 14 de marzo de 2025
    LongSpanish,
    /// March 14, 2025
    LongMonthFirst,
    /// 14-Mar-2025
    Abbreviated,
}

/// How the currency stands beside an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CurrencyMark {
    SymbolBefore,
    SymbolBeforeSpaced,
    SymbolAfter,
    CodeBefore,
    CodeAfter,
    /// Only the heading of the table says which currency it is.
    None,
}

/// How an amount below zero is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NegativeStyle {
    Leading,
    Trailing,
    Brackets,
}

/// One supplier's way of writing.
#[derive(Debug, Clone)]
pub(crate) struct Notation {
    pub(crate) thousands: Thousands,
    pub(crate) decimal_mark: char,
    pub(crate) date_style: DateStyle,
    pub(crate) currency_mark: CurrencyMark,
    pub(crate) negative_style: NegativeStyle,
    pub(crate) currency: Currency,
    pub(crate) months: &'static [&'static str; 12],
}

impl Notation {
    /// A date as printed.
    pub(crate) fn date(&self, date: Date) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        let name = usize::try_from(month - 1)
            .ok()
            .and_then(|index| self.months.get(index))
            .copied()
            .unwrap_or_default();
        match self.date_style {
            DateStyle::Dotted => format!("{day:02}.{month:02}.{year}"),
            DateStyle::DottedShortYear => format!("{day:02}.{month:02}.{:02}", year % 100),
            DateStyle::Slashed => format!("{day:02}/{month:02}/{year}"),
            DateStyle::MonthFirst => format!("{month:02}/{day:02}/{year}"),
            DateStyle::Dashed => format!("{day:02}-{month:02}-{year}"),
            DateStyle::Iso => format!("{year}-{month:02}-{day:02}"),
            DateStyle::Long => format!("{day} {name} {year}"),
            DateStyle::LongDotted => format!("{day}. {name} {year}"),
            DateStyle::LongSpanish => format!("{day} de {name} de {year}"),
            DateStyle::LongMonthFirst => format!("{name} {day}, {year}"),
            DateStyle::Abbreviated => {
                let short: String = name.chars().take(3).collect();
                format!("{day:02}-{short}-{year}")
            }
        }
    }

    /// An amount with two decimals and no currency.
    pub(crate) fn amount(&self, value: Decimal) -> String {
        self.signed(value, &self.digits(value, 2))
    }

    /// A unit price: two decimals, or four where it needs them.
    pub(crate) fn unit_price(&self, value: Decimal) -> String {
        let decimals = if value.normalize().scale() > 2 { 4 } else { 2 };
        self.signed(value, &self.digits(value, decimals))
    }

    /// A quantity with as many decimals as it has.
    pub(crate) fn quantity(&self, value: Decimal) -> String {
        let value = value.normalize();
        self.signed(value, &self.digits(value, value.scale()))
    }

    /// An amount with the currency as the supplier writes it.
    pub(crate) fn money(&self, value: Decimal) -> String {
        let digits = self.digits(value, 2);
        let Currency { code, symbol, .. } = self.currency;
        let marked = match self.currency_mark {
            CurrencyMark::SymbolBefore => format!("{symbol}{digits}"),
            CurrencyMark::SymbolBeforeSpaced => format!("{symbol} {digits}"),
            CurrencyMark::SymbolAfter => format!("{digits} {symbol}"),
            CurrencyMark::CodeBefore => format!("{code} {digits}"),
            CurrencyMark::CodeAfter => format!("{digits} {code}"),
            CurrencyMark::None => digits,
        };
        self.signed(value, &marked)
    }

    /// An amount with the currency, by its code where the supplier writes no mark elsewhere.
    pub(crate) fn money_with_currency(&self, value: Decimal) -> String {
        match self.currency_mark {
            CurrencyMark::None => format!("{} {}", self.currency.code, self.amount(value)),
            _ => self.money(value),
        }
    }

    /// A tax rate given in tenths of a percent, without the percent sign.
    pub(crate) fn rate(&self, tenths_of_percent: i64) -> String {
        let (whole, tenths) = (tenths_of_percent / 10, tenths_of_percent % 10);
        match tenths {
            0 => whole.to_string(),
            _ => format!("{whole}{}{tenths}", self.decimal_mark),
        }
    }

    fn signed(&self, value: Decimal, magnitude: &str) -> String {
        if !value.is_sign_negative() || value.is_zero() {
            return magnitude.to_owned();
        }
        match self.negative_style {
            NegativeStyle::Leading => format!("-{magnitude}"),
            NegativeStyle::Trailing => format!("{magnitude}-"),
            NegativeStyle::Brackets => format!("({magnitude})"),
        }
    }

    fn digits(&self, value: Decimal, decimals: u32) -> String {
        let mut value = value.abs();
        value.rescale(decimals);
        let plain = value.to_string();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let grouped = group(whole, self.thousands);
        match fraction {
            "" => grouped,
            _ => format!("{grouped}{}{fraction}", self.decimal_mark),
        }
    }
}

fn group(whole: &str, thousands: Thousands) -> String {
    let mark = match thousands {
        Thousands::Point => ".",
        Thousands::Comma => ",",
        Thousands::Apostrophe => "'",
        Thousands::Space => " ",
        Thousands::HardSpace => "\u{a0}",
        Thousands::None => "",
    };
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push_str(mark);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country::Country;

    fn notation(thousands: Thousands, mark: CurrencyMark, negative: NegativeStyle) -> Notation {
        Notation {
            thousands,
            decimal_mark: ',',
            date_style: DateStyle::LongSpanish,
            currency_mark: mark,
            negative_style: negative,
            currency: Country::Germany.facts().currency,
            months: &crate::words::words(crate::country::Language::Spanish).months,
        }
    }

    #[test]
    fn amounts_are_grouped_marked_and_signed() {
        let value = Decimal::new(-123_456_789, 2);
        let point = notation(Thousands::Point, CurrencyMark::SymbolAfter, NegativeStyle::Trailing);
        assert_eq!(point.money(value), "1.234.567,89 €-");
        let space = notation(Thousands::Space, CurrencyMark::CodeBefore, NegativeStyle::Brackets);
        assert_eq!(space.money(value), "(EUR 1 234 567,89)");
        assert_eq!(space.quantity(Decimal::new(2500, 3)), "2,5");
        assert_eq!(space.unit_price(Decimal::new(3121, 4)), "0,3121");
    }

    #[test]
    fn dates_follow_the_language() {
        let spanish = notation(Thousands::Point, CurrencyMark::None, NegativeStyle::Leading);
        assert_eq!(spanish.date(jiff::civil::date(2025, 3, 14)), "14 de marzo de 2025");
    }
}
