//! Accounts, sessions and tokens.

use accord_domain::{AccessToken, ProjectId, Timestamp, TokenId, User, UserId};
use accord_store::text::check_text;
use accord_store::{Accounts, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::{Place, may_be_stored, read_all};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

#[derive(FromRow)]
struct UserRow {
    id: Uuid,
    name: String,
    role: String,
    active: bool,
    password_hash: String,
    created_at: i64,
}

impl UserRow {
    fn read(self) -> StoreResult<User> {
        Ok(self.read_with_password()?.0)
    }

    fn read_with_password(self) -> StoreResult<(User, String)> {
        let user = User {
            id: UserId::from_uuid(self.id),
            role: Place::new("users", "role").read_word(self.id, &self.role)?,
            name: self.name,
            active: self.active,
            created_at: Timestamp::from_microseconds(self.created_at),
        };
        Ok((user, self.password_hash))
    }
}

#[derive(FromRow)]
struct TokenRow {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    project_id: Option<Uuid>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TokenRow {
    fn read(self) -> StoreResult<AccessToken> {
        let place = Place::new("tokens", "scopes");
        Ok(AccessToken {
            id: TokenId::from_uuid(self.id),
            name: self.name,
            scopes: self
                .scopes
                .iter()
                .map(|scope| place.read_word(self.id, scope))
                .collect::<StoreResult<_>>()?,
            project_id: self.project_id.map(ProjectId::from_uuid),
            created_at: Timestamp::from_microseconds(self.created_at),
            expires_at: self.expires_at.map(Timestamp::from_microseconds),
            revoked_at: self.revoked_at.map(Timestamp::from_microseconds),
        })
    }
}

#[async_trait]
impl Accounts for PostgresTransaction {
    async fn insert_user(&mut self, user: &User, password_hash: &str) -> StoreResult<()> {
        check_text("user name", &user.name)?;
        check_text("password hash", password_hash)?;
        sqlx::query(
            "INSERT INTO users (id, name, role, active, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(user.id.as_uuid())
        .bind(&user.name)
        .bind(user.role.word())
        .bind(user.active)
        .bind(password_hash)
        .bind(user.created_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn user(&mut self, id: UserId) -> StoreResult<Option<User>> {
        let row: Option<UserRow> = sqlx::query_as("SELECT * FROM users WHERE id = $1")
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(UserRow::read).transpose()
    }

    async fn user_by_name(&mut self, name: &str) -> StoreResult<Option<(User, String)>> {
        if !may_be_stored(name) {
            return Ok(None);
        }
        let row: Option<UserRow> = sqlx::query_as("SELECT * FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(UserRow::read_with_password).transpose()
    }

    async fn list_users(&mut self) -> StoreResult<Vec<User>> {
        let rows: Vec<UserRow> = sqlx::query_as("SELECT * FROM users ORDER BY name")
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        read_all(rows, UserRow::read)
    }

    async fn set_password(&mut self, id: UserId, password_hash: &str) -> StoreResult<()> {
        check_text("password hash", password_hash)?;
        let result = sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
            .bind(id.as_uuid())
            .bind(password_hash)
            .execute(self.connection())
            .await
            .map_err(failure)?;
        if result.rows_affected() == 0 {
            return Err(StoreError::Missing {
                what: "user",
                name: id.to_string(),
            });
        }
        sqlx::query("DELETE FROM sessions WHERE user_id = $1")
            .bind(id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn insert_session(&mut self, secret_hash: &str, user_id: UserId, expires_at: Timestamp) -> StoreResult<()> {
        check_text("session secret", secret_hash)?;
        sqlx::query("INSERT INTO sessions (secret_hash, user_id, expires_at) VALUES ($1, $2, $3)")
            .bind(secret_hash)
            .bind(user_id.as_uuid())
            .bind(expires_at.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn session_user(&mut self, secret_hash: &str, now: Timestamp) -> StoreResult<Option<User>> {
        if !may_be_stored(secret_hash) {
            return Ok(None);
        }
        let row: Option<UserRow> = sqlx::query_as(
            "SELECT users.* FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE sessions.secret_hash = $1 AND sessions.expires_at > $2 AND users.active",
        )
        .bind(secret_hash)
        .bind(now.as_microseconds())
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        row.map(UserRow::read).transpose()
    }

    async fn delete_session(&mut self, secret_hash: &str) -> StoreResult<()> {
        if !may_be_stored(secret_hash) {
            return Ok(());
        }
        sqlx::query("DELETE FROM sessions WHERE secret_hash = $1")
            .bind(secret_hash)
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn delete_expired_sessions(&mut self, now: Timestamp) -> StoreResult<u64> {
        let result = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(result.rows_affected())
    }

    async fn insert_token(&mut self, token: &AccessToken, secret_hash: &str) -> StoreResult<()> {
        check_text("token name", &token.name)?;
        check_text("token secret", secret_hash)?;
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
        sqlx::query(
            "INSERT INTO tokens (id, name, scopes, project_id, secret_hash, created_at, expires_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(token.id.as_uuid())
        .bind(&token.name)
        .bind(scopes)
        .bind(token.project_id.map(|id| id.as_uuid()))
        .bind(secret_hash)
        .bind(token.created_at.as_microseconds())
        .bind(token.expires_at.map(Timestamp::as_microseconds))
        .bind(token.revoked_at.map(Timestamp::as_microseconds))
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn token_by_hash(&mut self, secret_hash: &str) -> StoreResult<Option<AccessToken>> {
        if !may_be_stored(secret_hash) {
            return Ok(None);
        }
        let row: Option<TokenRow> = sqlx::query_as("SELECT * FROM tokens WHERE secret_hash = $1")
            .bind(secret_hash)
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(TokenRow::read).transpose()
    }

    async fn list_tokens(&mut self) -> StoreResult<Vec<AccessToken>> {
        let rows: Vec<TokenRow> = sqlx::query_as("SELECT * FROM tokens ORDER BY id")
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        read_all(rows, TokenRow::read)
    }

    async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> StoreResult<()> {
        let result = sqlx::query("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(id.as_uuid())
            .bind(now.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        if result.rows_affected() == 0 {
            return Err(StoreError::Missing {
                what: "token",
                name: id.to_string(),
            });
        }
        Ok(())
    }
}
