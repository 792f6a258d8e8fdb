//! What becomes of an order when its shipment does something.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::step::{heard, keep_step, remark};
use super::{OrderError, Store};
use crate::domain::{Actor, OrderId, Status};

/// Follows shipments.
pub struct FollowShipment {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl FollowShipment {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// `state` is the shipment's, in shipping-service's words.
    pub async fn run(
        &self,
        message: &Envelope,
        id: OrderId,
        shipment: u64,
        state: &str,
    ) -> Result<(), OrderError> {
        retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            if let Some(mut order) = heard(tx.as_mut(), message, id).await? {
                let text = format!("shipment {shipment}: {state}");
                match reached(state).map(|status| order.move_to(status, Actor::Shipping, now)) {
                    Some(Ok(step)) => keep_step(tx.as_mut(), &order, step, Some(text)).await?,
                    // Overtaken by a later state.
                    Some(Err(_)) if order.status.is_under_way() => {}
                    Some(Err(_)) => remark(tx.as_mut(), &order, Actor::Shipping, text, now).await?,
                    None if matches!(state, "failed" | "returned" | "cancelled") => {
                        remark(tx.as_mut(), &order, Actor::Shipping, text, now).await?;
                    }
                    None => {}
                }
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}

/// How far a shipment in this state has brought its order.
fn reached(state: &str) -> Option<Status> {
    match state {
        "picked" | "packed" => Some(Status::Fulfilling),
        "in_transit" | "out_for_delivery" => Some(Status::Shipped),
        "delivered" => Some(Status::Delivered),
        _ => None,
    }
}
