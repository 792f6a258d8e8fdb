//! What can go wrong with transactions.

use config::database::StoreError;
use config::jwt_auth::AuthError;
use config::problem::{Fault, FieldError, InvalidFields, Kind};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound | Self::Unknown(_) => Kind::NotFound,
            Self::Fields(error) => error.kind(),
            Self::Auth(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound | Self::Unknown(_) => "transaction-not-found",
            Self::Fields(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Fields(error) => error.errors(),
            _ => Vec::new(),
        }
    }
}
