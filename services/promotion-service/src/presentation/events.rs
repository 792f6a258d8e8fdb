//! What the service hears; docs/EVENTS.md.

use std::sync::Arc;

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{FollowOrder, LivePromotions, OrderChange, OrderNews};
use crate::domain::{OrderId, ReservationId};

/// Messages in one transaction: it keeps the promotions' rows from those who buy.
const TOGETHER: usize = 32;

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
    previous_status: String,
    /// Whether its goods are the customer's from now on; of older versions, what is paid.
    sold: Option<bool>,
    #[serde(default)]
    promotion_reservation_id: Option<Uuid>,
    #[serde(default)]
    previous_promotion_reservation_id: Option<Uuid>,
}

impl Order {
    fn is_sold(&self) -> bool {
        self.sold.unwrap_or(self.status == "paid")
    }

    /// Whether its money went back before the goods had left.
    fn is_undone(&self) -> bool {
        self.status == "refunded" && matches!(self.previous_status.as_str(), "paid" | "fulfilling")
    }
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if let Some(news) = read(message)? {
            // Heard before: nothing is left to do.
            self.0.run(&[(message, news)]).await?;
        }
        Ok(())
    }

    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        let mut heard = Vec::with_capacity(messages.len());
        for message in messages {
            heard.extend(read(message)?.map(|news| (message, news)));
        }
        for together in heard.chunks(TOGETHER) {
            if !self.0.run(together).await? {
                return Err(HandlerError::Retry("some of the messages were heard before".into()));
            }
        }
        Ok(())
    }
}

/// What a message means here; `None`: nothing.
fn read(message: &Envelope) -> Result<Option<OrderNews>, HandlerError> {
    let kind = message.kind.as_str();
    let order: Order = match kind {
        "order_created" | "order_repriced" | "order_status_updated" | "order_cancelled" => message.data()?,
        _ => return Ok(None),
    };
    let change = match kind {
        "order_created" => OrderChange::Created,
        "order_repriced" => {
            let previous = order.previous_promotion_reservation_id.map(ReservationId::new);
            OrderChange::Repriced { previous }
        }
        "order_cancelled" => OrderChange::Cancelled,
        _ if order.is_sold() => OrderChange::Sold,
        _ if order.is_undone() => OrderChange::Cancelled,
        _ => return Ok(None),
    };
    let news = OrderNews {
        order: OrderId::new(order.order_id),
        user: UserId::new(order.user_id),
        reservation: order.promotion_reservation_id.map(ReservationId::new),
        change,
    };
    Ok(news.matters().then_some(news))
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
