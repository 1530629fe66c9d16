//! A run as its page shows it.

use accord_domain::run_records::{RunSpent, RunTaskCount};
use accord_domain::run_report::{FailureReport, LatencyReport, Money, PanelLine, spent_in_all};
use accord_domain::{BatchReport, BatchState, Project, Run, RunBudget, RunItems, RunReport, RunState, TaskState};
use serde::Serialize;

use crate::pages::numbers::{Moment, count, counted, percent, span};
use crate::pages::projects::title;

/// A run in a list.
#[derive(Debug, Serialize)]
pub(in crate::pages) struct RunLine {
    number: i64,
    state: StateShown,
    items: String,
    done: String,
    total: String,
    set_aside: String,
    spent: String,
    started_by: String,
    started: Moment,
}

#[derive(Debug, Serialize)]
struct StateShown {
    look: &'static str,
    word: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct RunShown {
    project: String,
    title: String,
    id: String,
    number: i64,
    state: StateShown,
    is_live: bool,
    may_pause: bool,
    may_resume: bool,
    may_cancel: bool,
    reason: Option<String>,
    answer: String,
    items: String,
    panel_names: String,
    started_by: String,
    started: Moment,
    ended: Option<Moment>,
    ran: String,
    planning: String,
    /// Whether all vote or the stopping rule says who; none where there is no rule.
    votes: Option<String>,
    widths: Widths,
    figures: Vec<Figure>,
    money: MoneyShown,
    panel: Vec<PanelShown>,
    in_batches: bool,
    batches: Vec<BatchShown>,
    latencies: Vec<LatencyShown>,
    failures: Vec<FailureShown>,
}

/// Widths of the bar's parts in percent.
#[derive(Debug, Serialize)]
struct Widths {
    done: f64,
    failed: f64,
    cancelled: f64,
}

#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
struct MoneyShown {
    spent: String,
    to_come: String,
    total: String,
    basis: String,
    tokens: String,
    budget: Option<String>,
    budget_money: String,
    budget_currency: String,
    budget_tokens: String,
}

#[derive(Debug, Serialize)]
struct PanelShown {
    annotator: String,
    done: String,
    open: String,
    set_aside: String,
    retries: String,
    calls: String,
    failed_calls: String,
    spent: String,
}

#[derive(Debug, Serialize)]
struct BatchShown {
    provider: String,
    model: String,
    state: StateShown,
    status: Option<String>,
    requests: String,
    answered: String,
    failed: String,
    sent: Option<Moment>,
    ends_by: Option<Moment>,
    cost: String,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct LatencyShown {
    provider: String,
    model: String,
    median: String,
    percentile_95: String,
    calls: String,
}

#[derive(Debug, Serialize)]
struct FailureShown {
    kind: String,
    set_aside: String,
    open: String,
    passed: String,
    answered: String,
    example: String,
    item: Option<String>,
}

impl RunLine {
    /// A run with its tasks counted.
    pub(super) fn of(run: &Run, tasks: &[RunTaskCount], spent: &[RunSpent]) -> Self {
        let number = |state: TaskState| -> i64 {
            let of_state = tasks.iter().filter(|row| row.state == state);
            of_state.map(|row| row.count).sum()
        };
        Self {
            number: run.number,
            state: state_of(run.state),
            items: items_of(&run.items),
            done: count(number(TaskState::Done)),
            total: count(tasks.iter().map(|row| row.count).sum()),
            set_aside: count(number(TaskState::Dead)),
            spent: money_of(&spent_in_all(spent)),
            started_by: run.started_by.clone(),
            started: run.created_at.into(),
        }
    }
}

const fn state_of(state: RunState) -> StateShown {
    let look = match state {
        RunState::Running => "pending",
        RunState::Paused => "person",
        RunState::Cancelled => "escalated",
        RunState::Finished => "accepted",
    };
    StateShown {
        look,
        word: state.word(),
    }
}

fn items_of(items: &RunItems) -> String {
    match items {
        RunItems::All {} => "all items".to_owned(),
        RunItems::Matching {
            state,
            external_id_prefix,
        } => {
            let state = state.map(|state| format!("state {}", state.word().replace('_', " ")));
            let prefix = external_id_prefix
                .as_ref()
                .map(|prefix| format!("name begins with {prefix}"));
            let parts: Vec<String> = [state, prefix].into_iter().flatten().collect();
            if parts.is_empty() {
                "all items".to_owned()
            } else {
                format!("items: {}", parts.join(", "))
            }
        }
        RunItems::Listed { count: number } => counted(i64::try_from(*number).unwrap_or(i64::MAX), "listed item"),
        RunItems::Newest { count: number } => format!("the newest {}", counted(i64::from(*number), "item")),
    }
}

fn money_of(amounts: &[Money]) -> String {
    if amounts.is_empty() {
        return "–".to_owned();
    }
    let parts: Vec<String> = amounts
        .iter()
        .map(|money| format!("{} {}", money.amount.normalize(), money.currency))
        .collect();
    parts.join(" + ")
}

fn a_second(number: f64) -> String {
    format!("{number:.1} / s")
}

fn budget_of(budget: &RunBudget) -> Option<String> {
    let currency = budget.currency.as_deref().unwrap_or_default();
    let money = budget.money.map(|money| format!("{} {currency}", money.normalize()));
    let tokens = budget.tokens.map(|tokens| counted(tokens, "token"));
    let parts: Vec<String> = [money, tokens].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of work stay far below 2^53")]
fn span_of_seconds(seconds: f64) -> String {
    span((seconds * 1000.0).round() as i64)
}

/// The line that answers the first question: how far, how fast, how good, how dear, how long.
fn answer(report: &RunReport) -> String {
    let tasks = &report.tasks;
    let mut parts = vec![format!(
        "{} of {} done",
        count(tasks.done),
        counted(tasks.total, "task")
    )];
    let sent = report.batches.iter().filter(|batch| batch.state == BatchState::Sent);
    let (batches, requests) = sent.fold((0, 0), |(batches, requests), batch| {
        (batches + 1, requests + batch.requests)
    });
    if batches > 0 {
        let batches = if batches == 1 {
            "1 batch".to_owned()
        } else {
            format!("{batches} batches")
        };
        parts.push(format!("{} at the provider in {batches}", counted(requests, "request")));
    }
    if report.run.state == RunState::Running && report.calls.kept > 0 && !report.run.batch {
        parts.push(format!("{:.1} calls/s", report.calls.per_second_last_minute));
    }
    if let Some(share) = report.success {
        parts.push(format!("{} answered", percent(share)));
    }
    if let Some(saved) = report.rule.filter(|rule| rule.saved > 0) {
        parts.push(format!("{} saved by the rule", count(saved.saved)));
    }
    if !report.spent.is_empty() {
        parts.push(format!("{} spent", money_of(&report.spent)));
        if still_to_come(report) > 0 {
            parts.push(format!("{} expected in all", money_of(&report.forecast.total)));
        }
    }
    if let Some(seconds) = report.forecast.seconds.filter(|_| still_to_come(report) > 0) {
        parts.push(format!("{} left", span_of_seconds(seconds)));
    }
    parts.join(" · ")
}

/// Tasks that are open or will be.
const fn still_to_come(report: &RunReport) -> i64 {
    report.tasks.open() + report.forecast.tasks_to_come
}

fn votes(project: &Project, report: &RunReport) -> Option<String> {
    if let Some(rule) = report.rule {
        let share = rule
            .saved_share
            .map(|share| format!(", {} of the questions", percent(share)));
        return Some(format!(
            "as the stopping rule says: {} of {} at their end, {} saved{}",
            count(rule.ended),
            counted(rule.items, "item"),
            count(rule.saved),
            share.unwrap_or_default()
        ));
    }
    let has_rule = project.definition.policy.stopping.stops_early();
    (report.run.all_votes && has_rule).then(|| "all, whatever the stopping rule says".to_owned())
}

fn planning(report: &RunReport) -> String {
    let (run, planning) = (&report.run, &report.run.planning);
    let planned = count(planning.planned);
    let mut parts = vec![
        counted(planning.items, "item"),
        match report.rule {
            None => format!("{planned} planned"),
            Some(_) => format!("{planned} planned at once, the others as the rule wants them"),
        },
    ];
    if planning.taken_over > 0 {
        parts.push(format!("{} taken over from the queue", count(planning.taken_over)));
    }
    if planning.present > 0 {
        parts.push(format!("{} there already", count(planning.present)));
    }
    if !planning.is_complete && matches!(run.state, RunState::Running | RunState::Paused) {
        parts.push("more are being planned".to_owned());
    }
    parts.join(" · ")
}

#[expect(clippy::cast_precision_loss, reason = "counts of tasks stay far below 2^52")]
fn widths(report: &RunReport) -> Widths {
    let tasks = &report.tasks;
    let width = |part: i64| {
        if tasks.total > 0 {
            (part as f64 / tasks.total as f64 * 1e4).round() / 1e2
        } else {
            0.0
        }
    };
    Widths {
        done: width(tasks.done),
        failed: width(tasks.set_aside),
        cancelled: width(tasks.cancelled),
    }
}

fn figures(report: &RunReport) -> Vec<Figure> {
    let (tasks, calls) = (&report.tasks, &report.calls);
    let figure = |name, value| Figure { name, value };
    let mut figures = vec![
        figure("Done", count(tasks.done)),
        figure("In hand", count(tasks.leased)),
        figure("Waiting", count(tasks.ready)),
        figure("Set aside", count(tasks.set_aside)),
        figure("Failed answers", count(tasks.failed_answers)),
        figure("Retries", count(tasks.retries)),
    ];
    if tasks.cancelled > 0 {
        figures.push(figure("Cancelled", count(tasks.cancelled)));
    }
    if let Some(rule) = report.rule {
        figures.push(figure("Expected besides", count(report.forecast.tasks_to_come)));
        figures.push(figure("Saved by the rule", count(rule.saved)));
    }
    figures.push(figure("Calls", count(calls.kept)));
    figures.push(figure("Failed calls", count(calls.failed)));
    if calls.lost > 0 {
        figures.push(figure("Lost calls", count(calls.lost)));
    }
    figures.push(figure("Calls, last minute", a_second(calls.per_second_last_minute)));
    if let Some(pace) = calls.per_second {
        figures.push(figure("Calls, all the time", a_second(pace)));
    }
    figures
}

fn money(report: &RunReport) -> MoneyShown {
    let budget = &report.run.budget;
    MoneyShown {
        spent: money_of(&report.spent),
        to_come: money_of(&report.forecast.to_come),
        total: money_of(&report.forecast.total),
        basis: report.forecast.basis.clone(),
        tokens: format!(
            "{} in, {} out",
            count(report.calls.input_tokens),
            count(report.calls.output_tokens)
        ),
        budget: budget_of(budget),
        budget_money: budget
            .money
            .map(|money| money.normalize().to_string())
            .unwrap_or_default(),
        budget_currency: budget
            .currency
            .clone()
            .or_else(|| report.spent.first().map(|money| money.currency.clone()))
            .unwrap_or_default(),
        budget_tokens: budget.tokens.map(|tokens| tokens.to_string()).unwrap_or_default(),
    }
}

impl RunShown {
    /// The run with its figures as texts.
    pub(super) fn of(project: &Project, report: &RunReport) -> Self {
        let run = &report.run;
        let is_open = matches!(run.state, RunState::Running | RunState::Paused);
        Self {
            project: project.definition.name.clone(),
            title: title(project),
            id: run.id.to_string(),
            number: run.number,
            state: state_of(run.state),
            is_live: run.ended_at.is_none(),
            may_pause: run.state == RunState::Running,
            may_resume: run.state == RunState::Paused,
            may_cancel: is_open,
            reason: run.reason.clone(),
            answer: answer(report),
            items: items_of(&run.items),
            panel_names: run.annotators.join(", "),
            started_by: run.started_by.clone(),
            started: run.created_at.into(),
            ended: run.ended_at.map(Moment::from),
            ran: span(report.running_milliseconds),
            planning: planning(report),
            votes: votes(project, report),
            widths: widths(report),
            figures: figures(report),
            money: money(report),
            panel: report.panel.iter().map(panel_line).collect(),
            in_batches: run.batch,
            batches: report.batches.iter().map(batch).collect(),
            latencies: report.latencies.iter().map(latency).collect(),
            failures: report.failures.iter().map(failure).collect(),
        }
    }
}

fn panel_line(line: &PanelLine) -> PanelShown {
    PanelShown {
        annotator: line.annotator.clone(),
        done: count(line.done),
        open: count(line.open),
        set_aside: count(line.set_aside),
        retries: count(line.retries),
        calls: count(line.kept_calls),
        failed_calls: count(line.failed_calls),
        spent: money_of(&line.spent),
    }
}

fn batch(report: &BatchReport) -> BatchShown {
    let look = match report.state {
        BatchState::Gathering | BatchState::Gathered | BatchState::Uploaded => "person",
        BatchState::Sent | BatchState::Ended => "pending",
        BatchState::Collected => "accepted",
    };
    BatchShown {
        provider: report.provider.clone(),
        model: report.model.clone(),
        state: StateShown {
            look,
            word: report.state.word(),
        },
        status: report.status.as_ref().map(|status| status.replace('_', " ")),
        requests: count(report.requests),
        answered: count(report.answered),
        failed: count(report.failed),
        sent: report.sent_at.map(Moment::from),
        ends_by: report.ends_by.map(Moment::from),
        cost: money_of(report.cost.as_slice()),
        note: report.note.clone(),
    }
}

fn latency(report: &LatencyReport) -> LatencyShown {
    LatencyShown {
        provider: report.provider.clone(),
        model: report.model.clone(),
        median: span(report.median_milliseconds),
        percentile_95: span(report.percentile_95_milliseconds),
        calls: count(i64::try_from(report.calls).unwrap_or(i64::MAX)),
    }
}

fn failure(report: &FailureReport) -> FailureShown {
    FailureShown {
        kind: report.kind.clone(),
        set_aside: count(report.set_aside),
        open: count(report.open),
        passed: count(report.passed),
        answered: count(report.answered),
        example: report.example.clone(),
        item: report.item_id.map(|id| id.to_string()),
    }
}
