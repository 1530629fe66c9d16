//! What calls and annotations want of the store at the same time is done in one transaction, and what is alike in one
//! statement: both cost nearly the same for one as for many, and hundreds of calls may be under way.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::{Annotation, Environment, Lease, Project, ProjectId, RunId};
use accord_store::flow::{self, CallTurn, Enrolment, RepliedCall, Submission, Submitted};
use accord_store::{CallEnd, EndedCall, NewCall, Store, StoreError, StoreResult, StoredCall, Transaction};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use super::enrolling::QuestionOfTask;

/// The most entries of one transaction.
const MOST_AT_ONCE: usize = 512;

/// From the beginning of one transaction to that of the next, at least: what comes by itself is written at once, what comes
/// in a stream is gathered, and a call takes longer than that anyway.
const BETWEEN_TRANSACTIONS: Duration = Duration::from_millis(10);

/// How many kinds of entries there are.
const KINDS: usize = 4;

/// Writes down what becomes of calls and tasks. It works as long as any copy of it lives.
#[derive(Clone)]
pub struct Book {
    /// One for each kind of entries where the store takes transactions side by side, else one for all of them.
    queues: Arc<[mpsc::UnboundedSender<Entry>]>,
}

/// One thing to be done, and where to say what came of it.
enum Entry {
    /// A call is about to be made.
    Begin {
        project: Arc<Project>,
        call: NewCall,
        answer: oneshot::Sender<StoreResult<CallTurn>>,
    },
    /// A call has ended, and may have brought a reply.
    Settle {
        call: NewCall,
        end: CallEnd,
        reply: Option<StoredCall>,
        answer: oneshot::Sender<StoreResult<Option<StoredCall>>>,
    },
    /// A call is to be made in a batch.
    Enrol {
        question: Box<QuestionOfTask>,
        answer: oneshot::Sender<StoreResult<Enrolment>>,
    },
    /// A task is answered.
    Submit {
        lease: Box<Lease>,
        annotation: Box<Annotation>,
        answer: oneshot::Sender<StoreResult<()>>,
    },
}

/// What came of an entry, until the transaction is committed.
enum Outcome {
    Begun(CallTurn),
    Settled(Option<StoredCall>),
    Enrolled(Enrolment),
    /// The lease may have been lost meanwhile, which is nobody else's matter.
    Submitted(StoreResult<()>),
}

/// What is done in one go, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// What ends makes room in budgets.
    Keep,
    Settle,
    Begin {
        project_id: ProjectId,
        project_version: i64,
    },
    Enrol {
        project_id: ProjectId,
        run_id: RunId,
    },
    Submit,
}

impl Entry {
    /// The number of its kind.
    const fn kind(&self) -> usize {
        match self {
            Self::Begin { .. } => 0,
            Self::Settle { .. } => 1,
            Self::Enrol { .. } => 2,
            Self::Submit { .. } => 3,
        }
    }

    fn step(&self) -> Step {
        match self {
            Self::Settle { reply: Some(_), .. } => Step::Keep,
            Self::Settle { reply: None, .. } => Step::Settle,
            Self::Begin { project, .. } => Step::Begin {
                project_id: project.id,
                project_version: project.version,
            },
            Self::Enrol { question, .. } => Step::Enrol {
                project_id: question.project.id,
                run_id: question.wanted.run_id,
            },
            Self::Submit { .. } => Step::Submit,
        }
    }

    /// Its place within its step.
    fn place(&self) -> (&str, &str, Uuid) {
        match self {
            Self::Begin { call, .. } | Self::Settle { call, .. } => ("", &call.key, Uuid::nil()),
            // The batches of a run, one for each model, are locked in one order too.
            Self::Enrol { question, .. } => (&question.wanted.model, &question.wanted.call.key, Uuid::nil()),
            Self::Submit { annotation, .. } => ("", "", annotation.item_id.as_uuid()),
        }
    }

    /// Tells whoever waits; nobody may wait any more.
    fn answer(self, outcome: StoreResult<Outcome>) {
        match (self, outcome) {
            (Self::Begin { answer, .. }, Ok(Outcome::Begun(turn))) => drop(answer.send(Ok(turn))),
            (Self::Settle { answer, .. }, Ok(Outcome::Settled(kept))) => drop(answer.send(Ok(kept))),
            (Self::Enrol { answer, .. }, Ok(Outcome::Enrolled(enrolment))) => drop(answer.send(Ok(enrolment))),
            (Self::Submit { answer, .. }, Ok(Outcome::Submitted(result))) => drop(answer.send(result)),
            (Self::Begin { answer, .. }, Err(error)) => drop(answer.send(Err(error))),
            (Self::Settle { answer, .. }, Err(error)) => drop(answer.send(Err(error))),
            (Self::Enrol { answer, .. }, Err(error)) => drop(answer.send(Err(error))),
            (Self::Submit { answer, .. }, Err(error)) => drop(answer.send(Err(error))),
            // Each entry has an outcome of its kind; were it not so, whoever waits is told by the closed channel.
            (Self::Begin { .. } | Self::Settle { .. } | Self::Enrol { .. } | Self::Submit { .. }, Ok(_)) => {}
        }
    }
}

