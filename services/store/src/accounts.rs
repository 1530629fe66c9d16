//! Persistence of accounts, sessions and tokens. Secrets come in as hashes only.

use accord_domain::{AccessToken, Timestamp, TokenId, User, UserId};
use async_trait::async_trait;

use crate::error::StoreResult;

/// Persistence of accounts, sessions and tokens.
#[async_trait]
pub trait Accounts {
    /// Adds an account with the PHC string of its password's hash. `Conflict` when the name is taken.
    async fn insert_user(&mut self, user: &User, password_hash: &str) -> StoreResult<()>;

    /// The account with this identifier.
    async fn user(&mut self, id: UserId) -> StoreResult<Option<User>>;

    /// The account of this name with its password's hash.
    async fn user_by_name(&mut self, name: &str) -> StoreResult<Option<(User, String)>>;

    /// All accounts, by name.
    async fn list_users(&mut self) -> StoreResult<Vec<User>>;

    /// Replaces a password's hash and ends the account's sessions. `Missing` when there is no such account.
    async fn set_password(&mut self, id: UserId, password_hash: &str) -> StoreResult<()>;

    /// Begins a session that is known by the hash of its secret.
    async fn insert_session(&mut self, secret_hash: &str, user_id: UserId, expires_at: Timestamp) -> StoreResult<()>;

    /// The active account whose session this is, unless it has ended by `now`.
    async fn session_user(&mut self, secret_hash: &str, now: Timestamp) -> StoreResult<Option<User>>;

    /// Ends a session.
    async fn delete_session(&mut self, secret_hash: &str) -> StoreResult<()>;

    /// Removes sessions that have ended by `now`; returns how many.
    async fn delete_expired_sessions(&mut self, now: Timestamp) -> StoreResult<u64>;

    /// Adds a token that is known by the hash of its secret.
    async fn insert_token(&mut self, token: &AccessToken, secret_hash: &str) -> StoreResult<()>;

    /// The token with this secret's hash, withdrawn and expired ones included.
    async fn token_by_hash(&mut self, secret_hash: &str) -> StoreResult<Option<AccessToken>>;

    /// All tokens in order of creation.
    async fn list_tokens(&mut self) -> StoreResult<Vec<AccessToken>>;

    /// Withdraws a token. `Missing` when there is none or it is withdrawn already.
    async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> StoreResult<()>;
}
