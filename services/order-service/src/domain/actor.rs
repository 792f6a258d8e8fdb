//! Who changes an order.

use config::id::UserId;
use config::jwt_auth::Caller;

/// Whoever moves an order along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Customer(UserId),
    Admin(UserId),
    /// What happened to its payment.
    Payment,
    /// What happened to its shipment.
    Shipping,
    /// What happened to its stock.
    Stock,
    /// Time.
    Expiry,
}

impl Actor {
    /// Whoever sends a request.
    pub fn of(caller: &Caller) -> Self {
        match caller.is_admin() {
            true => Self::Admin(caller.user_id),
            false => Self::Customer(caller.user_id),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Admin(_) => "admin",
            Self::Payment => "payment",
            Self::Shipping => "shipping",
            Self::Stock => "stock",
            Self::Expiry => "expiry",
        }
    }

    /// The user, when it is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Customer(user) | Self::Admin(user) => Some(user),
            Self::Payment | Self::Shipping | Self::Stock | Self::Expiry => None,
        }
    }

    /// What an order that this actor cancels is said to be cancelled for.
    pub fn cancel_reason(self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Admin(_) | Self::Shipping => "admin",
            Self::Payment => "payment_failed",
            Self::Stock => "out_of_stock",
            Self::Expiry => "expired",
        }
    }
}
