//! What is told about a run: computed from what is stored, so that every number can be found again.

mod forecast;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

pub use forecast::Forecast;
use forecast::forecast;

use crate::annotator::{Annotator, AnnotatorKind, AutomaticKind};
use crate::batch::BatchReport;
use crate::identifiers::{AnnotatorId, ItemId};
use crate::run::Run;
use crate::run_records::{FailureOutcome, RuledCount, RunCall, RunFailure, RunRecords, RunSpent};
use crate::task::TaskState;
use crate::time::Timestamp;

/// How far back the present pace looks.
const PACE_MILLISECONDS: i64 = 60_000;

/// How many kinds of failure are told apart.
const MOST_KINDS: usize = 20;

/// The longest name of a kind of failure, in characters.
const LONGEST_KIND: usize = 100;

/// What is told about a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunReport {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// How long it has been running, pauses left out.
    pub running_milliseconds: i64,
    /// Its tasks.
    pub tasks: TasksReport,
    /// The share of ended tasks with an answer that is no failure; none while none has ended.
    pub success: Option<f64>,
    /// The calls of its models.
    pub calls: CallsReport,
    /// What they have cost, exactly, by currency.
    pub spent: Vec<Money>,
    /// What is to come.
    pub forecast: Forecast,
    /// What asking by the project's stopping rule came to; none where the whole panel is asked about every item.
    pub rule: Option<RuleReport>,
    /// Providers and models by how long they take, the slowest first.
    pub latencies: Vec<LatencyReport>,
    /// The panel, one by one.
    pub panel: Vec<PanelLine>,
    /// What went wrong, by kind, the most frequent first.
    pub failures: Vec<FailureReport>,
    /// Its batches, in the order in which they were begun; none where its models are asked one by one.
    pub batches: Vec<BatchReport>,
}

/// The tasks of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TasksReport {
    /// All that were planned or taken over.
    pub total: i64,
    /// Those that wait.
    pub ready: i64,
    /// Those in the hands of a worker.
    pub leased: i64,
    /// Those that are done.
    pub done: i64,
    /// Of them, those whose answer is a failure.
    pub failed_answers: i64,
    /// Those that were set aside after their last attempt.
    pub set_aside: i64,
    /// Those that were cancelled.
    pub cancelled: i64,
    /// Attempts after the first ones.
    pub retries: i64,
}

impl TasksReport {
    /// Those that are not at their end.
    #[must_use]
    pub const fn open(&self) -> i64 {
        self.ready + self.leased
    }

    /// Those that ended with an answer or a failure.
    #[must_use]
    pub const fn ended(&self) -> i64 {
        self.done + self.set_aside
    }
}

/// The calls of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallsReport {
    /// Calls whose reply is kept.
    pub kept: i64,
    /// Calls that ended without a reply.
    pub failed: i64,
    /// Calls that were begun and of which nothing was heard again: what was paid in vain, at most.
    pub lost: i64,
    /// Tokens of the questions of kept calls.
    pub input_tokens: i64,
    /// Tokens of their answers.
    pub output_tokens: i64,
    /// Kept calls a second over the last minute, or since it was started or resumed when that is less.
    pub per_second_last_minute: f64,
    /// Kept calls a second over all the time that the run was running; none before it was.
    pub per_second: Option<f64>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// The currency, ISO 4217.
    pub currency: String,
    /// The amount.
    pub amount: Decimal,
}

/// What asking by a stopping rule came to in a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleReport {
    /// Items about which it asks by the rule.
    pub items: i64,
    /// Of them, those about which it asks no further.
    pub ended: i64,
    /// On those that have ended: questions to language models of the panel that the rule saved.
    pub saved: i64,
    /// Their share of all questions to language models of the panel about these items; none while none has ended.
    pub saved_share: Option<f64>,
}

/// How long a model of a provider takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatencyReport {
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// How many of its newest calls this is of.
    pub calls: usize,
    /// Half of them took no longer.
    pub median_milliseconds: i64,
    /// 95 % of them took no longer.
    pub percentile_95_milliseconds: i64,
}

/// One annotator of the panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PanelLine {
    /// Its name.
    pub annotator: String,
    /// Tasks that are not at their end.
    pub open: i64,
    /// Tasks that are done.
    pub done: i64,
    /// Tasks that were set aside.
    pub set_aside: i64,
    /// Attempts after the first ones.
    pub retries: i64,
    /// Calls whose reply is kept.
    pub kept_calls: i64,
    /// Calls that ended without a reply.
    pub failed_calls: i64,
    /// What they have cost, by currency.
    pub spent: Vec<Money>,
}

