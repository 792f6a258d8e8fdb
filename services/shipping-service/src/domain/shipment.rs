//! An order's parcel.

use chrono::{DateTime, Utc};
use config::id::{ProductId, UserId};

use super::{
    Address, Carrier, IllegalMove, Location, MethodCode, Note, ShipmentStatus, ShippingMethod,
    TrackingNumber, after_business_days,
};

config::ids! {
    /// A shipment.
    ShipmentId,
    /// The order it is for.
    OrderId,
}

/// A line of a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentItem {
    pub product_id: ProductId,
    pub product_name: Option<String>,
    pub quantity: u32,
}

/// What was entrusted to whom, for whom: it doesn't change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consignment {
    pub order_id: OrderId,
    pub user_id: UserId,
    pub method: MethodCode,
    pub carrier: Carrier,
    pub tracking_number: TrackingNumber,
    pub destination: Address,
    pub items: Vec<ShipmentItem>,
    pub estimated_delivery: DateTime<Utc>,
}

impl Consignment {
    /// Entrusts the items to the method's carrier, which has its longest time from now on.
    pub fn by(
        method: &ShippingMethod,
        (order_id, user_id): (OrderId, UserId),
        (destination, items): (Address, Vec<ShipmentItem>),
        tracking_number: TrackingNumber,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            order_id,
            user_id,
            method: method.code.clone(),
            carrier: method.carrier.clone(),
            tracking_number,
            destination,
            items,
            estimated_delivery: after_business_days(now, method.days.max()),
        }
    }
}

/// A consignment on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    pub id: ShipmentId,
    pub consignment: Consignment,
    pub status: ShipmentStatus,
    /// Grows with each change.
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// When the carrier took it.
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// Something that happened to a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingEvent {
    pub status: ShipmentStatus,
    pub location: Option<Location>,
    pub note: Option<Note>,
    pub at: DateTime<Utc>,
}

impl Shipment {
    /// Moves it along, and says where it was before.
    pub fn advance(&mut self, to: ShipmentStatus, now: DateTime<Utc>) -> Result<ShipmentStatus, IllegalMove> {
        self.status.must_allow(to)?;
        let previous = std::mem::replace(&mut self.status, to);
        self.version += 1;
        self.updated_at = now;
        match to {
            ShipmentStatus::InTransit => self.shipped_at = self.shipped_at.or(Some(now)),
            ShipmentStatus::Delivered => self.delivered_at = Some(now),
            _ => {}
        }
        Ok(previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-11-20T10:{minute:02}:00Z").parse().unwrap()
    }

    fn shipment(status: ShipmentStatus) -> Shipment {
        let consignment = Consignment {
            order_id: OrderId::new(1),
            user_id: UserId::new(2),
            method: MethodCode::default(),
            carrier: "Shop Post".parse().unwrap(),
            tracking_number: TrackingNumber::from_random(3),
            destination: "123 Main St".parse().unwrap(),
            items: Vec::new(),
            estimated_delivery: at(0),
        };
        Shipment {
            id: ShipmentId::new(4),
            consignment,
            status,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
            shipped_at: None,
            delivered_at: None,
        }
    }

    #[test]
    fn it_left_when_the_carrier_first_had_it() {
        let mut shipment = shipment(ShipmentStatus::Packed);
        assert_eq!(shipment.advance(ShipmentStatus::InTransit, at(1)), Ok(ShipmentStatus::Packed));
        shipment.advance(ShipmentStatus::InTransit, at(2)).unwrap();
        shipment.advance(ShipmentStatus::OutForDelivery, at(3)).unwrap();
        shipment.advance(ShipmentStatus::Delivered, at(4)).unwrap();
        assert_eq!((shipment.shipped_at, shipment.delivered_at), (Some(at(1)), Some(at(4))));
        assert_eq!((shipment.version, shipment.updated_at), (5, at(4)));
    }

    #[test]
    fn an_illegal_move_changes_nothing() {
        let mut shipment = shipment(ShipmentStatus::Delivered);
        let before = shipment.clone();
        assert!(shipment.advance(ShipmentStatus::Cancelled, at(1)).is_err());
        assert_eq!(shipment, before);
    }
}
