//! Purchases and products in a transaction.

use async_trait::async_trait;
use config::database::{StoreError, Tx};
use config::id::{ProductId, UserId};

use crate::application::{Product, Products, Purchases};

#[async_trait]
impl Purchases for Tx {
    async fn note_purchase(
        &mut self,
        user: UserId,
        product: &ProductId,
        order: u64,
        bought: bool,
        order_version: u64,
    ) -> Result<(), StoreError> {
        // Assignments run from left to right: the version comes last.
        sqlx::query(
            "INSERT INTO purchases (user_id, product_id, order_id, bought, order_version) VALUES (?, ?, ?, ?, ?) \
             ON DUPLICATE KEY UPDATE bought = IF(VALUES(order_version) > order_version, VALUES(bought), bought), \
             order_version = GREATEST(order_version, VALUES(order_version))",
        )
        .bind(user.get())
        .bind(product.as_str())
        .bind(order)
        .bind(bought)
        .bind(order_version)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn verify(&mut self, user: UserId, product: &ProductId) -> Result<(), StoreError> {
        let rating: Option<u64> =
            sqlx::query_scalar("SELECT id FROM ratings WHERE user_id = ? AND product_id = ? FOR UPDATE")
                .bind(user.get())
                .bind(product.as_str())
                .fetch_optional(self.connection())
                .await?;
        let Some(rating) = rating else { return Ok(()) };
        // A read that locks: it waits for purchases that are being noted right now.
        let bought: Vec<bool> = sqlx::query_scalar(
            "SELECT bought FROM purchases WHERE user_id = ? AND product_id = ? LOCK IN SHARE MODE",
        )
        .bind(user.get())
        .bind(product.as_str())
        .fetch_all(self.connection())
        .await?;
        sqlx::query("UPDATE ratings SET verified = ? WHERE id = ?")
            .bind(bought.contains(&true))
            .bind(rating)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Products for Tx {
    async fn keep_product(&mut self, product: &Product) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO products (product_id, name, version) VALUES (?, ?, ?) \
             ON DUPLICATE KEY UPDATE name = IF(VALUES(version) > version, VALUES(name), name), \
             version = GREATEST(version, VALUES(version))",
        )
        .bind(product.id.as_str())
        .bind(&product.name)
        .bind(product.version)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
