//! Orders in MySQL, in a unit of work.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use sqlx::{MySql, QueryBuilder};

use super::rows::{OrderRow, order_columns, with_lines};
use crate::application::{Entry, OrderRepository};
use crate::domain::{NewOrder, Order, OrderId};

#[async_trait]
impl OrderRepository for Tx {
    async fn add_order(&mut self, order: NewOrder, now: DateTime<Utc>) -> Result<Order, StoreError> {
        let totals = &order.totals;
        let inserted = sqlx::query(
            "INSERT INTO orders (user_id, status, currency, subtotal, discount, tax, shipping, total, \
             shipping_address, shipping_method, promotion_code, customer_notes, reservation_id, version, \
             expires_at, created_at, updated_at) \
             VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
        )
        .bind(order.user_id.get())
        .bind(totals.currency().code())
        .bind(totals.subtotal().minor())
        .bind(totals.discount().minor())
        .bind(totals.tax().minor())
        .bind(totals.shipping().minor())
        .bind(totals.total().minor())
        .bind(order.delivery.address.as_str())
        .bind(order.delivery.method.as_str())
        .bind(order.promotion_code.as_ref().map(|code| code.as_str()))
        .bind(order.notes.as_ref().map(|notes| notes.as_str()))
        .bind(order.reservation_id)
        .bind(order.expires_at)
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await?;
        let id = inserted.last_insert_id();
        let mut insert = QueryBuilder::<MySql>::new(
            "INSERT INTO order_items (order_id, line, product_id, product_name, quantity, price, weight_grams) ",
        );
        insert.push_values((1_u16..).zip(&order.lines), |mut row, (number, line)| {
            row.push_bind(id)
                .push_bind(number)
                .push_bind(line.product_id.as_str())
                .push_bind(&line.product_name)
                .push_bind(line.quantity.get())
                .push_bind(line.price.minor())
                .push_bind(line.weight_grams);
        });
        insert.build().execute(self.connection()).await?;
        Ok(Order::placed(OrderId::new(id), order, now))
    }

    async fn order_for_update(&mut self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let row: Option<OrderRow> =
            sqlx::query_as(concat!("SELECT ", order_columns!(), " FROM orders WHERE id = ? FOR UPDATE"))
                .bind(id.get())
                .fetch_optional(self.connection())
                .await?;
        Ok(with_lines(self.connection(), row.into_iter().collect()).await?.pop())
    }

    async fn save_order(&mut self, order: &Order) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE orders SET status = ?, shipping_address = ?, refunded = ?, version = ?, expires_at = ?, \
             paid_at = ?, updated_at = ? WHERE id = ?",
        )
        .bind(order.status.as_str())
        .bind(order.delivery.address.as_str())
        .bind(order.refunded.minor())
        .bind(order.version)
        .bind(order.expires_at)
        .bind(order.paid_at)
        .bind(order.updated_at)
        .bind(order.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn record(&mut self, entry: &Entry) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO order_history (order_id, from_status, to_status, actor, actor_id, reason, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.order.get())
        .bind(entry.from.map(|status| status.as_str()))
        .bind(entry.to.as_str())
        .bind(entry.by.as_str())
        .bind(entry.by.user().map(|user| user.get()))
        .bind(&entry.reason)
        .bind(entry.at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn overdue(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Order>, StoreError> {
        let rows: Vec<OrderRow> = sqlx::query_as(concat!(
            "SELECT ",
            order_columns!(),
            " FROM orders WHERE expires_at <= ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED"
        ))
        .bind(now)
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        with_lines(self.connection(), rows).await
    }
}
