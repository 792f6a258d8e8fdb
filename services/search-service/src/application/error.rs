//! What can go wrong.

use config::BoxError;
use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Fault, Kind};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("the index is still being built")]
    Loading,
    #[error("there is no product {0} for sale")]
    NoSuchProduct(ProductId),
    #[error("the catalogue can't be read")]
    Catalogue(#[source] BoxError),
    #[error("the index is broken")]
    Index(#[source] BoxError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for SearchError {
    fn kind(&self) -> Kind {
        match self {
            Self::Loading | Self::Catalogue(_) => Kind::Unavailable,
            Self::NoSuchProduct(_) => Kind::NotFound,
            Self::Index(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Loading => "index-loading",
            Self::NoSuchProduct(_) => "product-not-found",
            Self::Catalogue(_) => "catalogue-unavailable",
            Self::Index(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }
}
