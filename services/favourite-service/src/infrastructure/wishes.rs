//! Wishes and rounds in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, stored};
use config::id::{ProductId, UserId};

use super::rows::{WishRow, WisherRow, all};
use crate::application::{NewWish, Rounds, Wisher, Wishes};
use crate::domain::{Known, Wish, WishId};

#[async_trait]
impl Wishes for Tx {
    async fn add_wish(&mut self, wish: &NewWish, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (price, currency) = (wish.known.price.minor(), wish.known.price.currency().code());
        let inserted = sqlx::query(
            "INSERT IGNORE INTO items (user_id, list_id, product_id, note, wished_price, wished_currency, told_price, \
             told_currency, told_return, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(wish.user_id.get())
        .bind(wish.list_id.get())
        .bind(wish.product_id.as_str())
        .bind(wish.note.as_ref().map(|note| note.as_str()))
        .bind(price)
        .bind(currency)
        .bind(price)
        .bind(currency)
        .bind(wish.known.returns)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn wish_for_update(
        &mut self,
        user: UserId,
        product: &ProductId,
    ) -> Result<Option<Wish>, StoreError> {
        let row: Option<WishRow> =
            sqlx::query_as("SELECT * FROM items WHERE user_id = ? AND product_id = ? FOR UPDATE")
                .bind(user.get())
                .bind(product.as_str())
                .fetch_optional(self.connection())
                .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn save_wish(&mut self, wish: &Wish) -> Result<(), StoreError> {
        sqlx::query("UPDATE items SET list_id = ?, note = ? WHERE id = ?")
            .bind(wish.list_id.get())
            .bind(wish.note.as_ref().map(|note| note.as_str()))
            .bind(wish.id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn remove_wish(&mut self, id: WishId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM items WHERE id = ?").bind(id.get()).execute(self.connection()).await?;
        Ok(())
    }
}

#[async_trait]
impl Rounds for Tx {
    async fn round(&mut self) -> Result<Option<(ProductId, WishId)>, StoreError> {
        let row: Option<(String, u64)> =
            sqlx::query_as("SELECT product_id, after_item FROM rounds LIMIT 1 FOR UPDATE SKIP LOCKED")
                .fetch_optional(self.connection())
                .await?;
        row.map(|(id, after)| Ok((stored(&id)?, WishId::new(after)))).transpose()
    }

    async fn wishers(
        &mut self,
        product: &ProductId,
        after: WishId,
        limit: u32,
    ) -> Result<Vec<Wisher>, StoreError> {
        let rows: Vec<WisherRow> = sqlx::query_as(
            "SELECT id, user_id, told_price, told_currency, told_return FROM items \
             WHERE product_id = ? AND id > ? ORDER BY id LIMIT ? FOR UPDATE",
        )
        .bind(product.as_str())
        .bind(after.get())
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        all(rows)
    }

    async fn save_known(&mut self, wish: WishId, known: Known) -> Result<(), StoreError> {
        sqlx::query("UPDATE items SET told_price = ?, told_currency = ?, told_return = ? WHERE id = ?")
            .bind(known.price.minor())
            .bind(known.price.currency().code())
            .bind(known.returns)
            .bind(wish.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn round_is_at(&mut self, product: &ProductId, after: WishId) -> Result<(), StoreError> {
        sqlx::query("UPDATE rounds SET after_item = ? WHERE product_id = ?")
            .bind(after.get())
            .bind(product.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn end_round(&mut self, product: &ProductId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM rounds WHERE product_id = ?")
            .bind(product.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
