//! Asking once more where a reply is late [Dean & Barroso, 2013, Commun. ACM]: whichever reply comes first is used. Both
//! calls are made to their end, so that what they cost is known, and both are paid.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::Project;
use accord_store::flow::CallTurn;
use accord_store::{CallEnd, NewCall, StoredCall};
use serde_json::Value;
use tokio::task::{JoinError, JoinHandle};

use super::AttemptError;
use super::caller::Caller;
use crate::provider::Turn;

/// What becomes of a call.
type Asked = Result<StoredCall, AttemptError>;

impl Caller {
    /// Makes a call whose turn it is; where the provider is to be asked once more when it is late, that as well.
    pub(super) async fn ask_until_reply(
        &self,
        project: &Arc<Project>,
        turn: Turn,
        call: NewCall,
        body: &Arc<Value>,
    ) -> Asked {
        let question = call.key.clone();
        let Some(late) = self.provider.settings.hedge_after() else {
            return self.ask_and_keep(turn, call, question, body).await;
        };
        let hedge = NewCall {
            key: format!("{question}+hedge"),
            token: self.new_token(),
            ..call.clone()
        };
        let mut first = self.spawn(turn, call, question.clone(), body);
        if let Ok(ended) = tokio::time::timeout(late, &mut first).await {
            return asked(ended);
        }
        let Some(turn) = self.admit_hedge(project, &hedge).await else {
            return asked(first.await);
        };
        if first.is_finished() {
            turn.give_back();
            self.leave(&hedge).await;
            return asked(first.await);
        }
        metrics::counter!("accord_model_calls_hedged_total", "provider" => self.provider.name.clone()).increment(1);
        let second = self.spawn(turn, hedge, question, body);
        first_reply(first, second).await
    }

    /// Reserves what the second call may cost and takes its turn among the repeated calls, when both can be had at once: it
    /// is not worth waiting for, and what keeps it from being made is no trouble of the question's.
    async fn admit_hedge(&self, project: &Arc<Project>, hedge: &NewCall) -> Option<Turn> {
        match self.book.begin(project, hedge).await {
            Ok(CallTurn::Begun) => {}
            Ok(_) => return None,
            Err(error) => {
                tracing::warn!(call.key = %hedge.key, error = %error, "a late call is not made once more");
                return None;
            }
        }
        let tokens = u64::try_from(hedge.tokens).unwrap_or_default();
        let turn = self.provider.admit(tokens, true, Duration::ZERO).await.ok();
        if turn.is_none() {
            self.leave(hedge).await;
        }
        turn
    }

    /// Reserves nothing any more for a call that is not made.
    async fn leave(&self, hedge: &NewCall) {
        if let Err(error) = self.settle(hedge, &CallEnd::NotMade, None).await {
            tracing::warn!(call.key = %hedge.key, error = %error, "a call that is not made stays reserved until its lease ends");
        }
    }

    /// Makes a call that goes on when nobody waits for it any more.
    fn spawn(&self, turn: Turn, call: NewCall, question: String, body: &Arc<Value>) -> JoinHandle<Asked> {
        let (caller, body) = (self.clone(), Arc::clone(body));
        self.calls
            .spawn(async move { caller.ask_and_keep(turn, call, question, &body).await })
    }
}

/// The reply that comes first; without any, what became of the first call.
async fn first_reply(mut first: JoinHandle<Asked>, mut second: JoinHandle<Asked>) -> Asked {
    tokio::select! {
        ended = &mut first => match asked(ended) {
            Ok(kept) => Ok(kept),
            Err(error) => asked(second.await).or(Err(error)),
        },
        ended = &mut second => match asked(ended) {
            Ok(kept) => Ok(kept),
            Err(_) => asked(first.await),
        },
    }
}

fn asked(ended: Result<Asked, JoinError>) -> Asked {
    ended.map_err(AttemptError::transient)?
}
