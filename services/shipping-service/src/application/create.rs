//! Making an order's shipment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::problem::InvalidFields;
use metrics::counter;

use super::update::keep_move;
use super::{Orders, ShipmentCreated, ShippingError, Store};
use crate::domain::{
    Address, Carrier, Consignment, MethodCode, OrderFacts, OrderId, Shipment, ShipmentItem, ShipmentStatus,
    Standing, TrackingEvent, TrackingNumber,
};

/// What an operator wants shipped.
#[derive(Debug, Clone)]
pub struct ShipmentRequest {
    pub order_id: OrderId,
    pub method: MethodCode,
    /// Instead of the method's own.
    pub carrier: Option<Carrier>,
    pub destination: Address,
    /// None: what is sent again holds what it held before.
    pub items: Vec<ShipmentItem>,
}

/// Makes a shipment by hand, or sends one again. Those of paid orders make themselves
/// ([`FollowOrder`](super::FollowOrder)).
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
        match order.standing {
            Standing::Unpaid => return Err(ShippingError::OrderNotPaid(id)),
            Standing::Over => return Err(ShippingError::OrderIsOver(id)),
            // If it is cancelled from now on, its event cancels the shipment; or it comes first, and what it leaves
            // is found here.
            Standing::ToBeSent => {}
        }
        let shipment = retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            let consignment = consignment(tx.as_mut(), request, order.facts, now).await?;
            // Locked before anything is added: many who add at once, and then want the lock, would deadlock.
            let shipment = match tx.shipment_of_order_for_update(id).await? {
                Some(former) => again(tx.as_mut(), former, consignment, now).await?,
                None => add(tx.as_mut(), &consignment, "operator", now)
                    .await?
                    .ok_or(ShippingError::OrderHasShipment(id))?,
            };
            if let Some(claim) = claim {
                tx.answer(claim, answer(&shipment)).await?;
            }
            tx.commit().await?;
            Ok::<_, ShippingError>(shipment)
        })
        .await?;
        tracing::info!(shipment.id = %shipment.id, order.id = %id, "a shipment was made by hand");
        Ok(shipment)
    }
}

async fn consignment(
    tx: &mut dyn Store,
    request: &ShipmentRequest,
    order: OrderFacts,
    now: DateTime<Utc>,
) -> Result<Consignment, ShippingError> {
    let method = tx.method(&request.method).await?.ok_or_else(|| {
        InvalidFields::one("shipping_method", "unknown", "must be the code of a shipping method")
    })?;
    let number = TrackingNumber::from_random(rand::random());
    let contents = (request.destination.clone(), request.items.clone());
    let mut consignment = Consignment::by(&method, order, contents, number, now);
    if let Some(carrier) = &request.carrier {
        consignment.carrier = carrier.clone();
    }
    Ok(consignment)
}

/// Adds a pending shipment, the beginning of its timeline and its event; `None` when the order has one already. `by`:
/// who makes it, for the count.
pub(super) async fn add(
    tx: &mut dyn Store,
    consignment: &Consignment,
    by: &'static str,
    now: DateTime<Utc>,
) -> Result<Option<Shipment>, StoreError> {
    let Some(shipment) = tx.add(consignment, now).await? else {
        return Ok(None);
    };
    tx.record(shipment.id, &pending(now)).await?;
    tx.publish(Envelope::new(&ShipmentCreated::new(&shipment))).await?;
    tx.tally(counter!("shipments_created_total", "by" => by), 1);
    Ok(Some(shipment))
}

/// Sends a locked shipment again, which was cancelled by hand or is back.
async fn again(
    tx: &mut dyn Store,
    mut shipment: Shipment,
    consignment: Consignment,
    now: DateTime<Utc>,
) -> Result<Shipment, ShippingError> {
    let order = consignment.order_id;
    // order-service was asked before its cancellation was heard here.
    if shipment.order_over {
        return Err(ShippingError::OrderIsOver(order));
    }
    let previous = shipment.start_again(consignment, now).ok_or(ShippingError::OrderHasShipment(order))?;
    tx.entrust(&shipment).await?;
    keep_move(tx, &shipment, previous, &pending(now)).await?;
    Ok(shipment)
}

fn pending(at: DateTime<Utc>) -> TrackingEvent {
    TrackingEvent { status: ShipmentStatus::Pending, location: None, note: None, at }
}
