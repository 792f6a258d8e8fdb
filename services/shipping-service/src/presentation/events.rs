//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::problem::{Fields, InvalidFields};
use serde::Deserialize;

use crate::application::{FollowOrder, OrderSnapshot};
use crate::domain::{MethodCode, OrderId, ShipmentItem};

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
    previous_status: String,
    shipping_address: String,
    shipping_method: Option<String>,
    #[serde(default)]
    cash_on_delivery: bool,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    product_id: String,
    product_name: Option<String>,
    quantity: u32,
}

impl Order {
    fn snapshot(self) -> Result<OrderSnapshot, InvalidFields> {
        let mut fields = Fields::default();
        let method = self.shipping_method.as_deref().map_or_else(|| Ok(MethodCode::default()), str::parse);
        let method = fields.check("shipping_method", method);
        let destination = fields.check("shipping_address", self.shipping_address.parse());
        let mut items = Vec::with_capacity(self.items.len());
        for (index, Item { product_id, product_name, quantity }) in self.items.into_iter().enumerate() {
            let product_id = fields.check(format!("items[{index}].product_id"), product_id.parse());
            items.extend(product_id.map(|product_id| ShipmentItem { product_id, product_name, quantity }));
        }
        let (order_id, user_id) = (OrderId::new(self.order_id), UserId::new(self.user_id));
        fields.finish(|| {
            Some(OrderSnapshot { order_id, user_id, method: method?, destination: destination?, items })
        })
    }
}

/// Whether an order with this status is to be sent: it is paid for, or will be when it is brought.
fn is_to_be_sent(status: &str, cash_on_delivery: bool) -> bool {
    matches!(status, "paid" | "fulfilling" | "shipped" | "delivered")
        || (status == "confirmed" && cash_on_delivery)
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let order: Order = match message.kind.as_str() {
            "order_status_updated" | "order_cancelled" => message.data()?,
            _ => return Ok(()),
        };
        let was_to_be_sent = is_to_be_sent(&order.previous_status, order.cash_on_delivery);
        match (message.kind.as_str(), order.status.as_str()) {
            ("order_cancelled", _) | (_, "refunded") => {
                self.0.over(message, &order.snapshot()?, was_to_be_sent).await?
            }
            (_, status @ ("confirmed" | "paid")) if is_to_be_sent(status, order.cash_on_delivery) => {
                self.0.due(message, &order.snapshot()?).await?
            }
            _ => {}
        }
        Ok(())
    }
}
