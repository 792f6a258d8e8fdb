//! What is known of products, in a transaction.

use async_trait::async_trait;
use config::database::{StoreError, Tx};
use config::id::ProductId;

use super::rows::ProductRow;
use crate::application::Products;
use crate::domain::Product;

#[async_trait]
impl Products for Tx {
    async fn product_for_update(&mut self, id: &ProductId) -> Result<Product, StoreError> {
        if let Some(product) = locked(self, id).await? {
            return Ok(product);
        }
        sqlx::query("INSERT IGNORE INTO products (product_id) VALUES (?)")
            .bind(id.as_str())
            .execute(self.connection())
            .await?;
        // Somebody may have been quicker, and have written more than the id.
        Ok(locked(self, id).await?.unwrap_or_else(|| Product::unknown(id.clone())))
    }

    async fn save_product(&mut self, product: &Product) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE products SET name = ?, price = ?, currency = ?, active = ?, version = ?, available = ?, \
             stock_version = ?, returns = ? WHERE product_id = ?",
        )
        .bind(&product.name)
        .bind(product.price.map(|price| price.minor()))
        .bind(product.price.map(|price| price.currency().code()))
        .bind(product.active)
        .bind(product.version)
        .bind(product.available)
        .bind(product.stock_version)
        .bind(product.returns)
        .bind(product.id.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn product_kept(&mut self, id: &ProductId) -> Result<Option<Product>, StoreError> {
        let row: Option<ProductRow> =
            sqlx::query_as("SELECT * FROM products WHERE product_id = ? LOCK IN SHARE MODE")
                .bind(id.as_str())
                .fetch_optional(self.connection())
                .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn product(&mut self, id: &ProductId) -> Result<Option<Product>, StoreError> {
        let row: Option<ProductRow> = sqlx::query_as("SELECT * FROM products WHERE product_id = ?")
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn begin_round(&mut self, id: &ProductId) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO rounds (product_id) VALUES (?) ON DUPLICATE KEY UPDATE after_item = 0")
            .bind(id.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

async fn locked(tx: &mut Tx, id: &ProductId) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as("SELECT * FROM products WHERE product_id = ? FOR UPDATE")
        .bind(id.as_str())
        .fetch_optional(tx.connection())
        .await?;
    row.map(TryInto::try_into).transpose()
}
