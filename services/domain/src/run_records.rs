//! What is stored about a run, as far as its report needs it.

use rust_decimal::Decimal;

use crate::batch::Batch;
use crate::identifiers::{AnnotatorId, ItemId};
use crate::task::TaskState;

/// What is stored about a run, as far as its report needs it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunRecords {
    /// Its tasks, counted.
    pub tasks: Vec<RunTaskCount>,
    /// What its calls have cost.
    pub spent: Vec<RunSpent>,
    /// Its newest calls with a reply.
    pub calls: Vec<RunCall>,
    /// Calls with a reply in the time of [`recent_milliseconds`](crate::run_report::recent_milliseconds).
    pub recent_calls: i64,
    /// Tasks that ended in that time.
    pub recent_tasks: i64,
    /// What went wrong.
    pub failures: Vec<RunFailure>,
    /// Its batches.
    pub batches: Vec<Batch>,
    /// The items about which it asks by a stopping rule; none where it asks about none so.
    pub ruled: Option<RuledCount>,
}

/// The items about which a run asks by a stopping rule, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuledCount {
    /// Those about which it asks no further.
    pub ended: i64,
    /// Those about which it may.
    pub open: i64,
    /// How many of its models the rule did without, on those that have ended together.
    pub unasked: i64,
    /// How many tasks of the run each annotator has on those that are open.
    pub asked_of_open: Vec<(AnnotatorId, i64)>,
}

/// How many tasks of one annotator are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTaskCount {
    /// The annotator.
    pub annotator_id: AnnotatorId,
    /// The state.
    pub state: TaskState,
    /// How many.
    pub count: i64,
    /// Attempts at them after the first ones.
    pub retries: i64,
}

/// What the calls of one annotator have cost a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSpent {
    /// The annotator.
    pub annotator_id: AnnotatorId,
    /// The provider.
    pub provider: String,
    /// The currency of its prices; none where it has no prices.
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

/// A call of a run that got a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCall {
    /// The annotator.
    pub annotator_id: AnnotatorId,
    /// The provider.
    pub provider: String,
    /// From sending to the last byte.
    pub latency_milliseconds: i64,
}

/// Tasks that something went wrong with, for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFailure {
    /// Why.
    pub reason: String,
    /// What became of them.
    pub outcome: FailureOutcome,
    /// How many.
    pub count: i64,
    /// One of the items.
    pub item_id: Option<ItemId>,
}

/// What became of a task that something went wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureOutcome {
    /// It was set aside after its last attempt.
    SetAside,
    /// It is still open.
    Open,
    /// It was done, or cancelled, after all.
    Passed,
    /// It is done, but its answer is a failure.
    Answered,
}
