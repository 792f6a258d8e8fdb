//! Following orders: their promotions' uses are held, consumed or given back in the transaction that claims their
//! messages.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;

use super::{CustomerOrder, PromotionError, Reserve, Settle, Store};
use crate::domain::{OrderId, ReservationId};

/// What happened to an order, as far as promotions are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderChange {
    Created,
    /// It has another price, and with it another reservation; this was the one before.
    Repriced {
        previous: Option<ReservationId>,
    },
    /// Its goods are the customer's from now on.
    Sold,
    Cancelled,
}

/// News of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderNews {
    pub order: OrderId,
    pub user: UserId,
    /// `None`: it has no promotion.
    pub reservation: Option<ReservationId>,
    pub change: OrderChange,
}

impl OrderNews {
    /// Whether there is anything to do: most orders have no promotion.
    pub fn matters(&self) -> bool {
        match self.change {
            OrderChange::Created | OrderChange::Cancelled => true,
            OrderChange::Repriced { previous } => self.reservation.or(previous).is_some(),
            OrderChange::Sold => self.reservation.is_some(),
        }
    }

    /// What is remembered of the order for the sake of first orders.
    fn recorded(&self) -> Option<CustomerOrder> {
        let cancelled = match self.change {
            OrderChange::Created => false,
            OrderChange::Cancelled => true,
            OrderChange::Repriced { .. } | OrderChange::Sold => return None,
        };
        Some(CustomerOrder { id: self.order, user: self.user, cancelled })
    }
}

/// Acts on orders' events.
pub struct FollowOrder {
    store: Arc<dyn Begin<dyn Store>>,
    reserve: Reserve,
    settle: Settle,
}

impl FollowOrder {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, reserve: Reserve, settle: Settle) -> Self {
        Self { store, reserve, settle }
    }

    /// What messages that came in a row mean, in one transaction. `false`, and nothing was done: one of them was heard
    /// before.
    pub async fn run(&self, heard: &[(&Envelope, OrderNews)]) -> Result<bool, PromotionError> {
        let messages: Vec<&Envelope> = heard.iter().map(|(message, _)| *message).collect();
        let orders: Vec<CustomerOrder> = heard.iter().filter_map(|(_, news)| news.recorded()).collect();
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim_all(&messages).await? {
                return Ok(false);
            }
            if !orders.is_empty() {
                tx.record_orders(&orders).await?;
            }
            for (_, news) in heard {
                self.act(tx.as_mut(), *news).await?;
            }
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn act(&self, tx: &mut dyn Store, news: OrderNews) -> Result<(), PromotionError> {
        let OrderNews { order, reservation, change, .. } = news;
        match (change, reservation) {
            (OrderChange::Created, Some(id)) => self.reserve.hold(tx, id, order).await?,
            (OrderChange::Sold, Some(id)) => self.settle.consume_in(tx, id).await?,
            (OrderChange::Cancelled, Some(id)) => self.settle.release_in(tx, id).await?,
            (OrderChange::Repriced { previous }, _) => {
                if let Some(id) = reservation {
                    self.reserve.hold(tx, id, order).await?;
                }
                if let Some(id) = previous.filter(|_| previous != reservation) {
                    self.settle.release_in(tx, id).await?;
                }
            }
            (OrderChange::Created | OrderChange::Sold | OrderChange::Cancelled, None) => {}
        }
        Ok(())
    }
}
