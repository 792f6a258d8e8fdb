//! What is known of products, in a transaction.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use config::database::{StoreError, Tx, padded, push_list};
use config::id::ProductId;
use sqlx::QueryBuilder;

use super::rows::ProductRow;
use crate::application::Products;
use crate::domain::Product;

#[async_trait]
impl Products for Tx {
    async fn products_for_update(
        &mut self,
        ids: &BTreeSet<&ProductId>,
    ) -> Result<BTreeMap<ProductId, Product>, StoreError> {
        let mut products = locked(self, ids.iter().copied()).await?;
        let missing: Vec<&ProductId> = ids.iter().copied().filter(|id| !products.contains_key(*id)).collect();
        if !missing.is_empty() {
            let mut insert = QueryBuilder::new("INSERT IGNORE INTO products (product_id) ");
            insert.push_values(padded(&missing), |mut row, id| {
                row.push_bind(id.as_str());
            });
            insert.build().execute(self.connection()).await?;
            // Somebody may have been quicker, and have written more than the id.
            products.extend(locked(self, missing).await?);
        }
        Ok(products)
    }

    async fn save_products(&mut self, products: &[&Product]) -> Result<(), StoreError> {
        let mut upsert = QueryBuilder::new(
            "INSERT INTO products \
             (product_id, name, price, currency, active, version, available, stock_version, least_on_hand, returns) ",
        );
        upsert.push_values(padded(products), |mut row, product| {
            row.push_bind(product.id.as_str())
                .push_bind(&product.name)
                .push_bind(product.price.map(|price| price.minor()))
                .push_bind(product.price.map(|price| price.currency().code()))
                .push_bind(product.active)
                .push_bind(product.version)
                .push_bind(product.available)
                .push_bind(product.stock_version)
                .push_bind(product.least_on_hand)
                .push_bind(product.returns);
        });
        upsert.push(
            " ON DUPLICATE KEY UPDATE name = VALUES(name), price = VALUES(price), \
             currency = VALUES(currency), active = VALUES(active), version = VALUES(version), \
             available = VALUES(available), stock_version = VALUES(stock_version), \
             least_on_hand = VALUES(least_on_hand), returns = VALUES(returns)",
        );
        upsert.build().execute(self.connection()).await?;
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

async fn locked(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = &ProductId>,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM products WHERE product_id IN ");
    push_list(&mut select, ids.into_iter().map(ProductId::as_str));
    select.push(" FOR UPDATE");
    let rows: Vec<ProductRow> = select.build_query_as().fetch_all(tx.connection()).await?;
    rows.into_iter().map(|row| Product::try_from(row).map(|product| (product.id.clone(), product))).collect()
}
