//! `shipping-events`

use config::kafka::Envelope;
use serde::Deserialize;

use super::BadEvent;
use crate::application::{Details, News, Notice, ShipmentDetails};
use crate::domain::{NotificationType, Wording};

#[derive(Deserialize)]
struct ShippingEvent {
    order_id: u64,
    user_id: u64,
    tracking_number: String,
    carrier: String,
    status: String,
    #[serde(default)]
    estimated_delivery: Option<String>,
}

pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    if !matches!(message.kind.as_str(), "shipment_created" | "shipment_updated") {
        return Ok(News::default());
    }
    let shipment: ShippingEvent = message.data()?;
    let told = match (message.kind.as_str(), shipment.status.as_str()) {
        ("shipment_created", _) => {
            Some((NotificationType::ShipmentCreated, Wording::shipment_created(shipment.order_id)))
        }
        (_, "delivered") => Wording::shipment_updated(shipment.order_id, "delivered")
            .map(|wording| (NotificationType::Delivered, wording)),
        (_, status) => Wording::shipment_updated(shipment.order_id, status)
            .map(|wording| (NotificationType::ShipmentUpdated, wording)),
    };
    let Some((kind, wording)) = told else { return Ok(News::default()) };
    let details = Details::Shipment(ShipmentDetails {
        order_id: shipment.order_id,
        carrier: shipment.carrier,
        tracking_number: shipment.tracking_number,
        // The day is enough.
        estimated_delivery: shipment.estimated_delivery.map(|time| time.chars().take(10).collect()),
    });
    Ok(News::one(shipment.user_id, Notice::new(kind, wording, details)))
}
