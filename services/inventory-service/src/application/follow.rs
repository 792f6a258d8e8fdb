//! Following an order: its stock is held, taken or given back in the transaction that claims its message.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::{InventoryError, Reserve, Settle, Store};
use crate::domain::{ReservationId, ReservationState};

/// What happened to an order, as far as its stock is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderChange {
    Created,
    /// Its goods are the customer's from now on.
    Sold,
    Cancelled,
}

/// An order, and what was set aside for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedOrder {
    pub id: u64,
    pub reservation: ReservationId,
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

    /// Holds the stock of several new orders in one transaction, if all is as it should be: nobody has heard of them
    /// before, and each reservation is there. Else nothing is done, and `false`.
    pub async fn hold_all(&self, created: &[(&Envelope, FollowedOrder)]) -> Result<bool, InventoryError> {
        let messages: Vec<&Envelope> = created.iter().map(|(message, _)| *message).collect();
        let mut orders: Vec<_> = created.iter().map(|(_, order)| (order.reservation, order.id)).collect();
        orders.sort_unstable();
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let held = tx.claim_all(&messages).await? && tx.hold_all(&orders).await?;
            if held {
                tx.commit().await?;
            }
            Ok(held)
        })
        .await
    }

    pub async fn run(
        &self,
        message: &Envelope,
        change: OrderChange,
        FollowedOrder { id: order, reservation }: FollowedOrder,
    ) -> Result<(), InventoryError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            match change {
                OrderChange::Created => self.reserve.hold(tx.as_mut(), reservation, order).await?,
                OrderChange::Sold => {
                    let mut settled = self.settle.commit_in(tx.as_mut(), reservation).await?;
                    if settled.state == ReservationState::Expired {
                        // Nobody has told of the order before.
                        self.reserve.hold(tx.as_mut(), reservation, order).await?;
                        settled = self.settle.commit_in(tx.as_mut(), reservation).await?;
                    }
                    tracing::info!(
                        order.id = order,
                        state = settled.state.as_str(),
                        "the stock of a sold order"
                    );
                }
                OrderChange::Cancelled => {
                    let settled = self.settle.release_in(tx.as_mut(), reservation).await?;
                    tracing::info!(
                        order.id = order,
                        state = settled.state.as_str(),
                        "the stock of a cancelled order"
                    );
                }
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
