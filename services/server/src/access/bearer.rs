//! Tokens in the header `Authorization` (RFC 6750).

use accord_domain::AccessToken;
use axum::http::request::Parts;
use http::header::AUTHORIZATION;
use secrecy::SecretString;

use crate::access::principal::unauthenticated;
use crate::accounts::{TOKEN_PREFIX, verify_token};
use crate::problem::Problem;
use crate::state::AppState;

/// The most characters of a token that are looked at.
const MAXIMUM_TOKEN_CHARACTERS: usize = 200;

/// The secret of the header `Authorization`; none when there is no such header.
pub(super) fn secret(parts: &Parts) -> Result<Option<SecretString>, Problem> {
    let Some(header) = parts.headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed = || unauthenticated("the header `Authorization` must have the form `Bearer accord_…`");
    let text = header.to_str().map_err(|_| malformed())?;
    let (scheme, secret) = text.split_once(' ').ok_or_else(malformed)?;
    let secret = secret.trim();
    if !scheme.eq_ignore_ascii_case("bearer")
        || !secret.starts_with(TOKEN_PREFIX)
        || secret.len() > MAXIMUM_TOKEN_CHARACTERS
    {
        return Err(malformed());
    }
    Ok(Some(SecretString::from(secret)))
}

/// The working token with this secret.
pub(super) async fn verify(state: &AppState, secret: &SecretString) -> Result<AccessToken, Problem> {
    verify_token(state.store.as_ref(), state.environment.as_ref(), secret)
        .await?
        .ok_or_else(|| unauthenticated("the token is not known, was withdrawn or has expired"))
}
