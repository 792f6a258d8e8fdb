//! Orders as they stand in MySQL.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use config::BoxError;
use config::database::StoreError;
use config::id::UserId;
use config::money::{Currency, Money};
use sqlx::{FromRow, MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::domain::{Charges, Delivery, Order, OrderId, OrderLine, Quantity, Totals};

/// The columns of [`OrderRow`], in a form that `concat!` takes.
macro_rules! order_columns {
    () => {
        "id, user_id, status, currency, subtotal, discount, tax, shipping, refunded, shipping_address, \
         shipping_method, promotion_code, customer_notes, reservation_id, version, expires_at, paid_at, \
         created_at, updated_at"
    };
}
pub(super) use order_columns;

#[derive(FromRow)]
pub(super) struct OrderRow {
    id: u64,
    user_id: u64,
    status: String,
    currency: String,
    subtotal: i64,
    discount: i64,
    tax: i64,
    shipping: i64,
    refunded: i64,
    shipping_address: String,
    shipping_method: String,
    promotion_code: Option<String>,
    customer_notes: Option<String>,
    reservation_id: Uuid,
    version: u64,
    expires_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct LineRow {
    order_id: u64,
    product_id: String,
    product_name: String,
    quantity: u32,
    price: i64,
    weight_grams: u32,
}

impl OrderRow {
    fn order(self, lines: Vec<LineRow>) -> Result<Order, StoreError> {
        let currency: Currency = parse(&self.currency)?;
        let money = |minor| Money::from_minor(minor, currency);
        let charges =
            Charges { discount: money(self.discount), tax: money(self.tax), shipping: money(self.shipping) };
        let line = |row: LineRow| {
            Ok(OrderLine {
                product_id: parse(&row.product_id)?,
                product_name: row.product_name,
                quantity: Quantity::new(row.quantity.into()).map_err(StoreError::corrupt)?,
                price: money(row.price),
                weight_grams: row.weight_grams,
            })
        };
        Ok(Order {
            id: OrderId::new(self.id),
            user_id: UserId::new(self.user_id),
            status: parse(&self.status)?,
            lines: lines.into_iter().map(line).collect::<Result<_, StoreError>>()?,
            totals: Totals::new(money(self.subtotal), charges).map_err(StoreError::corrupt)?,
            refunded: money(self.refunded),
            delivery: Delivery {
                address: parse(&self.shipping_address)?,
                method: parse(&self.shipping_method)?,
            },
            promotion_code: self.promotion_code.as_deref().map(parse).transpose()?,
            notes: self.customer_notes.as_deref().map(parse).transpose()?,
            reservation_id: self.reservation_id,
            version: self.version,
            expires_at: self.expires_at,
            paid_at: self.paid_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The orders of these rows, with their lines, in one more query however many there are.
pub(super) async fn with_lines(
    connection: &mut MySqlConnection,
    rows: Vec<OrderRow>,
) -> Result<Vec<Order>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT order_id, product_id, product_name, quantity, price, weight_grams FROM order_items WHERE order_id IN (",
    );
    let mut ids = query.separated(",");
    for row in &rows {
        ids.push_bind(row.id);
    }
    query.push(") ORDER BY order_id, line");
    let mut lines: HashMap<u64, Vec<LineRow>> = HashMap::with_capacity(rows.len());
    for line in query.build_query_as::<LineRow>().fetch_all(connection).await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    rows.into_iter()
        .map(|row| {
            let id = row.id;
            row.order(lines.remove(&id).unwrap_or_default())
        })
        .collect()
}

fn parse<T: FromStr<Err: Into<BoxError>>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(StoreError::corrupt)
}
