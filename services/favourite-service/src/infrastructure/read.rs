//! Reads outside a transaction.

use async_trait::async_trait;
use config::database::{Db, First, StoreError};
use config::id::{ProductId, UserId};
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};

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
        some(self, "i.user_id", user.get(), paging).await
    }

    async fn of_list(&self, list: ListId, paging: Paging) -> Result<Slice<ShownWish>, StoreError> {
        some(self, "i.list_id", list.get(), paging).await
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

/// The wishes of one user, or on one list.
async fn some(
    db: &Db,
    column: &'static str,
    id: u64,
    paging: Paging,
) -> Result<Slice<ShownWish>, StoreError> {
    let (count, select) = ("SELECT COUNT(*) FROM items i WHERE TRUE", select_wishes!("WHERE TRUE"));
    let matching = |query: &mut QueryBuilder<MySql>| {
        query.push(format!(" AND {column} = ")).push_bind(id);
    };
    let Slice { items, total } =
        db.part::<ShownRow>(count, select, matching, First::Newest("i.id"), paging).await?;
    Ok(Slice { items: all(items)?, total })
}
