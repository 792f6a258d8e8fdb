//! Following an order: its stock is held, taken or given back in the transaction that claims its message.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::{InventoryError, Reserve, Settle, Store};
use crate::domain::ReservationId;

/// What happened to an order, as far as its stock is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderChange {
    Created,
    Paid,
    Cancelled,
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

    pub async fn run(
        &self,
        message: &Envelope,
        change: OrderChange,
        order: u64,
        reservation: ReservationId,
    ) -> Result<(), InventoryError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            match change {
                OrderChange::Created => self.reserve.hold(tx.as_mut(), reservation, order).await?,
                OrderChange::Paid => {
                    let settled = self.settle.commit_in(tx.as_mut(), reservation).await?;
                    tracing::info!(
                        order.id = order,
                        state = settled.state.as_str(),
                        "the stock of a paid order"
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
