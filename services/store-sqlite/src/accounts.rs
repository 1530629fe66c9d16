//! Accounts, sessions and tokens.

use accord_domain::{AccessToken, ProjectId, Timestamp, TokenId, User, UserId};
use accord_store::text::check_text;
use accord_store::{Accounts, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use crate::failure::{conflict, failed};
use crate::reader::{Reader, to_json};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Accounts for SqliteTransaction {
    async fn insert_user(&mut self, user: &User, password_hash: &str) -> StoreResult<()> {
        check_text("name of account", &user.name)?;
        sqlx::query("INSERT INTO users (id, name, role, active, password_hash, created_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(user.id.as_uuid())
            .bind(&user.name)
            .bind(user.role.word())
            .bind(user.active)
            .bind(password_hash)
            .bind(user.created_at.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(|error| conflict(error, "user", &user.name))?;
        Ok(())
    }

    async fn user(&mut self, id: UserId) -> StoreResult<Option<User>> {
        let found = sqlx::query("SELECT id, name, role, active, created_at FROM users WHERE id = ?")
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        found.as_ref().map(read_user).transpose()
    }

    async fn user_by_name(&mut self, name: &str) -> StoreResult<Option<(User, String)>> {
        let found = sqlx::query("SELECT id, name, role, active, created_at, password_hash FROM users WHERE name = ?")
            .bind(name)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        let read = |row| Ok((read_user(row)?, Reader::new("users", row).get("password_hash")?));
        found.as_ref().map(read).transpose()
    }

    async fn list_users(&mut self) -> StoreResult<Vec<User>> {
        let found = sqlx::query("SELECT id, name, role, active, created_at FROM users ORDER BY name")
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        found.iter().map(read_user).collect()
    }

    async fn set_password(&mut self, id: UserId, password_hash: &str) -> StoreResult<()> {
        let done = sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing {
                what: "user",
                name: id.to_string(),
            });
        }
        sqlx::query("DELETE FROM sessions WHERE user_id = ?")
            .bind(id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn insert_session(&mut self, secret_hash: &str, user_id: UserId, expires_at: Timestamp) -> StoreResult<()> {
        check_text("hash of session", secret_hash)?;
        sqlx::query("INSERT INTO sessions (secret_hash, user_id, expires_at) VALUES (?, ?, ?)")
            .bind(secret_hash)
            .bind(user_id.as_uuid())
            .bind(expires_at.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(|error| conflict(error, "session", "with this secret"))?;
        Ok(())
    }

    async fn session_user(&mut self, secret_hash: &str, now: Timestamp) -> StoreResult<Option<User>> {
        let found = sqlx::query(
            "SELECT users.id, users.name, users.role, users.active, users.created_at \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             WHERE sessions.secret_hash = ? AND sessions.expires_at > ? AND users.active = 1",
        )
        .bind(secret_hash)
        .bind(now.as_microseconds())
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        found.as_ref().map(read_user).transpose()
    }

    async fn delete_session(&mut self, secret_hash: &str) -> StoreResult<()> {
        sqlx::query("DELETE FROM sessions WHERE secret_hash = ?")
            .bind(secret_hash)
            .execute(self.connection())
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn delete_expired_sessions(&mut self, now: Timestamp) -> StoreResult<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(now.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        Ok(done.rows_affected())
    }

    async fn insert_token(&mut self, token: &AccessToken, secret_hash: &str) -> StoreResult<()> {
        check_text("name of token", &token.name)?;
        check_text("hash of token", secret_hash)?;
        sqlx::query(
            "INSERT INTO tokens (id, name, scopes, project_id, secret_hash, created_at, expires_at, revoked_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token.id.as_uuid())
        .bind(&token.name)
        .bind(to_json("scopes", &token.scopes)?)
        .bind(token.project_id.map(|id| id.as_uuid()))
        .bind(secret_hash)
        .bind(token.created_at.as_microseconds())
        .bind(token.expires_at.map(Timestamp::as_microseconds))
        .bind(token.revoked_at.map(Timestamp::as_microseconds))
        .execute(self.connection())
        .await
        .map_err(|error| conflict(error, "token", &token.name))?;
        Ok(())
    }

    async fn token_by_hash(&mut self, secret_hash: &str) -> StoreResult<Option<AccessToken>> {
        let found = sqlx::query(
            "SELECT id, name, scopes, project_id, created_at, expires_at, revoked_at FROM tokens \
             WHERE secret_hash = ?",
        )
        .bind(secret_hash)
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        found.as_ref().map(read_token).transpose()
    }

    async fn list_tokens(&mut self) -> StoreResult<Vec<AccessToken>> {
        let found = sqlx::query(
            "SELECT id, name, scopes, project_id, created_at, expires_at, revoked_at FROM tokens ORDER BY id",
        )
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        found.iter().map(read_token).collect()
    }

    async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> StoreResult<()> {
        let done = sqlx::query("UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(now.as_microseconds())
            .bind(id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing {
                what: "token",
                name: id.to_string(),
            });
        }
        Ok(())
    }
}

fn read_user(row: &SqliteRow) -> StoreResult<User> {
    let reader = Reader::new("users", row);
    Ok(User {
        id: UserId::from_uuid(reader.get("id")?),
        name: reader.get("name")?,
        role: reader.word("role")?,
        active: reader.get("active")?,
        created_at: reader.moment("created_at")?,
    })
}

fn read_token(row: &SqliteRow) -> StoreResult<AccessToken> {
    let reader = Reader::new("tokens", row);
    Ok(AccessToken {
        id: TokenId::from_uuid(reader.get("id")?),
        name: reader.get("name")?,
        scopes: reader.json("scopes")?,
        project_id: reader.optional_id("project_id", ProjectId::from_uuid)?,
        created_at: reader.moment("created_at")?,
        expires_at: reader.optional_moment("expires_at")?,
        revoked_at: reader.optional_moment("revoked_at")?,
    })
}
