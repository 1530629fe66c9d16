//! Calls of models, within the project's budget and never twice.

use accord_domain::{Amounts, BudgetHold, Project};

use crate::calls::StoredCall;
use crate::error::StoreResult;
use crate::spending::{BegunCall, CallEnd, CallStart, NewCall, Spent};
use crate::transaction::Transaction;

/// Whether a call may be made.
#[derive(Debug, Clone, PartialEq)]
pub enum CallTurn {
    /// It may, and is written down.
    Begun,
    /// Its reply is there already.
    Kept(StoredCall),
    /// Somebody else makes the same call.
    UnderWay {
        /// How long the other's lease lasts at most, in milliseconds.
        wait_milliseconds: i64,
    },
    /// The project's budget is spent.
    OverBudget(BudgetHold),
    /// The project's budget is not spent, but what is left is reserved for calls under way.
    Reserved(BudgetHold),
    /// The provider's prices are in another currency than the project's budget, so nobody can tell whether it suffices.
    OtherCurrency,
}

/// Begins a call: looks whether its reply is kept or somebody makes it, and reserves what it may cost from the project's
/// budget. What is spent and reserved never exceeds the budget.
///
/// # Errors
/// Those of the database.
pub async fn begin_call(
    tx: &mut dyn Transaction,
    project: &Project,
    call: &NewCall,
    lease_milliseconds: i64,
) -> StoreResult<CallTurn> {
    if let Some(kept) = tx.call(&call.key).await? {
        return Ok(CallTurn::Kept(kept));
    }
    let budget = &project.definition.policy.budget;
    if !budget.is_unlimited() {
        if budget.limits_money() && call.currency.is_some() && call.currency != budget.currency {
            return Ok(CallTurn::OtherCurrency);
        }
        tx.lock_spending(project.id).await?;
        // Calls under way first: one that ends meanwhile is counted twice rather than not at all.
        let begun = tx.begun_calls(project.id).await?;
        let spent = tx.spending(project.id).await?;
        let currency = budget.currency.as_deref();
        let (today, total) = spent_and_reserved(&spent, &begun, call.day, currency);
        let wanted = Amounts {
            money: call.cost,
            tokens: call.tokens,
        };
        if let Err(hold) = budget.fits(today, total, wanted) {
            let (today, total) = spent_and_reserved(&spent, &[], call.day, currency);
            return Ok(match budget.fits(today, total, wanted) {
                Ok(()) => CallTurn::Reserved(hold),
                Err(hold) => CallTurn::OverBudget(hold),
            });
        }
    }
    match tx.begin_call(call, lease_milliseconds).await? {
        CallStart::UnderWay { wait_milliseconds } => Ok(CallTurn::UnderWay { wait_milliseconds }),
        // The other may have ended between the first look and the lock.
        CallStart::Begun => match tx.call(&call.key).await? {
            None => Ok(CallTurn::Begun),
            Some(kept) => {
                tx.end_call(call, &CallEnd::NotMade).await?;
                Ok(CallTurn::Kept(kept))
            }
        },
    }
}

/// Keeps the reply of a call and settles what it cost. Gives back the reply that is kept when there is an earlier one.
/// Repeating it is harmless: whoever does not know whether a transaction was committed may do it again.
///
/// # Errors
/// Those of the database.
pub async fn keep_call(
    tx: &mut dyn Transaction,
    call: &NewCall,
    reply: &StoredCall,
    end: &CallEnd,
) -> StoreResult<Option<StoredCall>> {
    if tx.insert_call(reply).await? {
        tx.end_call(call, end).await?;
        return Ok(None);
    }
    let kept = tx.call(&reply.key).await?;
    if kept.as_ref() == Some(reply) {
        return Ok(None);
    }
    tx.end_call(call, end).await?;
    Ok(kept)
}

/// What is spent and reserved of a budget in this currency: on that day and in all.
#[must_use]
pub fn spent_and_reserved(
    spent: &[Spent],
    begun: &[BegunCall],
    day: i64,
    currency: Option<&str>,
) -> (Amounts, Amounts) {
    let of_budget = |other: Option<&str>| currency.is_some() && other == currency;
    let spent = spent.iter().map(|row| {
        let money = if of_budget(row.currency.as_deref()) {
            row.cost
        } else {
            0.into()
        };
        let tokens = row.input_tokens.saturating_add(row.output_tokens);
        (row.day, Amounts { money, tokens })
    });
    let reserved = begun.iter().filter(|call| !call.is_lost).map(|call| {
        let money = if of_budget(call.currency.as_deref()) {
            call.cost
        } else {
            0.into()
        };
        let tokens = call.tokens;
        (call.day, Amounts { money, tokens })
    });
    let (mut today, mut total) = (Amounts::default(), Amounts::default());
    for (at, amounts) in spent.chain(reserved) {
        total = total.plus(amounts);
        if at == day {
            today = today.plus(amounts);
        }
    }
    (today, total)
}
