//! Persistence of calls that are under way and of what calls have cost.
//!
//! A call is written down before it is made. Until it ends it holds its key, so that nobody else makes the same call, and
//! what it may cost is reserved. A call that is never heard of again loses both when its lease ends, and is counted as lost:
//! it may have been paid for in vain.

use std::collections::BTreeMap;

use accord_domain::{ProjectId, RunAnnotator, RunId};
use async_trait::async_trait;
use rust_decimal::Decimal;

use crate::error::StoreResult;

/// A call that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// The key of everything that is asked.
    pub key: String,
    /// The secret of whoever makes it.
    pub token: String,
    /// The project that pays.
    pub project_id: ProjectId,
    /// For whom in which run it is made; none outside of runs.
    pub run: Option<RunAnnotator>,
    /// The provider that is asked.
    pub provider: String,
    /// The day it counts for, from the start of 1970.
    pub day: i64,
    /// The most tokens it may take, as far as can be told.
    pub tokens: i64,
    /// The most money it may cost; 0 where there are no prices.
    pub cost: Decimal,
    /// The currency of the provider's prices.
    pub currency: Option<String>,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStart {
    /// It may, and is written down.
    Begun,
    /// Somebody else makes the same call.
    UnderWay {
        /// How long the other's lease lasts at most, in milliseconds.
        wait_milliseconds: i64,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// With a reply, which is kept and paid for.
    Kept {
        /// Tokens of the question.
        input_tokens: i64,
        /// Tokens of the answer.
        output_tokens: i64,
        /// Its price.
        cost: Decimal,
    },
    /// Without a reply.
    Failed,
    /// It was not made after all.
    NotMade,
}

/// A call with its end.
#[derive(Debug, Clone, Copy)]
pub struct EndedCall<'a> {
    /// As it was begun.
    pub call: &'a NewCall,
    /// How it ended.
    pub end: CallEnd,
}

/// What some ended calls add to one line of the spending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndedSum {
    /// Calls whose reply is kept.
    pub kept_calls: i64,
    /// Calls that ended without a reply.
    pub failed_calls: i64,
    /// Tokens of the questions of kept calls.
    pub input_tokens: i64,
    /// Tokens of their answers.
    pub output_tokens: i64,
    /// What they cost.
    pub cost: Decimal,
}

/// The line of the spending that a call belongs to, and with its run that of the run's own spending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpendingLine<'a> {
    /// The project that pays.
    pub project_id: ProjectId,
    /// The day.
    pub day: i64,
    /// The provider.
    pub provider: &'a str,
    /// The currency; empty where there are no prices.
    pub currency: &'a str,
    /// For whom in which run it is made.
    pub run: Option<RunAnnotator>,
}

impl<'a> SpendingLine<'a> {
    /// The line of a call.
    #[must_use]
    pub fn of(call: &'a NewCall) -> Self {
        Self {
            project_id: call.project_id,
            day: call.day,
            provider: &call.provider,
            currency: call.currency.as_deref().unwrap_or_default(),
            run: call.run,
        }
    }
}

impl EndedSum {
    /// What calls add that ended so.
    #[must_use]
    pub fn of(ends: impl IntoIterator<Item = CallEnd>) -> Self {
        ends.into_iter().fold(Self::default(), |mut sum, end| {
            match end {
                CallEnd::Kept {
                    input_tokens,
                    output_tokens,
                    cost,
                } => {
                    sum.kept_calls += 1;
                    sum.input_tokens = sum.input_tokens.saturating_add(input_tokens);
                    sum.output_tokens = sum.output_tokens.saturating_add(output_tokens);
                    sum.cost += cost;
                }
                CallEnd::Failed => sum.failed_calls += 1,
                CallEnd::NotMade => {}
            }
            sum
        })
    }
}

/// Ended calls by the line of the spending that they belong to, in the order in which those of projects are written, so
/// that transactions wait for each other and not in a circle.
#[must_use]
pub fn by_line<'a>(ended: &[EndedCall<'a>]) -> BTreeMap<SpendingLine<'a>, Vec<EndedCall<'a>>> {
    let mut lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in ended {
        lines.entry(SpendingLine::of(one.call)).or_default().push(*one);
    }
    lines
}

/// Calls under way of one run, day and currency, summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunCalls {
    /// The run they are made for.
    pub run_id: Option<RunId>,
    /// The day they count for.
    pub day: i64,
    /// Their currency.
    pub currency: Option<String>,
    /// Whether their leases have ended: nothing is reserved any more, and the calls are lost.
    pub are_lost: bool,
    /// How many there are.
    pub calls: i64,
    /// Tokens that are reserved.
    pub tokens: i64,
    /// Money that is reserved, exactly.
    pub cost: Decimal,
}

/// What one provider has cost a project in one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The provider.
    pub provider: String,
    /// The day, from the start of 1970.
    pub day: i64,
    /// The currency of the prices at that time.
    pub currency: Option<String>,
    /// Calls whose reply is kept.
    pub kept_calls: i64,
    /// Calls that ended without a reply.
    pub failed_calls: i64,
    /// Calls that were begun and of which nothing was heard again.
    pub lost_calls: i64,
    /// Tokens of the questions of kept calls.
    pub input_tokens: i64,
    /// Tokens of their answers.
    pub output_tokens: i64,
    /// What they cost, exactly.
    pub cost: Decimal,
}

/// Persistence of calls that are under way and of what calls have cost.
#[async_trait]
pub trait Spending {
    /// Lets nobody else begin calls of this project until the transaction ends, so that budgets are checked one after the
    /// other.
    async fn lock_spending(&mut self, project_id: ProjectId) -> StoreResult<()>;

    /// Writes calls down before they are made, each unless somebody makes the same one; says of each, in order, whether it
    /// may be made. One whose lease has ended is counted as lost and gives way. Repeating it with the same tokens is
    /// harmless.
    async fn begin_calls(&mut self, calls: &[&NewCall], lease_milliseconds: i64) -> StoreResult<Vec<CallStart>>;

    /// Prolongs the lease of a call from now. False when somebody else makes the call meanwhile, or it was given up as lost.
    async fn renew_call(&mut self, key: &str, token: &str, lease_milliseconds: i64) -> StoreResult<bool>;

    /// Ends calls and counts them. One that was counted as lost meanwhile is counted as what it is.
    async fn end_calls(&mut self, ended: &[EndedCall<'_>]) -> StoreResult<()>;

    /// Counts calls whose lease has ended as lost, at most `limit`; returns how many.
    async fn lose_calls(&mut self, limit: u32) -> StoreResult<u64>;

    /// The calls of a project that are under way, in sums by day, currency, whether they are lost, and run.
    async fn begun_calls(&mut self, project_id: ProjectId) -> StoreResult<Vec<BegunCalls>>;

    /// What a project has cost, by day, provider and currency.
    async fn spending(&mut self, project_id: ProjectId) -> StoreResult<Vec<Spent>>;
}
