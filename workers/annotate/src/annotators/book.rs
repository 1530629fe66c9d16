//! What calls want of the store at the same time is done in one transaction: a commit costs the same for one as for many, and
//! hundreds of calls may be under way.

use std::sync::Arc;

use accord_domain::{Project, ProjectId};
use accord_store::flow::{self, CallTurn};
use accord_store::{CallEnd, NewCall, Store, StoreError, StoreResult, StoredCall, Transaction};
use tokio::sync::{mpsc, oneshot};

/// The most entries of one transaction.
const MOST_AT_ONCE: usize = 128;

/// Writes down what becomes of calls. It works as long as any copy of it lives.
#[derive(Clone)]
pub struct CallBook {
    entries: mpsc::UnboundedSender<Entry>,
}

/// One thing to be done, and where to say what came of it.
enum Entry {
    Begin {
        project: Arc<Project>,
        call: NewCall,
        answer: oneshot::Sender<StoreResult<CallTurn>>,
    },
    Settle {
        call: NewCall,
        end: CallEnd,
        reply: Option<StoredCall>,
        answer: oneshot::Sender<StoreResult<Option<StoredCall>>>,
    },
}

/// What came of an entry, until the transaction is committed.
enum Outcome {
    Begun(CallTurn),
    Settled(Option<StoredCall>),
}

impl Entry {
    const fn call(&self) -> &NewCall {
        match self {
            Self::Begin { call, .. } | Self::Settle { call, .. } => call,
        }
    }

    /// Its place among others.
    fn place(&self) -> (bool, ProjectId, i64, &str, &str) {
        let call = self.call();
        let begins = matches!(self, Self::Begin { .. });
        (begins, call.project_id, call.day, &call.provider, &call.key)
    }

    async fn enact(&self, tx: &mut dyn Transaction, lease_milliseconds: i64) -> StoreResult<Outcome> {
        match self {
            Self::Begin { project, call, .. } => {
                let turn = flow::begin_call(tx, project, call, lease_milliseconds).await?;
                Ok(Outcome::Begun(turn))
            }
            Self::Settle {
                call,
                end,
                reply: Some(reply),
                ..
            } => Ok(Outcome::Settled(flow::keep_call(tx, call, reply, end).await?)),
            Self::Settle { call, end, .. } => {
                tx.end_call(call, end).await?;
                Ok(Outcome::Settled(None))
            }
        }
    }

    /// Tells whoever waits; nobody may wait any more.
    fn answer(self, outcome: StoreResult<Outcome>) {
        match (self, outcome) {
            (Self::Begin { answer, .. }, Ok(Outcome::Begun(turn))) => drop(answer.send(Ok(turn))),
            (Self::Settle { answer, .. }, Ok(Outcome::Settled(kept))) => drop(answer.send(Ok(kept))),
            (Self::Begin { answer, .. }, Err(error)) => drop(answer.send(Err(error))),
            (Self::Settle { answer, .. }, Err(error)) => drop(answer.send(Err(error))),
            // Each entry has an outcome of its kind; were it not so, whoever waits is told by the closed channel.
            (Self::Begin { .. } | Self::Settle { .. }, Ok(_)) => {}
        }
    }
}

impl CallBook {
    /// A book that is kept in this store. Must be called inside the runtime in which the store is used.
    #[must_use]
    pub fn open(store: Arc<dyn Store>, lease_milliseconds: i64) -> Self {
        let (entries, mut received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let writer = Writer {
                store,
                lease_milliseconds,
            };
            let mut batch = Vec::new();
            while received.recv_many(&mut batch, MOST_AT_ONCE).await > 0 {
                writer.write(std::mem::take(&mut batch)).await;
            }
        });
        Self { entries }
    }

    /// Begins a call, as [`flow::begin_call`] does.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin(&self, project: &Arc<Project>, call: &NewCall) -> StoreResult<CallTurn> {
        let (answer, answered) = oneshot::channel();
        let entry = Entry::Begin {
            project: Arc::clone(project),
            call: call.clone(),
            answer,
        };
        self.enter(entry, answered).await
    }

    /// Ends a call and keeps its reply, if there is one. Gives back the reply that is kept when it is another one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn settle(
        &self,
        call: &NewCall,
        end: &CallEnd,
        reply: Option<&StoredCall>,
    ) -> StoreResult<Option<StoredCall>> {
        let (answer, answered) = oneshot::channel();
        let entry = Entry::Settle {
            call: call.clone(),
            end: *end,
            reply: reply.cloned(),
            answer,
        };
        self.enter(entry, answered).await
    }

    async fn enter<T>(&self, entry: Entry, answered: oneshot::Receiver<StoreResult<T>>) -> StoreResult<T> {
        self.entries.send(entry).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable {
        problem: "nobody writes down what becomes of calls any more".to_owned(),
    }
}

struct Writer {
    store: Arc<dyn Store>,
    lease_milliseconds: i64,
}

impl Writer {
    /// Does all of it in one transaction; when anything goes wrong with that, each by itself, so that one cannot spoil the
    /// others.
    async fn write(&self, mut batch: Vec<Entry>) {
        // Ends before beginnings and each in one order, so that processes that write at the same time wait for each other
        // and not in a circle; and what ends makes room in budgets.
        batch.sort_by(|one, other| one.place().cmp(&other.place()));
        match self.together(&batch).await {
            Ok(outcomes) => {
                for (entry, outcome) in batch.into_iter().zip(outcomes) {
                    entry.answer(Ok(outcome));
                }
            }
            Err(_) if batch.len() > 1 => {
                for entry in batch {
                    let outcome = self.together(std::slice::from_ref(&entry)).await;
                    entry.answer(outcome.and_then(|mut outcomes| outcomes.pop().ok_or_else(closed)));
                }
            }
            Err(error) => {
                if let Some(entry) = batch.pop() {
                    entry.answer(Err(error));
                }
            }
        }
    }

    async fn together(&self, batch: &[Entry]) -> StoreResult<Vec<Outcome>> {
        let mut transaction = self.store.write().await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for entry in batch {
            outcomes.push(entry.enact(transaction.as_mut(), self.lease_milliseconds).await?);
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}
