//! Shipments, as they travel over HTTP.

use chrono::{DateTime, Utc};
use config::money::Amount;
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use crate::application::{ShipmentRequest, StatusUpdate};
use crate::domain::{MethodCode, OrderId, Shipment, ShipmentItem, TrackingEvent};

/// More lines than any order has.
const MAX_LINES: usize = 100;
const MAX_QUANTITY: u32 = 10_000;

/// What is to be shipped.
#[derive(Debug, Object)]
pub struct NewShipment {
    pub order_id: u64,
    /// 1 to 500 characters.
    pub destination_address: String,
    /// The code of a method; `standard` when only a carrier is given.
    pub shipping_method: Option<String>,
    /// 1 to 100 characters; the method's own when not given.
    pub carrier: Option<String>,
    /// 100 at most. Of what is sent again, the same as before when none are given.
    pub items: Option<Vec<ItemDto>>,
}

/// A line of a shipment.
#[derive(Debug, Object)]
pub struct ItemDto {
    pub product_id: String,
    /// 1 to 255 characters.
    pub product_name: Option<String>,
    /// 1 to 10 000
    pub quantity: i64,
}

impl NewShipment {
    pub fn parse(&self) -> Result<ShipmentRequest, InvalidFields> {
        let mut fields = Fields::default();
        let order_id = OrderId::new(self.order_id);
        if self.shipping_method.is_none() && self.carrier.is_none() {
            fields.reject("shipping_method", "required", "is required when no carrier is given");
        }
        let method = self.shipping_method.as_deref().map_or_else(|| Ok(MethodCode::default()), str::parse);
        let method = fields.check("shipping_method", method);
        let carrier = fields.check("carrier", self.carrier.as_deref().map(str::parse).transpose());
        let destination = fields.check("destination_address", self.destination_address.parse());
        let items = items(&mut fields, self.items.as_deref().unwrap_or_default());
        fields.finish(|| {
            Some(ShipmentRequest {
                order_id,
                method: method?,
                carrier: carrier?,
                destination: destination?,
                items,
            })
        })
    }
}

fn items(fields: &mut Fields, lines: &[ItemDto]) -> Vec<ShipmentItem> {
    if lines.len() > MAX_LINES {
        fields.reject("items", "length", format!("must be {MAX_LINES} lines at most"));
        return Vec::new();
    }
    let mut items = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let product_id = fields.check(format!("items[{index}].product_id"), line.product_id.parse());
        let quantity =
            u32::try_from(line.quantity).ok().filter(|quantity| (1..=MAX_QUANTITY).contains(quantity));
        let quantity = quantity.ok_or_else(|| format!("must be from 1 to {MAX_QUANTITY}"));
        let quantity = fields.check(format!("items[{index}].quantity"), quantity);
        let name = line.product_name.as_deref().map(str::parse).transpose();
        let name = fields.check(format!("items[{index}].product_name"), name);
        let known = product_id.zip(quantity).zip(name);
        items.extend(known.map(|((product_id, quantity), product_name)| ShipmentItem {
            product_id,
            product_name,
            quantity,
        }));
    }
    items
}

/// What has become of a shipment.
#[derive(Debug, Object)]
pub struct StatusChange {
    /// `pending`, `picked`, `packed`, `in_transit`, `out_for_delivery`, `delivered`, `failed`, `returned` or
    /// `cancelled`. What the customer fetches goes from `packed` to `delivered`; what a carrier has, by `in_transit` and
    /// `out_for_delivery`.
    pub status: String,
    /// Where it is, 1 to 200 characters; whoever has the tracking number sees it.
    pub location: Option<String>,
    /// 1 to 500 characters; only the customer sees it.
    pub note: Option<String>,
}

impl StatusChange {
    pub fn parse(&self) -> Result<StatusUpdate, InvalidFields> {
        let mut fields = Fields::default();
        let status = fields.check("status", self.status.parse());
        let location = fields.check("location", self.location.as_deref().map(str::parse).transpose());
        let note = fields.check("note", self.note.as_deref().map(str::parse).transpose());
        fields.finish(|| Some(StatusUpdate { status: status?, location: location?, note: note? }))
    }
}

