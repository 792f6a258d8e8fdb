//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Fault, FieldError, InvalidFields, Kind};
use config::registry::CallError;
use config::response::StaleVersion;
use serde_json::{Map, Value, json};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoProduct(_) => Kind::NotFound,
            Self::Exists { .. } => Kind::Conflict,
            Self::NotYours | Self::OwnRating => Kind::Forbidden,
            Self::Invalid(error) => error.kind(),
            Self::Stale(error) => error.kind(),
            Self::Catalogue(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "rating-not-found",
            Self::NoProduct(_) => "product-not-found",
            Self::Exists { .. } => "rating-exists",
            Self::NotYours => "not-yours",
            Self::OwnRating => "own-rating",
            Self::Invalid(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Catalogue(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.errors(),
            _ => Vec::new(),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        let members = match self {
            Self::Exists { product_id, rating_id } => {
                json!({ "product_id": product_id.as_str(), "rating_id": rating_id.get() })
            }
            Self::NoProduct(product_id) => json!({ "product_id": product_id.as_str() }),
            _ => Value::Null,
        };
        members.as_object().cloned().unwrap_or_default()
    }
}