/// What went wrong in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureReport {
    /// The beginning that its reasons share.
    pub kind: String,
    /// Tasks that were set aside.
    pub set_aside: i64,
    /// Tasks that are still open.
    pub open: i64,
    /// Tasks that were done, or cancelled, after all.
    pub passed: i64,
    /// Answers that are failures.
    pub answered: i64,
    /// One whole reason.
    pub example: String,
    /// The item it is of.
    pub item_id: Option<ItemId>,
}

impl FailureReport {
    /// How many tasks it is about.
    #[must_use]
    pub const fn count(&self) -> i64 {
        self.set_aside + self.open + self.passed + self.answered
    }
}

type Sums = BTreeMap<String, Decimal>;

impl RunReport {
    /// The report of a run at this moment. `annotators` are those of its project.
    #[must_use]
    pub fn of(run: Run, annotators: &[Annotator], records: &RunRecords, now: Timestamp) -> Self {
        let tasks = count_tasks(records);
        let calls = count_calls(&run, records, now);
        let spent = sum_costs(records.spent.iter());
        Self {
            success: share(tasks.done - tasks.failed_answers, tasks.ended()),
            forecast: forecast(&run, &tasks, records, &spent, now),
            rule: records.ruled.as_ref().map(|ruled| rule(&run, annotators, ruled)),
            latencies: latencies(annotators, &records.calls),
            panel: panel(&run, annotators, records),
            failures: failures(&records.failures),
            batches: records.batches.iter().map(BatchReport::from).collect(),
            spent: amounts(spent),
            running_milliseconds: run.running_milliseconds(now),
            tasks,
            calls,
            run,
        }
    }

    /// The provider and model that take longest.
    #[must_use]
    pub fn slowest(&self) -> Option<&LatencyReport> {
        self.latencies.first()
    }
}

fn count_tasks(records: &RunRecords) -> TasksReport {
    let mut report = TasksReport::default();
    for row in &records.tasks {
        report.total += row.count;
        report.retries += row.retries;
        match row.state {
            TaskState::Ready => report.ready += row.count,
            TaskState::Leased => report.leased += row.count,
            TaskState::Done | TaskState::Skipped => report.done += row.count,
            TaskState::Dead => report.set_aside += row.count,
            TaskState::Cancelled => report.cancelled += row.count,
        }
    }
    let answered = records.failures.iter();
    let answered = answered.filter(|failure| failure.outcome == FailureOutcome::Answered);
    report.failed_answers = answered.map(|failure| failure.count).sum();
    report
}

fn count_calls(run: &Run, records: &RunRecords, now: Timestamp) -> CallsReport {
    let sum = |count: fn(&RunSpent) -> i64| records.spent.iter().map(count).sum::<i64>();
    let kept = sum(|row| row.kept_calls);
    CallsReport {
        kept,
        failed: sum(|row| row.failed_calls),
        lost: sum(|row| row.lost_calls),
        input_tokens: sum(|row| row.input_tokens),
        output_tokens: sum(|row| row.output_tokens),
        per_second_last_minute: a_second(records.recent_calls, recent_milliseconds(run, now)).unwrap_or(0.0),
        per_second: a_second(kept, run.running_milliseconds(now)),
    }
}

/// How much of the last minute lies after the run was started, or resumed.
#[must_use]
pub fn recent_milliseconds(run: &Run, now: Timestamp) -> i64 {
    let since = run.running_since.unwrap_or(run.created_at);
    now.milliseconds_since(since).clamp(1, PACE_MILLISECONDS)
}

#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds stay far below 2^52")]
fn a_second(count: i64, milliseconds: i64) -> Option<f64> {
    (milliseconds > 0).then(|| count as f64 * 1000.0 / milliseconds as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn sum_costs<'a>(rows: impl Iterator<Item = &'a RunSpent>) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        if let Some(currency) = &row.currency {
            *sums.entry(currency.clone()).or_default() += row.cost;
        }
    }
    sums
}

/// What calls have cost, by currency.
#[must_use]
pub fn spent_in_all(rows: &[RunSpent]) -> Vec<Money> {
    amounts(sum_costs(rows.iter()))
}

fn amounts(sums: Sums) -> Vec<Money> {
    let money = |(currency, amount): (String, Decimal)| Money {
        currency,
        amount: amount.normalize(),
    };
    sums.into_iter().map(money).collect()
}

