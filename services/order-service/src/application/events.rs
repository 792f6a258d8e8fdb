//! What the service tells the others; docs/EVENTS.md.

use chrono::{DateTime, Utc};
use config::kafka::Event;
use config::money::Amount;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{Order, OrderLine, weight_grams};

/// An order, whole, so that whoever hears of it needn't ask back.
#[derive(Debug, Serialize)]
pub struct OrderData {
    pub order_id: u64,
    pub user_id: u64,
    pub status: &'static str,
    pub items: Vec<ItemData>,
    pub subtotal: Amount,
    pub discount: Amount,
    pub tax: Amount,
    pub shipping: Amount,
    pub total_amount: Amount,
    pub currency: &'static str,
    pub shipping_address: String,
    pub shipping_method: String,
    pub weight_grams: u64,
    pub reservation_id: Uuid,
    pub promotion_code: Option<String>,
    pub version: u64,
}

/// A line of an order.
#[derive(Debug, Serialize)]
pub struct ItemData {
    pub product_id: String,
    pub product_name: String,
    pub quantity: u32,
    /// Of one.
    pub price: Amount,
    /// Of one.
    pub weight_grams: u32,
}

impl From<&Order> for OrderData {
    fn from(order: &Order) -> Self {
        let item = |line: &OrderLine| ItemData {
            product_id: line.product_id.to_string(),
            product_name: line.product_name.clone(),
            quantity: line.quantity.get(),
            price: line.price.into(),
            weight_grams: line.weight_grams,
        };
        Self {
            order_id: order.id.get(),
            user_id: order.user_id.get(),
            status: order.status.as_str(),
            items: order.lines.iter().map(item).collect(),
            subtotal: order.totals.subtotal().into(),
            discount: order.totals.discount().into(),
            tax: order.totals.tax().into(),
            shipping: order.totals.shipping().into(),
            total_amount: order.totals.total().into(),
            currency: order.totals.currency().code(),
            shipping_address: order.delivery.address.to_string(),
            shipping_method: order.delivery.method.to_string(),
            weight_grams: weight_grams(&order.lines),
            reservation_id: order.reservation_id,
            promotion_code: order.promotion_code.as_ref().map(ToString::to_string),
            version: order.version,
        }
    }
}

/// An order was placed.
#[derive(Debug, Serialize)]
pub struct OrderCreated {
    #[serde(flatten)]
    pub order: OrderData,
    /// When it is cancelled unless paid.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An order has moved along.
#[derive(Debug, Serialize)]
pub struct OrderStatusUpdated {
    #[serde(flatten)]
    pub order: OrderData,
    pub previous_status: &'static str,
}

/// An order will not be fulfilled.
#[derive(Debug, Serialize)]
pub struct OrderCancelled {
    #[serde(flatten)]
    pub order: OrderData,
    pub previous_status: &'static str,
    /// `customer`, `expired`, `payment_failed`, `out_of_stock` or `admin`.
    pub reason: &'static str,
    /// Whether money had been taken, as far as is known here.
    pub refund_due: bool,
}

macro_rules! order_events {
    ($($event:ident: $type:literal),+ $(,)?) => {$(
        impl Event for $event {
            const TOPIC: &'static str = "order-events";
            const TYPE: &'static str = $type;

            fn key(&self) -> String {
                self.order.order_id.to_string()
            }
        }
    )+};
}
order_events! {
    OrderCreated: "order_created",
    OrderStatusUpdated: "order_status_updated",
    OrderCancelled: "order_cancelled",
}
