//! Tokens.

use accord_domain::{AccessToken, Scope, Timestamp, TokenId};
use accord_store::StoreError;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Administer, Authorized, find_project};
use crate::accounts::{NewToken, create_token};
use crate::extract::{ApiJson, ApiPath};
use crate::problem::Problem;
use crate::state::AppState;

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenBody {
    /// What it is for, for people.
    name: String,
    /// What it may be used for.
    scopes: Vec<Scope>,
    /// Identifier or name of the only project that it opens; all when not given.
    #[serde(default)]
    project: Option<String>,
    /// When it stops to work; never when not given.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenMade {
    /// The token.
    token: AccessToken,
    /// What is sent as `Authorization: Bearer …`. It is shown here and never again.
    secret: String,
}

/// Lists all tokens, withdrawn and expired ones included, without their secrets.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "list_tokens",
    tag = "access",
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "All tokens", body = Vec<AccessToken>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    _access: Authorized<Administer>,
) -> Result<ApiJson<Vec<AccessToken>>, Problem> {
    Ok(ApiJson(state.store.read().await?.list_tokens().await?))
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    operation_id = "create_token",
    tag = "access",
    request_body(content = TokenBody, example = json!({
        "name": "accounts payable",
        "scopes": ["extract"],
        "project": "receipts",
    })),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 201, description = "The token with its secret", body = TokenMade),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    _access: Authorized<Administer>,
    ApiJson(body): ApiJson<TokenBody>,
) -> Result<Response, Problem> {
    let project_id = match &body.project {
        None => None,
        Some(name) => {
            let found = find_project(state.store.read().await?.as_mut(), name).await?;
            let project = found.ok_or_else(|| Problem::invalid("project", "there is no such project"))?;
            Some(project.id)
        }
    };
    let new = NewToken {
        name: body.name,
        scopes: body.scopes,
        project_id,
        expires_at: body.expires_at,
    };
    let (token, secret) = create_token(state.store.as_ref(), state.environment.as_ref(), new).await?;
    let made = TokenMade {
        token,
        secret: secret.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, ApiJson(made)).into_response())
}

/// Withdraws a token: it stops to work at once.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{token}",
    operation_id = "withdraw_token",
    tag = "access",
    params(("token" = String, Path, description = "Identifier of the token", format = Uuid)),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 204, description = "It no longer works"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn withdraw(
    State(state): State<AppState>,
    _access: Authorized<Administer>,
    ApiPath(id): ApiPath<TokenId>,
) -> Result<StatusCode, Problem> {
    let mut transaction = state.store.write().await?;
    match transaction.revoke_token(id, state.environment.now()).await {
        Err(StoreError::Missing { .. }) => return Err(Problem::not_found("token", id)),
        other => other?,
    }
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
