//! Persistence of calls that are under way and of what calls have cost.
//!
//! A call is written down before it is made. Until it ends it holds its key, so that nobody else makes the same call, and
//! what it may cost is reserved. A call that is never heard of again loses both when its lease ends, and is counted as lost:
//! it may have been paid for in vain.

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

/// A call under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunCall {
    /// The run it is made for.
    pub run_id: Option<RunId>,
    /// The provider.
    pub provider: String,
    /// The day it counts for.
    pub day: i64,
    /// Tokens that are reserved.
    pub tokens: i64,
    /// Money that is reserved.
    pub cost: Decimal,
    /// Its currency.
    pub currency: Option<String>,
    /// Whether its lease has ended: nothing is reserved any more, and the call is lost.
    pub is_lost: bool,
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

    /// Writes a call down before it is made, unless somebody makes the same one. One whose lease has ended is counted as
    /// lost and gives way. Repeating it with the same token is harmless.
    async fn begin_call(&mut self, call: &NewCall, lease_milliseconds: i64) -> StoreResult<CallStart>;

    /// Prolongs the lease of a call from now. False when somebody else makes the call meanwhile, or it was given up as lost.
    async fn renew_call(&mut self, key: &str, token: &str, lease_milliseconds: i64) -> StoreResult<bool>;

    /// Ends a call and counts it. One that was counted as lost meanwhile is counted as what it is.
    async fn end_call(&mut self, call: &NewCall, end: &CallEnd) -> StoreResult<()>;

    /// Counts calls whose lease has ended as lost, at most `limit`; returns how many.
    async fn lose_calls(&mut self, limit: u32) -> StoreResult<u64>;

    /// The calls of a project that are under way.
    async fn begun_calls(&mut self, project_id: ProjectId) -> StoreResult<Vec<BegunCall>>;

    /// What a project has cost, by day, provider and currency.
    async fn spending(&mut self, project_id: ProjectId) -> StoreResult<Vec<Spent>>;
}
