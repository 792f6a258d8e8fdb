//! An order, as far as its money is concerned.

use std::time::Duration;

use chrono::{DateTime, Utc};
use config::id::UserId;
use config::money::Money;

use super::{Declined, OrderId, Payment, PaymentId, Refusal, again_at};

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
    /// An administrator wants all of its money with the customer: also what a bank has taken back, when it is ours
    /// again.
    pub refunded: bool,
    /// What administrators were told to give back by hand, in minor units.
    pub told_by_hand: i64,
}

/// What order-service says of an order's money, however it came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderMoney {
    pub paid: Money,
    /// What of it was given back, as far as was heard there.
    pub refunded: Money,
}

impl Account {
    /// Whether the order is over, so that nobody pays it any more.
    pub fn is_over(&self) -> bool {
        self.cancelled || self.refunded
    }

    /// Whether another payment may begin; `active` is the one that this names, `declined` are the user's payments that
    /// were declined and still count, newest first.
    pub fn admit(
        &self,
        active: Option<&Payment>,
        declined: &[Declined],
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        match active {
            _ if self.cancelled => Err(Refusal::OrderCancelled),
            _ if self.refunded => Err(Refusal::OrderRefunded),
            Some(payment) if payment.captured.is_positive() => Err(Refusal::OrderPaid),
            Some(_) => Err(Refusal::InProgress),
            None => match again_at(self.order_id, declined) {
                Some(until) => Err(Refusal::TooManyDeclines { wait: seconds_until(until, now) }),
                None => Ok(()),
            },
        }
    }

    /// Notes what has become of a payment.
    pub fn follow(&mut self, payment: &Payment) {
        if payment.is_over() {
            self.active = self.active.filter(|active| *active != payment.id);
        } else if !self.is_over() {
            self.active = self.active.or(Some(payment.id));
        }
    }

    /// Why the payment's money must go back, if it must.
    pub fn rejects(&self, payment: &Payment) -> Option<&'static str> {
        match (payment.refused, self.active) {
            _ if self.cancelled => Some("order_cancelled"),
            _ if self.refunded => Some("order_refunded"),
            (Some(unwanted), _) => Some(unwanted.as_str()),
            (None, Some(active)) if active != payment.id => Some(DUPLICATE),
            (None, _) => None,
        }
    }

    /// What of an order's money, now that it is over, none of its payments gives back: such as what an administrator
    /// has marked as paid. It is told once.
    pub fn owe_by_hand(&mut self, money: OrderMoney, payments: &[Payment]) -> Option<Money> {
        let OrderMoney { paid, refunded } = money;
        let currency = paid.currency();
        let mine = || payments.iter().filter(|it| it.refused.is_none() && it.amount.currency() == currency);
        // That goes back by itself, did so, or is a bank's to decide on.
        let taken: i64 = mine().map(|it| it.captured.minor()).sum();
        let given_back: i64 = mine().map(|it| it.refunded.minor()).sum();
        // What order-service knows of beyond that was given back by hand, or lost to a bank.
        let otherwise = (refunded.minor() - given_back).max(0);
        let owed = paid.minor() - taken - otherwise;
        let new = owed - self.told_by_hand;
        if new <= 0 {
            return None;
        }
        self.told_by_hand = owed;
        Some(Money::from_minor(new, currency))
    }
}

/// Rounded up, so that nobody comes back too early.
fn seconds_until(until: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    Duration::from_secs((until - now).num_seconds().max(0).unsigned_abs() + 1)
}

#[cfg(test)]
mod tests;
