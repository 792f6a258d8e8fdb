//! What can go wrong with transactions.

use config::database::StoreError;
use config::jwt_auth::AuthError;
use config::problem::{Facts, Fault, InvalidFields, Kind};

use crate::domain::transactions::TransactionId;

/// Why a use case did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    #[error("there is no such transaction")]
    NotFound,
    /// A message about a transaction that was never stored.
    #[error("there is no transaction {0}")]
    Unknown(TransactionId),
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for TransactionError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound | Self::Unknown(_) => Kind::NotFound.coded("transaction-not-found"),
            Self::Fields(error) => error.facts(),
            Self::Auth(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
