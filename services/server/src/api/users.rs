//! Accounts.

use accord_domain::{Role, User};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Administer, Authorized};
use crate::accounts::create_user;
use crate::extract::ApiJson;
use crate::problem::Problem;
use crate::state::AppState;

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserBody {
    /// The name to log in with.
    name: String,
    /// The password, at least ten characters.
    #[schema(value_type = String, format = Password, min_length = 10)]
    password: SecretString,
    /// What the person may do.
    role: Role,
}

/// Lists all accounts by name.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "list_users",
    tag = "access",
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "All accounts", body = Vec<User>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    _access: Authorized<Administer>,
) -> Result<ApiJson<Vec<User>>, Problem> {
    Ok(ApiJson(state.store.read().await?.list_users().await?))
}

/// Makes an account that can log in.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    operation_id = "create_user",
    tag = "access",
    request_body(content = UserBody, example = json!({
        "name": "ada",
        "password": "correct horse battery",
        "role": "annotator",
    })),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 201, description = "The account", body = User),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    _access: Authorized<Administer>,
    ApiJson(body): ApiJson<UserBody>,
) -> Result<Response, Problem> {
    let (store, environment) = (state.store.as_ref(), state.environment.as_ref());
    let user = create_user(
        store,
        environment,
        &state.passwords,
        &body.name,
        &body.password,
        body.role,
    )
    .await?;
    Ok((StatusCode::CREATED, ApiJson(user)).into_response())
}
