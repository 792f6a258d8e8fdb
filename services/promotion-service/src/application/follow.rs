//! Following an order: its promotions' uses are held, consumed or given back in the transaction that claims its
//! message.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;

use super::{PromotionError, Reserve, Settle, Store};
use crate::domain::{OrderId, ReservationId};

/// What happened to an order, as far as promotions are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderChange {
    Created,
    /// It has another price, and with it another reservation; this was the one before.
    Repriced {
        previous: Option<ReservationId>,
    },
    Paid,
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

/// Acts on an order's events.
pub struct FollowOrder {
    store: Arc<dyn Begin<dyn Store>>,
    reserve: Reserve,
    settle: Settle,
}

impl FollowOrder {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, reserve: Reserve, settle: Settle) -> Self {
        Self { store, reserve, settle }
    }

    pub async fn run(&self, message: &Envelope, news: OrderNews) -> Result<(), PromotionError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            self.act(tx.as_mut(), news).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn act(&self, tx: &mut dyn Store, news: OrderNews) -> Result<(), PromotionError> {
        let OrderNews { order, user, reservation, change } = news;
        match change {
            OrderChange::Created => {
                tx.record_order(order, user, false).await?;
                if let Some(id) = reservation {
                    self.reserve.hold(tx, id, order).await?;
                }
            }
            OrderChange::Repriced { previous } => {
                if let Some(id) = reservation {
                    self.reserve.hold(tx, id, order).await?;
                }
                if let Some(id) = previous.filter(|_| previous != reservation) {
                    self.settle.release_in(tx, id).await?;
                }
            }
            OrderChange::Paid => {
                if let Some(id) = reservation {
                    self.settle.consume_in(tx, id).await?;
                }
            }
            OrderChange::Cancelled => {
                tx.record_order(order, user, true).await?;
                if let Some(id) = reservation {
                    self.settle.release_in(tx, id).await?;
                }
            }
        }
        Ok(())
    }
}
