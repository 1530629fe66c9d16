//! Logging in: the limit first, then the password, then a session.

use std::net::IpAddr;

use accord_domain::User;
use secrecy::SecretString;

use crate::accounts::{AccountError, NewSession, TooManyAttempts, begin_session, verify_password};
use crate::state::AppState;

/// A login that was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Name or password are wrong, or the account is no longer active; which of them is not told.
    #[error("name or password are not right")]
    Refused,
    /// Too many logins have failed.
    #[error("too many failed logins: try again in {} seconds", .0.retry_after_seconds)]
    TooMany(TooManyAttempts),
    /// The store or the hashing failed.
    #[error(transparent)]
    Failed(#[from] AccountError),
}

/// Logs a person in and begins a session.
///
/// # Errors
/// Name or password are wrong, too many attempts have failed, or the store failed.
pub async fn log_in(
    state: &AppState,
    name: &str,
    password: &SecretString,
    address: Option<IpAddr>,
) -> Result<(User, NewSession), LoginError> {
    state
        .login_limit
        .begin(name, address, state.environment.now())
        .map_err(LoginError::TooMany)?;
    let verified = verify_password(state.store.as_ref(), &state.passwords, name, password).await?;
    let Some(user) = verified else {
        tracing::info!(address = ?address, "login refused");
        return Err(LoginError::Refused);
    };
    state.login_limit.succeed(name, address);
    let session = begin_session(
        state.store.as_ref(),
        state.environment.as_ref(),
        user.id,
        state.settings.session_hours,
    )
    .await?;
    tracing::info!(user = %user.id, address = ?address, "logged in");
    Ok((user, session))
}
