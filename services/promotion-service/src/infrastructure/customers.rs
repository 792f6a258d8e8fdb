//! Customers in a transaction.

use async_trait::async_trait;
use config::database::{StoreError, Tx, padded};
use config::id::UserId;
use sqlx::{MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::application::{CustomerOrder, Customers};
use crate::domain::{OrderId, ReservationId};

#[async_trait]
impl Customers for Tx {
    async fn is_first_order(
        &mut self,
        user: UserId,
        order: Option<OrderId>,
        reservation: ReservationId,
    ) -> Result<bool, StoreError> {
        // An upsert locks the row at once; INSERT IGNORE would share it first, and two could wait for each other.
        sqlx::query("INSERT INTO customers (user_id) VALUES (?) ON DUPLICATE KEY UPDATE user_id = user_id")
            .bind(user.get())
            .execute(self.connection())
            .await?;
        is_first_order(self.connection(), user, order, Some(reservation)).await
    }

    async fn record_orders(&mut self, orders: &[CustomerOrder]) -> Result<(), StoreError> {
        let mut insert = QueryBuilder::new("INSERT INTO customer_orders (order_id, user_id, cancelled) ");
        insert.push_values(padded(orders), |mut row, order| {
            row.push_bind(order.id.get()).push_bind(order.user.get()).push_bind(order.cancelled);
        });
        insert.push(" ON DUPLICATE KEY UPDATE cancelled = cancelled OR VALUES(cancelled)");
        insert.build().execute(self.connection()).await?;
        Ok(())
    }
}

/// Whether the customer has no order and no first order under way, but for those that are named. One statement sees
/// a reservation or its order, whenever the order comes to be.
pub(super) async fn is_first_order(
    connection: &mut MySqlConnection,
    user: UserId,
    order: Option<OrderId>,
    reservation: Option<ReservationId>,
) -> Result<bool, StoreError> {
    // No order has this number.
    let order = order.map_or(u64::MAX, OrderId::get);
    let first: i64 = sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT 1 FROM customer_orders \
             WHERE user_id = ? AND cancelled = FALSE AND order_id <> ?) \
         AND NOT EXISTS (SELECT 1 FROM reservations \
             WHERE user_id = ? AND first_order = TRUE AND state IN ('active', 'held', 'consumed') \
             AND COALESCE(order_id, 0) <> ? AND id <> ?)",
    )
    .bind(user.get())
    .bind(order)
    .bind(user.get())
    .bind(order)
    .bind(reservation.map_or(Uuid::nil(), ReservationId::get))
    .fetch_one(connection)
    .await?;
    Ok(first != 0)
}
