//! Orders as they stand in MySQL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use config::database::{StoreError, push_list, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use config::place::Place;
use serde::{Deserialize, Serialize};
use sqlx::mysql::MySqlRow;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::domain::{
    Address, AddressText, AppliedPromotion, Charges, Delivery, Notes, Order, OrderId, OrderLine, Percentage,
    Promoted, Quantity, TaxLine, Totals,
};

/// The columns of [`OrderRow`], in a form that `concat!` takes.
macro_rules! order_columns {
    () => {
        "id, user_id, status, currency, subtotal, discount, tax, prices_include_tax, tax_lines, shipping, \
         shipping_rate, paid, refunded, shipping_refunded, shipping_address, shipping_country, shipping_state, \
         shipping_method, promotion_code, promotions, promotion_reservation_id, promotions_unavailable, \
         customer_notes, reservation_id, version, expires_at, paid_at, payment_id, cash_on_delivery, vouched, given_up, \
         delivered_at, created_at, updated_at"
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
    prices_include_tax: bool,
    tax_lines: u16,
    shipping: i64,
    shipping_rate: i64,
    paid: Option<i64>,
    refunded: i64,
    shipping_refunded: bool,
    shipping_address: String,
    shipping_country: Option<String>,
    shipping_state: Option<String>,
    shipping_method: String,
    promotion_code: Option<String>,
    promotions: Option<String>,
    promotion_reservation_id: Option<Uuid>,
    promotions_unavailable: bool,
    customer_notes: Option<String>,
    reservation_id: Uuid,
    version: u64,
    expires_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    payment_id: Option<u64>,
    cash_on_delivery: bool,
    vouched: bool,
    given_up: Option<u64>,
    delivered_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct LineRow {
    order_id: u64,
    product_id: String,
    product_name: String,
    category: String,
    quantity: u32,
    price: i64,
    discount: i64,
    tax: i64,
    weight_grams: u32,
    returned: u32,
    returned_value: i64,
}

#[derive(FromRow)]
struct TaxRow {
    order_id: u64,
    name: String,
    jurisdiction: String,
    percent: u32,
    taxable: i64,
    tax: i64,
}

/// A promotion as its order keeps it, in JSON; the discount in minor units.
#[derive(Serialize, Deserialize)]
struct PromotionRow {
    promotion_id: u64,
    code: Option<String>,
    name: String,
    kind: String,
    discount: i64,
}

/// What stands in the order's row for its promotions.
pub(super) fn promotions(applied: &[AppliedPromotion]) -> Result<Option<String>, StoreError> {
    if applied.is_empty() {
        return Ok(None);
    }
    let row = |promotion: &AppliedPromotion| PromotionRow {
        promotion_id: promotion.promotion_id,
        code: promotion.code.clone(),
        name: promotion.name.clone(),
        kind: promotion.kind.clone(),
        discount: promotion.discount.minor(),
    };
    let rows: Vec<_> = applied.iter().map(row).collect();
    serde_json::to_string(&rows).map(Some).map_err(StoreError::corrupt)
}

impl OrderRow {
    fn order(self, lines: Vec<LineRow>, taxes: Vec<TaxRow>) -> Result<Order, StoreError> {
        let currency: Currency = stored(&self.currency)?;
        let money = |minor| Money::from_minor(minor, currency);
        let charges = Charges {
            discount: money(self.discount),
            tax: money(self.tax),
            shipping: money(self.shipping),
            tax_included: self.prices_include_tax,
        };
        let line = |row: LineRow| {
            Ok(OrderLine {
                product_id: stored(&row.product_id)?,
                product_name: row.product_name,
                category: row.category,
                quantity: Quantity::new(row.quantity.into()).map_err(StoreError::corrupt)?,
                price: money(row.price),
                discount: money(row.discount),
                tax: money(row.tax),
                weight_grams: row.weight_grams,
                returned: row.returned,
                returned_value: money(row.returned_value),
            })
        };
        let tax = |row: TaxRow| {
            Ok(TaxLine {
                name: row.name,
                jurisdiction: row.jurisdiction,
                percent: Percentage::from_millionths(row.percent).map_err(StoreError::corrupt)?,
                taxable: money(row.taxable),
                tax: money(row.tax),
            })
        };
        let promotion = |row: PromotionRow| AppliedPromotion {
            promotion_id: row.promotion_id,
            code: row.code,
            name: row.name,
            kind: row.kind,
            discount: money(row.discount),
        };
        let promotions: Vec<PromotionRow> = match &self.promotions {
            Some(json) => serde_json::from_str(json).map_err(StoreError::corrupt)?,
            None => Vec::new(),
        };
        let place = match &self.shipping_country {
            Some(country) => Some(Place {
                country: stored(country)?,
                state: self.shipping_state.as_deref().map(stored).transpose()?,
            }),
            None => None,
        };
        let totals = Totals::new(money(self.subtotal), charges).map_err(StoreError::corrupt)?;
        Ok(Order {
            id: OrderId::new(self.id),
            user_id: UserId::new(self.user_id),
            status: stored(&self.status)?,
            lines: lines.into_iter().map(line).collect::<Result<_, StoreError>>()?,
            totals,
            tax_lines: taxes.into_iter().map(tax).collect::<Result<_, StoreError>>()?,
            shipping_rate: money(self.shipping_rate),
            promoted: Promoted {
                applied: promotions.into_iter().map(promotion).collect(),
                reservation_id: self.promotion_reservation_id,
                unavailable: self.promotions_unavailable,
            },
            // Where older versions have written, an order was paid in full or not at all.
            paid: match (self.paid, self.paid_at) {
                (None, Some(_)) => totals.total(),
                (paid, _) => money(paid.unwrap_or_default()),
            },
            refunded: money(self.refunded),
            shipping_refunded: self.shipping_refunded,
            delivery: Delivery {
                address: Address::new(AddressText::stored(self.shipping_address), place),
                method: stored(&self.shipping_method)?,
            },
            promotion_code: self.promotion_code.as_deref().map(stored).transpose()?,
            notes: self.customer_notes.map(Notes::stored),
            reservation_id: self.reservation_id,
            version: self.version,
            expires_at: self.expires_at,
            paid_at: self.paid_at,
            payment: self.payment_id,
            cash_on_delivery: self.cash_on_delivery,
            vouched: self.vouched,
            given_up: self.given_up,
            delivered_at: self.delivered_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The orders of these rows, with their lines in one more query however many there are, and their taxes in another
/// if they have any.
pub(super) async fn with_lines(
    connection: &mut MySqlConnection,
    rows: Vec<OrderRow>,
) -> Result<Vec<Order>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let select = "SELECT order_id, product_id, product_name, category, quantity, price, discount, tax, \
                  weight_grams, returned, returned_value FROM order_items WHERE order_id IN ";
    let ids = rows.iter().map(|row| row.id);
    let mut lines: HashMap<u64, Vec<LineRow>> = HashMap::with_capacity(rows.len());
    for line in of_orders::<LineRow>(connection, select, ids).await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    let mut taxes: HashMap<u64, Vec<TaxRow>> = HashMap::new();
    let taxed: Vec<_> = rows.iter().filter(|row| row.tax_lines > 0).map(|row| row.id).collect();
    if !taxed.is_empty() {
        let select = "SELECT order_id, name, jurisdiction, percent, taxable, tax FROM order_tax_lines \
                      WHERE order_id IN ";
        for tax in of_orders::<TaxRow>(connection, select, taxed.into_iter()).await? {
            taxes.entry(tax.order_id).or_default().push(tax);
        }
    }
    rows.into_iter()
        .map(|row| {
            let id = row.id;
            row.order(lines.remove(&id).unwrap_or_default(), taxes.remove(&id).unwrap_or_default())
        })
        .collect()
}

/// The numbered rows of these orders.
async fn of_orders<R: for<'r> FromRow<'r, MySqlRow> + Send + Unpin>(
    connection: &mut MySqlConnection,
    select: &'static str,
    orders: impl Iterator<Item = u64>,
) -> Result<Vec<R>, StoreError> {
    let mut query = QueryBuilder::new(select);
    push_list(&mut query, orders);
    query.push(" ORDER BY order_id, line");
    Ok(query.build_query_as::<R>().fetch_all(connection).await?)
}
