//! Extractions: one document in, its scored fields out.

mod idempotency;
mod incoming;
mod preference;
mod shown;
mod wait;

use accord_datasets::intake::{ImportedItem, IncomingItem, Place};
use accord_domain::{Item, ItemId, ItemState, Project};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::access::{Authorized, Extract, Principal, find_project};
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::problem::{Problem, ProblemDetail, ProblemKind};
use crate::state::AppState;

use idempotency::Claim;
use incoming::{ExtractionBody, ExtractionQuery, IncomingDocument};
use preference::preferred_wait;
use shown::Extraction;

/// What the external identifiers of extractions begin with; other items cannot be fetched here.
const EXTERNAL_ID_PREFIX: &str = "extraction/";

/// Somebody waits for an extraction: it goes before imports.
const PRIORITY: i32 = 100;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Extracts the fields of one document.
///
/// Send the file as a part of `multipart/form-data`, or as JSON with `text`, or with `content_base64` and `file_name`.
/// `project` names the project whose fields are asked for; a token that is bound to a project needs none.
///
/// With `Prefer: wait=N` the answer waits up to N seconds, at most 60, for the fields. What is not done in time is
/// answered with 202 and the address to ask again. With `Idempotency-Key` a repeated request gets the extraction of the
/// first one.
#[utoipa::path(
    post,
    path = "/api/v1/extractions",
    operation_id = "create_extraction",
    tag = "extractions",
    params(
        ExtractionQuery,
        ("Prefer" = Option<String>, Header, description = "How long to wait, such as `wait=20`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Chosen by the client, at most 255 characters; the same for repetitions of the same request, for a day"),
    ),
    request_body(content(
        (ExtractionBody = "application/json", example = json!({
            "project": "receipts",
            "content_base64": "JVBERi0xLjcK…",
            "file_name": "receipt.pdf",
            "metadata": { "order": 4711 },
        })),
        (incoming::ExtractionForm = "multipart/form-data"),
    )),
    security(("bearer" = ["extract"]), ("session" = [])),
    responses(
        (status = 200, description = "The scored fields", body = Extraction),
        (status = 202, description = "Not done yet", body = Extraction,
            headers(("Location" = String, description = "Where to ask again"))),
        (status = 422, description = "The document cannot be read, or the key was used for another request", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    access: Authorized<Extract>,
    ApiQuery(query): ApiQuery<ExtractionQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let wait = preferred_wait(&headers);
    let document = IncomingDocument::read(&state, request).await?;
    let project = project(
        &state,
        &access.principal,
        query.project.as_deref().or(document.project.as_deref()),
    )
    .await?;
    let claim = Claim::make(&state, &access.principal, &headers, &project, &document).await?;
    let id = bring_in(&state, &project, claim, document).await?;
    if let Some(wait) = wait {
        wait::until_decided(&state, id, wait).await?;
    }
    let item = state.store.read().await?.item(id).await?;
    let item = item.ok_or_else(|| Problem::not_found("extraction", id))?;
    let mut response = answer(&state, &project, item).await?;
    if let Some(applied) = wait.and_then(|wait| HeaderValue::try_from(format!("wait={}", wait.as_secs())).ok()) {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    Ok(response)
}

/// Shows an extraction: its fields when they are there, its state always.
#[utoipa::path(
    get,
    path = "/api/v1/extractions/{extraction}",
    operation_id = "read_extraction",
    tag = "extractions",
    params(("extraction" = String, Path, description = "Identifier of the extraction", format = Uuid)),
    security(("bearer" = ["extract"]), ("session" = [])),
    responses(
        (status = 200, description = "The extraction", body = Extraction),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: Authorized<Extract>,
    ApiPath(id): ApiPath<ItemId>,
) -> Result<ApiJson<Extraction>, Problem> {
    let not_found = || Problem::not_found("extraction", id);
    let mut transaction = state.store.read().await?;
    let item = transaction
        .item(id)
        .await?
        .filter(|item| item.external_id.starts_with(EXTERNAL_ID_PREFIX) && access.principal.may_see(item.project_id))
        .ok_or_else(not_found)?;
    let project = transaction.project(item.project_id).await?.ok_or_else(not_found)?;
    Ok(ApiJson(Extraction::load(transaction.as_mut(), &project, item).await?))
}

/// The project that is named, or the only one that the token opens.
async fn project(state: &AppState, principal: &Principal, name: Option<&str>) -> Result<Project, Problem> {
    let mut transaction = state.store.read().await?;
    let found = match (name, principal.bound_project()) {
        (Some(name), _) => find_project(transaction.as_mut(), name).await?,
        (None, Some(bound)) => transaction.project(bound).await?,
        (None, None) => {
            return Err(Problem::invalid(
                "project",
                "`project` must name the project whose fields are asked for",
            ));
        }
    };
    found
        .filter(|project| principal.may_see(project.id))
        .ok_or_else(|| Problem::not_found("project", name.unwrap_or_default()))
}

/// Makes the document an item, unless an earlier request with the same key has done so.
async fn bring_in(
    state: &AppState,
    project: &Project,
    claim: Claim,
    document: IncomingDocument,
) -> Result<ItemId, Problem> {
    if claim.repeated {
        let mut transaction = state.store.read().await?;
        if let Some(item) = transaction.item_by_external_id(project.id, &claim.external_id).await? {
            return Ok(item.id);
        }
    }
    let incoming = IncomingItem {
        place: Place::Request,
        external_id: claim.external_id,
        content: document.content,
        metadata: document.metadata,
        gold: None,
    };
    let summary = state.importer().import(project, vec![incoming], PRIORITY).await?;
    if let Some(ImportedItem { item_id, .. }) = summary.items.into_iter().next() {
        return Ok(item_id);
    }
    let message = summary.rejections.into_iter().next().map_or_else(
        || "the document cannot be read".to_owned(),
        |rejection| rejection.problem,
    );
    Err(
        Problem::new(ProblemKind::Invalid, message.clone()).with_error(ProblemDetail {
            field: Some("file".to_owned()),
            line: None,
            message,
        }),
    )
}

async fn answer(state: &AppState, project: &Project, item: Item) -> Result<Response, Problem> {
    let (id, decided) = (item.id, item.state != ItemState::Pending);
    let extraction = Extraction::load(state.store.read().await?.as_mut(), project, item).await?;
    let status = if decided { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, ApiJson(extraction)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/extractions/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
