//! What was taken off an order's price, and why.

use config::money::Money;
use uuid::Uuid;

/// A promotion that an order got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPromotion {
    pub promotion_id: u64,
    /// `None`: it applies by itself.
    pub code: Option<String>,
    pub name: String,
    /// In promotion-service's words.
    pub kind: String,
    pub discount: Money,
}

/// What promotions did for an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promoted {
    pub applied: Vec<AppliedPromotion>,
    /// The uses that promotion-service keeps for the order; `None` when nothing applied.
    pub reservation_id: Option<Uuid>,
    /// Nobody could be asked: the order went without.
    pub unavailable: bool,
}
