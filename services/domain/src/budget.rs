//! Budgets: what the language models of a project may cost, in money and in tokens, a day and in all.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Microseconds of a day.
const DAY_MICROSECONDS: i64 = 24 * 3600 * 1_000_000;

/// What the language models of a project may cost. What is not given is not limited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// The currency of the amounts, ISO 4217; the same as that of the providers' prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The most money in a day of Coordinated Universal Time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_per_day: Option<Decimal>,
    /// The most money in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Decimal>,
    /// The most tokens of questions and answers in a day of Coordinated Universal Time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_day: Option<i64>,
    /// The most tokens of questions and answers in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<i64>,
}

/// Money and tokens: spent, reserved for calls under way, or wanted for another call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// Money in the budget's currency.
    pub money: Decimal,
    /// Tokens.
    pub tokens: i64,
}

impl Amounts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            money: self.money + other.money,
            tokens: self.tokens.saturating_add(other.tokens),
        }
    }
}

/// Why a call is not paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetHold {
    /// The day's money or tokens do not suffice; tomorrow they do.
    Day(String),
    /// What is there in all does not suffice.
    Total(String),
}

impl BudgetHold {
    /// What is spent, and what to do.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Day(reason) | Self::Total(reason) => reason,
        }
    }
}

impl Budget {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.money_per_day.is_none() && self.money.is_none() && self.tokens_per_day.is_none() && self.tokens.is_none()
    }

    /// Whether money is limited.
    #[must_use]
    pub const fn limits_money(&self) -> bool {
        self.money_per_day.is_some() || self.money.is_some()
    }

    /// Checks the amounts.
    ///
    /// # Errors
    /// An amount is negative, or money comes without its currency.
    pub fn check(&self) -> Result<(), String> {
        let negative = [("money_per_day", self.money_per_day), ("money", self.money)]
            .into_iter()
            .find(|(_, amount)| amount.is_some_and(|amount| amount.is_sign_negative() && !amount.is_zero()));
        if let Some((name, _)) = negative {
            return Err(format!("`budget.{name}` must not be negative"));
        }
        let negative = [("tokens_per_day", self.tokens_per_day), ("tokens", self.tokens)]
            .into_iter()
            .find(|(_, amount)| amount.is_some_and(|amount| amount < 0));
        if let Some((name, _)) = negative {
            return Err(format!("`budget.{name}` must not be negative"));
        }
        match &self.currency {
            Some(code) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(()),
            Some(code) => {
                let shown: String = code.chars().take(20).collect();
                Err(format!("`budget.currency` must be a code such as EUR, it is `{shown}`"))
            }
            None if self.limits_money() => {
                Err("`budget.currency` is missing: money needs one, that of the providers' prices".to_owned())
            }
            None => Ok(()),
        }
    }

    /// Whether another call fits beside what is spent and reserved today and in all.
    ///
    /// # Errors
    /// Which limit it would exceed.
    pub fn fits(&self, today: Amounts, total: Amounts, wanted: Amounts) -> Result<(), BudgetHold> {
        let currency = self.currency.as_deref().unwrap_or_default();
        let money = |limit: Option<Decimal>, used: Decimal, of: &str| {
            let limit = limit.filter(|limit| used + wanted.money > *limit)?;
            let (used, needed) = (used.normalize(), wanted.money.normalize());
            Some(format!(
                "the project's budget of {limit} {currency} {of} is spent: {used} {currency} are spent or reserved, the next \
                 call may need {needed}; raise it in the policy to go on"
            ))
        };
        let tokens = |limit: Option<i64>, used: i64, of: &str| {
            let limit = limit.filter(|limit| used.saturating_add(wanted.tokens) > *limit)?;
            Some(format!(
                "the project's budget of {limit} tokens {of} is spent: {used} are spent or reserved, the next call may need \
                 {}; raise it in the policy to go on",
                wanted.tokens
            ))
        };
        let of_total = money(self.money, total.money, "in all").or_else(|| tokens(self.tokens, total.tokens, "in all"));
        if let Some(reason) = of_total {
            return Err(BudgetHold::Total(reason));
        }
        let of_day = money(self.money_per_day, today.money, "a day")
            .or_else(|| tokens(self.tokens_per_day, today.tokens, "a day"));
        match of_day {
            Some(reason) => Err(BudgetHold::Day(reason)),
            None => Ok(()),
        }
    }
}

/// The day of Coordinated Universal Time, counted from the start of 1970.
#[must_use]
pub const fn day_of(moment: Timestamp) -> i64 {
    moment.as_microseconds().div_euclid(DAY_MICROSECONDS)
}

/// The date of a day that is counted from the start of 1970, `2026-11-29`.
#[must_use]
pub fn date_of(day: i64) -> String {
    let start = Timestamp::from_microseconds(day.saturating_mul(DAY_MICROSECONDS)).to_string();
    start.get(..10).map_or_else(|| start.clone(), str::to_owned)
}

/// How long the day of this moment still lasts, in milliseconds.
#[must_use]
pub const fn milliseconds_left_of_day(moment: Timestamp) -> i64 {
    (DAY_MICROSECONDS - moment.as_microseconds().rem_euclid(DAY_MICROSECONDS)) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(money: &str, tokens: i64) -> Amounts {
        Amounts {
            money: money.parse().unwrap(),
            tokens,
        }
    }

    fn budget(json: &str) -> Budget {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_fits_to_the_last_digit_fits() {
        let budget = budget(r#"{"currency": "USD", "money_per_day": "0.0035", "money": "1", "tokens": 100}"#);
        budget.check().unwrap();
        let (spent, total) = (amounts("0.0025", 40), amounts("0.9", 60));
        assert_eq!(budget.fits(spent, total, amounts("0.001", 40)), Ok(()));
        let held = budget.fits(spent, total, amounts("0.0010000001", 40)).unwrap_err();
        assert!(
            matches!(&held, BudgetHold::Day(reason) if reason.contains("0.0035 USD a day")),
            "{held:?}"
        );
        let held = budget.fits(spent, total, amounts("0.001", 41)).unwrap_err();
        assert!(
            matches!(&held, BudgetHold::Total(reason) if reason.contains("100 tokens in all")),
            "{held:?}"
        );
        let held = budget.fits(spent, total, amounts("0.2", 0)).unwrap_err();
        assert!(held.reason().contains("1 USD in all"), "{held:?}");
        assert_eq!(Budget::default().fits(total, total, total), Ok(()));
    }

    #[test]
    fn amounts_are_checked() {
        for (json, part) in [
            (r#"{"money": "1"}"#, "currency"),
            (r#"{"money": "1", "currency": "dollars"}"#, "EUR"),
            (r#"{"money_per_day": "-1", "currency": "EUR"}"#, "money_per_day"),
            (r#"{"tokens": -1}"#, "tokens"),
        ] {
            let problem = budget(json).check().unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
        assert!(budget("{}").is_unlimited() && budget("{}").check().is_ok());
        assert!(serde_json::from_str::<Budget>(r#"{"monye": 1}"#).is_err());
    }

    #[test]
    fn days_begin_at_midnight() {
        let midnight = Timestamp::from_microseconds(20_000 * DAY_MICROSECONDS);
        assert_eq!(
            (day_of(midnight), milliseconds_left_of_day(midnight)),
            (20_000, 86_400_000)
        );
        assert_eq!(date_of(20_000), "2024-10-04");
        let before = midnight.plus_milliseconds(-1);
        assert_eq!((day_of(before), milliseconds_left_of_day(before)), (19_999, 1));
    }
}