impl Book {
    /// A book that is kept in this store. Must be called inside the runtime in which the store is used.
    #[must_use]
    pub fn open(store: Arc<dyn Store>, environment: Arc<dyn Environment>, lease_milliseconds: i64) -> Self {
        let writer = Arc::new(Writer {
            store,
            environment,
            lease_milliseconds,
        });
        let queues = if writer.store.writes_side_by_side() { KINDS } else { 1 };
        let queues = (0..queues).map(|_| {
            let (queue, received) = mpsc::unbounded_channel();
            tokio::spawn(write_down(Arc::clone(&writer), received));
            queue
        });
        Self {
            queues: queues.collect(),
        }
    }

    /// Begins a call, as [`flow::begin_calls`] does.
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

    /// Enrols the question of a task in a batch, as [`flow::enrol`] does.
    ///
    /// # Errors
    /// `StaleLease` when the lease was taken over, and those of the database.
    pub(super) async fn enrol(&self, question: QuestionOfTask) -> StoreResult<Enrolment> {
        let (answer, answered) = oneshot::channel();
        let question = Box::new(question);
        self.enter(Entry::Enrol { question, answer }, answered).await
    }

    /// Submits the annotation of a task, as [`flow::submit_annotations`] does.
    ///
    /// # Errors
    /// `StaleLease` when the lease was taken over, and those of the database.
    pub async fn submit(&self, lease: &Lease, annotation: Annotation) -> StoreResult<()> {
        let (answer, answered) = oneshot::channel();
        let entry = Entry::Submit {
            lease: Box::new(lease.clone()),
            annotation: Box::new(annotation),
            answer,
        };
        self.enter(entry, answered).await
    }

    async fn enter<T>(&self, entry: Entry, answered: oneshot::Receiver<StoreResult<T>>) -> StoreResult<T> {
        let queue = self.queues.get(entry.kind() % self.queues.len()).ok_or_else(closed)?;
        queue.send(entry).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable {
        problem: "nobody writes down what becomes of calls any more".to_owned(),
    }
}

/// Writes down what comes by a queue, as long as anybody may send.
async fn write_down(writer: Arc<Writer>, mut received: mpsc::UnboundedReceiver<Entry>) {
    let mut batch = Vec::new();
    let mut next = Instant::now();
    while received.recv_many(&mut batch, MOST_AT_ONCE).await > 0 {
        tokio::time::sleep_until(next).await;
        next = Instant::now() + BETWEEN_TRANSACTIONS;
        // What has come meanwhile.
        while batch.len() < MOST_AT_ONCE
            && let Ok(entry) = received.try_recv()
        {
            batch.push(entry);
        }
        writer.write(std::mem::take(&mut batch)).await;
    }
}

struct Writer {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    lease_milliseconds: i64,
}

impl Writer {
    /// Does all of it in one transaction; when anything goes wrong with that, each by itself, so that one cannot spoil the
    /// others.
    async fn write(&self, mut batch: Vec<Entry>) {
        // In one order, so that processes that write at the same time wait for each other and not in a circle.
        batch.sort_by(|one, other| (one.step(), one.place()).cmp(&(other.step(), other.place())));
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
        for alike in batch.chunk_by(|one, other| one.step() == other.step()) {
            self.enact(transaction.as_mut(), alike, &mut outcomes).await?;
        }
        transaction.commit().await?;
        Ok(outcomes)
    }

    /// Does what is alike.
    async fn enact(&self, tx: &mut dyn Transaction, alike: &[Entry], outcomes: &mut Vec<Outcome>) -> StoreResult<()> {
        let (mut begun, mut replied, mut ended, mut answered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut payer = None;
        for entry in alike {
            match entry {
                Entry::Begin { project, call, .. } => {
                    payer = Some(project);
                    begun.push(call);
                }
                Entry::Settle {
                    call,
                    end,
                    reply: Some(reply),
                    ..
                } => replied.push(RepliedCall { call, reply, end: *end }),
                Entry::Settle { call, end, .. } => ended.push(EndedCall { call, end: *end }),
                Entry::Enrol { question, .. } => {
                    let environment = self.environment.as_ref();
                    let enrolment =
                        flow::enrol(tx, environment, &question.project, &question.lease, &question.wanted).await?;
                    outcomes.push(Outcome::Enrolled(enrolment));
                }
                Entry::Submit { lease, annotation, .. } => answered.push(Submission { lease, annotation }),
            }
        }
        if let Some(project) = payer {
            let turns = flow::begin_calls(tx, project, &begun, self.lease_milliseconds).await?;
            outcomes.extend(turns.into_iter().map(Outcome::Begun));
        }
        if !replied.is_empty() {
            let earlier = flow::keep_calls(tx, &replied).await?;
            outcomes.extend(earlier.into_iter().map(Outcome::Settled));
        }
        if !ended.is_empty() {
            tx.end_calls(&ended).await?;
            outcomes.extend(ended.iter().map(|_| Outcome::Settled(None)));
        }
        if !answered.is_empty() {
            let submitted = flow::submit_annotations(tx, self.environment.as_ref(), &answered).await?;
            let pairs = answered.iter().zip(submitted);
            outcomes.extend(pairs.map(|(one, submitted)| Outcome::Submitted(held(one.lease, submitted))));
        }
        Ok(())
    }
}

/// A lease that was lost has changed nothing.
fn held(lease: &Lease, submitted: Option<Submitted>) -> StoreResult<()> {
    let stale = StoreError::StaleLease { task: lease.task.id };
    submitted.map(|_| ()).ok_or(stale)
}
