//! `shipping-events`

use config::kafka::Envelope;
use config::money::{Amount, Money, MoneyError};
use serde::Deserialize;

use super::{BadEvent, money};
use crate::application::{Details, News, Notice, ShipmentDetails};
use crate::domain::{NotificationType, Parcel, Wording};

#[derive(Deserialize)]
struct ShippingEvent {
    order_id: u64,
    user_id: u64,
    tracking_number: String,
    carrier: String,
    status: String,
    previous_status: Option<String>,
    estimated_delivery: Option<String>,
    /// Whether the shopper fetches it.
    #[serde(default)]
    collected: bool,
    /// What is paid when it is handed over.
    cash_due: Option<Amount>,
    currency: Option<String>,
}

impl ShippingEvent {
    fn cash_due(&self) -> Result<Option<Money>, MoneyError> {
        self.cash_due.zip(self.currency.as_deref()).map(|(due, currency)| money(due, currency)).transpose()
    }

    /// Whoever fetches it needs nothing of a carrier.
    fn details(self) -> Details {
        let carried = (!self.collected).then_some((self.carrier, self.tracking_number));
        let (carrier, tracking_number) = carried.unwrap_or_default();
        let estimated_delivery = self.estimated_delivery.filter(|_| !self.collected);
        Details::Shipment(ShipmentDetails {
            order_id: self.order_id,
            carrier,
            tracking_number,
            // The day is enough.
            estimated_delivery: estimated_delivery.map(|time| time.chars().take(10).collect()),
        })
    }
}

#[derive(Deserialize)]
struct BeyondRecall {
    order_id: u64,
}

pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    if message.kind == "shipment_beyond_recall" {
        let BeyondRecall { order_id } = message.data()?;
        let wording = Wording::shipment_beyond_recall(order_id);
        let kind = NotificationType::ShipmentBeyondRecall;
        return Ok(News::for_admins(Notice::new(kind, wording, Details::Message)));
    }
    if !matches!(message.kind.as_str(), "shipment_created" | "shipment_updated") {
        return Ok(News::default());
    }
    let shipment: ShippingEvent = message.data()?;
    let told = match message.kind.as_str() {
        "shipment_created" => {
            let wording = Wording::shipment_created(shipment.order_id, shipment.collected);
            Some((NotificationType::ShipmentCreated, wording))
        }
        _ => {
            let parcel = Parcel {
                order: shipment.order_id,
                status: &shipment.status,
                previous: shipment.previous_status.as_deref(),
                collected: shipment.collected,
                cash_due: shipment.cash_due()?,
            };
            let kind = match parcel.status {
                "delivered" => NotificationType::Delivered,
                _ => NotificationType::ShipmentUpdated,
            };
            Wording::shipment_updated(&parcel).map(|wording| (kind, wording))
        }
    };
    let Some((kind, wording)) = told else { return Ok(News::default()) };
    let user = shipment.user_id;
    Ok(News::one(user, Notice::new(kind, wording, shipment.details())))
}
