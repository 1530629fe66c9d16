//! Calls of models: never the same one twice, within the project's budget, and outliving whoever waits for them, so that a
//! reply that was paid for is kept even when the attempt that asked for it was ended meanwhile.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::budget::{day_of, milliseconds_left_of_day};
use accord_domain::{BudgetHold, Environment, Project, RunAnnotator, RunBudget};
use accord_store::flow::{self, CallTurn};
use accord_store::{CallEnd, NewCall, Store, StoreResult, StoredCall};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_util::task::TaskTracker;

use super::AttemptError;
use super::book::Book;
use crate::holds::Holds;
use crate::provider::{CallError, Provider, RawReply, TokenEstimate, Turn};

/// When to try again after a call of a provider in trouble, where nothing else is known.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// When to look again whether a budget was raised.
const LOOK_AT_BUDGET: Duration = Duration::from_secs(15);

/// Signs of life during the lease of a call.
const HEARTBEATS_PER_LEASE: u32 = 3;

/// How often a transaction about a call is tried: losing a reply would mean paying again.
const TRIES: u32 = 5;

/// Asks a provider and keeps what it replies.
#[derive(Clone)]
pub struct Caller {
    /// Who answers.
    pub provider: Arc<Provider>,
    /// Where replies are kept and costs are counted.
    pub store: Arc<dyn Store>,
    /// Where calls are written down.
    pub book: Book,
    /// The clock and chance.
    pub environment: Arc<dyn Environment>,
    /// The calls under way, which are waited for before the process ends.
    pub calls: TaskTracker,
    /// Projects whose budget is spent.
    pub holds: Arc<Holds>,
    /// How long a call holds its key and its reservation without a sign of life.
    pub lease: Duration,
}

impl Caller {
    /// The kept reply to this very question, or a new one, kept at once. `repeated` says whether it was tried before,
    /// `patience` how long to wait for its turn. A call that is made goes on when nobody waits for it any more.
    pub(crate) async fn ask(
        &self,
        project: &Arc<Project>,
        run: Option<RunAnnotator>,
        key: String,
        body: Arc<Value>,
        (repeated, patience): (bool, Duration),
    ) -> Result<StoredCall, AttemptError> {
        let (caller, project) = (self.clone(), Arc::clone(project));
        let call = async move {
            let call = caller.new_call(&project, run, key, &body);
            if let Some(kept) = caller.begin(&project, &call).await? {
                tracing::info!(call.key = call.key, provider = %call.provider, "kept reply used");
                return Ok(kept);
            }
            // Its turn comes last, so that no call of the provider's few waits for the store.
            let tokens = u64::try_from(call.tokens).unwrap_or_default();
            match caller.provider.admit(tokens, repeated, patience).await {
                Ok(turn) => caller.ask_until_reply(&project, turn, call, &body).await,
                Err(error) => {
                    caller.settle(&call, &CallEnd::NotMade, None).await?;
                    Err(caller.attempt_error(error, false))
                }
            }
        };
        self.calls.spawn(call).await.map_err(AttemptError::transient)?
    }

    pub(super) fn new_call(&self, project: &Project, run: Option<RunAnnotator>, key: String, body: &Value) -> NewCall {
        let estimate = TokenEstimate::of(body);
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let settings = &self.provider.settings;
        let cost = settings.cost(Some(count(estimate.input)), Some(count(estimate.output)));
        NewCall {
            key,
            token: self.new_token(),
            project_id: project.id,
            run,
            provider: self.provider.name.clone(),
            day: day_of(self.environment.now()),
            tokens: count(estimate.total()),
            cost: cost.unwrap_or_default(),
            currency: cost.and(settings.currency.clone()),
        }
    }

    /// The secret of a call.
    pub(super) fn new_token(&self) -> String {
        hex::encode(self.environment.random_bytes())
    }

    /// Writes the call down and reserves its cost. The reply, when it is kept already.
    async fn begin(&self, project: &Arc<Project>, call: &NewCall) -> Result<Option<StoredCall>, AttemptError> {
        let begun = self.book.begin(project, call).await;
        self.after_turn(project, call, begun.map_err(AttemptError::transient)?)
            .await
    }

    /// What the turn of a call means: none where it is begun, the reply where that is kept, else an error.
    pub(super) async fn after_turn(
        &self,
        project: &Arc<Project>,
        call: &NewCall,
        turn: CallTurn,
    ) -> Result<Option<StoredCall>, AttemptError> {
        match turn {
            CallTurn::Begun => Ok(None),
            CallTurn::Kept(kept) => Ok(Some(kept)),
            CallTurn::UnderWay { wait_milliseconds } => {
                let wait = Duration::from_millis(wait_milliseconds.unsigned_abs());
                // No call of a process is held longer than its lease: it is in a batch.
                let longest = if wait > self.lease { LOOK_AT_BUDGET } else { LOOK_AGAIN };
                let reason = "the same question is being asked for another task";
                Err(held(reason.to_owned(), wait.min(longest)))
            }
            CallTurn::Reserved(hold) => Err(self.hold(project, &hold, LOOK_AGAIN)),
            CallTurn::OverBudget(hold) => {
                let wait = match hold {
                    BudgetHold::Day(_) => {
                        let left = milliseconds_left_of_day(self.environment.now());
                        Duration::from_millis(left.unsigned_abs()).min(LOOK_AT_BUDGET)
                    }
                    BudgetHold::Total(_) => LOOK_AT_BUDGET,
                };
                self.holds.hold(project.id, wait);
                Err(AttemptError::OverBudget {
                    reason: hold.reason().to_owned(),
                    wait,
                })
            }
            // Its tasks are marked as paused or cancelled within a second.
            CallTurn::RunHeld(reason) => Err(held(reason, LOOK_AGAIN)),
            CallTurn::RunReserved(reason) => Err(held(reason, LOOK_AGAIN)),
            CallTurn::RunOverBudget { reason, budget } => {
                let paused = self.pause_run(call, &budget, &reason).await;
                paused.map_err(AttemptError::transient)?;
                Err(held(reason, LOOK_AGAIN))
            }
            CallTurn::OtherCurrency => Err(AttemptError::permanent(format!(
                "provider `{}` has prices in {}, the project's budget is in {}: give both in one currency",
                self.provider.name,
                call.currency.as_deref().unwrap_or("no currency"),
                project.definition.policy.budget.currency.as_deref().unwrap_or("none"),
            ))),
        }
    }

