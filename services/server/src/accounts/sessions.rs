//! Sessions of people in a browser.

use accord_domain::{Environment, Timestamp, User, UserId};
use accord_store::Store;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::accounts::{AccountError, secret};

/// A session that has begun: its secret goes into the cookie and is kept only as a hash.
#[derive(Debug)]
pub struct NewSession {
    /// What the cookie holds.
    pub secret: SecretString,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// Begins a session of this account, and removes sessions that have ended.
///
/// # Errors
/// The store failed.
pub async fn begin_session(
    store: &dyn Store,
    environment: &dyn Environment,
    user_id: UserId,
    hours: u32,
) -> Result<NewSession, AccountError> {
    let now = environment.now();
    let session = NewSession {
        secret: secret::generate(environment, ""),
        expires_at: now.plus_milliseconds(i64::from(hours) * 3_600_000),
    };
    let mut transaction = store.write().await?;
    transaction.delete_expired_sessions(now).await?;
    transaction
        .insert_session(&secret::hash(&session.secret), user_id, session.expires_at)
        .await?;
    transaction.commit().await?;
    Ok(session)
}

/// The active account whose session this is; none when it has ended.
///
/// # Errors
/// The store failed.
pub async fn verify_session(
    store: &dyn Store,
    environment: &dyn Environment,
    secret: &SecretString,
) -> Result<Option<User>, AccountError> {
    let mut transaction = store.read().await?;
    let user = transaction
        .session_user(&secret::hash(secret), environment.now())
        .await?;
    Ok(user.filter(|user| user.active))
}

/// Ends a session.
///
/// # Errors
/// The store failed.
pub async fn end_session(store: &dyn Store, secret: &SecretString) -> Result<(), AccountError> {
    let mut transaction = store.write().await?;
    transaction.delete_session(&secret::hash(secret)).await?;
    transaction.commit().await?;
    Ok(())
}

/// The token that forms of this session carry. It follows from the session's secret, and does not give it away.
pub(crate) fn form_token(secret: &SecretString) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"accord form token\0");
    hasher.update(secret.expose_secret().as_bytes());
    hex::encode(hasher.finalize())
}
