//! Calls of models, within the project's budget and never twice.

use accord_domain::{Amounts, BudgetHold, Project, Run, RunBudget};

use rust_decimal::Decimal;

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
    /// The run it is made for is paused or cancelled.
    RunHeld(String),
    /// The run's budget does not suffice, or cannot be held against the provider's prices.
    RunOverBudget {
        /// What is spent, and what to do.
        reason: String,
        /// The budget.
        budget: RunBudget,
    },
    /// The run's budget is not spent, but what is left is reserved for calls under way.
    RunReserved(String),
}

/// Begins a call: looks whether its reply is kept or somebody makes it, and reserves what it may cost from the budgets of
/// the project and of the run. What is spent and reserved never exceeds a budget.
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
    let run = match call.run {
        Some(of) => tx.run(of.run_id).await?,
        None => None,
    };
    if let Some(reason) = run.as_ref().and_then(Run::refusal) {
        return Ok(CallTurn::RunHeld(reason));
    }
    let run = run.filter(|run| !run.budget.is_unlimited());
    let limits_project = !project.definition.policy.budget.is_unlimited();
    if limits_project || run.is_some() {
        tx.lock_spending(project.id).await?;
        // Calls under way first: one that ends meanwhile is counted twice rather than not at all.
        let begun = tx.begun_calls(project.id).await?;
        if limits_project && let Some(turn) = beyond_project(tx, project, call, &begun).await? {
            return Ok(turn);
        }
        if let Some(run) = &run
            && let Some(turn) = beyond_run(tx, run, call, &begun).await?
        {
            return Ok(turn);
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

/// What the project's budget has against a call.
async fn beyond_project(
    tx: &mut dyn Transaction,
    project: &Project,
    call: &NewCall,
    begun: &[BegunCall],
) -> StoreResult<Option<CallTurn>> {
    let budget = &project.definition.policy.budget;
    if budget.limits_money() && call.currency.is_some() && call.currency != budget.currency {
        return Ok(Some(CallTurn::OtherCurrency));
    }
    let spent = tx.spending(project.id).await?;
    let currency = budget.currency.as_deref();
    let wanted = wanted_by(call);
    let (today, total) = spent_and_reserved(&spent, begun, call.day, currency);
    let Err(hold) = budget.fits(today, total, wanted) else {
        return Ok(None);
    };
    let (today, total) = spent_and_reserved(&spent, &[], call.day, currency);
    Ok(Some(match budget.fits(today, total, wanted) {
        Ok(()) => CallTurn::Reserved(hold),
        Err(hold) => CallTurn::OverBudget(hold),
    }))
}

/// What the run's budget has against a call.
async fn beyond_run(
    tx: &mut dyn Transaction,
    run: &Run,
    call: &NewCall,
    begun: &[BegunCall],
) -> StoreResult<Option<CallTurn>> {
    let budget = &run.budget;
    if budget.is_foreign(call.currency.as_deref()) {
        let reason = format!(
            "provider `{}` has prices in {}, its budget is in {}: give the run a budget in that currency and resume it",
            call.provider,
            call.currency.as_deref().unwrap_or("no currency"),
            budget.currency.as_deref().unwrap_or("none"),
        );
        return Ok(Some(over_budget(run, reason)));
    }
    let currency = budget.currency.as_deref();
    let spent = tx.spending_of_run(run.id).await?.into_iter().map(|row| {
        let tokens = row.input_tokens.saturating_add(row.output_tokens);
        amounts_in(currency, row.currency.as_deref(), row.cost, tokens)
    });
    let spent = spent.fold(Amounts::default(), Amounts::plus);
    let reserved = begun
        .iter()
        .filter(|other| other.run_id == Some(run.id) && !other.is_lost)
        .map(|other| amounts_in(currency, other.currency.as_deref(), other.cost, other.tokens));
    let wanted = wanted_by(call);
    let Err(reason) = budget.fits(reserved.fold(spent, Amounts::plus), wanted) else {
        return Ok(None);
    };
    Ok(Some(match budget.fits(spent, wanted) {
        Ok(()) => CallTurn::RunReserved(reason),
        Err(reason) => over_budget(run, reason),
    }))
}

fn over_budget(run: &Run, reason: String) -> CallTurn {
    CallTurn::RunOverBudget {
        reason,
        budget: run.budget.clone(),
    }
}

const fn wanted_by(call: &NewCall) -> Amounts {
    Amounts {
        money: call.cost,
        tokens: call.tokens,
    }
}

/// Amounts in a budget's currency: money of another one cannot be held against it.
fn amounts_in(budget: Option<&str>, currency: Option<&str>, money: Decimal, tokens: i64) -> Amounts {
    let is_same = budget.is_some() && currency == budget;
    Amounts {
        money: if is_same { money } else { Decimal::ZERO },
        tokens,
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
        if let Some(of) = call.run {
            tx.note_call_of_run(of, reply).await?;
        }
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
    let spent = spent.iter().map(|row| {
        let tokens = row.input_tokens.saturating_add(row.output_tokens);
        (row.day, amounts_in(currency, row.currency.as_deref(), row.cost, tokens))
    });
    let reserved = begun.iter().filter(|call| !call.is_lost).map(|call| {
        let amounts = amounts_in(currency, call.currency.as_deref(), call.cost, call.tokens);
        (call.day, amounts)
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
