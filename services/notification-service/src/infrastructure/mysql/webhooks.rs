//! Webhooks.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;

use super::owner_column;
use crate::application::{Owner, Webhooks};
use crate::domain::{WebhookId, WebhookUrl};

#[async_trait]
impl Webhooks for Tx {
    async fn add_webhook(
        &mut self,
        owner: Owner,
        slot: u8,
        url: &WebhookUrl,
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<WebhookId, StoreError> {
        let inserted =
            sqlx::query("INSERT INTO webhooks (owner, slot, url, secret, created_at) VALUES (?, ?, ?, ?, ?)")
                .bind(owner_column(owner))
                .bind(slot)
                .bind(url.as_str())
                .bind(secret)
                .bind(now)
                .execute(self.connection())
                .await?;
        Ok(WebhookId::new(inserted.last_insert_id()))
    }

    async fn taken_slots(&mut self, owner: Owner) -> Result<Vec<u8>, StoreError> {
        let slots = sqlx::query_scalar("SELECT slot FROM webhooks WHERE owner = ?")
            .bind(owner_column(owner))
            .fetch_all(self.connection())
            .await?;
        Ok(slots)
    }

    async fn remove_webhook(&mut self, owner: Owner, id: WebhookId) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM webhooks WHERE id = ? AND owner = ?")
            .bind(id.get())
            .bind(owner_column(owner))
            .execute(self.connection())
            .await?;
        Ok(deleted.rows_affected() == 1)
    }

    async fn remove_webhooks_of(&mut self, user: UserId) -> Result<u64, StoreError> {
        let deleted = sqlx::query("DELETE FROM webhooks WHERE owner = ?")
            .bind(owner_column(Owner::User(user)))
            .execute(self.connection())
            .await?;
        Ok(deleted.rows_affected())
    }
}
