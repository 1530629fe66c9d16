//! What an item takes.

use accord_domain::{MethodCost, Provenance};
use rust_decimal::Decimal;

/// Places of money that is divided by items.
const MONEY_PLACES: u32 = 10;

/// What one answer of a model took; nothing where no model was asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Spent {
    is_call: bool,
    input_tokens: i64,
    output_tokens: i64,
    milliseconds: i64,
    money: Option<(String, Decimal)>,
}

impl Spent {
    pub(super) fn of(provenance: &Provenance) -> Self {
        Self {
            is_call: provenance.call_key.is_some(),
            input_tokens: provenance.input_tokens.unwrap_or(0),
            output_tokens: provenance.output_tokens.unwrap_or(0),
            milliseconds: provenance.latency_milliseconds.unwrap_or(0),
            money: provenance.cost_currency.clone().zip(provenance.cost),
        }
    }
}

impl AsRef<Self> for Spent {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The mean over items of what was spent on each.
pub(super) fn mean_cost<T: AsRef<Spent>>(items: impl IntoIterator<Item = impl IntoIterator<Item = T>>) -> MethodCost {
    let (mut count, mut total) = (0_u32, MethodCost::default());
    for item in items {
        count += 1;
        for spent in item {
            add(&mut total, spent.as_ref());
        }
    }
    divided(total, count.max(1))
}

fn add(total: &mut MethodCost, spent: &Spent) {
    total.calls += f64::from(u8::from(spent.is_call));
    total.input_tokens += spent.input_tokens as f64;
    total.output_tokens += spent.output_tokens as f64;
    total.seconds += spent.milliseconds as f64 / 1000.0;
    if let Some((currency, money)) = &spent.money {
        *total.money.entry(currency.clone()).or_default() += *money;
    }
}

fn divided(mut total: MethodCost, items: u32) -> MethodCost {
    for part in [
        &mut total.calls,
        &mut total.input_tokens,
        &mut total.output_tokens,
        &mut total.seconds,
    ] {
        *part /= f64::from(items);
    }
    for money in total.money.values_mut() {
        *money = (*money / Decimal::from(items)).round_dp(MONEY_PLACES).normalize();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_means_over_items_and_money_is_exact() {
        let call = |cost: &str, currency: &str| {
            Spent::of(&Provenance {
                call_key: Some("key".to_owned()),
                input_tokens: Some(100),
                output_tokens: Some(10),
                latency_milliseconds: Some(500),
                cost: Some(cost.parse().unwrap()),
                cost_currency: Some(currency.to_owned()),
                ..Provenance::default()
            })
        };
        let reader = Spent::of(&Provenance::default());
        let items = [
            vec![call("0.1", "EUR"), call("0.2", "EUR"), reader.clone()],
            vec![call("0.4", "USD")],
            vec![reader],
        ];
        let cost = mean_cost(&items);
        assert_eq!(
            (cost.calls, cost.input_tokens, cost.output_tokens, cost.seconds),
            (1.0, 100.0, 10.0, 0.5)
        );
        assert_eq!(cost.money["EUR"], "0.1".parse().unwrap());
        assert_eq!(cost.money["USD"], "0.1333333333".parse().unwrap());
    }
}
