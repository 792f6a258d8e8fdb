//! Reads outside a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError};
use config::id::UserId;
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

use super::one_time_tokens::LAST;
use super::rows::{AddressRow, UserRow, addresses, select_addresses, select_users};
use crate::application::{UserFilter, UserReader};
use crate::domain::{Address, Login, Purpose, SessionId, TokenDigest, User};

#[async_trait]
impl UserReader for Db {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> =
            sqlx::query_as(select_users!("AND id = ?")).bind(id.get()).fetch_optional(self.pool()).await?;
        row.map(UserRow::user).transpose()
    }

    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError> {
        let query = match login {
            Login::Email(_) => select_users!("AND email_key = ?"),
            Login::Username(_) => select_users!("AND username_key = ?"),
        };
        let row: Option<UserRow> =
            sqlx::query_as(query).bind(login.key()).fetch_optional(self.pool()).await?;
        row.map(UserRow::user).transpose()
    }

    async fn users(&self, filter: &UserFilter, paging: Paging) -> Result<Slice<User>, StoreError> {
        let count = "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL";
        let matching = |query: &mut QueryBuilder<MySql>| restrict(query, filter);
        let Slice { items, total } =
            self.part::<UserRow>(count, select_users!(""), matching, First::Oldest("id"), paging).await?;
        let items = items.into_iter().map(UserRow::user).collect::<Result<_, _>>()?;
        Ok(Slice { items, total })
    }

    async fn addresses(&self, user: UserId) -> Result<Vec<Address>, StoreError> {
        let rows: Vec<AddressRow> = sqlx::query_as(select_addresses!("WHERE user_id = ? ORDER BY id"))
            .bind(user.get())
            .fetch_all(self.pool())
            .await?;
        addresses(rows)
    }

    async fn refresh_token_owner(
        &self,
        digest: TokenDigest,
    ) -> Result<Option<(UserId, SessionId)>, StoreError> {
        let found: Option<(u64, Uuid)> = sqlx::query_as(
            "SELECT s.user_id, s.id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.digest = ?",
        )
        .bind(digest.as_bytes())
        .fetch_optional(self.pool())
        .await?;
        Ok(found.map(|(user, session)| (UserId::new(user), SessionId::new(session))))
    }

    async fn one_time_token_owner(
        &self,
        digest: TokenDigest,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, StoreError> {
        let found: Option<u64> = sqlx::query_scalar(
            "SELECT user_id FROM one_time_tokens \
             WHERE digest = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?",
        )
        .bind(digest.as_bytes())
        .bind(purpose.as_str())
        .bind(now)
        .fetch_optional(self.pool())
        .await?;
        Ok(found.map(UserId::new))
    }

    async fn last_one_time_token(
        &self,
        user: UserId,
        purpose: Purpose,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let last =
            sqlx::query_scalar(LAST).bind(user.get()).bind(purpose.as_str()).fetch_one(self.pool()).await?;
        Ok(last)
    }

    async fn voided(&self, since: DateTime<Utc>) -> Result<Vec<(UserId, DateTime<Utc>)>, StoreError> {
        let rows: Vec<(u64, DateTime<Utc>)> =
            sqlx::query_as("SELECT id, tokens_void_until FROM users WHERE tokens_void_until > ?")
                .bind(since)
                .fetch_all(self.pool())
                .await?;
        Ok(rows.into_iter().map(|(user, until)| (UserId::new(user), until)).collect())
    }
}

fn restrict(query: &mut QueryBuilder<MySql>, filter: &UserFilter) {
    if let Some(text) = &filter.text {
        let pattern = contains(text);
        query.push(" AND (email LIKE ").push_bind(pattern.clone());
        query.push(" OR username LIKE ").push_bind(pattern.clone());
        query.push(" OR full_name LIKE ").push_bind(pattern).push(")");
    }
    if let Some(role) = filter.role {
        query.push(" AND role = ").push_bind(role.as_str());
    }
    if let Some(is_active) = filter.is_active {
        query.push(" AND is_active = ").push_bind(is_active);
    }
}

/// The pattern of texts that have this one in them, whatever LIKE makes of its characters.
fn contains(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
