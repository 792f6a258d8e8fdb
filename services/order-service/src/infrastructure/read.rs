//! Orders in MySQL, outside a unit of work.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError};
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};

use super::rows::{OrderRow, order_columns, with_lines};
use crate::application::{EntryRecord, OrderFilter, OrderReader};
use crate::domain::{Actor, Order, OrderId, Status};

#[async_trait]
impl OrderReader for Db {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let mut connection = self.pool().acquire().await?;
        let row: Option<OrderRow> =
            sqlx::query_as(concat!("SELECT ", order_columns!(), " FROM orders WHERE id = ?"))
                .bind(id.get())
                .fetch_optional(&mut *connection)
                .await?;
        Ok(with_lines(&mut connection, row.into_iter().collect()).await?.pop())
    }

    async fn list(&self, filter: OrderFilter, paging: Paging) -> Result<Slice<Order>, StoreError> {
        let count = "SELECT COUNT(*) FROM orders WHERE TRUE";
        let select = concat!("SELECT ", order_columns!(), " FROM orders WHERE TRUE");
        let matching = |query: &mut QueryBuilder<MySql>| matching(query, filter);
        let Slice { items, total } = self.part(count, select, matching, First::Newest("id"), paging).await?;
        let mut connection = self.pool().acquire().await?;
        Ok(Slice { items: with_lines(&mut connection, items).await?, total })
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
