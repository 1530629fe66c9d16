//! Calls of models, within the project's budget and never twice.

use std::collections::{BTreeMap, HashMap};

use accord_domain::{Amounts, BudgetHold, Project, Run, RunBudget, RunId};
use rust_decimal::Decimal;

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

/// Begins calls of a project: looks whether their replies are kept or somebody makes them, and reserves what they may cost
/// from the budgets of the project and of their runs, one after the other. What is spent and reserved never exceeds a budget.
/// Says of each, in order, whether it may be made.
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

/// Gives a turn to those of the calls without one that may not be made: their run is held, or a budget does not suffice.
async fn reserve(
    tx: &mut dyn Transaction,
    project: &Project,
    calls: &[&NewCall],
    turns: &mut [Option<CallTurn>],
) -> StoreResult<()> {
    let runs = runs_of(tx, calls).await?;
    let of = |call: &NewCall| call.run.and_then(|of| runs.get(&of.run_id));
    for (call, turn) in calls.iter().zip(&mut *turns).filter(|(_, turn)| turn.is_none()) {
        *turn = of(call).and_then(Run::refusal).map(CallTurn::RunHeld);
    }
    let limits_project = !project.definition.policy.budget.is_unlimited();
    let limits_run = |call: &NewCall| of(call).is_some_and(|run| !run.budget.is_unlimited());
    let mut open = calls.iter().zip(&*turns).filter(|(_, turn)| turn.is_none());
    if !open.any(|(call, _)| limits_project || limits_run(call)) {
        return Ok(());
    }
    tx.lock_spending(project.id).await?;
    // Calls under way first: one that ends meanwhile is counted twice rather than not at all.
    let mut used = UsedBudgets {
        begun: tx.begun_calls(project.id).await?,
        spent: tx.spending(project.id).await?,
        by_day: BTreeMap::new(),
        of_runs: HashMap::new(),
    };
    for (call, turn) in calls.iter().zip(turns).filter(|(_, turn)| turn.is_none()) {
        if limits_project {
            *turn = used.beyond_project(project, call);
        }
        if turn.is_none()
            && let Some(run) = of(call).filter(|run| !run.budget.is_unlimited())
        {
            *turn = used.beyond_run(tx, run, call).await?;
        }
        if turn.is_none() {
            used.add(project, of(call), call);
        }
    }
    Ok(())
}

/// The runs of these calls.
async fn runs_of(tx: &mut dyn Transaction, calls: &[&NewCall]) -> StoreResult<HashMap<RunId, Run>> {
    let mut runs = HashMap::new();
    for of in calls.iter().filter_map(|call| call.run) {
        if !runs.contains_key(&of.run_id)
            && let Some(run) = tx.run(of.run_id).await?
        {
            runs.insert(of.run_id, run);
        }
    }
    Ok(runs)
}

/// What is spent and reserved of the budgets of a project and its runs while calls are begun one after the other.
struct UsedBudgets {
    /// Calls under way before these.
    begun: Vec<BegunCalls>,
    spent: Vec<Spent>,
    /// Of the project's budget by day: on that day and in all, with what is reserved, of these calls too.
    by_day: BTreeMap<i64, (Amounts, Amounts)>,
    /// Of the budgets of runs: what is spent, and that with what is reserved, of these calls too.
    of_runs: HashMap<RunId, (Amounts, Amounts)>,
}

impl UsedBudgets {
    /// What the project's budget has against a call.
    fn beyond_project(&mut self, project: &Project, call: &NewCall) -> Option<CallTurn> {
        let budget = &project.definition.policy.budget;
        if budget.limits_money() && call.currency.is_some() && call.currency != budget.currency {
            return Some(CallTurn::OtherCurrency);
        }
        let wanted = wanted_by(call);
        let (today, total) = self.of_project(project, call.day);
        let hold = budget.fits(today, total, wanted).err()?;
        let (today, total) = spent_and_reserved(&self.spent, &[], call.day, budget.currency.as_deref());
        Some(match budget.fits(today, total, wanted) {
            Ok(()) => CallTurn::Reserved(hold),
            Err(hold) => CallTurn::OverBudget(hold),
        })
    }

    fn of_project(&mut self, project: &Project, day: i64) -> (Amounts, Amounts) {
        let currency = project.definition.policy.budget.currency.as_deref();
        let (spent, begun) = (&self.spent, &self.begun);
        let used = self.by_day.entry(day);
        *used.or_insert_with(|| spent_and_reserved(spent, begun, day, currency))
    }

    /// What the run's budget has against a call.
    async fn beyond_run(
        &mut self,
        tx: &mut dyn Transaction,
        run: &Run,
        call: &NewCall,
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
        let wanted = wanted_by(call);
        let (spent, used) = self.of_run(tx, run).await?;
        let Err(reason) = budget.fits(used, wanted) else {
            return Ok(None);
        };
        Ok(Some(match budget.fits(spent, wanted) {
            Ok(()) => CallTurn::RunReserved(reason),
            Err(reason) => over_budget(run, reason),
        }))
    }

    async fn of_run(&mut self, tx: &mut dyn Transaction, run: &Run) -> StoreResult<(Amounts, Amounts)> {
        if let Some(known) = self.of_runs.get(&run.id) {
            return Ok(*known);
        }
        let currency = run.budget.currency.as_deref();
        let spent = tx.spending_of_run(run.id).await?.into_iter().map(|row| {
            let tokens = row.input_tokens.saturating_add(row.output_tokens);
            amounts_in(currency, row.currency.as_deref(), row.cost, tokens)
        });
        let spent = spent.fold(Amounts::default(), Amounts::plus);
        // Those of this transaction are added one by one from here on.
        let reserved = self
            .begun
            .iter()
            .filter(|calls| calls.run_id == Some(run.id) && !calls.are_lost)
            .map(|calls| amounts_in(currency, calls.currency.as_deref(), calls.cost, calls.tokens));
        let used = reserved.fold(spent, Amounts::plus);
        self.of_runs.insert(run.id, (spent, used));
        Ok((spent, used))
    }

    /// Reserves what a call may cost.
    fn add(&mut self, project: &Project, run: Option<&Run>, call: &NewCall) {
        let currency = project.definition.policy.budget.currency.as_deref();
        let (own, tokens) = (call.currency.as_deref(), call.tokens);
        let added = amounts_in(currency, own, call.cost, tokens);
        for (day, (today, total)) in &mut self.by_day {
            *total = total.plus(added);
            if *day == call.day {
                *today = today.plus(added);
            }
        }
        if let Some((run, (_, used))) = run.and_then(|run| Some((run, self.of_runs.get_mut(&run.id)?))) {
            let currency = run.budget.currency.as_deref();
            *used = used.plus(amounts_in(currency, own, call.cost, tokens));
        }
        self.begun.push(BegunCalls {
            run_id: run.map(|run| run.id),
            day: call.day,
            currency: call.currency.clone(),
            are_lost: false,
            calls: 1,
            tokens,
            cost: call.cost,
        });
    }
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
        if let (true, Some(of)) = (is_kept, one.call.run) {
            tx.note_call_of_run(of, one.reply).await?;
        }
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
    let spent = spent.iter().map(|row| {
        let tokens = row.input_tokens.saturating_add(row.output_tokens);
        (row.day, amounts_in(currency, row.currency.as_deref(), row.cost, tokens))
    });
    let reserved = begun.iter().filter(|calls| !calls.are_lost).map(|calls| {
        let amounts = amounts_in(currency, calls.currency.as_deref(), calls.cost, calls.tokens);
        (calls.day, amounts)
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
