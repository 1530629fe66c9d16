//! Runs: the list of a project's, the page of one, and its buttons.

mod shown;
mod start;
mod typed;

use std::collections::BTreeMap;

use accord_domain::{Project, Role, Run, RunReport};
use accord_store::{PageRequest, Transaction, flow};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{Administrator, ProtectedForm, Reviewer};
use crate::api::runs::{RunWish, STEPS_PER_REQUEST, begin, change, check};
use crate::pages::projects::title;
use crate::pages::render::{Frame, page, page_with_status};
use crate::pages::visit::Visit;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;
pub(super) use shown::RunLine;
use shown::RunShown;
use start::StartForm;
use typed::{BudgetForm, TypedRun};

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
    /// The form that starts one; only for those who may.
    start: Option<StartForm>,
    first_page: bool,
    next: Option<String>,
}

/// What was just done.
#[derive(Debug, Deserialize)]
pub(super) struct RunQuery {
    #[serde(default)]
    done: String,
}

/// Lists the runs of a project.
pub(super) async fn list(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Query(query): Query<RunsQuery>,
) -> Result<Response, Problem> {
    let may_start = visit.person.user.role >= Role::Administrator;
    let start = if may_start {
        Some(StartForm::fresh(&state, &visit.project).await?)
    } else {
        None
    };
    let shown = runs_shown(&state, &visit.project, query.after, start).await?;
    page("runs.html", &Frame::of(&visit.person), &shown)
}

async fn runs_shown(
    state: &AppState,
    project: &Project,
    after: Option<Uuid>,
    start: Option<StartForm>,
) -> Result<RunsShown, Problem> {
    let request = PageRequest {
        after,
        limit: RUNS_A_PAGE,
    };
    let mut transaction = state.store.read().await?;
    let found = transaction.list_runs(project.id, request).await?;
    let mut runs = Vec::with_capacity(found.rows.len());
    for run in found.rows {
        runs.push(line(transaction.as_mut(), run).await?);
    }
    Ok(RunsShown {
        project: project.definition.name.clone(),
        title: title(project),
        runs,
        start,
        first_page: after.is_none(),
        next: found.next.map(|next| next.to_string()),
    })
}

/// Starts a run, or shows the form again with what is wrong.
pub(super) async fn start(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    posted: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let typed = TypedRun::read(posted.form);
    let (wanted, mut errors) = typed.wanted();
    let principal = visit.principal();
    let outcome = if errors.is_empty() {
        begin(&state, project, &principal, wanted).await.map(Some)
    } else {
        // What can be read is checked as well, to tell all at once.
        check(&state, project, &principal, wanted).await.map(|()| None)
    };
    match outcome {
        Ok(Some(run)) => {
            let address = format!("/projects/{}/runs/{}?done=started", project.definition.name, run.number);
            return Ok(Redirect::to(&address).into_response());
        }
        Ok(None) => {}
        Err(refused) if refused.kind() == ProblemKind::Invalid => typed.place(&refused, &mut errors),
        Err(refused) => return Err(refused),
    }
    let form = StartForm::again(&state, project, typed, errors).await?;
    let shown = runs_shown(&state, project, None, Some(form)).await?;
    let status = ProblemKind::Invalid.status();
    page_with_status(status, "runs.html", &Frame::of(&visit.person), &shown)
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
        "started" => Some("The run is started; workers do it."),
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
    let budget = form.form.read()?;
    act(&state, &visit.project, &parts, RunWish::Budget(budget), "budget").await
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
