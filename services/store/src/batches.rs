//! Persistence of batches, of their requests, and of the tasks that wait for these.
//!
//! A request is enrolled together with its call, which reserves its cost until the request ends. Who works at a batch holds
//! a lease on it, by the database's clock; whatever is written is checked against it.

use accord_domain::{Batch, BatchId, BatchRequestId, ProjectId, RunId, TaskId};
use async_trait::async_trait;
use rust_decimal::Decimal;

use crate::error::StoreResult;
use crate::spending::NewCall;

/// A request that comes into the batch of its run and model that gathers, or opens one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewBatchRequest<'a> {
    /// Its identifier.
    pub id: BatchRequestId,
    /// The identifier of its batch, if it opens one.
    pub batch_id: BatchId,
    /// Its call, which is begun already.
    pub call: &'a NewCall,
    /// The run.
    pub run_id: RunId,
    /// The model.
    pub model: &'a str,
    /// What is asked, as JSON.
    pub body: &'a str,
    /// How long its line in the file of requests is.
    pub bytes: i64,
    /// How large a batch may be.
    pub limits: BatchLimits,
}

/// How large a batch may be, and how long it gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most requests.
    pub requests: i64,
    /// The most bytes of its file of requests.
    pub bytes: i64,
    /// How long nothing may have come in before it is sent.
    pub gather_milliseconds: i64,
}

/// How many times longer than its gathering a batch waits for requests that keep coming in.
pub const LONGEST_GATHERING: i64 = 10;

/// Which batches somebody can work at.
#[derive(Debug, Clone, Copy)]
pub struct BatchClaim<'a> {
    /// Those of these providers.
    pub providers: &'a [&'a str],
    /// Those of this project, when one is named.
    pub project_id: Option<ProjectId>,
    /// How long the lease lasts without a sign of life.
    pub lease_milliseconds: i64,
}

/// A claim on a batch: only whoever knows the token may change it.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchLease {
    /// The batch as claimed.
    pub batch: Batch,
    /// The secret of this claim.
    pub token: String,
}

/// One request as it goes into the file of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    /// Its identifier; lines are ordered by it.
    pub id: BatchRequestId,
    /// The key of its call.
    pub key: String,
    /// What is asked, as JSON.
    pub body: String,
}

/// Which open requests of a batch are meant.
#[derive(Debug, Clone, Copy)]
pub enum OpenRequests<'a> {
    /// All of them.
    All,
    /// Those with these keys.
    Keys(&'a [&'a str]),
    /// Those that no open task waits for.
    Unwanted,
    /// The one that stands in this line of the file of requests, counted from 1.
    Line(i64),
}

/// A request that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// Its identifier.
    pub id: BatchRequestId,
    /// Its call.
    pub call: NewCall,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestEnd {
    /// It was answered, and the answer is kept.
    Answered {
        /// Its price.
        cost: Decimal,
    },
    /// It ended without an answer.
    Failed(RequestFailure),
    /// It was never sent, or the provider never came to it, and nobody wants it any more.
    Dropped,
}

/// Why a request ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFailure {
    /// What happened.
    pub reason: String,
    /// Whether trying again cannot help.
    pub is_permanent: bool,
}

/// A request with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRequest {
    /// The request.
    pub id: BatchRequestId,
    /// How it ended.
    pub end: RequestEnd,
}

/// What is left of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSize {
    /// Requests that have not ended.
    pub requests: i64,
    /// Bytes of their lines.
    pub bytes: i64,
}

/// Persistence of batches.
#[async_trait]
pub trait Batches {
    /// The open request with this key. It does not end before the transaction does.
    async fn open_request(&mut self, key: &str) -> StoreResult<Option<BatchRequestId>>;

    /// Enrols a request in the batch of its run, provider and model that gathers. Where none does, or that one is full,
    /// it opens a batch.
    async fn enrol_request(&mut self, request: &NewBatchRequest<'_>) -> StoreResult<()>;

    /// Notes that a task waits for a request, and for no other one.
    async fn await_request(&mut self, task_id: TaskId, request_id: BatchRequestId) -> StoreResult<()>;

    /// Why the request that a task waited for ended without an answer, when it did and its key is this one. It is told once.
    async fn take_failure(&mut self, task_id: TaskId, key: &str) -> StoreResult<Option<RequestFailure>>;

    /// Claims a batch whose next step is due and that nobody works at, the longest due first. None of a run that is paused,
    /// as long as it is not sent.
    async fn claim_batch(&mut self, claim: &BatchClaim<'_>) -> StoreResult<Option<BatchLease>>;

    /// Prolongs the lease on a batch from now. False when somebody else works at it.
    async fn renew_batch(&mut self, id: BatchId, token: &str, lease_milliseconds: i64) -> StoreResult<bool>;

    /// Keeps stage, sends, times, note and failed steps of a batch, whose next step is due after so many milliseconds. With
    /// none, whoever holds the lease goes on with it; else the lease ends. False, and nothing is changed, when somebody else
    /// works at it.
    async fn update_batch(&mut self, batch: &Batch, token: &str, next_milliseconds: Option<i64>) -> StoreResult<bool>;

    /// The open requests of a batch after this one in the order of their lines: at most `limit`, and no more than so many
    /// bytes, but one at least.
    async fn lines_of_batch(
        &mut self,
        id: BatchId,
        after: Option<BatchRequestId>,
        limit: u32,
        maximum_bytes: i64,
    ) -> StoreResult<Vec<BatchLine>>;

    /// How much of a batch is open.
    async fn open_size(&mut self, id: BatchId) -> StoreResult<OpenSize>;

    /// Open requests of a batch with their calls, at most `limit`. They do not end otherwise before the transaction does.
    async fn open_requests(
        &mut self,
        id: BatchId,
        which: OpenRequests<'_>,
        limit: u32,
    ) -> StoreResult<Vec<OpenRequest>>;

    /// Ends open requests of a batch, counts them, and wakes the tasks that wait for them. Their calls are ended beside it.
    async fn end_requests(&mut self, id: BatchId, ended: &[EndedRequest]) -> StoreResult<()>;

    /// Whether an open task waits for any open request of a batch.
    async fn is_batch_wanted(&mut self, id: BatchId) -> StoreResult<bool>;

    /// The batches of a run in the order in which they were opened, at most `limit` and the newest of them.
    async fn batches_of_run(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<Batch>>;
}
