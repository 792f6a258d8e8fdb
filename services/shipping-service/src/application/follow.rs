//! Following an order: one that is to be sent gets its shipment, one that is over keeps it from leaving.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::kafka::Envelope;
use uuid::Uuid;

use super::create::add;
use super::update::advance;
use super::{ShipmentBeyondRecall, ShippingError, StatusUpdate, Store};
use crate::domain::{
    Address, Consignment, MethodCode, OrderFacts, OrderId, Shipment, ShipmentId, ShipmentItem,
    ShipmentStatus, TrackingNumber,
};

/// An order, as its event tells it.
#[derive(Debug, Clone)]
pub struct OrderSnapshot {
    pub facts: OrderFacts,
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
    /// There was nothing to keep back, or it was dealt with before.
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
        let id = order.facts.id;
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            let consignment = self.consignment(tx.as_mut(), order).await?;
            let shipment = add(tx.as_mut(), &consignment, "order", self.clock.now()).await?;
            if shipment.is_none() && order.facts.cash_due.is_none() {
                self.settle_cash(tx.as_mut(), id).await?;
            }
            tx.commit().await?;
            match shipment {
                Some(shipment) => {
                    tracing::info!(shipment.id = %shipment.id, order.id = %id, "an order has its shipment");
                }
                None => tracing::info!(order.id = %id, "the order has a shipment already"),
            }
            Ok(())
        })
        .await
    }

    /// What was to be paid for at the door is paid for.
    async fn settle_cash(&self, tx: &mut dyn Store, order: OrderId) -> Result<(), StoreError> {
        if let Some(mut shipment) = tx.shipment_of_order_for_update(order).await?
            && shipment.settle_cash(self.clock.now())
        {
            tx.save(&shipment).await?;
        }
        Ok(())
    }

    /// The order goes elsewhere, and so does its shipment while it is here. `version` is the order's.
    pub async fn readdressed(
        &self,
        message: &Envelope,
        order: OrderId,
        to: &Address,
        version: Option<u64>,
    ) -> Result<(), ShippingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            if let Some(mut shipment) = tx.shipment_of_order_for_update(order).await? {
                let moved = shipment.readdress(to, version, self.clock.now());
                if moved {
                    tx.save(&shipment).await?;
                }
                tracing::info!(shipment.id = %shipment.id, order.id = %order, moved, "an order has another address");
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// The order is cancelled or refunded: its shipment doesn't leave, unless it has left, and none is made any more.
    /// `put_back`: the reservation whose goods are put back on the shelf because of it, as if they were here.
    pub async fn over(
        &self,
        message: &Envelope,
        order: &OrderSnapshot,
        put_back: Option<Uuid>,
    ) -> Result<(), ShippingError> {
        let id = order.facts.id;
        let ending = retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(Ending::Nothing);
            }
            let mut ending = self.keep_back(tx.as_mut(), id, put_back).await?;
            if ending == Ending::NoShipment {
                // The payment's event may have been a dead letter that is sent again, or an operator may have asked
                // about the order when it was to be sent: they must find its one shipment here, cancelled.
                let consignment = self.consignment(tx.as_mut(), order).await?;
                if !tx.rule_out(&consignment, self.clock.now()).await? {
                    // It was made this very moment.
                    ending = self.keep_back(tx.as_mut(), id, put_back).await?;
                }
            }
            tx.commit().await?;
            Ok::<_, ShippingError>(ending)
        })
        .await?;
        match ending {
            Ending::KeptBack(shipment) => {
                tracing::info!(shipment.id = %shipment, order.id = %id, "the shipment of an order that is over doesn't leave");
            }
            Ending::HasLeft(shipment) => {
                tracing::warn!(shipment.id = %shipment, order.id = %id, "an order is over, but its shipment has left");
            }
            Ending::NoShipment | Ending::Nothing => {}
        }
        Ok(())
    }

    async fn keep_back(
        &self,
        tx: &mut dyn Store,
        order: OrderId,
        put_back: Option<Uuid>,
    ) -> Result<Ending, ShippingError> {
        let Some(mut shipment) = tx.shipment_of_order_for_update(order).await? else {
            return Ok(Ending::NoShipment);
        };
        if shipment.order_over {
            return Ok(Ending::Nothing);
        }
        shipment.order_over = true;
        if shipment.status.is_cancellable() {
            let update = StatusUpdate { status: ShipmentStatus::Cancelled, location: None, note: None };
            advance(tx, &mut shipment, update, self.clock.now()).await?;
            return Ok(Ending::KeptBack(shipment.id));
        }
        if shipment.status.is_away() {
            out_of_reach(tx, &mut shipment, put_back).await?;
            return Ok(Ending::HasLeft(shipment.id));
        }
        tx.save(&shipment).await?;
        Ok(Ending::Nothing)
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
        Ok(Consignment::by(&method, order.facts, contents, number, self.clock.now()))
    }
}

/// Remembers that a locked shipment was away when its order ended, and tells those who take its goods for being here.
async fn out_of_reach(
    tx: &mut dyn Store,
    shipment: &mut Shipment,
    put_back: Option<Uuid>,
) -> Result<(), StoreError> {
    shipment.beyond_recall = put_back;
    tx.save(shipment).await?;
    if let Some(reservation) = put_back {
        tx.publish(Envelope::new(&ShipmentBeyondRecall::new(shipment, reservation))).await?;
    }
    Ok(())
}
