//! Tokens of the API.

use accord_domain::{AccessToken, Environment, ProjectId, Scope, Timestamp, TokenId};
use accord_store::Store;
use secrecy::SecretString;

use crate::accounts::{AccountError, secret};

/// What every token begins with.
pub const TOKEN_PREFIX: &str = "accord_";

/// The most characters of a token's name.
const MAXIMUM_NAME_CHARACTERS: usize = 200;

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for, for people.
    pub name: String,
    /// What it may be used for; at least one scope.
    pub scopes: Vec<Scope>,
    /// The only project it opens; all when none.
    pub project_id: Option<ProjectId>,
    /// When it stops to work; never when none.
    pub expires_at: Option<Timestamp>,
}

/// Makes a token. Its secret is returned here and nowhere else: only its hash is kept.
///
/// # Errors
/// The name is empty or too long, there is no scope, or the project does not exist.
pub async fn create_token(
    store: &dyn Store,
    environment: &dyn Environment,
    new: NewToken,
) -> Result<(AccessToken, SecretString), AccountError> {
    let length = new.name.trim().chars().count();
    if length == 0 || length > MAXIMUM_NAME_CHARACTERS {
        return Err(AccountError::Name);
    }
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(AccountError::NoScope);
    }
    let token = AccessToken {
        id: TokenId::generate(environment),
        name: new.name.trim().to_owned(),
        scopes,
        project_id: new.project_id,
        created_at: environment.now(),
        expires_at: new.expires_at,
        revoked_at: None,
    };
    let secret = secret::generate(environment, TOKEN_PREFIX);
    let mut transaction = store.write().await?;
    if let Some(project_id) = token.project_id
        && transaction.project(project_id).await?.is_none()
    {
        return Err(AccountError::UnknownProject(project_id));
    }
    transaction.insert_token(&token, &secret::hash(&secret)).await?;
    transaction.commit().await?;
    Ok((token, secret))
}

/// The token with this secret, unless it was withdrawn or has expired.
///
/// # Errors
/// The store failed.
pub async fn verify_token(
    store: &dyn Store,
    environment: &dyn Environment,
    secret: &SecretString,
) -> Result<Option<AccessToken>, AccountError> {
    let found = store.read().await?.token_by_hash(&secret::hash(secret)).await?;
    let now = environment.now();
    let works =
        |token: &AccessToken| token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| now < expires_at);
    Ok(found.filter(works))
}
