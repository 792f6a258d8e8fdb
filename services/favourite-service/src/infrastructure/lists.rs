//! Lists in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;

use super::rows::ListRow;
use crate::application::Lists;
use crate::domain::{List, ListId, ListName, MAX_ITEMS, MAX_LISTS, ShareToken};

#[async_trait]
impl Lists for Tx {
    async fn list_named(&mut self, user: UserId, name: &ListName) -> Result<Option<ListId>, StoreError> {
        let id: Option<u64> = sqlx::query_scalar("SELECT id FROM lists WHERE user_id = ? AND name = ?")
            .bind(user.get())
            .bind(name.as_str())
            .fetch_optional(self.connection())
            .await?;
        Ok(id.map(ListId::new))
    }

    async fn list_for_update(&mut self, user: UserId, id: ListId) -> Result<Option<List>, StoreError> {
        let row: Option<ListRow> =
            sqlx::query_as("SELECT * FROM lists WHERE id = ? AND user_id = ? FOR UPDATE")
                .bind(id.get())
                .bind(user.get())
                .fetch_optional(self.connection())
                .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn take_list_place(&mut self, user: UserId) -> Result<bool, StoreError> {
        // Not INSERT IGNORE: that would lock for reading, and two who then want to write wait for each other.
        sqlx::query("INSERT INTO owners (user_id) VALUES (?) ON DUPLICATE KEY UPDATE user_id = user_id")
            .bind(user.get())
            .execute(self.connection())
            .await?;
        let updated = sqlx::query("UPDATE owners SET lists = lists + 1 WHERE user_id = ? AND lists < ?")
            .bind(user.get())
            .bind(MAX_LISTS)
            .execute(self.connection())
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    async fn add_list(
        &mut self,
        user: UserId,
        name: &ListName,
        now: DateTime<Utc>,
    ) -> Result<ListId, StoreError> {
        let inserted = sqlx::query("INSERT INTO lists (user_id, name, created_at) VALUES (?, ?, ?)")
            .bind(user.get())
            .bind(name.as_str())
            .bind(now)
            .execute(self.connection())
            .await?;
        Ok(ListId::new(inserted.last_insert_id()))
    }

    async fn rename_list(&mut self, id: ListId, name: &ListName) -> Result<(), StoreError> {
        sqlx::query("UPDATE lists SET name = ? WHERE id = ?")
            .bind(name.as_str())
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn share_list(&mut self, id: ListId, token: Option<&ShareToken>) -> Result<(), StoreError> {
        sqlx::query("UPDATE lists SET share_token = ? WHERE id = ?")
            .bind(token.map(ShareToken::as_str))
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn remove_list(&mut self, user: UserId, id: ListId) -> Result<(), StoreError> {
        for statement in ["DELETE FROM items WHERE list_id = ?", "DELETE FROM lists WHERE id = ?"] {
            sqlx::query(statement).bind(id.get()).execute(self.connection()).await?;
        }
        sqlx::query("UPDATE owners SET lists = lists - 1 WHERE user_id = ?")
            .bind(user.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn take_item_place(&mut self, id: ListId) -> Result<bool, StoreError> {
        let updated = sqlx::query("UPDATE lists SET items = items + 1 WHERE id = ? AND items < ?")
            .bind(id.get())
            .bind(MAX_ITEMS)
            .execute(self.connection())
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    async fn give_item_place(&mut self, id: ListId) -> Result<(), StoreError> {
        sqlx::query("UPDATE lists SET items = items - 1 WHERE id = ?")
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn forget_user(&mut self, user: UserId) -> Result<(), StoreError> {
        // In the order in which a wish locks them.
        for statement in [
            "DELETE FROM lists WHERE user_id = ?",
            "DELETE FROM items WHERE user_id = ?",
            "DELETE FROM owners WHERE user_id = ?",
        ] {
            sqlx::query(statement).bind(user.get()).execute(self.connection()).await?;
        }
        Ok(())
    }

    async fn list_exists(&mut self, id: ListId) -> Result<bool, StoreError> {
        let found: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM lists WHERE id = ?)")
            .bind(id.get())
            .fetch_one(self.connection())
            .await?;
        Ok(found == 1)
    }
}
