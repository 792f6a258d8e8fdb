//! Stock in a transaction.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, padded, push_list};
use config::id::ProductId;
use sqlx::QueryBuilder;
use sqlx::mysql::MySqlQueryResult;

use super::rows::{items, levels, select_items};
use crate::application::{Movement, StockRepository};
use crate::domain::{Allocation, Level, StockItem};

#[async_trait]
impl StockRepository for Tx {
    async fn add_product(&mut self, item: &StockItem, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT IGNORE INTO products (product_id, sku, low_stock_threshold, created_at) VALUES (?, ?, ?, ?)",
        )
        .bind(item.product_id.as_str())
        .bind(item.sku.as_ref().map(|sku| sku.as_str()))
        .bind(item.low_stock_threshold)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn item_for_update(&mut self, id: &ProductId) -> Result<Option<StockItem>, StoreError> {
        let rows = sqlx::query_as(select_items!("WHERE p.product_id = ? ORDER BY s.warehouse FOR UPDATE"))
            .bind(id.as_str())
            .fetch_all(self.connection())
            .await?;
        Ok(items(rows)?.pop().map(|(item, _)| item))
    }

    async fn levels_for_update(
        &mut self,
        ids: &BTreeSet<ProductId>,
    ) -> Result<BTreeMap<ProductId, Vec<Level>>, StoreError> {
        let mut select = QueryBuilder::new(
            "SELECT product_id, warehouse, on_hand, reserved, version FROM stock WHERE product_id IN ",
        );
        push_list(&mut select, ids.iter().map(ProductId::as_str));
        // Rows are locked in one order.
        select.push(" ORDER BY product_id, warehouse FOR UPDATE");
        levels(select.build_query_as().fetch_all(self.connection()).await?)
    }

    async fn save_levels(
        &mut self,
        levels: &[(&ProductId, &Level)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut insert = QueryBuilder::new(
            "INSERT INTO stock (product_id, warehouse, on_hand, reserved, version, changed, updated_at) ",
        );
        insert.push_values(padded(levels), |mut row, (id, level)| {
            row.push_bind(id.as_str())
                .push_bind(level.warehouse.as_str())
                .push_bind(level.on_hand)
                .push_bind(level.reserved)
                .push_bind(level.version)
                .push_bind(true)
                .push_bind(now);
        });
        insert.push(
            " ON DUPLICATE KEY UPDATE on_hand = VALUES(on_hand), reserved = VALUES(reserved), \
             version = VALUES(version), changed = TRUE, updated_at = VALUES(updated_at)",
        );
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn set_threshold(&mut self, id: &ProductId, threshold: u32) -> Result<(), StoreError> {
        sqlx::query("UPDATE products SET low_stock_threshold = ? WHERE product_id = ?")
            .bind(threshold)
            .bind(id.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn record(&mut self, movements: &[Movement], now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut insert = QueryBuilder::new(
            "INSERT INTO movements (product_id, warehouse, kind, delta, reason, created_at) ",
        );
        insert.push_values(movements, |mut row, movement| {
            row.push_bind(movement.product_id.as_str())
                .push_bind(movement.warehouse.as_str())
                .push_bind(movement.kind.as_str())
                .push_bind(movement.delta)
                .push_bind(&movement.reason)
                .push_bind(now);
        });
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn set_aside(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let updated = bind(
            sqlx::query(
                "UPDATE stock SET reserved = reserved + ?, version = version + 1, changed = TRUE, updated_at = ? \
                 WHERE product_id = ? AND warehouse = ? AND on_hand >= reserved + ?",
            ),
            line,
            now,
        )
        .bind(line.quantity)
        .execute(self.connection())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    async fn give_back(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<(), StoreError> {
        let statement = "UPDATE stock SET reserved = reserved - ?, version = version + 1, changed = TRUE, updated_at = ? \
                         WHERE product_id = ? AND warehouse = ?";
        let updated = bind(sqlx::query(statement), line, now).execute(self.connection()).await?;
        one_row(&updated, line)
    }

    async fn take(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<(), StoreError> {
        let updated = sqlx::query(
            "UPDATE stock SET reserved = reserved - ?, on_hand = on_hand - ?, version = version + 1, changed = TRUE, \
             updated_at = ? WHERE product_id = ? AND warehouse = ?",
        )
        .bind(line.quantity)
        .bind(line.quantity)
        .bind(now)
        .bind(line.product_id.as_str())
        .bind(line.warehouse.as_str())
        .execute(self.connection())
        .await?;
        one_row(&updated, line)
    }

    async fn put_back(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<(), StoreError> {
        let statement = "UPDATE stock SET on_hand = on_hand + ?, version = version + 1, changed = TRUE, updated_at = ? \
                         WHERE product_id = ? AND warehouse = ?";
        let updated = bind(sqlx::query(statement), line, now).execute(self.connection()).await?;
        one_row(&updated, line)
    }

    async fn changed(&mut self, limit: u32) -> Result<Vec<(StockItem, bool)>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT product_id FROM stock WHERE changed = TRUE ORDER BY product_id LIMIT ? FOR UPDATE SKIP LOCKED",
        )
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = QueryBuilder::new(select_items!("WHERE p.product_id IN "));
        push_list(&mut select, ids.iter().map(String::as_str));
        // Locked, so that no change comes between what is told and its mark being taken off.
        select.push(" ORDER BY p.product_id, s.warehouse FOR UPDATE");
        items(select.build_query_as().fetch_all(self.connection()).await?)
    }

    async fn announced(&mut self, items: &[(StockItem, bool)]) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        let mut update = QueryBuilder::new("UPDATE stock SET changed = FALSE WHERE product_id IN ");
        push_list(&mut update, items.iter().map(|(item, _)| item.product_id.as_str()));
        update.build().execute(self.connection()).await?;
        for (item, _) in items.iter().filter(|(item, was_low)| item.is_low() != *was_low) {
            sqlx::query("UPDATE products SET is_low = ? WHERE product_id = ?")
                .bind(item.is_low())
                .bind(item.product_id.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, sqlx::mysql::MySqlArguments>;

fn bind<'q>(query: Query<'q>, line: &'q Allocation, now: DateTime<Utc>) -> Query<'q> {
    query.bind(line.quantity).bind(now).bind(line.product_id.as_str()).bind(line.warehouse.as_str())
}

/// A reservation's lines name rows that exist; anything else is a mistake of ours that must not pass silently.
fn one_row(updated: &MySqlQueryResult, line: &Allocation) -> Result<(), StoreError> {
    match updated.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::corrupt(format!("no stock of {} in {}", line.product_id, line.warehouse))),
    }
}
