//! What the service tells the others; docs/EVENTS.md.

use chrono::{DateTime, Utc};
use config::kafka::Event;
use config::money::Amount;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{Shipment, ShipmentStatus, TrackingEvent};

/// What every event of a shipment tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShipmentState {
    pub shipment_id: u64,
    pub order_id: u64,
    pub user_id: u64,
    pub tracking_number: String,
    pub carrier: String,
    pub method: String,
    pub status: &'static str,
    pub estimated_delivery: DateTime<Utc>,
    /// Whether the customer fetches it, so that no carrier has it on the way.
    pub collected: bool,
    /// What is taken for it when it is handed over.
    pub cash_due: Option<Amount>,
    /// That of `cash_due`.
    pub currency: Option<&'static str>,
}

impl From<&Shipment> for ShipmentState {
    fn from(shipment: &Shipment) -> Self {
        let consignment = &shipment.consignment;
        Self {
            shipment_id: shipment.id.get(),
            order_id: consignment.order_id.get(),
            user_id: consignment.user_id.get(),
            tracking_number: consignment.tracking_number.to_string(),
            carrier: consignment.carrier.to_string(),
            method: consignment.method.to_string(),
            status: shipment.status.as_str(),
            estimated_delivery: consignment.estimated_delivery,
            collected: consignment.collected,
            cash_due: consignment.cash_due.map(Amount::from),
            currency: consignment.cash_due.map(|due| due.currency().code()),
        }
    }
}

/// An order has a shipment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShipmentCreated {
    #[serde(flatten)]
    pub shipment: ShipmentState,
}

impl ShipmentCreated {
    pub fn new(shipment: &Shipment) -> Self {
        Self { shipment: shipment.into() }
    }
}

/// A shipment has moved along.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShipmentUpdated {
    #[serde(flatten)]
    pub shipment: ShipmentState,
    pub previous_status: &'static str,
    pub location: Option<String>,
    pub note: Option<String>,
}

impl ShipmentUpdated {
    pub fn new(shipment: &Shipment, previous: ShipmentStatus, event: &TrackingEvent) -> Self {
        Self {
            shipment: shipment.into(),
            previous_status: previous.as_str(),
            location: event.location.as_ref().map(ToString::to_string),
            note: event.note.as_ref().map(ToString::to_string),
        }
    }
}

/// An order is cancelled, or refunded as one that hasn't left, and its parcel is away: its goods aren't on the shelf that
/// they are put back on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShipmentBeyondRecall {
    #[serde(flatten)]
    pub shipment: ShipmentState,
    /// Whose goods they are.
    pub reservation_id: Uuid,
}

impl ShipmentBeyondRecall {
    pub fn new(shipment: &Shipment, reservation_id: Uuid) -> Self {
        Self { shipment: shipment.into(), reservation_id }
    }
}

/// A parcel that was beyond recall is here again, with its goods.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShipmentCameBack {
    #[serde(flatten)]
    pub shipment: ShipmentState,
    /// Whose goods they are.
    pub reservation_id: Uuid,
}

impl ShipmentCameBack {
    pub fn new(shipment: &Shipment, reservation_id: Uuid) -> Self {
        Self { shipment: shipment.into(), reservation_id }
    }
}

macro_rules! shipping_events {
    ($($event:ident: $type:literal),+ $(,)?) => {$(
        impl Event for $event {
            const TOPIC: &'static str = "shipping-events";
            const TYPE: &'static str = $type;

            fn key(&self) -> String {
                self.shipment.order_id.to_string()
            }
        }
    )+};
}
shipping_events! {
    ShipmentCreated: "shipment_created",
    ShipmentUpdated: "shipment_updated",
    ShipmentBeyondRecall: "shipment_beyond_recall",
    ShipmentCameBack: "shipment_came_back",
}
