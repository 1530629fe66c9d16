//! Annotations.

use accord_domain::Annotation;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

use crate::access::{ItemFor, ProjectFor, ReadData};
use crate::extract::{ApiJson, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::Problem;
use crate::state::AppState;

/// Lists the annotations of a project in order of submission.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/annotations",
    operation_id = "list_annotations",
    tag = "annotations",
    params(("project" = String, Path, description = "Identifier or name of the project"), PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of annotations", body = PageOf<Annotation>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let page = query.request()?;
    let mut transaction = state.store.read().await?;
    let page = transaction.list_annotations(access.project.id, page).await?;
    Ok(page_response(&uri, page, |annotation| annotation))
}

/// Lists the annotations of an item in order of submission.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/items/{item}/annotations",
    operation_id = "list_annotations_of_item",
    tag = "annotations",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("item" = String, Path, description = "Identifier of the item", format = Uuid),
    ),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The annotations that count", body = Vec<Annotation>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_item(
    State(state): State<AppState>,
    access: ItemFor<ReadData>,
) -> Result<ApiJson<Vec<Annotation>>, Problem> {
    let mut transaction = state.store.read().await?;
    Ok(ApiJson(transaction.annotations_of_items(&[access.item.id]).await?))
}
