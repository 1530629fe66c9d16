//! What people do with tasks, by API: reserve, keep, give back, skip, answer.

use accord_domain::{AnnotationId, Item, ItemId, Task, TaskId, Timestamp, User};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::{Annotate, Authorized, Principal, ProjectFor};
use crate::extract::{ApiJson, ApiPath};
use crate::people::{self, PersonTask, Submission};
use crate::problem::Problem;
use crate::state::AppState;

/// What is to be reserved, and for whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimBody {
    /// The kind of task.
    kind: PersonTask,
    /// The name of the account that will answer. Needed with a token, which acts for people; with a session it can only
    /// be the person who is logged in.
    #[serde(default)]
    user: Option<String>,
}

/// A reserved task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reservation)]
pub(super) struct ReservationShown {
    /// The task; `lease_until` says how long it is reserved.
    task: Task,
    /// Whoever knows it may keep, give back, skip or answer the task.
    lease_token: String,
    /// The item; its content is at `content_address`.
    item: Item,
    /// Where the content of the item is.
    content_address: String,
}

/// The proof of a reservation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaseBody {
    /// The token of the reservation.
    lease_token: String,
}

/// The new end of a reservation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Renewed {
    /// Until when the task is reserved.
    lease_until: Timestamp,
}

/// An answer to a reserved task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmissionBody {
    /// The token of the reservation.
    lease_token: String,
    /// By field: a value, or `null` for what is not in the document. A field that is left out is abstained from.
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// How long the task was open.
    #[serde(default)]
    latency_milliseconds: Option<i64>,
}

/// What became of an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Submitted)]
pub(super) struct SubmittedShown {
    /// The annotation.
    annotation_id: AnnotationId,
    /// The item.
    item_id: ItemId,
    /// False when it had been submitted before.
    stored: bool,
}

/// Reserves the next task for a person.
///
/// A task that the person already holds comes first, with a new token. Nobody gets two votes on one item, and no item
/// more votes than the policy's overlap.
#[utoipa::path(
    post,
    path = "/api/v1/projects/{project}/tasks/claim",
    operation_id = "claim_task",
    tag = "tasks",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    request_body(content = ClaimBody, example = json!({ "kind": "vote", "user": "ada" })),
    security(("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 200, description = "The reserved task", body = ReservationShown),
        (status = 204, description = "There is nothing to do"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn claim(
    State(state): State<AppState>,
    access: ProjectFor<Annotate>,
    ApiJson(body): ApiJson<ClaimBody>,
) -> Result<Response, Problem> {
    let user = person(&state, &access.principal, body.user.as_deref()).await?;
    let reserved = people::reserve_next(&state, &access.project, body.kind, &user).await?;
    let Some(reservation) = reserved else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let item = reservation.item;
    Ok(ApiJson(ReservationShown {
        content_address: format!("/api/v1/projects/{}/items/{}/content", item.project_id, item.id),
        task: reservation.lease.task,
        lease_token: reservation.lease.token,
        item,
    })
    .into_response())
}

/// Prolongs a reservation from now.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{task}/renew",
    operation_id = "renew_task",
    tag = "tasks",
    params(("task" = String, Path, description = "Identifier of the task", format = Uuid)),
    request_body = LeaseBody,
    security(("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 200, description = "The new end", body = Renewed),
        (status = 409, description = "The task is no longer reserved", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn renew(
    State(state): State<AppState>,
    access: Authorized<Annotate>,
    ApiPath(id): ApiPath<TaskId>,
    ApiJson(body): ApiJson<LeaseBody>,
) -> Result<ApiJson<Renewed>, Problem> {
    let lease_until = people::renew(&state, &access.principal, id, &body.lease_token).await?;
    Ok(ApiJson(Renewed { lease_until }))
}

/// Gives a reserved task back for anybody.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{task}/release",
    operation_id = "release_task",
    tag = "tasks",
    params(("task" = String, Path, description = "Identifier of the task", format = Uuid)),
    request_body = LeaseBody,
    security(("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 204, description = "Anybody may have it"),
        (status = 409, description = "The task is no longer reserved", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn release(
    State(state): State<AppState>,
    access: Authorized<Annotate>,
    ApiPath(id): ApiPath<TaskId>,
    ApiJson(body): ApiJson<LeaseBody>,
) -> Result<StatusCode, Problem> {
    people::give_back(&state, &access.principal, id, &body.lease_token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves a reserved task to others for good.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{task}/skip",
    operation_id = "skip_task",
    tag = "tasks",
    params(("task" = String, Path, description = "Identifier of the task", format = Uuid)),
    request_body = LeaseBody,
    security(("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 204, description = "Somebody else will be asked"),
        (status = 409, description = "The task is no longer reserved", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn skip(
    State(state): State<AppState>,
    access: Authorized<Annotate>,
    ApiPath(id): ApiPath<TaskId>,
    ApiJson(body): ApiJson<LeaseBody>,
) -> Result<StatusCode, Problem> {
    people::skip(&state, &access.principal, id, &body.lease_token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers a reserved task: a vote, or a resolution that becomes gold.
///
/// Repeating the same request is harmless.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{task}/submit",
    operation_id = "submit_task",
    tag = "tasks",
    params(("task" = String, Path, description = "Identifier of the task", format = Uuid)),
    request_body(content = SubmissionBody, example = json!({
        "lease_token": "…",
        "answers": { "company": "Example Ltd", "date": "2026-11-23", "total": null },
        "latency_milliseconds": 8400,
    })),
    security(("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 200, description = "The annotation", body = SubmittedShown),
        (status = 409, description = "The task is no longer reserved", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An answer does not fit its field", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn submit(
    State(state): State<AppState>,
    access: Authorized<Annotate>,
    ApiPath(id): ApiPath<TaskId>,
    ApiJson(body): ApiJson<SubmissionBody>,
) -> Result<ApiJson<SubmittedShown>, Problem> {
    let submission = Submission {
        answers: body.answers,
        latency_milliseconds: body.latency_milliseconds,
        comment: None,
    };
    let submitted = people::submit(&state, &access.principal, id, &body.lease_token, submission).await?;
    Ok(ApiJson(SubmittedShown {
        annotation_id: submitted.annotation_id,
        item_id: submitted.item_id,
        stored: submitted.stored,
    }))
}

/// The person for whom a task is reserved.
async fn person(state: &AppState, principal: &Principal, name: Option<&str>) -> Result<User, Problem> {
    match (principal, name) {
        (Principal::Person(person), None) => Ok(person.user.clone()),
        (Principal::Person(person), Some(name)) if person.user.name == name => Ok(person.user.clone()),
        (Principal::Person(_), Some(_)) => Err(Problem::invalid(
            "user",
            "with a session, tasks can only be reserved for the person who is logged in",
        )),
        (Principal::Token(_), None) => Err(Problem::invalid(
            "user",
            "with a token, `user` must name the account that will answer",
        )),
        (Principal::Token(_), Some(name)) => {
            let found = state.store.read().await?.user_by_name(name).await?;
            let (user, _) = found.ok_or_else(|| Problem::invalid("user", "there is no such account"))?;
            Ok(user)
        }
    }
}
