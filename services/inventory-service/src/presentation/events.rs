//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::problem::{Fields, InvalidFields};
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{FollowOrder, OpenStock, OrderChange, Restock, Returned};
use crate::domain::{Quantity, ReservationId};

/// Follows orders.
pub struct OrderEvents {
    pub(crate) follow: FollowOrder,
    pub(crate) restock: Restock,
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    reservation_id: Uuid,
    status: String,
}

#[derive(Deserialize)]
struct Return {
    order_id: u64,
    reservation_id: Uuid,
    return_id: u64,
    restock: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    product_id: String,
    quantity: i64,
}

impl Return {
    fn parse(self) -> Result<Returned, InvalidFields> {
        let mut fields = Fields::default();
        let mut items = Vec::with_capacity(self.restock.len());
        for (n, unit) in self.restock.into_iter().enumerate() {
            let product = fields.check(format!("restock[{n}].product_id"), unit.product_id.parse());
            let quantity = fields.check(format!("restock[{n}].quantity"), Quantity::new(unit.quantity));
            items.extend(product.zip(quantity));
        }
        let reservation = ReservationId::new(self.reservation_id);
        let (order, return_id) = (self.order_id, self.return_id);
        fields.finish(|| Some(Returned { order, return_id, reservation, items }))
    }
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind == "return_received" {
            let back: Return = message.data()?;
            return Ok(self.restock.run(message, &back.parse()?).await?);
        }
        let order: Order = match message.kind.as_str() {
            "order_created" | "order_status_updated" | "order_cancelled" => message.data()?,
            _ => return Ok(()),
        };
        let change = match (message.kind.as_str(), order.status.as_str()) {
            ("order_created", _) => OrderChange::Created,
            ("order_status_updated", "paid") => OrderChange::Paid,
            ("order_cancelled", _) => OrderChange::Cancelled,
            _ => return Ok(()),
        };
        Ok(self.follow.run(message, change, order.order_id, ReservationId::new(order.reservation_id)).await?)
    }
}

/// Follows the catalogue.
pub struct ProductEvents(OpenStock);

impl ProductEvents {
    pub fn new(open: OpenStock) -> Self {
        Self(open)
    }
}

#[derive(Deserialize)]
struct Product {
    product_id: String,
    sku: Option<String>,
    initial_stock: Option<i64>,
}

#[async_trait]
impl MessageHandler for ProductEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "product_created" {
            return Ok(());
        }
        let product: Product = message.data()?;
        // A product without stock gets its record from an operator.
        let Some(stock) = product.initial_stock else { return Ok(()) };
        let bad = |field: &str, rule: String| InvalidFields::one(field, "invalid", rule);
        let id = product.product_id.parse().map_err(|error| bad("product_id", format!("{error}")))?;
        let on_hand = Quantity::level(stock).map_err(|error| bad("initial_stock", format!("{error}")))?;
        Ok(self.0.follow(message, id, product.sku, on_hand).await?)
    }
}
