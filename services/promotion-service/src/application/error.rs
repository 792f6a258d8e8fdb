//! What can go wrong.

use config::database::StoreError;
use config::problem::{Fault, Kind};
use config::response::StaleVersion;

use crate::domain::{Code, PromotionId, ReservationId, ReservationState};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    #[error("there is no promotion {0}")]
    NotFound(PromotionId),
    #[error("another promotion has the code {0}")]
    CodeTaken(Code),
    #[error("reservation {id} is {state} already", state = .state.as_str())]
    Settled { id: ReservationId, state: ReservationState },
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for PromotionError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::CodeTaken(_) | Self::Settled { .. } => Kind::Conflict,
            Self::Stale(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "promotion-not-found",
            Self::CodeTaken(_) => "promotion-code-taken",
            Self::Settled { .. } => "reservation-settled",
            Self::Stale(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
