//! Calls of models, within the project's budget and never twice.

use std::collections::{BTreeMap, HashMap};

use accord_domain::{Amounts, BudgetHold, Project};

use crate::calls::StoredCall;
use crate::error::StoreResult;
use crate::spending::{BegunCalls, CallEnd, CallStart, EndedCall, NewCall, Spent};
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

/// Begins calls of a project: looks whether their replies are kept or somebody makes them, and reserves what they may cost
/// from the project's budget, one after the other. What is spent and reserved never exceeds the budget. Says of each, in
/// order, whether it may be made.
///
/// # Errors
/// Those of the database.
pub async fn begin_calls(
    tx: &mut dyn Transaction,
    project: &Project,
    calls: &[&NewCall],
    lease_milliseconds: i64,
) -> StoreResult<Vec<CallTurn>> {
    let kept = kept_replies(tx, calls).await?;
    let mut turns: Vec<Option<CallTurn>> = calls
        .iter()
        .map(|call| kept.get(call.key.as_str()).cloned().map(CallTurn::Kept))
        .collect();
    reserve(tx, project, calls, &mut turns).await?;
    let free = || (0..calls.len()).filter(|position| turns[*position].is_none());
    let (positions, wanted): (Vec<usize>, Vec<&NewCall>) = free().map(|position| (position, calls[position])).unzip();
    let starts = tx.begin_calls(&wanted, lease_milliseconds).await?;
    // Others may have ended between the first look and the lock.
    let kept = kept_replies(tx, &wanted).await?;
    for ((position, call), start) in positions.into_iter().zip(wanted).zip(starts) {
        turns[position] = Some(match (start, kept.get(call.key.as_str())) {
            (CallStart::UnderWay { wait_milliseconds }, _) => CallTurn::UnderWay { wait_milliseconds },
            (CallStart::Begun, None) => CallTurn::Begun,
            (CallStart::Begun, Some(reply)) => {
                let end = CallEnd::NotMade;
                tx.end_calls(&[EndedCall { call, end }]).await?;
                CallTurn::Kept(reply.clone())
            }
        });
    }
    Ok(turns.into_iter().flatten().collect())
}

/// The replies that are kept of these calls, by key.
async fn kept_replies(tx: &mut dyn Transaction, calls: &[&NewCall]) -> StoreResult<HashMap<String, StoredCall>> {
    let keys: Vec<&str> = calls.iter().map(|call| call.key.as_str()).collect();
    let kept = tx.calls(&keys).await?;
    Ok(kept.into_iter().map(|reply| (reply.key.clone(), reply)).collect())
}

/// Gives a turn to those of the calls without one for which the budget does not suffice.
async fn reserve(
    tx: &mut dyn Transaction,
    project: &Project,
    calls: &[&NewCall],
    turns: &mut [Option<CallTurn>],
) -> StoreResult<()> {
    let budget = &project.definition.policy.budget;
    if budget.is_unlimited() || turns.iter().all(Option::is_some) {
        return Ok(());
    }
    tx.lock_spending(project.id).await?;
    // Calls under way first: one that ends meanwhile is counted twice rather than not at all.
    let mut begun = tx.begun_calls(project.id).await?;
    let spent = tx.spending(project.id).await?;
    let currency = budget.currency.as_deref();
    let mut reserved: BTreeMap<i64, (Amounts, Amounts)> = BTreeMap::new();
    for (call, turn) in calls.iter().zip(turns).filter(|(_, turn)| turn.is_none()) {
        if budget.limits_money() && call.currency.is_some() && call.currency != budget.currency {
            *turn = Some(CallTurn::OtherCurrency);
            continue;
        }
        let wanted = Amounts {
            money: call.cost,
            tokens: call.tokens,
        };
        let known = reserved
            .entry(call.day)
            .or_insert_with(|| spent_and_reserved(&spent, &begun, call.day, currency));
        if let Err(hold) = budget.fits(known.0, known.1, wanted) {
            let (today, total) = spent_and_reserved(&spent, &[], call.day, currency);
            *turn = Some(match budget.fits(today, total, wanted) {
                Ok(()) => CallTurn::Reserved(hold),
                Err(hold) => CallTurn::OverBudget(hold),
            });
            continue;
        }
        let own = BegunCalls {
            day: call.day,
            currency: call.currency.clone(),
            are_lost: false,
            calls: 1,
            tokens: call.tokens,
            cost: call.cost,
        };
        let added = spent_and_reserved(&[], std::slice::from_ref(&own), call.day, currency).1;
        for (day, (today, total)) in &mut reserved {
            *total = total.plus(added);
            if *day == call.day {
                *today = today.plus(added);
            }
        }
        begun.push(own);
    }
    Ok(())
}

/// A call whose reply has come.
#[derive(Debug, Clone, Copy)]
pub struct RepliedCall<'a> {
    /// As it was begun.
    pub call: &'a NewCall,
    /// What came.
    pub reply: &'a StoredCall,
    /// What it cost.
    pub end: CallEnd,
}

/// Keeps the replies of calls and settles what they cost. Gives back of each, in order, the reply that is kept when there
/// is an earlier one. Repeating it is harmless: whoever does not know whether a transaction was committed may do it again.
///
/// # Errors
/// Those of the database.
pub async fn keep_calls(tx: &mut dyn Transaction, replied: &[RepliedCall<'_>]) -> StoreResult<Vec<Option<StoredCall>>> {
    let replies: Vec<&StoredCall> = replied.iter().map(|one| one.reply).collect();
    let kept = tx.insert_calls(&replies).await?;
    let (mut earlier, mut ended) = (Vec::with_capacity(replied.len()), Vec::with_capacity(replied.len()));
    for (one, is_kept) in replied.iter().zip(kept) {
        let other = if is_kept { None } else { tx.call(&one.reply.key).await? };
        let is_repetition = other.as_ref() == Some(one.reply);
        if !is_repetition {
            ended.push(EndedCall {
                call: one.call,
                end: one.end,
            });
        }
        earlier.push(other.filter(|_| !is_repetition));
    }
    tx.end_calls(&ended).await?;
    Ok(earlier)
}

/// What is spent and reserved of a budget in this currency: on that day and in all.
#[must_use]
pub fn spent_and_reserved(
    spent: &[Spent],
    begun: &[BegunCalls],
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
    let reserved = begun.iter().filter(|calls| !calls.are_lost).map(|calls| {
        let money = if of_budget(calls.currency.as_deref()) {
            calls.cost
        } else {
            0.into()
        };
        let tokens = calls.tokens;
        (calls.day, Amounts { money, tokens })
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
