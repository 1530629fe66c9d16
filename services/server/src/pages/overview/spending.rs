//! What language models cost a project, and which tasks wait and why.

use std::collections::BTreeMap;

use accord_domain::budget::day_of;
use accord_domain::{Project, Timestamp};
use accord_store::{ParkedTasks, StoreResult, Transaction, flow};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::pages::numbers::{Moment, count};

#[derive(Debug, Serialize)]
pub(super) struct SpendingShown {
    providers: Vec<ProviderLine>,
    limits: Vec<LimitLine>,
    lost_calls: Option<String>,
}

/// What one provider has cost in all.
#[derive(Debug, Serialize)]
struct ProviderLine {
    provider: String,
    calls: String,
    failed: String,
    input_tokens: String,
    output_tokens: String,
    cost: String,
}

/// One limit of the budget and what is spent and reserved of it.
#[derive(Debug, Serialize)]
struct LimitLine {
    limit: String,
    used: String,
    is_spent: bool,
}

/// Tasks that wait for the same reason.
#[derive(Debug, Serialize)]
pub(super) struct ParkedLine {
    reason: String,
    count: String,
    ready_at: Moment,
}

#[derive(Default)]
struct Sum {
    kept_calls: i64,
    failed_calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: Decimal,
}

/// The tasks that wait, by reason.
pub(super) async fn parked_lines(transaction: &mut dyn Transaction, project: &Project) -> StoreResult<Vec<ParkedLine>> {
    let parked = transaction.parked_tasks(project.id).await?;
    let line = |parked: ParkedTasks| ParkedLine {
        reason: parked.reason,
        count: count(parked.count),
        ready_at: parked.ready_at.into(),
    };
    Ok(parked.into_iter().map(line).collect())
}

/// What models have cost; none where none was asked and nothing is limited.
pub(super) async fn spending(
    transaction: &mut dyn Transaction,
    project: &Project,
    now: Timestamp,
) -> StoreResult<Option<SpendingShown>> {
    let begun = transaction.begun_calls(project.id).await?;
    let spent = transaction.spending(project.id).await?;
    let budget = &project.definition.policy.budget;
    if spent.is_empty() && begun.is_empty() && budget.is_unlimited() {
        return Ok(None);
    }
    let mut sums: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    for row in &spent {
        let key = (row.provider.as_str(), row.currency.as_deref().unwrap_or_default());
        let sum = sums.entry(key).or_default();
        sum.kept_calls += row.kept_calls;
        sum.failed_calls += row.failed_calls;
        sum.input_tokens += row.input_tokens;
        sum.output_tokens += row.output_tokens;
        sum.cost += row.cost;
    }
    let providers = sums.into_iter().map(|((provider, currency), sum)| ProviderLine {
        provider: provider.to_owned(),
        calls: count(sum.kept_calls),
        failed: count(sum.failed_calls),
        input_tokens: count(sum.input_tokens),
        output_tokens: count(sum.output_tokens),
        cost: if currency.is_empty() {
            "no prices".to_owned()
        } else {
            format!("{} {currency}", sum.cost.normalize())
        },
    });
    let (today, total) = flow::spent_and_reserved(&spent, &begun, day_of(now), budget.currency.as_deref());
    let currency = budget.currency.as_deref().unwrap_or_default();
    let money = |limit: Option<Decimal>, used: Decimal, of: &str| {
        limit.map(|limit| LimitLine {
            limit: format!("{} {currency} {of}", limit.normalize()),
            used: format!("{} {currency}", used.normalize()),
            is_spent: used >= limit,
        })
    };
    let tokens = |limit: Option<i64>, used: i64, of: &str| {
        limit.map(|limit| LimitLine {
            limit: format!("{} tokens {of}", count(limit)),
            used: format!("{} tokens", count(used)),
            is_spent: used >= limit,
        })
    };
    let limits = [
        money(budget.money_per_day, today.money, "a day"),
        money(budget.money, total.money, "in all"),
        tokens(budget.tokens_per_day, today.tokens, "a day"),
        tokens(budget.tokens, total.tokens, "in all"),
    ];
    let lost = spent.iter().map(|row| row.lost_calls).sum::<i64>()
        + begun
            .iter()
            .filter(|calls| calls.are_lost)
            .map(|calls| calls.calls)
            .sum::<i64>();
    Ok(Some(SpendingShown {
        providers: providers.collect(),
        limits: limits.into_iter().flatten().collect(),
        lost_calls: (lost > 0).then(|| count(lost)),
    }))
}