/// A shipment.
#[derive(Debug, Object)]
pub struct ShipmentDto {
    pub id: u64,
    pub order_id: u64,
    pub user_id: u64,
    /// `pending`, `picked`, `packed`, `in_transit`, `out_for_delivery`, `delivered`, `failed`, `returned` or
    /// `cancelled`.
    pub status: String,
    pub shipping_method: String,
    pub carrier: String,
    /// Whether the customer fetches it, so that it may go from `packed` to `delivered`.
    pub collected: bool,
    /// Another one when it is sent again.
    pub tracking_number: String,
    pub destination_address: String,
    pub items: Vec<ItemDto>,
    /// What is taken for it when it is handed over; null: nothing.
    pub cash_due: Option<Amount>,
    /// That of `cash_due`.
    pub currency: Option<String>,
    pub estimated_delivery: DateTime<Utc>,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// When the carrier took it; null of what was fetched.
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

impl From<Shipment> for ShipmentDto {
    fn from(shipment: Shipment) -> Self {
        let consignment = shipment.consignment;
        Self {
            id: shipment.id.get(),
            order_id: consignment.order_id.get(),
            user_id: consignment.user_id.get(),
            status: shipment.status.to_string(),
            shipping_method: consignment.method.to_string(),
            carrier: consignment.carrier.to_string(),
            collected: consignment.collected,
            tracking_number: consignment.tracking_number.to_string(),
            destination_address: consignment.destination.to_string(),
            items: consignment.items.into_iter().map(ItemDto::from).collect(),
            cash_due: consignment.cash_due.map(Amount::from),
            currency: consignment.cash_due.map(|due| due.currency().to_string()),
            estimated_delivery: consignment.estimated_delivery,
            version: shipment.version,
            created_at: shipment.created_at,
            updated_at: shipment.updated_at,
            shipped_at: shipment.shipped_at,
            delivered_at: shipment.delivered_at,
        }
    }
}

impl From<ShipmentItem> for ItemDto {
    fn from(item: ShipmentItem) -> Self {
        let ShipmentItem { product_id, product_name, quantity } = item;
        let product_name = product_name.map(|name| name.to_string());
        Self { product_id: product_id.to_string(), product_name, quantity: quantity.into() }
    }
}

/// Where an order's shipment is, for whoever ordered.
#[derive(Debug, Object)]
pub struct TrackingDto {
    pub shipment_id: u64,
    pub order_id: u64,
    pub tracking_number: String,
    pub carrier: String,
    pub shipping_method: String,
    pub status: String,
    pub estimated_delivery: DateTime<Utc>,
    /// Oldest first.
    pub events: Vec<TrackingEventDto>,
}

/// Something that happened to a shipment.
#[derive(Debug, Object)]
pub struct TrackingEventDto {
    pub status: String,
    pub location: Option<String>,
    pub note: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

impl TrackingDto {
    pub fn new(shipment: &Shipment, timeline: Vec<TrackingEvent>) -> Self {
        let consignment = &shipment.consignment;
        Self {
            shipment_id: shipment.id.get(),
            order_id: consignment.order_id.get(),
            tracking_number: consignment.tracking_number.to_string(),
            carrier: consignment.carrier.to_string(),
            shipping_method: consignment.method.to_string(),
            status: shipment.status.to_string(),
            estimated_delivery: consignment.estimated_delivery,
            events: timeline.into_iter().map(TrackingEventDto::from).collect(),
        }
    }
}

impl From<TrackingEvent> for TrackingEventDto {
    fn from(event: TrackingEvent) -> Self {
        Self {
            status: event.status.to_string(),
            location: event.location.map(|location| location.to_string()),
            note: event.note.map(|note| note.to_string()),
            occurred_at: event.at,
        }
    }
}

/// Where a parcel is, for whoever has its tracking number: nothing about the customer or the order.
#[derive(Debug, Object)]
pub struct PublicTrackingDto {
    pub tracking_number: String,
    pub carrier: String,
    pub status: String,
    pub estimated_delivery: DateTime<Utc>,
    /// Oldest first.
    pub events: Vec<PublicTrackingEventDto>,
}

/// Something that happened to a parcel. Notes are left out: they may tell about people.
#[derive(Debug, Object)]
pub struct PublicTrackingEventDto {
    pub status: String,
    pub location: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

impl PublicTrackingDto {
    pub fn new(shipment: &Shipment, timeline: Vec<TrackingEvent>) -> Self {
        let event = |event: TrackingEvent| PublicTrackingEventDto {
            status: event.status.to_string(),
            location: event.location.map(|location| location.to_string()),
            occurred_at: event.at,
        };
        Self {
            tracking_number: shipment.consignment.tracking_number.to_string(),
            carrier: shipment.consignment.carrier.to_string(),
            status: shipment.status.to_string(),
            estimated_delivery: shipment.consignment.estimated_delivery,
            events: timeline.into_iter().map(event).collect(),
        }
    }
}
