//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Fault, Kind};
use config::response::StaleVersion;
use serde_json::{Map, Value, json};

use crate::domain::{ReservationId, ReservationState, Shortage, Warehouse};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error("product {0} is not kept in stock")]
    NotFound(ProductId),
    #[error("product {0} is kept in stock already")]
    Exists(ProductId),
    #[error(transparent)]
    OutOfStock(#[from] Shortage),
    #[error("{reserved} units in {warehouse} are reserved; there can't be fewer on hand")]
    BelowReserved { warehouse: Warehouse, reserved: u32 },
    #[error("there is no reservation {0}")]
    NoReservation(ReservationId),
    #[error("reservation {id} is {state} already", state = .state.as_str())]
    Settled { id: ReservationId, state: ReservationState },
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for InventoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoReservation(_) => Kind::NotFound,
            Self::Exists(_) | Self::OutOfStock(_) | Self::BelowReserved { .. } | Self::Settled { .. } => {
                Kind::Conflict
            }
            Self::Stale(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "stock-not-found",
            Self::Exists(_) => "stock-exists",
            Self::OutOfStock(_) => "out-of-stock",
            Self::BelowReserved { .. } => "below-reserved",
            Self::NoReservation(_) => "reservation-not-found",
            Self::Settled { .. } => "reservation-settled",
            Self::Stale(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        let members = match self {
            Self::OutOfStock(Shortage { product_id, requested, available }) => {
                json!({ "product_id": product_id.as_str(), "requested": requested, "available": available })
            }
            Self::BelowReserved { reserved, .. } => json!({ "reserved": reserved }),
            _ => Value::Null,
        };
        members.as_object().cloned().unwrap_or_default()
    }
}
