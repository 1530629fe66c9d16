//! How runs are printed.

use accord_domain::run_records::{RunSpent, RunTaskCount};
use accord_domain::run_report::{Money, spent_in_all};
use accord_domain::{Run, RunBudget, RunItems, RunReport, TaskState, Timestamp};

use crate::output::{percent, say, table};

/// Amounts in a line.
pub(super) fn money(amounts: &[Money]) -> String {
    if amounts.is_empty() {
        return "–".to_owned();
    }
    let parts: Vec<String> = amounts
        .iter()
        .map(|money| format!("{} {}", money.amount.normalize(), money.currency))
        .collect();
    parts.join(" + ")
}

fn items(items: &RunItems) -> String {
    match items {
        RunItems::All {} => "all items".to_owned(),
        RunItems::Matching {
            state,
            external_id_prefix,
        } => {
            let state = state.map(|state| format!("state {}", state.word()));
            let prefix = external_id_prefix.as_ref().map(|prefix| format!("prefix {prefix}"));
            let parts: Vec<String> = [state, prefix].into_iter().flatten().collect();
            format!("items with {}", parts.join(", "))
        }
        RunItems::Listed { count } => format!("{count} listed items"),
        RunItems::Newest { count } => format!("the newest {count} items"),
    }
}

fn budget(budget: &RunBudget) -> String {
    let currency = budget.currency.as_deref().unwrap_or_default();
    let money = budget.money.map(|money| format!("{money} {currency}"));
    let tokens = budget.tokens.map(|tokens| format!("{tokens} tokens"));
    let parts: Vec<String> = [money, tokens].into_iter().flatten().collect();
    if parts.is_empty() {
        "not limited".to_owned()
    } else {
        parts.join(" and ")
    }
}

/// How the models of a run are asked.
const fn way(run: &Run) -> &'static str {
    match (run.batch, run.all_votes) {
        (false, false) => "one by one",
        (false, true) => "one by one, all votes",
        (true, false) => "in batches",
        (true, true) => "in batches, all votes",
    }
}

/// What the stopping rule came to.
fn rule(report: &RunReport) {
    if let Some(rule) = &report.rule {
        say(&format!(
            "by the stopping rule: {} of {} items at their end, {} questions saved ({}), {} more expected",
            rule.ended,
            rule.items,
            rule.saved,
            percent(rule.saved_share),
            report.forecast.tasks_to_come
        ));
    }
}

/// A line of the list.
pub(super) fn row(run: &Run, tasks: &[RunTaskCount], spent: &[RunSpent]) -> Vec<String> {
    let number = |state: TaskState| -> i64 { tasks.iter().filter(|row| row.state == state).map(|row| row.count).sum() };
    vec![
        run.number.to_string(),
        run.state.word().to_owned(),
        items(&run.items),
        way(run).to_owned(),
        run.started_by.clone(),
        number(TaskState::Done).to_string(),
        tasks.iter().map(|row| row.count).sum::<i64>().to_string(),
        number(TaskState::Dead).to_string(),
        money(&spent_in_all(spent)),
    ]
}

/// Prints the list.
pub(super) fn list(rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        say("no runs yet: `accord run start` starts one");
        return;
    }
    let headings = [
        "run",
        "state",
        "items",
        "models",
        "started by",
        "done",
        "tasks",
        "set aside",
        "spent",
    ];
    say(&table(&headings, 5, rows));
}

