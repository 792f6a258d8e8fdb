//! Returns in MySQL.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError, Tx, push_list, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use config::page::{Paging, Slice};
use sqlx::{FromRow, MySql, MySqlConnection, QueryBuilder};

use crate::application::{ReturnFilter, ReturnReader, ReturnRepository};
use crate::domain::{NewReturn, Notes, Order, OrderId, Quantity, Reason, Return, ReturnId, ReturnItem};

/// The columns of [`ReturnRow`].
macro_rules! select_returns {
    ($rest:literal) => {
        concat!(
            "SELECT id, order_id, user_id, status, currency, comment, note, shipping, most, refunded, by_hand, version, \
             created_at, updated_at FROM order_returns WHERE ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct ReturnRow {
    id: u64,
    order_id: u64,
    user_id: u64,
    status: String,
    currency: String,
    comment: Option<String>,
    note: Option<String>,
    shipping: i64,
    most: Option<i64>,
    refunded: i64,
    by_hand: i64,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct ItemRow {
    return_id: u64,
    product_id: String,
    quantity: u32,
    reason: String,
    refund: i64,
    restock: Option<bool>,
}

impl ReturnRow {
    fn parse(self, items: Vec<ItemRow>) -> Result<Return, StoreError> {
        let currency: Currency = stored(&self.currency)?;
        let money = |minor| Money::from_minor(minor, currency);
        let item = |row: ItemRow| {
            Ok(ReturnItem {
                product_id: stored(&row.product_id)?,
                quantity: Quantity::new(row.quantity.into()).map_err(StoreError::corrupt)?,
                reason: Reason::stored(row.reason),
                refund: money(row.refund),
                restock: row.restock,
            })
        };
        Ok(Return {
            id: ReturnId::new(self.id),
            order_id: OrderId::new(self.order_id),
            user_id: UserId::new(self.user_id),
            status: stored(&self.status)?,
            items: items.into_iter().map(item).collect::<Result<_, StoreError>>()?,
            comment: self.comment.map(Notes::stored),
            note: self.note.map(Reason::stored),
            shipping: money(self.shipping),
            most: self.most.map(money),
            refunded: money(self.refunded),
            by_hand: money(self.by_hand),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The returns of these rows, with their items, in one more query however many there are.
async fn with_items(
    connection: &mut MySqlConnection,
    rows: Vec<ReturnRow>,
) -> Result<Vec<Return>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(
        "SELECT return_id, product_id, quantity, reason, refund, restock FROM order_return_items WHERE return_id IN ",
    );
    push_list(&mut query, rows.iter().map(|row| row.id));
    query.push(" ORDER BY return_id, line");
    let mut items: HashMap<u64, Vec<ItemRow>> = HashMap::with_capacity(rows.len());
    for item in query.build_query_as::<ItemRow>().fetch_all(connection).await? {
        items.entry(item.return_id).or_default().push(item);
    }
    rows.into_iter()
        .map(|row| {
            let id = row.id;
            row.parse(items.remove(&id).unwrap_or_default())
        })
        .collect()
}

async fn find(
    connection: &mut MySqlConnection,
    order: OrderId,
    id: ReturnId,
) -> Result<Option<Return>, StoreError> {
    let row: Option<ReturnRow> = sqlx::query_as(select_returns!("id = ? AND order_id = ?"))
        .bind(id.get())
        .bind(order.get())
        .fetch_optional(&mut *connection)
        .await?;
    Ok(with_items(connection, row.into_iter().collect()).await?.pop())
}

#[async_trait]
impl ReturnRepository for Tx {
    async fn add_return(
        &mut self,
        order: &Order,
        new: NewReturn,
        now: DateTime<Utc>,
    ) -> Result<Return, StoreError> {
        let zero = Money::zero(order.totals.currency());
        let mut back = Return::requested(ReturnId::new(0), new, zero, now);
        let inserted = sqlx::query(
            "INSERT INTO order_returns (order_id, user_id, status, currency, comment, shipping, refunded, version, \
             created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?, ?)",
        )
        .bind(back.order_id.get())
        .bind(back.user_id.get())
        .bind(back.status.as_str())
        .bind(zero.currency().code())
        .bind(back.comment.as_ref().map(|comment| comment.as_str()))
        .bind(back.version)
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await?;
        back.id = ReturnId::new(inserted.last_insert_id());
        insert_items(self, &back).await?;
        Ok(back)
    }

    async fn return_of(&mut self, order: OrderId, id: ReturnId) -> Result<Option<Return>, StoreError> {
        find(self.connection(), order, id).await
    }

    async fn returns_of(&mut self, order: OrderId) -> Result<Vec<Return>, StoreError> {
        let rows: Vec<ReturnRow> = sqlx::query_as(select_returns!("order_id = ?"))
            .bind(order.get())
            .fetch_all(self.connection())
            .await?;
        with_items(self.connection(), rows).await
    }

    async fn save_return(&mut self, back: &Return) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE order_returns SET status = ?, note = ?, shipping = ?, most = ?, refunded = ?, by_hand = ?, \
             version = ?, updated_at = ? WHERE id = ?",
        )
        .bind(back.status.as_str())
        .bind(back.note.as_ref().map(|note| note.as_str()))
        .bind(back.shipping.minor())
        .bind(back.most.map(Money::minor))
        .bind(back.refunded.minor())
        .bind(back.by_hand.minor())
        .bind(back.version)
        .bind(back.updated_at)
        .bind(back.id.get())
        .execute(self.connection())
        .await?;
        insert_items(self, back).await
    }
}

/// Of items that are there, only their state can change.
async fn insert_items(tx: &mut Tx, back: &Return) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<MySql>::new(
        "INSERT INTO order_return_items (return_id, line, product_id, quantity, reason, refund, restock) ",
    );
    insert.push_values((1_u16..).zip(&back.items), |mut row, (number, item)| {
        row.push_bind(back.id.get())
            .push_bind(number)
            .push_bind(item.product_id.as_str())
            .push_bind(item.quantity.get())
            .push_bind(item.reason.as_str())
            .push_bind(item.refund.minor())
            .push_bind(item.restock);
    });
    insert.push(" ON DUPLICATE KEY UPDATE restock = VALUES(restock)");
    insert.build().execute(tx.connection()).await?;
    Ok(())
}

#[async_trait]
impl ReturnReader for Db {
    async fn find_return(&self, order: OrderId, id: ReturnId) -> Result<Option<Return>, StoreError> {
        let mut connection = self.pool().acquire().await?;
        find(&mut connection, order, id).await
    }

    async fn list_returns(&self, filter: ReturnFilter, paging: Paging) -> Result<Slice<Return>, StoreError> {
        let count = "SELECT COUNT(*) FROM order_returns WHERE TRUE";
        let matching = |query: &mut QueryBuilder<MySql>| matching(query, filter);
        let Slice { items, total } =
            self.part(count, select_returns!("TRUE"), matching, First::Newest("id"), paging).await?;
        let mut connection = self.pool().acquire().await?;
        Ok(Slice { items: with_items(&mut connection, items).await?, total })
    }
}

fn matching(query: &mut QueryBuilder<MySql>, filter: ReturnFilter) {
    if let Some(order) = filter.order {
        query.push(" AND order_id = ").push_bind(order.get());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
}