    /// A run whose budget is spent is paused: nothing of it goes on before somebody raises the budget.
    async fn pause_run(&self, call: &NewCall, judged: &RunBudget, reason: &str) -> StoreResult<()> {
        let Some(of) = call.run else { return Ok(()) };
        let mut transaction = self.store.write().await?;
        let environment = self.environment.as_ref();
        flow::pause_spent_run(transaction.as_mut(), environment, of.run_id, judged, reason).await?;
        transaction.commit().await
    }

    /// No task of the project is fetched until then.
    fn hold(&self, project: &Project, hold: &BudgetHold, wait: Duration) -> AttemptError {
        self.holds.hold(project.id, wait);
        held(hold.reason().to_owned(), wait)
    }

    /// Makes a call whose turn it is, and keeps its reply as that to the question with this key.
    pub(super) async fn ask_and_keep(
        &self,
        turn: Turn,
        call: NewCall,
        question: String,
        body: &Value,
    ) -> Result<StoredCall, AttemptError> {
        match self.send_with_heartbeat(turn, &call, body).await {
            Ok(reply) => {
                let end = self.end_of(&call, &reply);
                let kept = StoredCall {
                    key: question,
                    provider: call.provider.clone(),
                    response: reply.body,
                    latency_milliseconds: reply.latency_milliseconds,
                    received_at: self.environment.now(),
                    in_batch: false,
                };
                let earlier = self.settle(&call, &end, Some(&kept)).await?;
                Ok(earlier.unwrap_or(kept))
            }
            Err(error) => {
                let end = if matches!(error, CallError::Request(_)) {
                    CallEnd::NotMade
                } else {
                    CallEnd::Failed
                };
                self.settle(&call, &end, None).await?;
                Err(self.attempt_error(error, true))
            }
        }
    }

    async fn send_with_heartbeat(&self, turn: Turn, call: &NewCall, body: &Value) -> Result<RawReply, CallError> {
        let sending = self.provider.send(turn, body);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                result = &mut sending => return result,
                () = tokio::time::sleep(self.lease / HEARTBEATS_PER_LEASE) => {
                    if let Err(error) = self.renew(call).await {
                        tracing::warn!(call.key = %call.key, error = %error, "lease of a call not renewed yet");
                    }
                }
            }
        }
    }

    async fn renew(&self, call: &NewCall) -> StoreResult<()> {
        let mut transaction = self.store.write().await?;
        let lease = self.lease_milliseconds();
        transaction.renew_call(&call.key, &call.token, lease).await?;
        transaction.commit().await
    }

    fn lease_milliseconds(&self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }

    /// What the reply cost. Where the server counts no tokens, what was reserved stands.
    fn end_of(&self, call: &NewCall, reply: &RawReply) -> CallEnd {
        let Some(usage) = reply.usage.filter(|usage| usage.total().is_some()) else {
            return CallEnd::Kept {
                input_tokens: call.tokens,
                output_tokens: 0,
                cost: call.cost,
            };
        };
        let settings = &self.provider.settings;
        CallEnd::Kept {
            input_tokens: usage.prompt_tokens.unwrap_or_default().max(0),
            output_tokens: usage.completion_tokens.unwrap_or_default().max(0),
            cost: settings
                .cost(usage.prompt_tokens, usage.completion_tokens)
                .unwrap_or(Decimal::ZERO),
        }
    }

    /// Ends a call and keeps its reply, trying a few times. Gives back the reply that is kept when it is another one.
    pub(super) async fn settle(
        &self,
        call: &NewCall,
        end: &CallEnd,
        reply: Option<&StoredCall>,
    ) -> Result<Option<StoredCall>, AttemptError> {
        let mut attempt = 1;
        loop {
            let result = self.book.settle(call, end, reply).await;
            match result {
                Ok(earlier) => return Ok(earlier),
                Err(error) if attempt < TRIES => {
                    tracing::warn!(call.key = %call.key, error = %error, attempt, "call could not be settled yet");
                    tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(AttemptError::transient(error)),
            }
        }
    }

    /// What a call without a reply means for the task. Where the provider is in trouble, it is no fault of the task.
    fn attempt_error(&self, error: CallError, tried: bool) -> AttemptError {
        if !error.is_transient() {
            return AttemptError::permanent(error);
        }
        if let CallError::Held { reason, wait } = error {
            let reason = format!("provider `{}` {reason}", self.provider.name);
            return AttemptError::Held { reason, wait, tried };
        }
        let reason = error.to_string();
        if self.provider.is_in_trouble() {
            let wait = self.provider.opens_in().unwrap_or(LOOK_AGAIN);
            return AttemptError::Held { reason, wait, tried };
        }
        AttemptError::Transient {
            reason,
            retry_after: error.retry_after(),
        }
    }
}

/// A task whose call is not made yet.
const fn held(reason: String, wait: Duration) -> AttemptError {
    AttemptError::Held {
        reason,
        wait,
        tried: false,
    }
}