/// Prints how a run stands.
pub(super) fn report(report: &RunReport) {
    let run = &report.run;
    let reason = run
        .reason
        .as_ref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    say(&format!("run {}: {}{reason}", run.number, run.state.word()));
    let planning = &run.planning;
    say(&format!(
        "{} ({}); {} tasks planned, {} taken over, {} there already{}",
        items(&run.items),
        planning.items,
        planning.planned,
        planning.taken_over,
        planning.present,
        if planning.is_complete { "" } else { "; planning goes on" }
    ));
    let tasks = &report.tasks;
    say(&format!(
        "{} of {} done, {} in hand, {} waiting, {} set aside, {} cancelled; {} retries; {} answered",
        tasks.done,
        tasks.total,
        tasks.leased,
        tasks.ready,
        tasks.set_aside,
        tasks.cancelled,
        tasks.retries,
        percent(report.success)
    ));
    rule(report);
    let calls = &report.calls;
    let overall = calls
        .per_second
        .map_or_else(String::new, |pace| format!(", {pace:.1} all the time"));
    say(&format!(
        "{} calls kept, {} failed, {} lost; {:.1} calls/s in the last minute{overall}",
        calls.kept, calls.failed, calls.lost, calls.per_second_last_minute
    ));
    say(&format!(
        "{} spent, {} to come, {} expected in all ({}); budget {}",
        money(&report.spent),
        money(&report.forecast.to_come),
        money(&report.forecast.total),
        report.forecast.basis,
        budget(&run.budget)
    ));
    if let Some(seconds) = report.forecast.seconds {
        say(&format!("{seconds:.0} s left at this pace"));
    }
    panel_table(report);
    batch_table(report);
    latency_table(report);
    failure_table(report);
}

fn panel_table(report: &RunReport) {
    let panel: Vec<Vec<String>> = report
        .panel
        .iter()
        .map(|line| {
            vec![
                line.annotator.clone(),
                line.done.to_string(),
                line.open.to_string(),
                line.set_aside.to_string(),
                line.retries.to_string(),
                line.kept_calls.to_string(),
                line.failed_calls.to_string(),
                money(&line.spent),
            ]
        })
        .collect();
    let headings = [
        "annotator",
        "done",
        "open",
        "set aside",
        "retries",
        "calls",
        "failed calls",
        "spent",
    ];
    say(&table(&headings, 1, panel));
}

fn batch_table(report: &RunReport) {
    if !report.run.batch {
        return;
    }
    if report.batches.is_empty() {
        say("its models are asked in batches; none is begun yet");
        return;
    }
    let batches: Vec<Vec<String>> = report
        .batches
        .iter()
        .map(|line| {
            vec![
                line.provider.clone(),
                line.model.clone(),
                line.state.word().to_owned(),
                line.status.clone().unwrap_or_else(|| "–".to_owned()),
                minute(line.sent_at),
                minute(line.ends_by),
                line.requests.to_string(),
                line.answered.to_string(),
                line.failed.to_string(),
                money(line.cost.as_slice()),
            ]
        })
        .collect();
    let headings = [
        "batches of",
        "model",
        "state",
        "at the provider",
        "sent at",
        "ends by",
        "requests",
        "answered",
        "failed",
        "cost",
    ];
    say(&table(&headings, 6, batches));
    for (number, line) in report.batches.iter().enumerate() {
        if let Some(note) = &line.note {
            say(&format!("batch {}: {note}", number + 1));
        }
    }
}

/// A moment to the minute, in Coordinated Universal Time.
fn minute(moment: Option<Timestamp>) -> String {
    moment.map_or_else(
        || "–".to_owned(),
        |moment| {
            moment
                .to_string()
                .chars()
                .take(16)
                .collect::<String>()
                .replace('T', " ")
        },
    )
}

fn latency_table(report: &RunReport) {
    let latencies: Vec<Vec<String>> = report
        .latencies
        .iter()
        .map(|line| {
            vec![
                line.provider.clone(),
                line.model.clone(),
                format!("{} ms", line.median_milliseconds),
                format!("{} ms", line.percentile_95_milliseconds),
                line.calls.to_string(),
            ]
        })
        .collect();
    if !latencies.is_empty() {
        let headings = ["provider", "model", "median", "95 % within", "newest calls"];
        say(&table(&headings, 2, latencies));
    }
}

fn failure_table(report: &RunReport) {
    let failures: Vec<Vec<String>> = report
        .failures
        .iter()
        .map(|line| {
            vec![
                line.kind.clone(),
                line.example.clone(),
                line.set_aside.to_string(),
                line.open.to_string(),
                line.passed.to_string(),
                line.answered.to_string(),
            ]
        })
        .collect();
    if !failures.is_empty() {
        let headings = [
            "what went wrong",
            "example",
            "set aside",
            "open",
            "passed",
            "failed answers",
        ];
        say(&table(&headings, 2, failures));
    }
}
