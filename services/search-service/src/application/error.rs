//! What can go wrong.

use config::BoxError;
use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Facts, Fault, Kind};

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
    fn facts(&self) -> Facts {
        match self {
            Self::Loading => Kind::Unavailable.coded("index-loading"),
            Self::NoSuchProduct(_) => Kind::NotFound.coded("product-not-found"),
            Self::Catalogue(_) => Kind::Unavailable.coded("catalogue-unavailable"),
            Self::Index(_) => Facts::internal(),
            Self::Store(error) => error.facts(),
        }
    }
}
