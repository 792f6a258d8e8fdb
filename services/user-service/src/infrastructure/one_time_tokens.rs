//! Tokens that are sent by e-mail, in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;

use crate::application::OneTimeTokenRepository;
use crate::domain::{Purpose, TokenDigest};

/// When a user last got a token for a purpose.
pub(super) const LAST: &str = "SELECT MAX(created_at) FROM one_time_tokens WHERE user_id = ? AND purpose = ?";

#[async_trait]
impl OneTimeTokenRepository for Tx {
    async fn add_one_time_token(
        &mut self,
        digest: TokenDigest,
        user: UserId,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO one_time_tokens (digest, user_id, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(digest.as_bytes())
        .bind(user.get())
        .bind(purpose.as_str())
        .bind(now)
        .bind(now + purpose.lifetime())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn use_one_time_token(
        &mut self,
        digest: TokenDigest,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE one_time_tokens SET used_at = ? \
             WHERE digest = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?",
        )
        .bind(now)
        .bind(digest.as_bytes())
        .bind(purpose.as_str())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    async fn void_one_time_tokens(
        &mut self,
        user: UserId,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE one_time_tokens SET used_at = ? WHERE user_id = ? AND purpose = ? AND used_at IS NULL",
        )
        .bind(now)
        .bind(user.get())
        .bind(purpose.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn last_one_time_token(
        &mut self,
        user: UserId,
        purpose: Purpose,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let last = sqlx::query_scalar(LAST)
            .bind(user.get())
            .bind(purpose.as_str())
            .fetch_one(self.connection())
            .await?;
        Ok(last)
    }
}
