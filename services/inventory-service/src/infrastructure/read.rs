//! Reads outside a transaction.

use async_trait::async_trait;
use config::database::{Db, StoreError};
use config::id::ProductId;
use config::page::{Paging, Slice};

use super::rows::{MovementRow, items, reservations, select_items, select_reservation};
use crate::application::{MovementRecord, Reservation, StockReader};
use crate::domain::{ReservationId, StockItem};

#[async_trait]
impl StockReader for Db {
    async fn item(&self, id: &ProductId) -> Result<Option<StockItem>, StoreError> {
        let rows = sqlx::query_as(select_items!("WHERE p.product_id = ? ORDER BY s.warehouse"))
            .bind(id.as_str())
            .fetch_all(self.pool())
            .await?;
        Ok(items(rows)?.pop().map(|(item, _)| item))
    }

    async fn list(&self, paging: Paging, after: Option<&ProductId>) -> Result<Slice<StockItem>, StoreError> {
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM products").fetch_one(self.pool()).await?;
        let rows = sqlx::query_as(
            "SELECT p.product_id, p.sku, p.low_stock_threshold, p.is_low, s.warehouse, s.on_hand, s.reserved, s.version \
             FROM (SELECT * FROM products WHERE product_id > ? ORDER BY product_id LIMIT ? OFFSET ?) p \
             LEFT JOIN stock s ON s.product_id = p.product_id ORDER BY p.product_id, s.warehouse",
        )
        .bind(after.map_or("", ProductId::as_str))
        .bind(paging.limit)
        .bind(paging.skip)
        .fetch_all(self.pool())
        .await?;
        let items = items(rows)?.into_iter().map(|(item, _)| item).collect();
        Ok(Slice { items, total: total.unsigned_abs() })
    }

    async fn movements(&self, id: &ProductId, paging: Paging) -> Result<Slice<MovementRecord>, StoreError> {
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM movements WHERE product_id = ?")
            .bind(id.as_str())
            .fetch_one(self.pool())
            .await?;
        let rows: Vec<MovementRow> = sqlx::query_as(
            "SELECT id, warehouse, kind, delta, reason, created_at FROM movements \
             WHERE product_id = ? AND id < ? ORDER BY id DESC LIMIT ? OFFSET ?",
        )
        .bind(id.as_str())
        .bind(paging.after.unwrap_or(u64::MAX))
        .bind(paging.limit)
        .bind(paging.skip)
        .fetch_all(self.pool())
        .await?;
        Ok(Slice { items: rows.into_iter().map(MovementRecord::from).collect(), total: total.unsigned_abs() })
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        let rows = sqlx::query_as(select_reservation!("")).bind(id.get()).fetch_all(self.pool()).await?;
        Ok(reservations(rows)?.pop())
    }
}
