//! What the service tells the others; docs/EVENTS.md.

use chrono::{DateTime, Utc};
use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;

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

impl Event for ShipmentCreated {
    const TOPIC: &'static str = "shipping-events";
    const TYPE: &'static str = "shipment_created";

    fn key(&self) -> String {
        self.shipment.order_id.to_string()
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

impl Event for ShipmentUpdated {
    const TOPIC: &'static str = "shipping-events";
    const TYPE: &'static str = "shipment_updated";

    fn key(&self) -> String {
        self.shipment.order_id.to_string()
    }
}
