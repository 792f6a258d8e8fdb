//! Summaries in a transaction.

use async_trait::async_trait;
use config::database::{StoreError, Tx, push_list};
use config::id::ProductId;
use sqlx::QueryBuilder;

use super::rows::SummaryRow;
use crate::application::Summaries;
use crate::domain::Summary;

#[async_trait]
impl Summaries for Tx {
    async fn count(&mut self, product: &ProductId, change: [i32; 5]) -> Result<(), StoreError> {
        if add(self, product, change).await? {
            return Ok(());
        }
        // The product's first rating. Somebody else's first one may be quicker.
        sqlx::query("INSERT IGNORE INTO summaries (product_id) VALUES (?)")
            .bind(product.as_str())
            .execute(self.connection())
            .await?;
        match add(self, product, change).await? {
            true => Ok(()),
            false => Err(StoreError::corrupt(format!("product {product} has no summary"))),
        }
    }

    async fn changed(&mut self, limit: u32) -> Result<Vec<(ProductId, Summary)>, StoreError> {
        let rows: Vec<SummaryRow> = sqlx::query_as(
            "SELECT product_id, stars_1, stars_2, stars_3, stars_4, stars_5, version FROM summaries \
             WHERE changed = TRUE ORDER BY product_id LIMIT ? FOR UPDATE SKIP LOCKED",
        )
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn announced(&mut self, products: &[&ProductId]) -> Result<(), StoreError> {
        if products.is_empty() {
            return Ok(());
        }
        let mut update = QueryBuilder::new("UPDATE summaries SET changed = FALSE WHERE product_id IN ");
        push_list(&mut update, products.iter().map(|product| product.as_str()));
        update.build().execute(self.connection()).await?;
        Ok(())
    }
}

/// `false` when there is no row yet.
async fn add(tx: &mut Tx, product: &ProductId, change: [i32; 5]) -> Result<bool, StoreError> {
    let [one, two, three, four, five] = change;
    let updated = sqlx::query(
        "UPDATE summaries SET stars_1 = stars_1 + ?, stars_2 = stars_2 + ?, stars_3 = stars_3 + ?, \
         stars_4 = stars_4 + ?, stars_5 = stars_5 + ?, version = version + 1, changed = TRUE WHERE product_id = ?",
    )
    .bind(one)
    .bind(two)
    .bind(three)
    .bind(four)
    .bind(five)
    .bind(product.as_str())
    .execute(tx.connection())
    .await?;
    Ok(updated.rows_affected() == 1)
}
