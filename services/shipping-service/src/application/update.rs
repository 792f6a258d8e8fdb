//! Moving a shipment along.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::kafka::Envelope;
use config::response::IfMatch;
use metrics::counter;

use super::{ShipmentCameBack, ShipmentUpdated, ShippingError, Store};
use crate::domain::{Location, Note, Shipment, ShipmentId, ShipmentStatus, TrackingEvent};

/// What has become of a shipment.
#[derive(Debug, Clone)]
pub struct StatusUpdate {
    pub status: ShipmentStatus,
    pub location: Option<Location>,
    pub note: Option<Note>,
}

/// Moves a shipment along its state machine.
pub struct UpdateStatus {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl UpdateStatus {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn run(
        &self,
        id: ShipmentId,
        update: &StatusUpdate,
        if_match: &IfMatch,
    ) -> Result<Shipment, ShippingError> {
        let shipment = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut shipment = tx.shipment_for_update(id).await?.ok_or(ShippingError::NotFound(id))?;
            if_match.check(shipment.version)?;
            advance(tx.as_mut(), &mut shipment, update.clone(), self.clock.now()).await?;
            tx.commit().await?;
            Ok::<_, ShippingError>(shipment)
        })
        .await?;
        tracing::info!(shipment.id = %id, status = %shipment.status, "a shipment has moved along");
        Ok(shipment)
    }
}

/// Moves a locked shipment along, with its timeline and its event.
pub(super) async fn advance(
    tx: &mut dyn Store,
    shipment: &mut Shipment,
    update: StatusUpdate,
    now: DateTime<Utc>,
) -> Result<(), ShippingError> {
    let previous = shipment.advance(update.status, now)?;
    let StatusUpdate { status, location, note } = update;
    let came_back = shipment.beyond_recall.take_if(|_| status == ShipmentStatus::Returned);
    keep_move(tx, shipment, previous, &TrackingEvent { status, location, note, at: now }).await?;
    if let Some(reservation) = came_back {
        tx.publish(Envelope::new(&ShipmentCameBack::new(shipment, reservation))).await?;
    }
    Ok(())
}

/// Saves a locked shipment that was moved, and says so: in its timeline, and to the others.
pub(super) async fn keep_move(
    tx: &mut dyn Store,
    shipment: &Shipment,
    previous: ShipmentStatus,
    event: &TrackingEvent,
) -> Result<(), StoreError> {
    tx.save(shipment).await?;
    tx.record(shipment.id, event).await?;
    tx.publish(Envelope::new(&ShipmentUpdated::new(shipment, previous, event))).await?;
    tx.tally(counter!("shipments_updated_total", "status" => shipment.status.as_str()), 1);
    Ok(())
}
