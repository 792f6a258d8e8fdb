//! Reads outside a transaction.

use async_trait::async_trait;
use config::database::{Db, StoreError};
use config::id::{ProductId, UserId};
use config::page::{Paging, Slice};

use super::rows::{ListRow, ShownRow, all, select_wishes};
use crate::application::{ShownWish, WishReader};
use crate::domain::{List, ListId, ListName, ShareToken};

#[async_trait]
impl WishReader for Db {
    async fn wish(&self, user: UserId, product: &ProductId) -> Result<Option<ShownWish>, StoreError> {
        let row: Option<ShownRow> =
            sqlx::query_as(select_wishes!("WHERE i.user_id = ? AND i.product_id = ?"))
                .bind(user.get())
                .bind(product.as_str())
                .fetch_optional(self.pool())
                .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn wishes(
        &self,
        user: UserId,
        list: Option<&ListName>,
        paging: Paging,
    ) -> Result<Slice<ShownWish>, StoreError> {
        if let Some(name) = list {
            let id: Option<u64> = sqlx::query_scalar("SELECT id FROM lists WHERE user_id = ? AND name = ?")
                .bind(user.get())
                .bind(name.as_str())
                .fetch_optional(self.pool())
                .await?;
            return match id {
                Some(id) => self.of_list(ListId::new(id), paging).await,
                None => Ok(Slice { items: Vec::new(), total: 0 }),
            };
        }
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM items WHERE user_id = ?")
            .bind(user.get())
            .fetch_one(self.pool())
            .await?;
        let select = select_wishes!("WHERE i.user_id = ? AND i.id < ? ORDER BY i.id DESC LIMIT ? OFFSET ?");
        let rows: Vec<ShownRow> = sqlx::query_as(select)
            .bind(user.get())
            .bind(paging.after.unwrap_or(u64::MAX))
            .bind(paging.limit)
            .bind(paging.skip)
            .fetch_all(self.pool())
            .await?;
        Ok(Slice { items: all(rows)?, total: total.unsigned_abs() })
    }

    async fn of_list(&self, list: ListId, paging: Paging) -> Result<Slice<ShownWish>, StoreError> {
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM items WHERE list_id = ?")
            .bind(list.get())
            .fetch_one(self.pool())
            .await?;
        let select = select_wishes!("WHERE i.list_id = ? AND i.id < ? ORDER BY i.id DESC LIMIT ? OFFSET ?");
        let rows: Vec<ShownRow> = sqlx::query_as(select)
            .bind(list.get())
            .bind(paging.after.unwrap_or(u64::MAX))
            .bind(paging.limit)
            .bind(paging.skip)
            .fetch_all(self.pool())
            .await?;
        Ok(Slice { items: all(rows)?, total: total.unsigned_abs() })
    }

    async fn lists(&self, user: UserId) -> Result<Vec<List>, StoreError> {
        let rows: Vec<ListRow> = sqlx::query_as("SELECT * FROM lists WHERE user_id = ? ORDER BY id")
            .bind(user.get())
            .fetch_all(self.pool())
            .await?;
        all(rows)
    }

    async fn list(&self, user: UserId, id: ListId) -> Result<Option<List>, StoreError> {
        let row: Option<ListRow> = sqlx::query_as("SELECT * FROM lists WHERE id = ? AND user_id = ?")
            .bind(id.get())
            .bind(user.get())
            .fetch_optional(self.pool())
            .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn shared_list(&self, token: &ShareToken) -> Result<Option<List>, StoreError> {
        let row: Option<ListRow> = sqlx::query_as("SELECT * FROM lists WHERE share_token = ?")
            .bind(token.as_str())
            .fetch_optional(self.pool())
            .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn knows_price(&self, product: &ProductId) -> Result<bool, StoreError> {
        let known: i64 = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM products WHERE product_id = ? AND price IS NOT NULL)",
        )
        .bind(product.as_str())
        .fetch_one(self.pool())
        .await?;
        Ok(known == 1)
    }
}
