//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Facts, Fault, Kind};
use config::response::StaleVersion;
use serde_json::json;

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
    #[error("reservation {id} is {state} already")]
    Settled { id: ReservationId, state: ReservationState },
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for InventoryError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("stock-not-found"),
            Self::Exists(_) => Kind::Conflict.coded("stock-exists"),
            Self::OutOfStock(shortage) => shortage.facts(),
            Self::BelowReserved { reserved, .. } => {
                Kind::Conflict.coded("below-reserved").with(json!({ "reserved": reserved }))
            }
            Self::NoReservation(_) => Kind::NotFound.coded("reservation-not-found"),
            Self::Settled { .. } => Kind::Conflict.coded("reservation-settled"),
            Self::Stale(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Fault for Shortage {
    fn facts(&self) -> Facts {
        let Self { product_id, requested, available } = self;
        let product_id = product_id.as_str();
        Kind::Conflict
            .coded("out-of-stock")
            .with(json!({ "product_id": product_id, "requested": requested, "available": available }))
    }
}
