//! An order, as far as its money is concerned.

use config::id::UserId;

use super::{OrderId, Payment, PaymentId, Refusal};

/// Why a payment goes back whose order another one pays.
pub const DUPLICATE: &str = "duplicate_payment";

/// Which payment pays an order, and whether anybody still wants it paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub order_id: OrderId,
    pub user_id: UserId,
    /// The payment that pays the order, or is about to.
    pub active: Option<PaymentId>,
    pub cancelled: bool,
}

impl Account {
    /// Whether another payment may begin; `active` is the one that this names.
    pub fn admit(&self, active: Option<&Payment>) -> Result<(), Refusal> {
        match active {
            _ if self.cancelled => Err(Refusal::OrderCancelled),
            Some(payment) if payment.captured.is_positive() => Err(Refusal::OrderPaid),
            Some(_) => Err(Refusal::InProgress),
            None => Ok(()),
        }
    }

    /// Notes what has become of a payment.
    pub fn follow(&mut self, payment: &Payment) {
        if payment.is_over() {
            self.active = self.active.filter(|active| *active != payment.id);
        } else if !self.cancelled {
            self.active = self.active.or(Some(payment.id));
        }
    }

    /// Why the payment's money must go back, if it must.
    pub fn rejects(&self, payment: &Payment) -> Option<&'static str> {
        match self.active {
            _ if self.cancelled => Some("order_cancelled"),
            _ if payment.refused => Some("wrong_amount"),
            Some(active) if active != payment.id => Some(DUPLICATE),
            _ => None,
        }
    }
}
