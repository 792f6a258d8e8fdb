//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Fault, FieldError, InvalidFields, Kind};
use config::response::StaleVersion;

use crate::domain::Sku;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("there is no product {0}")]
    NotFound(ProductId),
    #[error("there is no product with SKU {0}")]
    NoSuchSku(Sku),
    #[error("another product has SKU {0}")]
    SkuTaken(Sku),
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for CatalogueError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoSuchSku(_) => Kind::NotFound,
            Self::SkuTaken(_) => Kind::Conflict,
            Self::Invalid(error) => error.kind(),
            Self::Stale(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) | Self::NoSuchSku(_) => "product-not-found",
            Self::SkuTaken(_) => "sku-taken",
            Self::Invalid(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.errors(),
            _ => Vec::new(),
        }
    }
}
