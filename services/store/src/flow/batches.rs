//! Requests that are answered through batches: enrolled with their reservation, settled with their answer, each in one
//! transaction with what follows for the tasks that wait.

use accord_domain::{BatchId, BatchRequestId, Environment, Lease, Project, RunId};
use rust_decimal::Decimal;

use super::spending::{CallTurn, RepliedCall, begin_calls, keep_calls};
use crate::batches::{
    BatchLimits, EndedRequest, NewBatchRequest, OpenRequest, OpenRequests, RequestEnd, RequestFailure,
};
use crate::calls::StoredCall;
use crate::error::{StoreError, StoreResult};
use crate::spending::{CallEnd, EndedCall, NewCall};
use crate::transaction::Transaction;

/// How long the call of a request holds its key and its reservation. The request ends it, however long that takes; a batch
/// is kept with all that is known of it, so unlike a call in some process it is never lost.
const LEASE_MILLISECONDS: i64 = 100 * 365 * 24 * 3_600_000;

/// How long a task waits before it looks by itself. It is woken when its request ends.
const LONGEST_WAIT_MILLISECONDS: i64 = 24 * 3_600_000;

/// The most requests that are settled in one transaction.
pub const REQUESTS_AT_ONCE: u32 = 200;

/// A request that wants to be enrolled.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedRequest {
    /// Its call.
    pub call: NewCall,
    /// The run.
    pub run_id: RunId,
    /// The model.
    pub model: String,
    /// What is asked, as JSON.
    pub body: String,
    /// How long its line in the file of requests is.
    pub bytes: i64,
    /// How large batches of its provider may be.
    pub limits: BatchLimits,
}

/// What became of the wish to enrol a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Enrolment {
    /// The answer is there.
    Kept(StoredCall),
    /// It is enrolled, by this task or by another one, and the task is parked with this reason until it ends.
    Waiting(String),
    /// The request that the task waited for ended without an answer.
    Failed(RequestFailure),
    /// Its call may not be begun now.
    NotNow(CallTurn),
}

/// Enrols the request of a task in a batch and parks the task until it is answered; gives back the answer, or why there is
/// none, when that is known already. Two tasks with the same question wait for the same request.
///
/// # Errors
/// `StaleLease` when the task's lease was taken over, and those of the database.
pub async fn enrol(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    wanted: &WantedRequest,
) -> StoreResult<Enrolment> {
    let call = &wanted.call;
    if let Some(kept) = tx.call(&call.key).await? {
        return Ok(Enrolment::Kept(kept));
    }
    if let Some(failure) = tx.take_failure(lease.task.id, &call.key).await? {
        return Ok(Enrolment::Failed(failure));
    }
    let request_id = match tx.open_request(&call.key).await? {
        Some(open) => open,
        None => {
            let turn = begin_calls(tx, project, &[call], LEASE_MILLISECONDS).await?.pop();
            match turn {
                Some(CallTurn::Begun) => {}
                Some(CallTurn::Kept(kept)) => return Ok(Enrolment::Kept(kept)),
                Some(turn) => return Ok(Enrolment::NotNow(turn)),
                None => return Err(without_turn(call)),
            }
            let id = BatchRequestId::generate(environment);
            let request = NewBatchRequest {
                id,
                batch_id: BatchId::generate(environment),
                call,
                run_id: wanted.run_id,
                model: &wanted.model,
                body: &wanted.body,
                bytes: wanted.bytes,
                limits: wanted.limits,
            };
            tx.enrol_request(&request).await?;
            id
        }
    };
    let reason = format!("waits for a batch of provider `{}`", call.provider);
    tx.await_request(lease.task.id, request_id).await?;
    tx.park_task(lease.task.id, &lease.token, &reason, LONGEST_WAIT_MILLISECONDS, false)
        .await?;
    Ok(Enrolment::Waiting(reason))
}

fn without_turn(call: &NewCall) -> StoreError {
    StoreError::Database {
        problem: format!("call {} was neither begun nor refused", call.key),
    }
}

/// What a batch brought for one request.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchOutcome {
    /// The key of the request's call.
    pub key: String,
    /// The answer with its price, or why there is none.
    pub result: Result<BatchAnswer, RequestFailure>,
}

/// An answer that came from a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAnswer {
    /// What is kept.
    pub reply: StoredCall,
    /// Tokens and price; none where the provider counts no tokens, and what was reserved stands.
    pub price: Option<BatchPrice>,
}

