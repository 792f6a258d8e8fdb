//! What becomes of an order whose stock is gone.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::step::{heard, keep_step, remark};
use super::{OrderError, Store};
use crate::domain::{Actor, OrderId, Status};

/// Follows reservations.
pub struct FollowStock {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl FollowStock {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The order was heard of so late that its stock had been sold again: it is cancelled, and paid back.
    pub async fn reservation_lost(&self, message: &Envelope, id: OrderId) -> Result<(), OrderError> {
        retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            if let Some(mut order) = heard(tx.as_mut(), message, id).await? {
                let reason = "its stock was sold before the order was heard of".to_owned();
                match order.move_to(Status::Cancelled, Actor::Stock, now) {
                    Ok(step) => keep_step(tx.as_mut(), &order, step, Some(reason)).await?,
                    Err(_) => remark(tx.as_mut(), &order, Actor::Stock, reason, now).await?,
                }
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}
