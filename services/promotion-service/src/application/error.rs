//! What can go wrong.

use config::database::StoreError;
use config::problem::{Facts, Fault, Kind};
use config::response::StaleVersion;

use crate::domain::{Code, PromotionId, ReservationId, ReservationState};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    #[error("there is no promotion {0}")]
    NotFound(PromotionId),
    #[error("another promotion has the code {0}")]
    CodeTaken(Code),
    #[error("reservation {id} is {state} already")]
    Settled { id: ReservationId, state: ReservationState },
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for PromotionError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("promotion-not-found"),
            Self::CodeTaken(_) => Kind::Conflict.coded("promotion-code-taken"),
            Self::Settled { .. } => Kind::Conflict.coded("reservation-settled"),
            Self::Stale(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