/// What an answer cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPrice {
    /// Tokens of the question.
    pub input_tokens: i64,
    /// Tokens of the answer.
    pub output_tokens: i64,
    /// The money.
    pub cost: Decimal,
}

/// How many requests were settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Those that were open.
    pub settled: usize,
    /// Those that were not: of no request of the batch, or settled before.
    pub others: usize,
}

/// Settles requests by what a batch brought: keeps the answers, counts what they cost, ends the requests and wakes the tasks
/// that wait for them. Each is settled once, however often it is told.
///
/// # Errors
/// Those of the database.
pub async fn settle_requests(
    tx: &mut dyn Transaction,
    batch_id: BatchId,
    outcomes: &[BatchOutcome],
) -> StoreResult<Settled> {
    let keys: Vec<&str> = outcomes.iter().map(|outcome| outcome.key.as_str()).collect();
    let limit = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    let open = tx.open_requests(batch_id, OpenRequests::Keys(&keys), limit).await?;
    let mut ended = Vec::with_capacity(open.len());
    let (mut replied, mut failed) = (Vec::new(), Vec::new());
    for request in &open {
        let Some(outcome) = outcomes.iter().find(|outcome| outcome.key == request.call.key) else {
            continue;
        };
        let end = match &outcome.result {
            Ok(answer) => {
                let price = answer.price.unwrap_or(BatchPrice {
                    input_tokens: request.call.tokens,
                    output_tokens: 0,
                    cost: request.call.cost,
                });
                replied.push(RepliedCall {
                    call: &request.call,
                    reply: &answer.reply,
                    end: CallEnd::Kept {
                        input_tokens: price.input_tokens,
                        output_tokens: price.output_tokens,
                        cost: price.cost,
                    },
                });
                RequestEnd::Answered { cost: price.cost }
            }
            Err(failure) => {
                failed.push(EndedCall {
                    call: &request.call,
                    end: CallEnd::Failed,
                });
                RequestEnd::Failed(failure.clone())
            }
        };
        ended.push(EndedRequest { id: request.id, end });
    }
    if !replied.is_empty() {
        keep_calls(tx, &replied).await?;
    }
    tx.end_calls(&failed).await?;
    tx.end_requests(batch_id, &ended).await?;
    Ok(Settled {
        settled: ended.len(),
        others: outcomes.len() - ended.len(),
    })
}

/// Ends some open requests of a batch without an answer, at most [`REQUESTS_AT_ONCE`]; returns how many. Those that nobody
/// waits for any more are dropped, the others fail.
///
/// # Errors
/// Those of the database.
pub async fn fail_requests(
    tx: &mut dyn Transaction,
    batch_id: BatchId,
    which: OpenRequests<'_>,
    failure: &RequestFailure,
) -> StoreResult<usize> {
    let dropped = drop_unwanted(tx, batch_id).await?;
    let open = tx.open_requests(batch_id, which, REQUESTS_AT_ONCE).await?;
    end_alike(
        tx,
        batch_id,
        &open,
        CallEnd::Failed,
        &RequestEnd::Failed(failure.clone()),
    )
    .await?;
    Ok(dropped + open.len())
}

/// Drops some open requests of a batch that no open task waits for, at most [`REQUESTS_AT_ONCE`]; returns how many.
///
/// # Errors
/// Those of the database.
pub async fn drop_unwanted(tx: &mut dyn Transaction, batch_id: BatchId) -> StoreResult<usize> {
    let unwanted = tx
        .open_requests(batch_id, OpenRequests::Unwanted, REQUESTS_AT_ONCE)
        .await?;
    end_alike(tx, batch_id, &unwanted, CallEnd::NotMade, &RequestEnd::Dropped).await?;
    Ok(unwanted.len())
}

async fn end_alike(
    tx: &mut dyn Transaction,
    batch_id: BatchId,
    requests: &[OpenRequest],
    call_end: CallEnd,
    end: &RequestEnd,
) -> StoreResult<()> {
    if requests.is_empty() {
        return Ok(());
    }
    let calls = requests.iter().map(|request| EndedCall {
        call: &request.call,
        end: call_end,
    });
    tx.end_calls(&calls.collect::<Vec<_>>()).await?;
    let ended = requests.iter().map(|request| EndedRequest {
        id: request.id,
        end: end.clone(),
    });
    tx.end_requests(batch_id, &ended.collect::<Vec<_>>()).await
}
