//! What can go wrong.

use config::database::StoreError;
use config::problem::{Facts, Fault, InvalidFields, Kind};
use config::registry::CallError;
use config::response::StaleVersion;
use serde_json::json;

use crate::domain::{IllegalMove, MethodCode, OrderId, ShipmentId};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    #[error("there is no shipment {0}")]
    NotFound(ShipmentId),
    #[error("order {0} has no shipment yet")]
    NotShipped(OrderId),
    #[error("there is no shipment with this tracking number")]
    NoSuchNumber,
    #[error("there is no shipping method {0}")]
    NoMethod(MethodCode),
    #[error("there is a shipping method {0} already")]
    MethodExists(MethodCode),
    #[error("order {0} has a shipment already")]
    OrderHasShipment(OrderId),
    #[error("order {0} is delivered, cancelled or refunded")]
    OrderIsOver(OrderId),
    #[error("order {0} isn't paid for, and isn't to be on delivery")]
    OrderNotPaid(OrderId),
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Orders(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for ShippingError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) | Self::NotShipped(_) | Self::NoSuchNumber => {
                Kind::NotFound.coded("shipment-not-found")
            }
            Self::NoMethod(_) => Kind::NotFound.coded("shipping-method-not-found"),
            Self::MethodExists(_) => Kind::Conflict.coded("shipping-method-exists"),
            Self::OrderHasShipment(_) => Kind::Conflict.coded("shipment-exists"),
            Self::OrderIsOver(_) => Kind::Conflict.coded("order-is-over"),
            Self::OrderNotPaid(_) => Kind::Conflict.coded("order-not-paid"),
            Self::IllegalMove(error) => error.facts(),
            Self::Invalid(error) => error.facts(),
            Self::Stale(error) => error.facts(),
            Self::Orders(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Fault for IllegalMove {
    fn facts(&self) -> Facts {
        let legal: Vec<_> = self.legal.iter().map(|status| status.as_str()).collect();
        let members = json!({ "from": self.from.as_str(), "to": self.to.as_str(), "legal": legal });
        Kind::Conflict.coded("illegal-transition").with(members)
    }
}
