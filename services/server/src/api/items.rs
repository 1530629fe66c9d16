//! Items.

use accord_domain::{Item, ItemState};
use accord_store::ItemFilter;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{ItemFor, ProjectFor, ReadData, ViewContent};
use crate::extract::{ApiJson, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::Problem;
use crate::state::AppState;

/// Which items are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemQuery {
    /// Only items in this state.
    state: Option<ItemState>,
    /// Only items whose external identifier starts with this text.
    external_id_prefix: Option<String>,
}

/// Lists items in order of import.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/items",
    operation_id = "list_items",
    tag = "items",
    params(("project" = String, Path, description = "Identifier or name of the project"), ItemQuery, PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of items", body = PageOf<Item>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(wanted): ApiQuery<ItemQuery>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let filter = ItemFilter {
        state: wanted.state,
        external_id_prefix: wanted.external_id_prefix,
    };
    let mut transaction = state.store.read().await?;
    let page = transaction
        .list_items(access.project.id, &filter, query.request()?)
        .await?;
    Ok(page_response(&uri, page, |item| item))
}

/// Shows an item.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/items/{item}",
    operation_id = "read_item",
    tag = "items",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("item" = String, Path, description = "Identifier of the item", format = Uuid),
    ),
    security(("bearer" = ["read-data"]), ("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 200, description = "The item", body = Item),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(access: ItemFor<ViewContent>) -> ApiJson<Item> {
    ApiJson(access.item)
}
