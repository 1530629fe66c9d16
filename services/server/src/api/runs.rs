//! Runs: items asked of a panel, watched, paused, resumed and cancelled.

use accord_domain::{ItemSelection, Project, Run, RunBudget, RunId, RunReport};
use accord_store::flow::{self, NewRun, RunChange};
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Admin, Authorized, Principal, ProjectFor, ReadData};
use crate::extract::{ApiJson, ApiPath, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most transactions of one request in which a run is carried on; workers do the rest.
pub(crate) const STEPS_PER_REQUEST: u32 = 20;

/// A run that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewRun)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct WantedRun {
    /// Which items; all when left out.
    pub(crate) items: ItemSelection,
    /// The panel: names of automatic annotators of the project; all active ones when left out.
    pub(crate) annotators: Vec<String>,
    /// What its models may cost; not limited when left out.
    pub(crate) budget: RunBudget,
    /// Whether its models are asked through batches of their providers, at a lower price and within a day; one by one when
    /// left out.
    pub(crate) batch: bool,
    /// Whether its whole panel is asked about every item, whatever the project's stopping rule says; the rule is followed
    /// when left out.
    pub(crate) all_votes: bool,
}

/// Lists the runs of a project in the order in which they were started.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/runs",
    operation_id = "list_runs",
    tag = "runs",
    params(("project" = String, Path, description = "Identifier or name of the project"), PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of runs", body = PageOf<Run>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let mut transaction = state.store.read().await?;
    let page = transaction.list_runs(access.project.id, query.request()?).await?;
    Ok(page_response(&uri, page, |run| run))
}

/// Starts a run.
///
/// Every item and annotator of the panel that has neither an annotation nor a task gets one; tasks that wait and belong to
/// no run become this one's. Under a stopping rule the language models of the panel are asked stage by stage instead, until
/// the rule has heard enough of an item, unless `all_votes` says otherwise. Workers plan what is too much for one request.
#[utoipa::path(
    post,
    path = "/api/v1/projects/{project}/runs",
    operation_id = "start_run",
    tag = "runs",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    request_body(content = WantedRun, example = json!({
        "items": { "select": "matching", "state": "pending", "external_id_prefix": "2026-" },
        "annotators": ["gpt.plain", "gpt.reversed-fields"],
        "budget": { "currency": "USD", "money": "5.00", "tokens": 2_000_000 },
    })),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 201, description = "The run as it stands", body = RunReport,
            headers(("Location" = String, description = "Its address"))),
        (status = 422, description = "An annotator or item is not known, the budget is wrong, or a provider has no batches", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn start(
    State(state): State<AppState>,
    access: ProjectFor<Admin>,
    ApiJson(wanted): ApiJson<WantedRun>,
) -> Result<Response, Problem> {
    let run = begin(&state, &access.project, &access.principal, wanted).await?;
    let report = report(&state, run.id).await?;
    let location = HeaderValue::try_from(format!("/api/v1/runs/{}", run.id)).ok();
    let mut response = (StatusCode::CREATED, ApiJson(report)).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Starts a run and does of it what one request may.
pub(crate) async fn begin(
    state: &AppState,
    project: &Project,
    principal: &Principal,
    wanted: WantedRun,
) -> Result<Run, Problem> {
    let wanted = new_run(state, principal, wanted);
    let (store, environment) = (state.store.as_ref(), state.environment.as_ref());
    let mut transaction = store.write().await?;
    let run = flow::start_run(transaction.as_mut(), environment, project, &wanted).await??;
    transaction.commit().await?;
    flow::settle_run(store, environment, run.id, STEPS_PER_REQUEST).await?;
    Ok(run)
}

/// Says what is wrong with a run that is wanted, and starts none.
pub(crate) async fn check(
    state: &AppState,
    project: &Project,
    principal: &Principal,
    wanted: WantedRun,
) -> Result<(), Problem> {
    let mut transaction = state.store.read().await?;
    let wanted = new_run(state, principal, wanted);
    Ok(flow::check_run(transaction.as_mut(), project, &wanted).await??)
}

fn new_run(state: &AppState, principal: &Principal, wanted: WantedRun) -> NewRun {
    NewRun {
        items: wanted.items,
        annotators: wanted.annotators,
        budget: wanted.budget,
        batch: wanted.batch.then(|| state.batch_providers.as_ref().clone()),
        all_votes: wanted.all_votes,
        started_by: name_of(principal),
    }
}

/// Who is said to have started a run.
fn name_of(principal: &Principal) -> String {
    match principal {
        Principal::Token(token) => format!("token {}", token.name),
        Principal::Person(person) => person.user.name.clone(),
    }
}

/// Shows a run with its figures: progress, pace, costs so far and to come, what is slow and what went wrong.
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run}",
    operation_id = "read_run",
    tag = "runs",
    params(("run" = String, Path, description = "Identifier of the run", format = Uuid)),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The run as it stands", body = RunReport),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: Authorized<ReadData>,
    ApiPath(id): ApiPath<RunId>,
) -> Result<ApiJson<RunReport>, Problem> {
    seen(&state, &access.principal, id).await?;
    Ok(ApiJson(report(&state, id).await?))
}

