//! What the service hears; docs/EVENTS.md.

use std::sync::Arc;

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{FollowOrder, LivePromotions, OrderChange, OrderNews};
use crate::domain::{OrderId, ReservationId};

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
    #[serde(default)]
    promotion_reservation_id: Option<Uuid>,
    #[serde(default)]
    previous_promotion_reservation_id: Option<Uuid>,
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let kind = message.kind.as_str();
        let order: Order = match kind {
            "order_created" | "order_repriced" | "order_status_updated" | "order_cancelled" => {
                message.data()?
            }
            _ => return Ok(()),
        };
        let change = match (kind, order.status.as_str()) {
            ("order_created", _) => OrderChange::Created,
            ("order_repriced", _) => {
                let previous = order.previous_promotion_reservation_id.map(ReservationId::new);
                OrderChange::Repriced { previous }
            }
            ("order_status_updated", "paid") => OrderChange::Paid,
            ("order_cancelled", _) => OrderChange::Cancelled,
            _ => return Ok(()),
        };
        let news = OrderNews {
            order: OrderId::new(order.order_id),
            user: UserId::new(order.user_id),
            reservation: order.promotion_reservation_id.map(ReservationId::new),
            change,
        };
        Ok(self.0.run(message, news).await?)
    }
}

/// Hears of promotions that another instance has changed.
pub struct SnapshotEvents(Arc<LivePromotions>);

impl SnapshotEvents {
    pub fn new(live: Arc<LivePromotions>) -> Self {
        Self(live)
    }
}

#[async_trait]
impl MessageHandler for SnapshotEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind == "promotion_changed" {
            self.0.forget();
        }
        Ok(())
    }
}
