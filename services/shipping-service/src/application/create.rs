//! Making an order's shipment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::problem::InvalidFields;

use super::{Orders, ShipmentCreated, ShippingError, Store};
use crate::domain::{
    Address, Carrier, Consignment, MethodCode, OrderId, Shipment, ShipmentItem, ShipmentStatus,
    TrackingEvent, TrackingNumber,
};

/// What an operator wants shipped.
#[derive(Debug, Clone)]
pub struct ShipmentRequest {
    pub order_id: OrderId,
    pub method: MethodCode,
    /// Instead of the method's own.
    pub carrier: Option<Carrier>,
    pub destination: Address,
    pub items: Vec<ShipmentItem>,
}

/// Makes a shipment by hand. Those of paid orders make themselves ([`FollowOrder`](super::FollowOrder)).
pub struct CreateShipment {
    store: Arc<dyn Begin<dyn Store>>,
    orders: Arc<dyn Orders>,
    clock: Arc<dyn Clock>,
}

impl CreateShipment {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, orders: Arc<dyn Orders>, clock: Arc<dyn Clock>) -> Self {
        Self { store, orders, clock }
    }

    /// `answer` is what a repetition of the claimed request gets.
    pub async fn run(
        &self,
        request: &ShipmentRequest,
        claim: Option<&Claim>,
        answer: impl Fn(&Shipment) -> Answer + Send + Sync,
    ) -> Result<Shipment, ShippingError> {
        let id = request.order_id;
        let order = self.orders.order(id).await?;
        let order = order.ok_or_else(|| InvalidFields::one("order_id", "unknown", "must be an order"))?;
        // An order that is cancelled from now on says so by its event, which cancels the shipment.
        if order.is_over {
            return Err(ShippingError::OrderIsOver(id));
        }
        let shipment = retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            let method = tx.method(&request.method).await?.ok_or_else(|| {
                InvalidFields::one("shipping_method", "unknown", "must be the code of a shipping method")
            })?;
            let number = TrackingNumber::from_random(rand::random());
            let contents = (request.destination.clone(), request.items.clone());
            let mut consignment = Consignment::by(&method, (id, order.user_id), contents, number, now);
            if let Some(carrier) = &request.carrier {
                consignment.carrier = carrier.clone();
            }
            let shipment =
                add(tx.as_mut(), &consignment, now).await?.ok_or(ShippingError::OrderHasShipment(id))?;
            if let Some(claim) = claim {
                tx.answer(claim, answer(&shipment)).await?;
            }
            tx.commit().await?;
            Ok::<_, ShippingError>(shipment)
        })
        .await?;
        metrics::counter!("shipments_created_total", "by" => "operator").increment(1);
        tracing::info!(shipment.id = %shipment.id, order.id = %id, "a shipment was made by hand");
        Ok(shipment)
    }
}

/// Adds a pending shipment, the beginning of its timeline and its event; `None` when the order has one already.
pub(super) async fn add(
    tx: &mut dyn Store,
    consignment: &Consignment,
    now: DateTime<Utc>,
) -> Result<Option<Shipment>, StoreError> {
    let Some(shipment) = tx.add(consignment, ShipmentStatus::Pending, now).await? else {
        return Ok(None);
    };
    let event = TrackingEvent { status: shipment.status, location: None, note: None, at: now };
    tx.record(shipment.id, &event).await?;
    tx.publish(Envelope::new(&ShipmentCreated::new(&shipment))).await?;
    Ok(Some(shipment))
}