/// Pauses a run: no new task of it is begun, calls under way are kept. Harmless when it is paused.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run}/pause",
    operation_id = "pause_run",
    tag = "runs",
    params(("run" = String, Path, description = "Identifier of the run", format = Uuid)),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "The run as it stands", body = RunReport),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn pause(
    State(state): State<AppState>,
    access: Authorized<Admin>,
    ApiPath(id): ApiPath<RunId>,
) -> Result<ApiJson<RunReport>, Problem> {
    seen(&state, &access.principal, id).await?;
    change(&state, id, RunWish::Pause).await?;
    Ok(ApiJson(carry_on(&state, id).await?))
}

/// Lets a paused run go on. Harmless when it is running.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run}/resume",
    operation_id = "resume_run",
    tag = "runs",
    params(("run" = String, Path, description = "Identifier of the run", format = Uuid)),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "The run as it stands", body = RunReport),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    access: Authorized<Admin>,
    ApiPath(id): ApiPath<RunId>,
) -> Result<ApiJson<RunReport>, Problem> {
    seen(&state, &access.principal, id).await?;
    change(&state, id, RunWish::Resume).await?;
    Ok(ApiJson(carry_on(&state, id).await?))
}

/// Cancels a run: its open tasks are cancelled, and items whose panel is thereby complete are scored. What a worker has in
/// hand is still kept. Harmless when it is cancelled.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run}/cancel",
    operation_id = "cancel_run",
    tag = "runs",
    params(("run" = String, Path, description = "Identifier of the run", format = Uuid)),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "The run as it stands", body = RunReport),
        (status = 409, description = "It is finished", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(state): State<AppState>,
    access: Authorized<Admin>,
    ApiPath(id): ApiPath<RunId>,
) -> Result<ApiJson<RunReport>, Problem> {
    seen(&state, &access.principal, id).await?;
    change(&state, id, RunWish::Cancel).await?;
    Ok(ApiJson(carry_on(&state, id).await?))
}

/// Gives a run another budget. One that was paused because its budget was spent goes on when it is resumed.
#[utoipa::path(
    put,
    path = "/api/v1/runs/{run}/budget",
    operation_id = "set_run_budget",
    tag = "runs",
    params(("run" = String, Path, description = "Identifier of the run", format = Uuid)),
    request_body(content = RunBudget, example = json!({ "currency": "USD", "money": "20" })),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "The run as it stands", body = RunReport),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set_budget(
    State(state): State<AppState>,
    access: Authorized<Admin>,
    ApiPath(id): ApiPath<RunId>,
    ApiJson(budget): ApiJson<RunBudget>,
) -> Result<ApiJson<RunReport>, Problem> {
    seen(&state, &access.principal, id).await?;
    change(&state, id, RunWish::Budget(budget)).await?;
    Ok(ApiJson(report(&state, id).await?))
}

/// What is to become of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RunWish {
    /// It stands still.
    Pause,
    /// It goes on.
    Resume,
    /// It ends early.
    Cancel,
    /// It gets this budget.
    Budget(RunBudget),
}

/// The run with this identifier, unless the credentials may not see it.
async fn seen(state: &AppState, principal: &Principal, id: RunId) -> Result<Run, Problem> {
    let found = state.store.read().await?.run(id).await?;
    found
        .filter(|run| principal.may_see(run.project_id))
        .ok_or_else(|| Problem::not_found("run", id))
}

/// Changes a run, or says that it has ended.
pub(crate) async fn change(state: &AppState, id: RunId, wish: RunWish) -> Result<(), Problem> {
    let environment = state.environment.as_ref();
    let mut transaction = state.store.write().await?;
    let tx = transaction.as_mut();
    let change = match &wish {
        RunWish::Pause => flow::pause_run(tx, environment, id).await?,
        RunWish::Resume => flow::resume_run(tx, environment, id).await?,
        RunWish::Cancel => flow::cancel_run(tx, environment, id).await?,
        RunWish::Budget(budget) => flow::set_run_budget(tx, id, budget).await?,
    };
    transaction.commit().await?;
    match change {
        RunChange::Made(_) => Ok(()),
        RunChange::Ended(run) => Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "run {} is {}: it has ended and cannot be changed",
                run.number,
                run.state.word()
            ),
        )),
    }
}

/// Does what the run's state asks for, as far as one request may, and reports on it.
async fn carry_on(state: &AppState, id: RunId) -> Result<RunReport, Problem> {
    flow::settle_run(state.store.as_ref(), state.environment.as_ref(), id, STEPS_PER_REQUEST).await?;
    report(state, id).await
}

async fn report(state: &AppState, id: RunId) -> Result<RunReport, Problem> {
    let mut transaction = state.store.read().await?;
    let run = transaction
        .run(id)
        .await?
        .ok_or_else(|| Problem::not_found("run", id))?;
    Ok(flow::report_run(transaction.as_mut(), state.environment.as_ref(), run).await?)
}
