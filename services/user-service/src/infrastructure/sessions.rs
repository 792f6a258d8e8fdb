//! Logins and refresh tokens in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;

use super::rows::GrantRow;
use crate::application::SessionRepository;
use crate::domain::{RefreshGrant, SessionId, TokenDigest};

#[async_trait]
impl SessionRepository for Tx {
    async fn add_session(
        &mut self,
        id: SessionId,
        user: UserId,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)")
            .bind(id.get())
            .bind(user.get())
            .bind(now)
            .bind(expires_at)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn add_refresh_token(
        &mut self,
        digest: TokenDigest,
        session: SessionId,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO refresh_tokens (digest, session_id, expires_at) VALUES (?, ?, ?)")
            .bind(digest.as_bytes())
            .bind(session.get())
            .bind(expires_at)
            .execute(self.connection())
            .await?;
        sqlx::query("UPDATE sessions SET expires_at = ? WHERE id = ? AND expires_at < ?")
            .bind(expires_at)
            .bind(session.get())
            .bind(expires_at)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn refresh_grant(&mut self, digest: TokenDigest) -> Result<Option<RefreshGrant>, StoreError> {
        let row: Option<GrantRow> = sqlx::query_as(
            "SELECT t.session_id, s.user_id, t.expires_at, t.used_at, s.revoked_at \
             FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.digest = ?",
        )
        .bind(digest.as_bytes())
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(RefreshGrant::from))
    }

    async fn use_refresh_token(
        &mut self,
        digest: TokenDigest,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE refresh_tokens SET used_at = ? WHERE digest = ? AND used_at IS NULL")
                .bind(now)
                .bind(digest.as_bytes())
                .execute(self.connection())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    async fn revoke_session(
        &mut self,
        user: UserId,
        id: SessionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL")
            .bind(now)
            .bind(id.get())
            .bind(user.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn revoke_sessions(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL")
            .bind(now)
            .bind(user.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
