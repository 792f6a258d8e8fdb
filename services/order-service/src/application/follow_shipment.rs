//! What becomes of an order when its shipment does something.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::step::{keep_step, remark};
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
            if !tx.claim(message).await? {
                return Ok(());
            }
            let Some(mut order) = tx.order_for_update(id).await? else {
                tracing::warn!(
                    order.id = id.get(),
                    shipment.id = shipment,
                    "a shipment of an order that isn't known"
                );
                return Ok(tx.commit().await?);
            };
            let step = reached(state).map(|status| order.move_to(status, Actor::Shipping, now));
            match step {
                Some(Ok(step)) => {
                    keep_step(tx.as_mut(), &order, step, Some(format!("shipment {shipment}: {state}")))
                        .await?
                }
                // Overtaken by a later state.
                Some(Err(_))
                    if matches!(order.status, Status::Fulfilling | Status::Shipped | Status::Delivered) => {}
                Some(Err(_)) => {
                    remark(tx.as_mut(), &order, Actor::Shipping, format!("shipment {shipment}: {state}"), now)
                        .await?
                }
                None if matches!(state, "failed" | "returned" | "cancelled") => {
                    remark(
                        tx.as_mut(),
                        &order,
                        Actor::Shipping,
                        format!("shipment {shipment}: {state}"),
                        now,
                    )
                    .await?;
                }
                None => {}
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
