//! Accounts in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;

use super::rows::{UserRow, select_users};
use crate::application::UserRepository;
use crate::domain::{FullName, NewUser, Phone, PostalAddress, User};

#[async_trait]
impl UserRepository for Tx {
    async fn add_user(&mut self, user: &NewUser, now: DateTime<Utc>) -> Result<UserId, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO users (email, email_key, username, username_key, password_hash, full_name, phone, address, \
             role, is_active, email_verified, created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, TRUE, ?, ?, ?)",
        )
        .bind(user.email.as_str())
        .bind(user.email.key())
        .bind(user.username.as_str())
        .bind(user.username.key())
        .bind(user.password_hash.expose())
        .bind(user.profile.full_name.as_ref().map(FullName::as_str))
        .bind(user.profile.phone.as_ref().map(Phone::as_str))
        .bind(user.profile.address.as_ref().map(PostalAddress::as_str))
        .bind(user.role.as_str())
        .bind(user.email_verified)
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(UserId::new(inserted.last_insert_id()))
    }

    async fn user_for_update(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> = sqlx::query_as(select_users!("AND id = ? FOR UPDATE"))
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        row.map(UserRow::user).transpose()
    }

    async fn save_user(&mut self, user: &User) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE users SET email = ?, email_key = ?, username = ?, username_key = ?, password_hash = ?, \
             full_name = ?, phone = ?, address = ?, role = ?, is_active = ?, email_verified = ?, \
             tokens_void_until = ?, updated_at = ? WHERE id = ?",
        )
        .bind(user.email.as_str())
        .bind(user.email.key())
        .bind(user.username.as_str())
        .bind(user.username.key())
        .bind(user.password_hash.expose())
        .bind(user.profile.full_name.as_ref().map(FullName::as_str))
        .bind(user.profile.phone.as_ref().map(Phone::as_str))
        .bind(user.profile.address.as_ref().map(PostalAddress::as_str))
        .bind(user.role.as_str())
        .bind(user.is_active)
        .bind(user.email_verified)
        .bind(user.tokens_void_until)
        .bind(user.updated_at)
        .bind(user.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn erase_user(&mut self, user: &User, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE users SET email = NULL, email_key = NULL, username = NULL, username_key = NULL, \
             password_hash = NULL, full_name = NULL, phone = NULL, address = NULL, is_active = FALSE, \
             email_verified = FALSE, tokens_void_until = ?, updated_at = ?, deleted_at = ? WHERE id = ?",
        )
        .bind(user.tokens_void_until)
        .bind(now)
        .bind(now)
        .bind(user.id.get())
        .execute(self.connection())
        .await?;
        for personal in
            ["DELETE FROM addresses WHERE user_id = ?", "DELETE FROM one_time_tokens WHERE user_id = ?"]
        {
            sqlx::query(personal).bind(user.id.get()).execute(self.connection()).await?;
        }
        Ok(())
    }

    async fn active_admins_for_update(&mut self) -> Result<Vec<UserId>, StoreError> {
        let ids: Vec<u64> = sqlx::query_scalar(
            "SELECT id FROM users WHERE role = 'admin' AND is_active = TRUE ORDER BY id FOR UPDATE",
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ids.into_iter().map(UserId::new).collect())
    }
}
