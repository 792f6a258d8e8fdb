//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::jwt_auth::AuthError;
use config::money::{Amount, Money};
use config::problem::{Fault, FieldError, InvalidFields, Kind};
use config::registry::CallError;
use config::response::StaleVersion;
use serde_json::{Map, Value, json};

use super::StockError;
use crate::domain::{AddressFixed, IllegalMove, OrderId, Status};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("there is no order {0}")]
    NotFound(OrderId),
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    #[error(transparent)]
    AddressFixed(#[from] AddressFixed),
    #[error("product {product_id} costs {price} now")]
    PriceChanged { product_id: ProductId, price: Money },
    #[error("the cart is empty")]
    CartEmpty,
    #[error("a cart holds no more than {} products", crate::domain::MAX_CART_ITEMS)]
    CartFull,
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for OrderError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::IllegalMove(_)
            | Self::AddressFixed(_)
            | Self::PriceChanged { .. }
            | Self::CartEmpty
            | Self::CartFull
            | Self::Stock(StockError::OutOfStock { .. }) => Kind::Conflict,
            Self::Invalid(error) => error.kind(),
            Self::Auth(error) => error.kind(),
            Self::Stale(error) => error.kind(),
            Self::Stock(StockError::Call(error)) | Self::Call(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "order-not-found",
            Self::IllegalMove(_) => "illegal-transition",
            Self::AddressFixed(_) => "address-fixed",
            Self::PriceChanged { .. } => "price-changed",
            Self::CartEmpty => "cart-empty",
            Self::CartFull => "cart-full",
            Self::Stock(StockError::OutOfStock { .. }) => "out-of-stock",
            Self::Invalid(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Stock(StockError::Call(error)) | Self::Call(error) => error.code(),
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
            Self::IllegalMove(IllegalMove { from, to, legal }) => {
                let legal: Vec<_> = legal.iter().map(|status| Status::as_str(*status)).collect();
                json!({ "from": from.as_str(), "to": to.as_str(), "legal": legal })
            }
            Self::PriceChanged { product_id, price } => json!({
                "product_id": product_id.as_str(),
                "price": Amount::from(*price),
                "currency": price.currency().code(),
            }),
            Self::Stock(StockError::OutOfStock { product_id, requested, available }) => {
                json!({ "product_id": product_id, "requested": requested, "available": available })
            }
            _ => Value::Null,
        };
        members.as_object().cloned().unwrap_or_default()
    }
}
