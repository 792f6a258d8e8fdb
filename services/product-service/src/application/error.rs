//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Facts, Fault, InvalidFields, Kind};
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
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) | Self::NoSuchSku(_) => Kind::NotFound.coded("product-not-found"),
            Self::SkuTaken(_) => Kind::Conflict.coded("sku-taken"),
            Self::Invalid(error) => error.facts(),
            Self::Stale(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
