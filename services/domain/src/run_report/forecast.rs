//! What is to come of a run.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{Money, Sums, TasksReport, a_second, amounts, recent_milliseconds, sum_costs};
use crate::identifiers::AnnotatorId;
use crate::run::{Run, RunState};
use crate::run_records::{RuledCount, RunRecords};
use crate::task::TaskState;
use crate::time::Timestamp;

/// Decimal places of money that is to come.
const FORECAST_PLACES: u32 = 6;

/// What is to come: for each annotator the mean cost of its ended tasks times its open tasks and those that the stopping rule
/// is expected to ask for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// Spent and to come, by currency.
    pub total: Vec<Money>,
    /// What open tasks, and those that the stopping rule is expected to ask for, will cost, by currency.
    pub to_come: Vec<Money>,
    /// Tasks that the stopping rule is expected to ask for besides, as it did on items that have ended.
    pub tasks_to_come: i64,
    /// Open tasks of annotators none of whose tasks has ended: they are not in it.
    pub tasks_left_out: i64,
    /// How long all of these will take at the pace of the last minute, or without one at that of the run; none while it
    /// is not running, has no pace, or has its models asked in batches.
    pub seconds: Option<f64>,
    /// How it was computed, in words.
    pub basis: String,
}

/// How many tasks of an annotator the rule is expected to ask for yet, when it asks about as large a part of all items as of
/// those that have ended.
fn tasks_to_come(ruled: &RuledCount, records: &RunRecords, annotator: AnnotatorId) -> i64 {
    let of_it = records.tasks.iter().filter(|row| row.annotator_id == annotator);
    let asked: i64 = of_it
        .filter(|row| row.state != TaskState::Cancelled)
        .map(|row| row.count)
        .sum();
    let of_open = ruled.asked_of_open.iter().filter(|(id, _)| *id == annotator);
    let asked_of_open: i64 = of_open.map(|(_, count)| *count).sum();
    let asked_of_ended = asked - asked_of_open;
    if ruled.ended == 0 {
        return 0;
    }
    // Rounded to the nearest; an item of which it was not asked yet may need it once.
    let expected = (asked_of_ended * ruled.open + ruled.ended / 2) / ruled.ended;
    (expected - asked_of_open).clamp(0, (ruled.open - asked_of_open).max(0))
}

/// Open and ended tasks of one annotator.
fn open_and_ended(records: &RunRecords, annotator: AnnotatorId) -> (i64, i64) {
    let of_it = records.tasks.iter().filter(|row| row.annotator_id == annotator);
    of_it.fold((0, 0), |(open, ended), row| match row.state {
        TaskState::Ready | TaskState::Leased => (open + row.count, ended),
        TaskState::Done | TaskState::Skipped | TaskState::Dead => (open, ended + row.count),
        TaskState::Cancelled => (open, ended),
    })
}

pub(super) fn forecast(run: &Run, tasks: &TasksReport, records: &RunRecords, spent: &Sums, now: Timestamp) -> Forecast {
    let mut known: Vec<AnnotatorId> = records.tasks.iter().map(|row| row.annotator_id).collect();
    known.sort_unstable();
    known.dedup();
    let (mut to_come, mut tasks_left_out, mut expected) = (Sums::new(), 0, 0);
    for annotator in known {
        let (mut open, ended) = open_and_ended(records, annotator);
        if ended == 0 {
            tasks_left_out += open;
            continue;
        }
        if let Some(ruled) = records.ruled.as_ref().filter(|_| run.ended_at.is_none()) {
            let asked = tasks_to_come(ruled, records, annotator);
            expected += asked;
            open += asked;
        }
        let costs = sum_costs(records.spent.iter().filter(|row| row.annotator_id == annotator));
        for (currency, cost) in costs {
            // One division at the end, so that what comes out even is exact.
            let share = (cost * Decimal::from(open) / Decimal::from(ended)).round_dp(FORECAST_PLACES);
            *to_come.entry(currency).or_default() += share;
        }
    }
    let mut total = spent.clone();
    for (currency, amount) in &to_come {
        *total.entry(currency.clone()).or_default() += *amount;
    }
    let pace = a_second(records.recent_tasks, recent_milliseconds(run, now))
        .filter(|pace| *pace > 0.0)
        .or_else(|| a_second(tasks.ended(), run.running_milliseconds(now)));
    Forecast {
        total: amounts(total),
        to_come: amounts(to_come),
        tasks_to_come: expected,
        tasks_left_out,
        seconds: pace
            .filter(|pace| *pace > 0.0 && run.state == RunState::Running && !run.batch)
            .map(|pace| seconds_for(tasks.open() + expected, pace)),
        basis: basis(tasks, tasks_left_out, expected, records.ruled.as_ref()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of tasks stay far below 2^52")]
fn seconds_for(open: i64, pace: f64) -> f64 {
    open as f64 / pace
}

fn basis(tasks: &TasksReport, left_out: i64, expected: i64, ruled: Option<&RuledCount>) -> String {
    let (ended, open) = (tasks.ended(), tasks.open());
    if open + expected == 0 {
        return "no task is open".to_owned();
    }
    if ended == 0 {
        return "no task has ended yet, so nothing is known".to_owned();
    }
    let rest = if left_out > 0 {
        format!("; {left_out} open tasks are left out, their annotators have ended none")
    } else {
        String::new()
    };
    let by_the_rule = match ruled.filter(|ruled| ruled.open > 0) {
        None => String::new(),
        Some(RuledCount { ended: 0, open, .. }) => {
            format!("; what the stopping rule will ask about {open} items is not known before one has ended")
        }
        Some(RuledCount { ended, open, .. }) => format!(
            " and those that the stopping rule will ask for if the {open} open items go like the {ended} that have ended \
             ({expected} in all)"
        ),
    };
    format!(
        "for each annotator, mean cost of its ended tasks ({ended} in all) times its open tasks ({open} in \
         all){by_the_rule}{rest}"
    )
}
