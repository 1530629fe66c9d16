//! The queue.

use accord_domain::{ItemId, Task, TaskId, TaskKind, TaskState};
use accord_store::{TaskCount, TaskFilter};
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Admin, Authorized, ProjectFor, ReadData};
use crate::extract::{ApiJson, ApiPath, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// Which tasks are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TaskQuery {
    /// Only tasks of this kind.
    kind: Option<TaskKind>,
    /// Only tasks in this state; `dead` ones were set aside with their reason.
    state: Option<TaskState>,
    /// Only tasks of this item.
    item: Option<ItemId>,
}

/// How many tasks of one kind are in one state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskCount)]
pub(super) struct TaskCountShown {
    /// The kind.
    kind: TaskKind,
    /// The state.
    state: TaskState,
    /// How many.
    count: i64,
}

impl From<TaskCount> for TaskCountShown {
    fn from(count: TaskCount) -> Self {
        Self {
            kind: count.kind,
            state: count.state,
            count: count.count,
        }
    }
}

/// Lists the tasks of a project in order of planning.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/tasks",
    operation_id = "list_tasks",
    tag = "tasks",
    params(("project" = String, Path, description = "Identifier or name of the project"), TaskQuery, PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of tasks", body = PageOf<Task>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(wanted): ApiQuery<TaskQuery>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let filter = TaskFilter {
        kind: wanted.kind,
        state: wanted.state,
        item_id: wanted.item,
    };
    let mut transaction = state.store.read().await?;
    let page = transaction
        .list_tasks(access.project.id, &filter, query.request()?)
        .await?;
    Ok(page_response(&uri, page, |task| task))
}

/// Counts the tasks of a project by kind and state.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/tasks/counts",
    operation_id = "count_tasks",
    tag = "tasks",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The counts that are not zero", body = Vec<TaskCountShown>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn count(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<Vec<TaskCountShown>>, Problem> {
    let mut transaction = state.store.read().await?;
    let counts = transaction.count_tasks(access.project.id).await?;
    Ok(ApiJson(counts.into_iter().map(TaskCountShown::from).collect()))
}

/// Puts a task that was set aside back in the queue with a fresh count of attempts.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{task}/revive",
    operation_id = "revive_task",
    tag = "tasks",
    params(("task" = String, Path, description = "Identifier of the task", format = Uuid)),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "The task as it is now", body = Task),
        (status = 409, description = "It is not set aside", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revive(
    State(state): State<AppState>,
    access: Authorized<Admin>,
    ApiPath(id): ApiPath<TaskId>,
) -> Result<ApiJson<Task>, Problem> {
    let not_found = || Problem::not_found("task", id);
    let mut transaction = state.store.write().await?;
    let task = transaction.task(id).await?.ok_or_else(not_found)?;
    if !access.principal.may_see(task.project_id) {
        return Err(not_found());
    }
    if task.state != TaskState::Dead {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("task {id} is {}, only a dead one can be revived", task.state.word()),
        ));
    }
    transaction.revive_task(id).await?;
    let revived = transaction.task(id).await?.ok_or_else(not_found)?;
    transaction.commit().await?;
    Ok(ApiJson(revived))
}
