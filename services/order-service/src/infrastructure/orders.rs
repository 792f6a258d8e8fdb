//! Orders in MySQL, in a unit of work.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, push_list};
use config::id::UserId;
use sqlx::mysql::MySqlQueryResult;
use sqlx::{MySql, QueryBuilder};

use super::rows::{OrderRow, order_columns, promotions, with_lines};
use crate::application::{Entry, OrderRepository};
use crate::domain::{NewOrder, Order, OrderId, OrderLine, Status, TaxLine};

#[async_trait]
impl OrderRepository for Tx {
    async fn add_orders(
        &mut self,
        orders: &[&NewOrder],
        now: DateTime<Utc>,
    ) -> Result<Vec<Order>, StoreError> {
        let inserted = insert_orders(self, orders, now).await?;
        let ids = self.ids_of(&inserted).await?;
        let placed: Vec<Order> = ids
            .into_iter()
            .zip(orders)
            .map(|(id, order)| Order::placed(OrderId::new(id), (*order).clone(), now))
            .collect();
        let lines: Vec<_> = placed.iter().flat_map(|order| numbered(order.id, &order.lines)).collect();
        insert_lines(self, &lines, "").await?;
        let taxes: Vec<_> = placed.iter().flat_map(|order| numbered(order.id, &order.tax_lines)).collect();
        insert_taxes(self, &taxes).await?;
        Ok(placed)
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
            "UPDATE orders SET status = ?, shipping_address = ?, paid = ?, refunded = ?, shipping_refunded = ?, \
             version = ?, expires_at = ?, paid_at = ?, payment_id = ?, cash_on_delivery = ?, vouched = ?, \
             given_up = ?, delivered_at = ?, updated_at = ? WHERE id = ?",
        )
        .bind(order.status.as_str())
        .bind(order.delivery.address.as_str())
        // Should the version before go on with it: that one writes when it was paid, and not how much.
        .bind(order.paid_at.map(|_| order.paid.minor()))
        .bind(order.refunded.minor())
        .bind(order.shipping_refunded)
        .bind(order.version)
        .bind(order.expires_at)
        .bind(order.paid_at)
        .bind(order.payment)
        .bind(order.cash_on_delivery)
        .bind(order.vouched)
        .bind(order.given_up)
        .bind(order.delivered_at)
        .bind(order.updated_at)
        .bind(order.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn save_lines(&mut self, order: &Order) -> Result<(), StoreError> {
        let changes = " ON DUPLICATE KEY UPDATE discount = VALUES(discount), tax = VALUES(tax), \
                       returned = VALUES(returned), returned_value = VALUES(returned_value)";
        insert_lines(self, &numbered(order.id, &order.lines), changes).await
    }

    async fn save_price(&mut self, order: &Order) -> Result<(), StoreError> {
        let (totals, promoted) = (&order.totals, &order.promoted);
        sqlx::query(
            "UPDATE orders SET discount = ?, tax = ?, prices_include_tax = ?, tax_lines = ?, shipping = ?, \
             shipping_rate = ?, total = ?, promotion_code = ?, promotions = ?, promotion_reservation_id = ?, \
             promotions_unavailable = ?, version = ?, updated_at = ? WHERE id = ?",
        )
        .bind(totals.discount().minor())
        .bind(totals.tax().minor())
        .bind(totals.tax_included())
        .bind(order.tax_lines.len() as u64)
        .bind(totals.shipping().minor())
        .bind(order.shipping_rate.minor())
        .bind(totals.total().minor())
        .bind(order.promotion_code.as_ref().map(|code| code.as_str()))
        .bind(promotions(&promoted.applied)?)
        .bind(promoted.reservation_id)
        .bind(promoted.unavailable)
        .bind(order.version)
        .bind(order.updated_at)
        .bind(order.id.get())
        .execute(self.connection())
        .await?;
        self.save_lines(order).await?;
        sqlx::query("DELETE FROM order_tax_lines WHERE order_id = ?")
            .bind(order.id.get())
            .execute(self.connection())
            .await?;
        insert_taxes(self, &numbered(order.id, &order.tax_lines)).await
    }

    async fn record(&mut self, entry: &Entry) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO order_history (order_id, from_status, to_status, actor, actor_id, reason, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.order.get())
        .bind(entry.from.as_str())
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

    async fn open_orders(&mut self, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
        let mut count = QueryBuilder::new("SELECT user_id, COUNT(*) FROM orders WHERE user_id IN ");
        push_list(&mut count, users.iter().map(|user| user.get()));
        count.push(" AND status IN ('pending', 'confirmed') AND paid_at IS NULL GROUP BY user_id");
        let counts: Vec<(u64, i64)> = count.build_query_as().fetch_all(self.connection()).await?;
        Ok(counts.into_iter().map(|(user, orders)| (UserId::new(user), orders.unsigned_abs())).collect())
    }
}

async fn insert_orders(
    tx: &mut Tx,
    orders: &[&NewOrder],
    now: DateTime<Utc>,
) -> Result<MySqlQueryResult, StoreError> {
    let mut rows = Vec::with_capacity(orders.len());
    for order in orders {
        rows.push((*order, promotions(&order.priced.promoted.applied)?));
    }
    let mut insert = QueryBuilder::<MySql>::new(
        "INSERT INTO orders (user_id, status, currency, subtotal, discount, tax, prices_include_tax, tax_lines, \
         shipping, shipping_rate, total, shipping_address, shipping_country, shipping_state, shipping_method, \
         promotion_code, promotions, promotion_reservation_id, promotions_unavailable, customer_notes, \
         reservation_id, version, expires_at, created_at, updated_at) ",
    );
    insert.push_values(rows, |mut row, (order, promotions)| {
        let NewOrder { priced, delivery, .. } = order;
        let (totals, promoted, place) = (&priced.totals, &priced.promoted, delivery.address.place());
        row.push_bind(order.user_id.get())
            .push_bind(Status::Pending.as_str())
            .push_bind(totals.currency().code())
            .push_bind(totals.subtotal().minor())
            .push_bind(totals.discount().minor())
            .push_bind(totals.tax().minor())
            .push_bind(totals.tax_included())
            .push_bind(priced.tax_lines.len() as u64)
            .push_bind(totals.shipping().minor())
            .push_bind(priced.shipping_rate.minor())
            .push_bind(totals.total().minor())
            .push_bind(delivery.address.as_str())
            .push_bind(place.map(|place| place.country.code()))
            .push_bind(place.and_then(|place| place.state.as_ref()).map(|state| state.as_str()))
            .push_bind(delivery.method.as_str())
            .push_bind(order.promotion_code.as_ref().map(|code| code.as_str()))
            .push_bind(promotions)
            .push_bind(promoted.reservation_id)
            .push_bind(promoted.unavailable)
            .push_bind(order.notes.as_ref().map(|notes| notes.as_str()))
            .push_bind(order.reservation_id)
            .push_bind(1_u64)
            .push_bind(order.expires_at)
            .push_bind(now)
            .push_bind(now);
    });
    Ok(insert.build().execute(tx.connection()).await?)
}

/// What stands in an order, with the order's id and its number in it.
fn numbered<T>(order: OrderId, parts: &[T]) -> Vec<(OrderId, u16, &T)> {
    (1_u16..).zip(parts).map(|(number, part)| (order, number, part)).collect()
}

/// Lines of orders in one statement; `changes` says what becomes of those that are there.
async fn insert_lines(
    tx: &mut Tx,
    lines: &[(OrderId, u16, &OrderLine)],
    changes: &'static str,
) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<MySql>::new(
        "INSERT INTO order_items (order_id, line, product_id, product_name, category, quantity, price, discount, \
         tax, weight_grams, returned, returned_value) ",
    );
    insert.push_values(lines, |mut row, &(order, number, line)| {
        row.push_bind(order.get())
            .push_bind(number)
            .push_bind(line.product_id.as_str())
            .push_bind(&line.product_name)
            .push_bind(&line.category)
            .push_bind(line.quantity.get())
            .push_bind(line.price.minor())
            .push_bind(line.discount.minor())
            .push_bind(line.tax.minor())
            .push_bind(line.weight_grams)
            .push_bind(line.returned)
            .push_bind(line.returned_value.minor());
    });
    insert.push(changes);
    insert.build().execute(tx.connection()).await?;
    Ok(())
}

async fn insert_taxes(tx: &mut Tx, taxes: &[(OrderId, u16, &TaxLine)]) -> Result<(), StoreError> {
    if taxes.is_empty() {
        return Ok(());
    }
    let mut insert = QueryBuilder::<MySql>::new(
        "INSERT INTO order_tax_lines (order_id, line, name, jurisdiction, percent, taxable, tax) ",
    );
    insert.push_values(taxes, |mut row, &(order, number, line)| {
        row.push_bind(order.get())
            .push_bind(number)
            .push_bind(&line.name)
            .push_bind(&line.jurisdiction)
            .push_bind(line.percent.millionths())
            .push_bind(line.taxable.minor())
            .push_bind(line.tax.minor());
    });
    insert.build().execute(tx.connection()).await?;
    Ok(())
}