fn rule(run: &Run, annotators: &[Annotator], ruled: &RuledCount) -> RuleReport {
    let panel = annotators.iter().filter(|one| run.annotators.contains(&one.name));
    let models = panel.filter(|one| one.active && one.kind.is_language_model()).count();
    let questions = ruled.ended.saturating_mul(i64::try_from(models).unwrap_or(i64::MAX));
    RuleReport {
        items: ruled.ended + ruled.open,
        ended: ruled.ended,
        saved: ruled.unasked,
        saved_share: share(ruled.unasked, questions),
    }
}

/// The model of an annotator that is a language model.
fn model_of(annotators: &[Annotator], id: AnnotatorId) -> Option<&str> {
    let annotator = annotators.iter().find(|annotator| annotator.id == id)?;
    match &annotator.kind {
        AnnotatorKind::Automatic {
            definition: AutomaticKind::LanguageModel(model),
        } => Some(&model.model),
        _ => None,
    }
}

fn latencies(annotators: &[Annotator], calls: &[RunCall]) -> Vec<LatencyReport> {
    let mut by_model: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for call in calls {
        let model = model_of(annotators, call.annotator_id).unwrap_or("unknown");
        let known = by_model.entry((&call.provider, model)).or_default();
        known.push(call.latency_milliseconds);
    }
    let mut reports: Vec<LatencyReport> = by_model
        .into_iter()
        .map(|((provider, model), mut latencies)| {
            latencies.sort_unstable();
            LatencyReport {
                provider: provider.to_owned(),
                model: model.to_owned(),
                calls: latencies.len(),
                median_milliseconds: percentile(&latencies, 50),
                percentile_95_milliseconds: percentile(&latencies, 95),
            }
        })
        .collect();
    reports.sort_by_key(|report| std::cmp::Reverse((report.median_milliseconds, report.percentile_95_milliseconds)));
    reports
}

/// The nearest rank: the smallest value that so many percent do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

fn panel(run: &Run, annotators: &[Annotator], records: &RunRecords) -> Vec<PanelLine> {
    run.annotators
        .iter()
        .map(|name| {
            let id = annotators.iter().find(|one| one.name == *name).map(|one| one.id);
            let tasks = records.tasks.iter().filter(|row| Some(row.annotator_id) == id);
            let spent = || records.spent.iter().filter(|row| Some(row.annotator_id) == id);
            let mut line = PanelLine {
                annotator: name.clone(),
                open: 0,
                done: 0,
                set_aside: 0,
                retries: 0,
                kept_calls: spent().map(|row| row.kept_calls).sum(),
                failed_calls: spent().map(|row| row.failed_calls).sum(),
                spent: amounts(sum_costs(spent())),
            };
            for row in tasks {
                line.retries += row.retries;
                match row.state {
                    TaskState::Ready | TaskState::Leased => line.open += row.count,
                    TaskState::Done | TaskState::Skipped => line.done += row.count,
                    TaskState::Dead => line.set_aside += row.count,
                    TaskState::Cancelled => {}
                }
            }
            line
        })
        .collect()
}

/// The beginning of a reason, before what is said of the single case.
fn kind_of(reason: &str) -> String {
    let end = [": ", "; "].iter().filter_map(|mark| reason.find(mark)).min();
    let beginning = end.map_or(reason, |end| reason.get(..end).unwrap_or(reason));
    beginning.chars().take(LONGEST_KIND).collect()
}

fn failures(found: &[RunFailure]) -> Vec<FailureReport> {
    let mut by_kind: BTreeMap<String, FailureReport> = BTreeMap::new();
    for failure in found {
        let kind = kind_of(&failure.reason);
        let report = by_kind.entry(kind.clone()).or_insert_with(|| FailureReport {
            kind,
            set_aside: 0,
            open: 0,
            passed: 0,
            answered: 0,
            example: failure.reason.clone(),
            item_id: failure.item_id,
        });
        match failure.outcome {
            FailureOutcome::SetAside => report.set_aside += failure.count,
            FailureOutcome::Open => report.open += failure.count,
            FailureOutcome::Passed => report.passed += failure.count,
            FailureOutcome::Answered => report.answered += failure.count,
        }
    }
    let mut reports: Vec<FailureReport> = by_kind.into_values().collect();
    reports.sort_by_key(|report| std::cmp::Reverse(report.count()));
    reports.truncate(MOST_KINDS);
    reports
}

#[cfg(test)]
mod tests;
