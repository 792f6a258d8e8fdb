//! Following an order: one that is to be sent gets its shipment, one that is over keeps it from leaving.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;

use super::create::add;
use super::update::advance;
use super::{ShippingError, StatusUpdate, Store};
use crate::domain::{
    Address, Consignment, MethodCode, OrderId, ShipmentId, ShipmentItem, ShipmentStatus, TrackingNumber,
};

/// An order, as its event tells it.
#[derive(Debug, Clone)]
pub struct OrderSnapshot {
    pub order_id: OrderId,
    pub user_id: UserId,
    pub method: MethodCode,
    pub destination: Address,
    pub items: Vec<ShipmentItem>,
}

/// What the end of an order meant for its shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    KeptBack(ShipmentId),
    HasLeft(ShipmentId),
    NoShipment,
    /// It was dealt with before.
    Nothing,
}

/// Acts on an order's events.
pub struct FollowOrder {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl FollowOrder {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The order is paid, or will be when it is brought: it gets its shipment, unless it has one.
    pub async fn due(&self, message: &Envelope, order: &OrderSnapshot) -> Result<(), ShippingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            let consignment = self.consignment(tx.as_mut(), order).await?;
            let shipment = add(tx.as_mut(), &consignment, self.clock.now()).await?;
            let created = metrics::counter!("shipments_created_total", "by" => "order");
            tx.tally(created, shipment.is_some().into());
            tx.commit().await?;
            match shipment {
                Some(shipment) => {
                    tracing::info!(shipment.id = %shipment.id, order.id = %order.order_id, "an order has its shipment");
                }
                None => tracing::info!(order.id = %order.order_id, "the order has a shipment already"),
            }
            Ok(())
        })
        .await
    }

    /// The order is cancelled or refunded: its shipment doesn't leave, unless it has left. `was_to_be_sent`: there is a
    /// shipment, or there will be one.
    pub async fn over(
        &self,
        message: &Envelope,
        order: &OrderSnapshot,
        was_to_be_sent: bool,
    ) -> Result<(), ShippingError> {
        let ending = retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(Ending::Nothing);
            }
            let mut ending = self.keep_back(tx.as_mut(), order.order_id).await?;
            if ending == Ending::NoShipment && was_to_be_sent {
                // The payment's event was a dead letter and may be sent again: it must find the order's one
                // shipment here, cancelled. Nobody has heard of it, so nobody is told.
                let consignment = self.consignment(tx.as_mut(), order).await?;
                if tx.add(&consignment, ShipmentStatus::Cancelled, self.clock.now()).await?.is_none() {
                    // It was made this very moment.
                    ending = self.keep_back(tx.as_mut(), order.order_id).await?;
                }
            }
            let cancelled = metrics::counter!("shipments_updated_total", "status" => "cancelled");
            tx.tally(cancelled, matches!(ending, Ending::KeptBack(_)).into());
            tx.commit().await?;
            Ok::<_, ShippingError>(ending)
        })
        .await?;
        match ending {
            Ending::KeptBack(id) => {
                tracing::info!(shipment.id = %id, order.id = %order.order_id, "the shipment of an order that is over doesn't leave");
            }
            Ending::HasLeft(id) => {
                tracing::warn!(shipment.id = %id, order.id = %order.order_id, "an order is over, but its shipment has left");
            }
            Ending::NoShipment | Ending::Nothing => {}
        }
        Ok(())
    }

    async fn keep_back(&self, tx: &mut dyn Store, order: OrderId) -> Result<Ending, ShippingError> {
        let Some(mut shipment) = tx.shipment_of_order_for_update(order).await? else {
            return Ok(Ending::NoShipment);
        };
        if shipment.status == ShipmentStatus::Cancelled {
            return Ok(Ending::Nothing);
        }
        if !shipment.status.is_cancellable() {
            return Ok(Ending::HasLeft(shipment.id));
        }
        let update = StatusUpdate { status: ShipmentStatus::Cancelled, location: None, note: None };
        advance(tx, &mut shipment, update, self.clock.now()).await?;
        Ok(Ending::KeptBack(shipment.id))
    }

    async fn consignment(
        &self,
        tx: &mut dyn Store,
        order: &OrderSnapshot,
    ) -> Result<Consignment, ShippingError> {
        let method =
            tx.method(&order.method).await?.ok_or_else(|| ShippingError::NoMethod(order.method.clone()))?;
        let number = TrackingNumber::from_random(rand::random());
        let contents = (order.destination.clone(), order.items.clone());
        Ok(Consignment::by(&method, (order.order_id, order.user_id), contents, number, self.clock.now()))
    }
}
