//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::{NotAProductId, ProductId, UserId};
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::problem::InvalidFields;
use serde::Deserialize;

use crate::application::{FollowOrder, FollowProduct, OrderSnapshot, Product};

/// Follows orders.
pub struct OrderEvents(FollowOrder);

impl OrderEvents {
    pub fn new(follow: FollowOrder) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    user_id: u64,
    status: String,
    items: Vec<Item>,
    version: u64,
}

#[derive(Deserialize)]
struct Item {
    product_id: String,
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let order: Order = match message.kind.as_str() {
            "order_status_updated" | "order_cancelled" | "return_refunded" => message.data()?,
            _ => return Ok(()),
        };
        let bought = match order.status.as_str() {
            "paid" | "fulfilling" | "shipped" | "delivered" => true,
            "cancelled" | "refunded" => false,
            _ => return Ok(()),
        };
        let products = order.items.iter().map(|item| item.product_id.parse()).collect::<Result<Vec<_>, _>>();
        let mut products = products.map_err(|error| bad("items", error))?;
        products.sort();
        products.dedup();
        let (user_id, version) = (UserId::new(order.user_id), order.version);
        let order = OrderSnapshot { order_id: order.order_id, user_id, products, bought, version };
        Ok(self.0.run(&order).await?)
    }
}

/// Follows the catalogue.
pub struct ProductEvents(FollowProduct);

impl ProductEvents {
    pub fn new(follow: FollowProduct) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct ProductChange {
    product_id: String,
    name: String,
    version: u64,
}

#[async_trait]
impl MessageHandler for ProductEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let product: ProductChange = match message.kind.as_str() {
            "product_created" | "product_updated" | "product_archived" => message.data()?,
            _ => return Ok(()),
        };
        let id: ProductId = product.product_id.parse().map_err(|error| bad("product_id", error))?;
        Ok(self.0.run(&Product { id, name: product.name, version: product.version }).await?)
    }
}

fn bad(field: &str, error: NotAProductId) -> InvalidFields {
    InvalidFields::one(field, "invalid", error.to_string())
}
