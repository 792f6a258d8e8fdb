//! Rows, and what they stand for.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::{
    Address, Carrier, Consignment, Location, Name, Note, OrderId, ProductName, Shipment, ShipmentId,
    ShipmentItem, ShippingMethod, Tariff, TrackingEvent, TransitDays, WeightBand,
};

#[derive(FromRow)]
pub(super) struct ShipmentRow {
    pub id: u64,
    order_id: u64,
    user_id: u64,
    method: String,
    carrier: String,
    collected: bool,
    tracking_number: String,
    destination: String,
    order_version: u64,
    status: String,
    cash_due: Option<i64>,
    currency: Option<String>,
    estimated_delivery: DateTime<Utc>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    shipped_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    order_over: bool,
    beyond_recall: Option<Uuid>,
}

/// A `SELECT` of [`ShipmentRow`]s. `made`: of shipments that there ever were. What the end of an order leaves that had none
/// begins cancelled, and nobody has heard of it.
macro_rules! select_shipments {
    (made, $rest:literal) => {
        select_shipments!("WHERE NOT (status = 'cancelled' AND version = 1)", $rest)
    };
    ($($rest:literal),+) => {
        concat!(
            "SELECT id, order_id, user_id, method, carrier, collected, tracking_number, destination, \
             order_version, status, cash_due, currency, estimated_delivery, version, created_at, updated_at, \
             shipped_at, delivered_at, order_over, beyond_recall FROM shipments ",
            $($rest),+
        )
    };
}
pub(super) use select_shipments;

#[derive(FromRow)]
pub(super) struct ItemRow {
    shipment_id: u64,
    product_id: String,
    product_name: Option<String>,
    quantity: u32,
}

/// Puts shipments and their items together.
pub(super) fn shipments(rows: &[ShipmentRow], items: Vec<ItemRow>) -> Result<Vec<Shipment>, StoreError> {
    let mut shipments = rows.iter().map(shipment).collect::<Result<Vec<_>, _>>()?;
    for row in items {
        let item = ShipmentItem {
            product_id: stored(&row.product_id)?,
            product_name: row.product_name.map(ProductName::stored),
            quantity: row.quantity,
        };
        if let Some(shipment) = shipments.iter_mut().find(|shipment| shipment.id.get() == row.shipment_id) {
            shipment.consignment.items.push(item);
        }
    }
    Ok(shipments)
}

fn shipment(row: &ShipmentRow) -> Result<Shipment, StoreError> {
    let cash_due = row.cash_due.zip(row.currency.as_deref());
    let money = |(minor, code)| stored(code).map(|currency| Money::from_minor(minor, currency));
    let consignment = Consignment {
        order_id: OrderId::new(row.order_id),
        user_id: UserId::new(row.user_id),
        method: stored(&row.method)?,
        carrier: Carrier::stored(&row.carrier),
        collected: row.collected,
        tracking_number: stored(&row.tracking_number)?,
        destination: Address::stored(&row.destination),
        order_version: row.order_version,
        items: Vec::new(),
        cash_due: cash_due.map(money).transpose()?,
        estimated_delivery: row.estimated_delivery,
    };
    Ok(Shipment {
        id: ShipmentId::new(row.id),
        consignment,
        status: stored(&row.status)?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        shipped_at: row.shipped_at,
        delivered_at: row.delivered_at,
        order_over: row.order_over,
        beyond_recall: row.beyond_recall,
    })
}

#[derive(FromRow)]
pub(super) struct TrackingEventRow {
    status: String,
    location: Option<String>,
    note: Option<String>,
    occurred_at: DateTime<Utc>,
}

impl TryFrom<TrackingEventRow> for TrackingEvent {
    type Error = StoreError;

    fn try_from(row: TrackingEventRow) -> Result<Self, StoreError> {
        Ok(Self {
            status: stored(&row.status)?,
            location: row.location.map(Location::stored),
            note: row.note.map(Note::stored),
            at: row.occurred_at,
        })
    }
}

/// A method beside one of its weight bands.
#[derive(FromRow)]
pub(super) struct MethodRow {
    code: String,
    name: String,
    carrier: String,
    collected: bool,
    days_min: u8,
    days_max: u8,
    countries: String,
    position: u16,
    active: bool,
    version: u64,
    currency: Option<String>,
    per_extra_kg: Option<i64>,
    free_from: Option<i64>,
    up_to_grams: Option<u32>,
    price: Option<i64>,
}

/// A `SELECT` of [`MethodRow`]s, ordered as [`methods`] wants them.
macro_rules! select_methods {
    ($condition:literal, $lock:literal) => {
        concat!(
            "SELECT m.code, m.name, m.carrier, m.collected, m.days_min, m.days_max, m.countries, m.position, \
             m.active, m.version, t.currency, t.per_extra_kg, t.free_from, b.up_to_grams, b.price FROM methods m \
             LEFT JOIN tariffs t ON t.method = m.code \
             LEFT JOIN weight_bands b ON b.method = t.method AND b.currency = t.currency ",
            $condition,
            " ORDER BY m.position, m.code, t.currency, b.up_to_grams ",
            $lock
        )
    };
}
pub(super) use select_methods;

/// Puts the rows of each method together.
pub(super) fn methods(rows: &[MethodRow]) -> Result<Vec<ShippingMethod>, StoreError> {
    rows.chunk_by(|a, b| a.code == b.code).map(method).collect()
}

fn method(rows: &[MethodRow]) -> Result<ShippingMethod, StoreError> {
    let first = rows.first().ok_or_else(|| StoreError::corrupt("a method without rows"))?;
    let tariffs = rows.chunk_by(|a, b| a.currency == b.currency).filter_map(|rows| tariff(rows).transpose());
    let countries = first.countries.split(',').filter(|code| !code.is_empty());
    Ok(ShippingMethod {
        code: stored(&first.code)?,
        name: Name::stored(&first.name),
        carrier: Carrier::stored(&first.carrier),
        collected: first.collected,
        days: TransitDays::new(first.days_min.into(), first.days_max.into()).map_err(StoreError::corrupt)?,
        countries: countries.map(stored).collect::<Result<_, _>>()?,
        tariffs: tariffs.collect::<Result<_, _>>()?,
        position: first.position,
        active: first.active,
        version: first.version,
    })
}

fn tariff(rows: &[MethodRow]) -> Result<Option<Tariff>, StoreError> {
    let Some((first, code)) = rows.first().and_then(|row| Some((row, row.currency.as_deref()?))) else {
        return Ok(None);
    };
    let currency: Currency = stored(code)?;
    let money = |minor| Money::from_minor(minor, currency);
    let band = |row: &MethodRow| Some(WeightBand { up_to_grams: row.up_to_grams?, price: money(row.price?) });
    let bands = rows.iter().filter_map(band).collect();
    let tariff = Tariff::new(currency, bands, first.per_extra_kg.map(money), first.free_from.map(money));
    tariff.map(Some).map_err(StoreError::corrupt)
}

/// The list as it is kept in one column.
pub(super) fn joined(list: &[impl Display]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
