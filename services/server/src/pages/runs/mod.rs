//! Runs: the list of a project's, the page of one, and its buttons.

mod shown;

use std::collections::BTreeMap;

use accord_domain::{Project, Run, RunBudget, RunReport};
use accord_store::{PageRequest, Transaction, flow};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{Administrator, ProtectedForm, Reviewer};
use crate::api::runs::{RunWish, STEPS_PER_REQUEST, change};
use crate::pages::projects::title;
use crate::pages::render::{Frame, page};
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::state::AppState;
pub(super) use shown::RunLine;
use shown::RunShown;

/// How many runs are on a page.
const RUNS_A_PAGE: u32 = 50;

/// How many runs the overview shows.
const RUNS_IN_OVERVIEW: u32 = 5;

/// Where a list begins.
#[derive(Debug, Deserialize)]
pub(super) struct RunsQuery {
    after: Option<Uuid>,
}

#[derive(Debug, Serialize)]
struct RunsShown {
    project: String,
    title: String,
    runs: Vec<RunLine>,
    first_page: bool,
    next: Option<String>,
}

/// What was just done.
#[derive(Debug, Deserialize)]
pub(super) struct RunQuery {
    #[serde(default)]
    done: String,
}

/// What the form of the budget holds.
#[derive(Debug, Deserialize)]
pub(super) struct BudgetForm {
    #[serde(default)]
    money: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    tokens: String,
}

/// Lists the runs of a project.
pub(super) async fn list(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Query(query): Query<RunsQuery>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let request = PageRequest {
        after: query.after,
        limit: RUNS_A_PAGE,
    };
    let mut transaction = state.store.read().await?;
    let found = transaction.list_runs(project.id, request).await?;
    let mut runs = Vec::with_capacity(found.rows.len());
    for run in found.rows {
        runs.push(line(transaction.as_mut(), run).await?);
    }
    let shown = RunsShown {
        project: project.definition.name.clone(),
        title: title(project),
        runs,
        first_page: query.after.is_none(),
        next: found.next.map(|next| next.to_string()),
    };
    page("runs.html", &Frame::of(&visit.person), &shown)
}

/// The newest runs, for the overview of their project.
pub(super) async fn latest(transaction: &mut dyn Transaction, project: &Project) -> Result<Vec<RunLine>, Problem> {
    let mut lines = Vec::new();
    for run in transaction.latest_runs(project.id, RUNS_IN_OVERVIEW).await? {
        lines.push(line(transaction, run).await?);
    }
    Ok(lines)
}

async fn line(transaction: &mut dyn Transaction, run: Run) -> Result<RunLine, Problem> {
    let tasks = transaction.count_tasks_of_run(run.id).await?;
    let spent = transaction.spending_of_run(run.id).await?;
    Ok(RunLine::of(&run, &tasks, &spent))
}

/// Shows a run.
pub(super) async fn show(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Path(parts): Path<BTreeMap<String, String>>,
    Query(query): Query<RunQuery>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let run = find(&state, project, &parts).await?;
    let mut transaction = state.store.read().await?;
    let report: RunReport = flow::report_run(transaction.as_mut(), state.environment.as_ref(), run).await?;
    let shown = RunShown::of(project, &report);
    let frame = Frame::of(&visit.person).with_done(match query.done.as_str() {
        "paused" => Some("The run is paused; what is in hand is finished."),
        "resumed" => Some("The run goes on."),
        "cancelled" => Some("The run is cancelled; what is in hand is finished and kept."),
        "budget" => Some("The run has another budget."),
        _ => None,
    });
    page("run.html", &frame, &shown)
}

async fn find(state: &AppState, project: &Project, parts: &BTreeMap<String, String>) -> Result<Run, Problem> {
    let name = parts.get("run").map_or("", String::as_str);
    let not_found = || Problem::not_found("run", name);
    let number: i64 = name.parse().map_err(|_| not_found())?;
    let mut transaction = state.store.read().await?;
    let found = transaction.run_by_number(project.id, number).await?;
    found.ok_or_else(not_found)
}

/// Pauses a run.
pub(super) async fn pause(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    Path(parts): Path<BTreeMap<String, String>>,
    _form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    act(&state, &visit.project, &parts, RunWish::Pause, "paused").await
}

/// Lets a run go on.
pub(super) async fn resume(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    Path(parts): Path<BTreeMap<String, String>>,
    _form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    act(&state, &visit.project, &parts, RunWish::Resume, "resumed").await
}

/// Cancels a run.
pub(super) async fn cancel(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    Path(parts): Path<BTreeMap<String, String>>,
    _form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    act(&state, &visit.project, &parts, RunWish::Cancel, "cancelled").await
}

/// Gives a run another budget.
pub(super) async fn set_budget(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    Path(parts): Path<BTreeMap<String, String>>,
    form: ProtectedForm<BudgetForm>,
) -> Result<Response, Problem> {
    let budget = read_budget(&form.form)?;
    act(&state, &visit.project, &parts, RunWish::Budget(budget), "budget").await
}

fn read_budget(form: &BudgetForm) -> Result<RunBudget, Problem> {
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let money: Option<Decimal> = filled(&form.money)
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| Problem::invalid("money", "the money must be a number such as 12.50"))?;
    let tokens: Option<i64> = filled(&form.tokens)
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| Problem::invalid("tokens", "the tokens must be a whole number"))?;
    Ok(RunBudget {
        currency: filled(&form.currency).filter(|_| money.is_some()),
        money,
        tokens,
    })
}

async fn act(
    state: &AppState,
    project: &Project,
    parts: &BTreeMap<String, String>,
    wish: RunWish,
    done: &str,
) -> Result<Response, Problem> {
    let run = find(state, project, parts).await?;
    change(state, run.id, wish).await?;
    let (store, environment) = (state.store.as_ref(), state.environment.as_ref());
    flow::settle_run(store, environment, run.id, STEPS_PER_REQUEST).await?;
    let address = format!("/projects/{}/runs/{}?done={done}", project.definition.name, run.number);
    Ok(Redirect::to(&address).into_response())
}
