//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Facts, Fault, InvalidFields, Kind};
use config::registry::CallError;
use config::response::StaleVersion;
use serde_json::json;

use crate::domain::RatingId;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum RatingError {
    #[error("there is no rating {0}")]
    NotFound(RatingId),
    #[error("there is no product {0}")]
    NoProduct(ProductId),
    #[error("product {product_id} has a rating of this user already: {rating_id}")]
    Exists { product_id: ProductId, rating_id: RatingId },
    #[error("this rating belongs to somebody else")]
    NotYours,
    #[error("nobody votes for or reports a rating of their own")]
    OwnRating,
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Catalogue(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for RatingError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("rating-not-found"),
            Self::NoProduct(product_id) => {
                Kind::NotFound.coded("product-not-found").with(json!({ "product_id": product_id.as_str() }))
            }
            Self::Exists { product_id, rating_id } => Kind::Conflict
                .coded("rating-exists")
                .with(json!({ "product_id": product_id.as_str(), "rating_id": rating_id.get() })),
            Self::NotYours => Kind::Forbidden.coded("not-yours"),
            Self::OwnRating => Kind::Forbidden.coded("own-rating"),
            Self::Invalid(error) => error.facts(),
            Self::Stale(error) => error.facts(),
            Self::Catalogue(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
