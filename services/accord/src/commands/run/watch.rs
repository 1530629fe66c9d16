//! Watching a run, with a progress bar.

use std::time::Duration;

use accord_domain::{RunId, RunReport, RunState};

use super::{print, report};
use crate::output::{bar, percent};
use crate::wiring::House;

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Waits until nothing of the run will go on by itself; returns how it stands then. A run that is paused is waited for
/// until what is in hand is finished.
pub(super) async fn until_it_stands_still(house: &House, id: RunId) -> anyhow::Result<RunState> {
    let progress = bar(0, "run");
    loop {
        let report = report(house, id).await?;
        progress.set_length(count(report.tasks.total + report.forecast.tasks_to_come));
        progress.set_position(count(report.tasks.ended() + report.tasks.cancelled));
        progress.set_message(message(&report));
        let stands_still = match report.run.state {
            RunState::Running => false,
            RunState::Paused => report.tasks.leased == 0,
            RunState::Cancelled | RunState::Finished => report.run.ended_at.is_some(),
        };
        if stands_still {
            progress.finish();
            return Ok(report.run.state);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// What stands behind the bar: pace, success, costs so far and expected.
fn message(report: &RunReport) -> String {
    let mut parts = vec![format!("{:.1} calls/s", report.calls.per_second_last_minute)];
    if report.success.is_some() {
        parts.push(format!("{} answered", percent(report.success)));
    }
    if !report.spent.is_empty() {
        let (spent, total) = (print::money(&report.spent), print::money(&report.forecast.total));
        parts.push(format!("{spent} of {total} expected"));
    }
    if let Some(reason) = &report.run.reason {
        parts.push(format!("paused: {reason}"));
    }
    parts.join(" · ")
}
