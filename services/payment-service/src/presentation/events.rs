//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use serde::Deserialize;

use crate::application::CancelOrder;
use crate::domain::OrderId;

/// Follows orders.
pub struct OrderEvents(CancelOrder);

impl OrderEvents {
    pub fn new(cancel: CancelOrder) -> Self {
        Self(cancel)
    }
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    user_id: u64,
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "order_cancelled" {
            return Ok(());
        }
        let order: Order = message.data()?;
        Ok(self.0.run(message, OrderId::new(order.order_id), UserId::new(order.user_id)).await?)
    }
}
