//! An order's parcel.

use chrono::{DateTime, Utc};
use config::id::{ProductId, UserId};
use config::money::Money;
use uuid::Uuid;

use super::{
    Address, Carrier, IllegalMove, Location, MethodCode, Note, OrderFacts, OrderId, ProductName,
    ShipmentStatus, ShippingMethod, TrackingNumber, after_business_days,
};

config::ids! {
    /// A shipment.
    ShipmentId,
}

/// A line of a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentItem {
    pub product_id: ProductId,
    pub product_name: Option<ProductName>,
    pub quantity: u32,
}

/// What was entrusted to whom, for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consignment {
    pub order_id: OrderId,
    pub user_id: UserId,
    pub method: MethodCode,
    pub carrier: Carrier,
    /// Whether the customer fetches it, so that no carrier has it on the way.
    pub collected: bool,
    pub tracking_number: TrackingNumber,
    pub destination: Address,
    /// The version of the order whose address that is; 0 when it isn't known.
    pub order_version: u64,
    pub items: Vec<ShipmentItem>,
    /// What is taken for it when it is handed over; `None`: nothing.
    pub cash_due: Option<Money>,
    pub estimated_delivery: DateTime<Utc>,
}

impl Consignment {
    /// Entrusts the items to the method's carrier, which has its longest time from now on.
    pub fn by(
        method: &ShippingMethod,
        order: OrderFacts,
        (destination, items): (Address, Vec<ShipmentItem>),
        tracking_number: TrackingNumber,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            order_id: order.id,
            user_id: order.user_id,
            method: method.code.clone(),
            carrier: method.carrier.clone(),
            collected: method.collected,
            tracking_number,
            destination,
            order_version: order.version,
            items,
            cash_due: order.cash_due,
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
    /// Whether its order is cancelled or refunded: nothing of it is sent any more.
    pub order_over: bool,
    /// The reservation whose goods were away when the order ended, until they are back.
    pub beyond_recall: Option<Uuid>,
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
        self.status.must_allow(to, self.consignment.collected)?;
        let previous = std::mem::replace(&mut self.status, to);
        self.changed(now);
        match to {
            ShipmentStatus::InTransit => self.shipped_at = self.shipped_at.or(Some(now)),
            ShipmentStatus::Delivered => self.delivered_at = Some(now),
            _ => {}
        }
        Ok(previous)
    }

    /// Begins anew with another consignment: what was cancelled by hand, or is back, of an order that is still to be
    /// sent. Without items it holds the same as before. Says where it was; `None`: it can't be sent again.
    pub fn start_again(
        &mut self,
        mut consignment: Consignment,
        now: DateTime<Utc>,
    ) -> Option<ShipmentStatus> {
        let is_here = matches!(self.status, ShipmentStatus::Cancelled | ShipmentStatus::Returned);
        if self.order_over || !is_here {
            return None;
        }
        if consignment.items.is_empty() {
            consignment.items = std::mem::take(&mut self.consignment.items);
        }
        self.consignment = consignment;
        (self.shipped_at, self.delivered_at) = (None, None);
        self.changed(now);
        Some(std::mem::replace(&mut self.status, ShipmentStatus::Pending))
    }

    /// Sends it elsewhere, if it is still here and nobody has said something newer; `false`: it stays as it is. An
    /// order that doesn't say its version is believed.
    pub fn readdress(&mut self, to: &Address, order_version: Option<u64>, now: DateTime<Utc>) -> bool {
        let is_news = order_version.is_none_or(|version| version > self.consignment.order_version);
        let is_open = self.status.is_cancellable() && !self.order_over;
        if !is_news || !is_open {
            return false;
        }
        self.consignment.destination = to.clone();
        self.consignment.order_version = order_version.unwrap_or(self.consignment.order_version);
        self.changed(now);
        true
    }

    /// Its order is paid for otherwise: nothing is taken at the door. `false`: nothing was to be.
    pub fn settle_cash(&mut self, now: DateTime<Utc>) -> bool {
        let was_due = self.consignment.cash_due.take().is_some();
        if was_due {
            self.changed(now);
        }
        was_due
    }

    fn changed(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.updated_at = now;
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
            collected: false,
            tracking_number: TrackingNumber::from_random(3),
            destination: "123 Main St".parse().unwrap(),
            order_version: 5,
            items: Vec::new(),
            cash_due: None,
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
            order_over: false,
            beyond_recall: None,
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

    #[test]
    fn only_what_is_here_of_an_order_that_goes_on_is_sent_again() {
        let item = ShipmentItem {
            product_id: "507f1f77bcf86cd799439011".parse().unwrap(),
            product_name: None,
            quantity: 2,
        };
        for status in ShipmentStatus::ALL {
            let mut before = shipment(status);
            before.consignment.items.push(item.clone());
            (before.shipped_at, before.delivered_at) = (Some(at(1)), Some(at(2)));
            let number = TrackingNumber::from_random(9);
            let again = Consignment {
                tracking_number: number.clone(),
                items: Vec::new(),
                ..before.consignment.clone()
            };
            let mut over = Shipment { order_over: true, ..before.clone() };
            assert_eq!(over.start_again(again.clone(), at(3)), None, "{status}");
            let mut now = before.clone();
            match status {
                ShipmentStatus::Cancelled | ShipmentStatus::Returned => {
                    assert_eq!(now.start_again(again, at(3)), Some(status));
                    assert_eq!((now.status, now.version), (ShipmentStatus::Pending, 2));
                    assert_eq!((now.shipped_at, now.delivered_at), (None, None));
                    assert_eq!(now.consignment.tracking_number, number);
                    assert_eq!(now.consignment.items, std::slice::from_ref(&item));
                }
                _ => {
                    assert_eq!(now.start_again(again, at(3)), None, "{status}");
                    assert_eq!(now, before);
                }
            }
        }
    }

    #[test]
    fn it_goes_where_it_was_last_said_to_go_while_it_is_here() {
        let there: Address = "2 Other St".parse().unwrap();
        for status in ShipmentStatus::ALL {
            let mut shipment = shipment(status);
            assert_eq!(shipment.readdress(&there, Some(6), at(1)), status.is_cancellable(), "{status}");
        }
        let mut here = shipment(ShipmentStatus::Picked);
        for old in [4, 5] {
            assert!(!here.readdress(&there, Some(old), at(1)));
        }
        assert!(here.readdress(&there, None, at(1)));
        let mut over = Shipment { order_over: true, ..shipment(ShipmentStatus::Pending) };
        assert!(!over.readdress(&there, Some(6), at(1)));
    }
}
