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
use crate::domain::{
    AddressFixed, IllegalMove, IllegalReturnMove, NotPending, OrderId, RefundRefusal, ReturnId,
    ReturnRefusal, Status,
};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("there is no order {0}")]
    NotFound(OrderId),
    #[error("the order has no return {0}")]
    NoReturn(ReturnId),
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    #[error(transparent)]
    AddressFixed(#[from] AddressFixed),
    #[error(transparent)]
    NotPending(#[from] NotPending),
    #[error("the order changed while it was being priced; ask again")]
    Changed,
    #[error("tax and shipping are other ones there; cancel the order and place it anew")]
    OtherPlace,
    #[error(transparent)]
    IllegalReturnMove(#[from] IllegalReturnMove),
    #[error(transparent)]
    Return(#[from] ReturnRefusal),
    #[error(transparent)]
    Refund(#[from] RefundRefusal),
    #[error("the promotion has been used up")]
    PromotionUsedUp { reason: String },
    #[error("promotions can't be asked")]
    PromotionsUnavailable(#[source] CallError),
    #[error("the tax can't be asked")]
    TaxUnavailable(#[source] CallError),
    #[error("product {product_id} costs {price} now")]
    PriceChanged { product_id: ProductId, price: Money },
    #[error("the order costs {total} now")]
    TotalChanged { total: Money },
    #[error("{most} orders wait for their payment already; pay one of them or cancel it")]
    TooManyOpenOrders { most: u64 },
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
            Self::NotFound(_) | Self::NoReturn(_) => Kind::NotFound,
            // The order is priced by others or not at all: whatever they lack, it is worth another try later.
            Self::PromotionsUnavailable(_) | Self::TaxUnavailable(_) => Kind::Unavailable,
            // What is asked for was looked at before.
            Self::Return(ReturnRefusal::NotOrdered { .. } | ReturnRefusal::Money(_))
            | Self::Refund(RefundRefusal::Money(_)) => Kind::Internal,
            Self::IllegalMove(_)
            | Self::AddressFixed(_)
            | Self::NotPending(_)
            | Self::Changed
            | Self::OtherPlace
            | Self::IllegalReturnMove(_)
            | Self::Return(_)
            | Self::Refund(_)
            | Self::PromotionUsedUp { .. }
            | Self::PriceChanged { .. }
            | Self::TotalChanged { .. }
            | Self::TooManyOpenOrders { .. }
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
            Self::NoReturn(_) => "return-not-found",
            Self::NotPending(_) => "not-pending",
            Self::Changed => "order-changed",
            Self::OtherPlace => "other-place",
            Self::IllegalReturnMove(_) => "illegal-transition",
            Self::Return(refusal) => return_code(refusal),
            Self::Refund(RefundRefusal::TooMuch { .. }) => "refund-exceeds-paid",
            Self::Refund(RefundRefusal::Money(_)) => "internal",
            Self::PromotionUsedUp { .. } => "promotion-used-up",
            Self::PromotionsUnavailable(_) => "promotions-unavailable",
            Self::TaxUnavailable(_) => "tax-unavailable",
            Self::IllegalMove(_) => "illegal-transition",
            Self::AddressFixed(_) => "address-fixed",
            Self::PriceChanged { .. } | Self::TotalChanged { .. } => "price-changed",
            Self::TooManyOpenOrders { .. } => "too-many-open-orders",
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
            Self::TotalChanged { total } => {
                json!({ "total_amount": Amount::from(*total), "currency": total.currency().code() })
            }
            Self::TooManyOpenOrders { most } => json!({ "most": most }),
            Self::Stock(StockError::OutOfStock { product_id, requested, available }) => {
                json!({ "product_id": product_id, "requested": requested, "available": available })
            }
            Self::IllegalReturnMove(IllegalReturnMove { from, to }) => {
                let legal: Vec<_> = from.next().iter().map(|status| status.as_str()).collect();
                json!({ "from": from.as_str(), "to": to.as_str(), "legal": legal })
            }
            Self::Return(ReturnRefusal::TooMany { product_id, wanted, left }) => {
                json!({ "product_id": product_id.as_str(), "requested": wanted, "returnable": left })
            }
            Self::Return(ReturnRefusal::NotReturnable { status }) => {
                json!({ "order_status": status.as_str() })
            }
            Self::Return(ReturnRefusal::TooLate { until }) => json!({ "until": until }),
            Self::Refund(RefundRefusal::TooMuch { left }) => {
                json!({ "refundable": Amount::from(*left), "currency": left.currency().code() })
            }
            Self::PromotionUsedUp { reason } => json!({ "reason": reason }),
            _ => Value::Null,
        };
        members.as_object().cloned().unwrap_or_default()
    }
}

fn return_code(refusal: &ReturnRefusal) -> &'static str {
    match refusal {
        ReturnRefusal::NotReturnable { .. } | ReturnRefusal::NotPaid => "not-returnable",
        ReturnRefusal::TooLate { .. } => "return-period-over",
        ReturnRefusal::TooMany { .. } => "returned-already",
        ReturnRefusal::ShippingGivenBack => "shipping-given-back",
        ReturnRefusal::NotOrdered { .. } | ReturnRefusal::Money(_) => "internal",
    }
}
