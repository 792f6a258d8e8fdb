//! What can go wrong.

use config::database::StoreError;
use config::problem::{Fault, FieldError, InvalidFields, Kind};
use config::registry::CallError;
use config::response::StaleVersion;
use serde_json::{Map, Value, json};

use crate::domain::{IllegalMove, MethodCode, OrderId, ShipmentId, ShipmentStatus};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NotShipped(_) | Self::NoSuchNumber | Self::NoMethod(_) => {
                Kind::NotFound
            }
            Self::MethodExists(_)
            | Self::OrderHasShipment(_)
            | Self::OrderIsOver(_)
            | Self::OrderNotPaid(_)
            | Self::IllegalMove(_) => Kind::Conflict,
            Self::Invalid(error) => error.kind(),
            Self::Stale(error) => error.kind(),
            Self::Orders(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) | Self::NotShipped(_) | Self::NoSuchNumber => "shipment-not-found",
            Self::NoMethod(_) => "shipping-method-not-found",
            Self::MethodExists(_) => "shipping-method-exists",
            Self::OrderHasShipment(_) => "shipment-exists",
            Self::OrderIsOver(_) => "order-is-over",
            Self::OrderNotPaid(_) => "order-not-paid",
            Self::IllegalMove(_) => "illegal-transition",
            Self::Invalid(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Orders(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.errors(),
            _ => Vec::new(),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        let Self::IllegalMove(IllegalMove { from, to, legal }) = self else { return Map::new() };
        let legal: Vec<_> = legal.iter().copied().map(ShipmentStatus::as_str).collect();
        let members = json!({ "from": from.as_str(), "to": to.as_str(), "legal": legal });
        members.as_object().cloned().unwrap_or_default()
    }
}
