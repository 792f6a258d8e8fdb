//! Orders in MySQL, outside a unit of work.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError, push_list};
use config::page::{Paging, Slice};
use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::rows::{OrderRow, order_columns, with_lines};
use crate::application::{EntryRecord, OrderFilter, OrderReader};
use crate::domain::{Actor, Order, OrderId, Status};

#[async_trait]
impl OrderReader for Db {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let mut connection = self.pool().acquire().await?;
        let rows = rows_of(&mut connection, &[id]).await?;
        Ok(whole(&mut connection, rows).await?.pop())
    }

    async fn list(&self, filter: OrderFilter, paging: Paging) -> Result<Slice<Order>, StoreError> {
        let count = "SELECT COUNT(*) FROM orders WHERE TRUE";
        let select = concat!("SELECT ", order_columns!(), " FROM orders WHERE TRUE");
        let matching = |query: &mut QueryBuilder<MySql>| matching(query, filter);
        let Slice { items, total } = self.part(count, select, matching, First::Newest("id"), paging).await?;
        let mut connection = self.pool().acquire().await?;
        Ok(Slice { items: whole(&mut connection, items).await?, total })
    }

    async fn history(&self, order: &Order) -> Result<Vec<EntryRecord>, StoreError> {
        type Row = (String, String, String, Option<u64>, Option<String>, DateTime<Utc>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT from_status, to_status, actor, actor_id, reason, created_at \
             FROM order_history WHERE order_id = ? ORDER BY id",
        )
        .bind(order.id.get())
        .fetch_all(self.pool())
        .await?;
        let by = Actor::Customer(order.user_id);
        let placed = EntryRecord {
            from: None,
            to: Status::Pending.to_string(),
            actor: by.as_str().to_owned(),
            actor_id: by.user().map(|user| user.get()),
            reason: None,
            at: order.created_at,
        };
        let entry = |(from, to, actor, actor_id, reason, at): Row| EntryRecord {
            from: Some(from),
            to,
            actor,
            actor_id,
            reason,
            at,
        };
        Ok(std::iter::once(placed).chain(rows.into_iter().map(entry)).collect())
    }
}

/// An order is read again so often at most because it was given another price meanwhile.
const LOOKS: usize = 5;

/// The orders of these rows. Each statement sees what is there when it begins: lines that are read after a new price was
/// kept don't belong to the row that was read before it. Only what is pending gets another price, and a new version
/// with it.
async fn whole(connection: &mut MySqlConnection, rows: Vec<OrderRow>) -> Result<Vec<Order>, StoreError> {
    let mut orders = with_lines(connection, rows).await?;
    for _ in 0..LOOKS {
        let repriced = repriced(connection, &orders).await?;
        if repriced.is_empty() {
            return Ok(orders);
        }
        let rows = rows_of(connection, &repriced).await?;
        for order in with_lines(connection, rows).await? {
            if let Some(stale) = orders.iter_mut().find(|stale| stale.id == order.id) {
                *stale = order;
            }
        }
    }
    Err(StoreError::Contended("an order gets one new price after the other".into()))
}

/// Which of the orders may have got another price since their rows were read.
async fn repriced(connection: &mut MySqlConnection, orders: &[Order]) -> Result<Vec<OrderId>, StoreError> {
    let pending: Vec<_> = orders.iter().filter(|order| order.status == Status::Pending).collect();
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = QueryBuilder::new("SELECT id, version FROM orders WHERE id IN ");
    push_list(&mut select, pending.iter().map(|order| order.id.get()));
    let versions: Vec<(u64, u64)> = select.build_query_as().fetch_all(connection).await?;
    let stale = |order: &&Order| !versions.contains(&(order.id.get(), order.version));
    Ok(pending.into_iter().filter(stale).map(|order| order.id).collect())
}

async fn rows_of(connection: &mut MySqlConnection, orders: &[OrderId]) -> Result<Vec<OrderRow>, StoreError> {
    let mut select = QueryBuilder::new(concat!("SELECT ", order_columns!(), " FROM orders WHERE id IN "));
    push_list(&mut select, orders.iter().map(|order| order.get()));
    Ok(select.build_query_as().fetch_all(connection).await?)
}

fn matching(query: &mut QueryBuilder<MySql>, filter: OrderFilter) {
    if let Some(user) = filter.user {
        query.push(" AND user_id = ").push_bind(user.get());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    // Naive, because a zoned time is sent as a TIMESTAMP, and those end in 2038.
    if let Some(from) = filter.from {
        query.push(" AND created_at >= ").push_bind(from.naive_utc());
    }
    if let Some(to) = filter.to {
        query.push(" AND created_at < ").push_bind(to.naive_utc());
    }
}
