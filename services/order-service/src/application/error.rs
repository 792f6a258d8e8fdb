//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::jwt_auth::AuthError;
use config::money::{Amount, Money};
use config::problem::{Facts, Fault, InvalidFields, Kind};
use config::registry::CallError;
use config::response::StaleVersion;
use serde_json::json;

use super::StockError;
use crate::domain::{
    AddressFixed, IllegalMove, IllegalReturnMove, NotPending, OrderId, RefundRefusal, ReturnId, ReturnRefusal,
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
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("order-not-found"),
            Self::NoReturn(_) => Kind::NotFound.coded("return-not-found"),
            Self::IllegalMove(refused) => refused.facts(),
            Self::AddressFixed(_) => Kind::Conflict.coded("address-fixed"),
            Self::NotPending(_) => Kind::Conflict.coded("not-pending"),
            Self::Changed => Kind::Conflict.coded("order-changed"),
            Self::OtherPlace => Kind::Conflict.coded("other-place"),
            Self::IllegalReturnMove(refused) => refused.facts(),
            Self::Return(refusal) => refusal.facts(),
            Self::Refund(refusal) => refusal.facts(),
            Self::PromotionUsedUp { reason } => {
                Kind::Conflict.coded("promotion-used-up").with(json!({ "reason": reason }))
            }
            // The order is priced by others or not at all: whatever they lack, it is worth another try later.
            Self::PromotionsUnavailable(_) => Kind::Unavailable.coded("promotions-unavailable"),
            Self::TaxUnavailable(_) => Kind::Unavailable.coded("tax-unavailable"),
            Self::PriceChanged { product_id, price } => Kind::Conflict.coded("price-changed").with(json!({
                "product_id": product_id.as_str(),
                "price": Amount::from(*price),
                "currency": price.currency().code(),
            })),
            Self::TotalChanged { total } => Kind::Conflict
                .coded("price-changed")
                .with(json!({ "total_amount": Amount::from(*total), "currency": total.currency().code() })),
            Self::TooManyOpenOrders { most } => {
                Kind::Conflict.coded("too-many-open-orders").with(json!({ "most": most }))
            }
            Self::CartEmpty => Kind::Conflict.coded("cart-empty"),
            Self::CartFull => Kind::Conflict.coded("cart-full"),
            Self::Invalid(error) => error.facts(),
            Self::Auth(error) => error.facts(),
            Self::Stale(error) => error.facts(),
            Self::Stock(error) => error.facts(),
            Self::Call(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Fault for IllegalMove {
    fn facts(&self) -> Facts {
        let Self { from, to, legal } = self;
        let legal: Vec<_> = legal.iter().map(|status| status.as_str()).collect();
        illegal_transition(from.as_str(), to.as_str(), &legal)
    }
}

impl Fault for IllegalReturnMove {
    fn facts(&self) -> Facts {
        let Self { from, to } = self;
        let legal: Vec<_> = from.next().iter().map(|status| status.as_str()).collect();
        illegal_transition(from.as_str(), to.as_str(), &legal)
    }
}

fn illegal_transition(from: &str, to: &str, legal: &[&str]) -> Facts {
    Kind::Conflict.coded("illegal-transition").with(json!({ "from": from, "to": to, "legal": legal }))
}

impl Fault for ReturnRefusal {
    fn facts(&self) -> Facts {
        match self {
            Self::NotReturnable { status } => {
                Kind::Conflict.coded("not-returnable").with(json!({ "order_status": status.as_str() }))
            }
            Self::NotPaid => Kind::Conflict.coded("not-returnable"),
            Self::TooLate { until } => {
                Kind::Conflict.coded("return-period-over").with(json!({ "until": until }))
            }
            // What is asked for was looked at before.
            Self::NotOrdered { .. } | Self::Money(_) => Facts::internal(),
            Self::TooMany { product_id, wanted, left } => Kind::Conflict
                .coded("returned-already")
                .with(json!({ "product_id": product_id.as_str(), "requested": wanted, "returnable": left })),
            Self::ShippingGivenBack => Kind::Conflict.coded("shipping-given-back"),
        }
    }
}

impl Fault for RefundRefusal {
    fn facts(&self) -> Facts {
        match self {
            Self::TooMuch { left } => Kind::Conflict
                .coded("refund-exceeds-paid")
                .with(json!({ "refundable": Amount::from(*left), "currency": left.currency().code() })),
            // The amount was looked at before.
            Self::Money(_) => Facts::internal(),
        }
    }
}

impl Fault for StockError {
    fn facts(&self) -> Facts {
        match self {
            Self::OutOfStock { product_id, requested, available } => Kind::Conflict
                .coded("out-of-stock")
                .with(json!({ "product_id": product_id, "requested": requested, "available": available })),
            Self::Call(error) => error.facts(),
        }
    }
}
